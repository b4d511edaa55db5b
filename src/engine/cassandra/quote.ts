/** A name as CQL, always between double quotes: then its case is kept and no keyword can change what it means. An empty name and NUL cannot exist; being handed one is a defect of ours. */
export function quoteIdentifier(name: string): string {
  if (name === "") throw new TypeError("an empty name cannot be quoted");
  if (name.includes("\0")) throw new TypeError("a name cannot hold NUL");
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as CQL. Nothing but the quote itself has a meaning in it. */
export function quoteText(value: string): string {
  if (value.includes("\0")) throw new TypeError("a text cannot hold NUL");
  return `'${value.replaceAll("'", "''")}'`;
}
