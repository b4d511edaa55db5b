/** The schemas of a search_path as the catalog holds it, in order: `"$user", public, "my.schema"`. */
export function schemasOf(searchPath: string): readonly string[] {
  const found: string[] = [];
  for (const [, quoted, plain] of searchPath.matchAll(/"((?:[^"]|"")*)"|([^",\s]+)/gu)) {
    const name = quoted === undefined ? (plain ?? "").toLowerCase() : quoted.replaceAll('""', '"');
    if (name !== "") found.push(name);
  }
  return found;
}

/** What sessions use where nobody sets another one. */
export const DEFAULT_SEARCH_PATH = '"$user", public';
