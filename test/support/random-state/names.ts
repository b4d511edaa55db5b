/** Names that people really have, and names that break whoever forgets to quote. All are legal on PostgreSQL 13 to 18 (at most 63 bytes). */
export const ROLE_NAMES: readonly string[] = [
  "alice",
  "reporting_ro",
  "app_owner",
  "Public",
  'quo"ted',
  "dot.ted",
  "sp ace",
  "ÄÖü_ß",
  "select",
  `r${"x".repeat(62)}`,
  "it's",
  "back\\slash",
  "role@corp.example",
  "${HOME}",
  "{schema}",
  "*",
  "(paren)",
  "# hash",
  "123",
  "null",
  "日本語",
  "- dash: colon",
  "a,b",
  "with grant option",
  " leading",
  "new\nline",
];

/** Names of schemas and of everything inside them; `public` is left to the server. */
export const OBJECT_NAMES: readonly string[] = [
  "orders",
  "order_items",
  "order_lines",
  "customers",
  "Mixed Case",
  'qu"ote',
  "do.t",
  "table",
  "*",
  "sta*r",
  "ques?tion",
  `t${"y".repeat(62)}`,
  "ünï",
  "par(en)",
  "a, b",
  "yes",
  "42",
  "${PATH}",
  "{schema}",
  "emoji_🐘",
  "tab\there",
  "it's",
  "with grant option",
  "back\\slash",
];

/** A name as an SQL identifier: always quoted. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Text as an SQL literal, whatever `standard_conforming_strings` is. */
export function literal(text: string): string {
  return `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
