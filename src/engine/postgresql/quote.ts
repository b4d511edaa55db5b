/**
 * A name as SQL. Always in double quotes: then no keyword, capital letter or dot can change what it means, on any version.
 * Names with NUL cannot exist in PostgreSQL; being handed one is a defect of ours.
 */
export function quoteIdentifier(name: string): string {
  if (name === "") throw new TypeError("an empty name cannot be quoted");
  if (name.includes("\0")) throw new TypeError("a name cannot hold NUL");
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string as SQL, the same whatever `standard_conforming_strings` says. */
export function quoteLiteral(value: string): string {
  if (value.includes("\0")) throw new TypeError("a string cannot hold NUL");
  const quoted = `'${value.replaceAll("'", "''")}'`;
  return value.includes("\\") ? `E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}
