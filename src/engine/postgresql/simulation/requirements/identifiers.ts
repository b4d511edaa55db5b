/** The names in a text of SQL: what is not quoted in lower case, what is quoted as it stands. Words in strings and comments are among them, which only ever adds. */
export function identifiersOf(text: string): ReadonlySet<string> {
  let found = known.get(text);
  if (found === undefined) {
    found = plainIdentifiers(text) ?? anyIdentifiers(text);
    if (known.size >= KEPT) known.clear();
    known.set(text, found);
  }
  return found;
}

/** Null: there are quotes in it, or letters that are not ASCII. */
function plainIdentifiers(text: string): ReadonlySet<string> | null {
  const found = new Set<string>();
  const lower = text.toLowerCase();
  let from = -1;
  for (let at = 0; at <= lower.length; at++) {
    const code = at < lower.length ? lower.charCodeAt(at) : SPACE;
    if (code === QUOTE || code > LAST_ASCII) return null;
    const isLetter = (code >= LETTER_A && code <= LETTER_Z) || code === UNDERSCORE;
    if (from < 0) {
      if (isLetter) from = at;
    } else if (!isLetter && !(code >= DIGIT_0 && code <= DIGIT_9) && code !== DOLLAR) {
      found.add(lower.slice(from, at));
      from = -1;
    }
  }
  return found;
}

function anyIdentifiers(text: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [word, quoted] of text.matchAll(/"((?:[^"]|"")+)"|[\p{L}_][\p{L}\p{N}_$]*/gu)) {
    found.add(quoted === undefined ? word.toLowerCase() : quoted.replaceAll('""', '"'));
  }
  return found;
}

const SPACE = 32;
const QUOTE = 34;
const DOLLAR = 36;
const DIGIT_0 = 48;
const DIGIT_9 = 57;
const UNDERSCORE = 95;
const LETTER_A = 97;
const LETTER_Z = 122;
const LAST_ASCII = 127;

/** Statements are asked about several times in a row. */
const KEPT = 64;
const known = new Map<string, ReadonlySet<string>>();

export function mentions(identifiers: ReadonlySet<string>, name: string): boolean {
  return identifiers.has(name);
}
