/** The names in a text of SQL: what is not quoted in lower case, what is quoted as it stands. Words in strings and comments are among them, which only ever adds. */
export function identifiersOf(text: string): ReadonlySet<string> {
  let found = known.get(text);
  if (found === undefined) {
    found = new Set<string>();
    for (const [word, quoted] of text.matchAll(/"((?:[^"]|"")+)"|[\p{L}_][\p{L}\p{N}_$]*/gu)) {
      (found as Set<string>).add(quoted === undefined ? word.toLowerCase() : quoted.replaceAll('""', '"'));
    }
    if (known.size >= KEPT) known.clear();
    known.set(text, found);
  }
  return found;
}

/** Statements are asked about several times in a row. */
const KEPT = 64;
const known = new Map<string, ReadonlySet<string>>();

export function mentions(identifiers: ReadonlySet<string>, name: string): boolean {
  return identifiers.has(name);
}
