/** A name as SQL, in backticks: then no keyword or dot can change what it means, whatever `sql_mode` says. Names with NUL cannot exist; being handed one is a defect of ours. */
export function quoteIdentifier(name: string): string {
  if (name === "") throw new TypeError("an empty name cannot be quoted");
  if (name.includes("\0")) throw new TypeError("a name cannot hold NUL");
  return `\`${name.replaceAll("`", "``")}\``;
}

/** A string as SQL. Holds in our sessions, whose `sql_mode` has no NO_BACKSLASH_ESCAPES. */
export function quoteLiteral(value: string): string {
  if (value.includes("\0")) throw new TypeError("a string cannot hold NUL");
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

/** The name of a schema as GRANT takes it for that schema alone: `_`, `%` and `\` stand for themselves. */
export function escapePattern(schema: string): string {
  return schema.replaceAll(/[\\_%]/gu, String.raw`\$&`);
}

/** The one schema that a text of `mysql.db` means; null where it is a pattern, or written as nobody here writes it. */
export function schemaOfPattern(text: string): string | null {
  const plain = text.replaceAll(/\\(.)/gsu, "$1");
  return escapePattern(plain) === text ? plain : null;
}
