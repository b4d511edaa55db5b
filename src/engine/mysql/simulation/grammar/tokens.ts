/** A piece of a statement. White space and comments are none. */
export interface Token {
  /** `literal`: a string, a number, bits or a date; its text is not kept. `place`: a placeholder, of the statement or of a digest. */
  readonly kind: "word" | "quoted" | "variable" | "literal" | "place" | "punctuation";
  /** A word as written, a quoted name without its quotes, a variable with its @; `?` for what is a literal. */
  readonly text: string;
}

// INVARIANT: nothing that a token holds came from inside a string, a number or a comment. What cannot be told from one makes the whole text unreadable.

/** One piece at a time, anchored; the first that fits. */
const SPACE = /\s+/uy;
/** `--` begins a comment only where something blank follows. */
const LINE_COMMENT = /(?:--(?=[\s\p{Cc}]|$)|#)[^\n]*/uy;
const HEX_OR_BITS = /(?:0x[\da-f]+|0b[01]+|[xb]'[^']*')(?![\w$])/iuy;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?(?![\p{L}\p{N}_$])/iuy;
/** `N'text'`, `_utf8mb4'text'`, and what stands before a string that is a date. */
const INTRODUCER =
  /(?:n(?=')|_(?:armscii8|ascii|big5|binary|cp\d+|dec8|eucjpms|euckr|gb\d+|gbk|geostd8|greek|hebrew|hp8|keybcs2|koi8[ru]|latin\d|mac\w+|sjis|swe7|tis620|ucs2|ujis|utf\w+)(?=\s*['"xb0])|(?:date|time|timestamp)(?=\s*['"]))/iuy;
const WORD = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
const VARIABLE = /@@?(?:[\p{L}\p{N}_$][\p{L}\p{N}_.$]*)?/uy;
const PUNCTUATION = /<=>|->>|->|:=|<<|>>|<=|>=|<>|!=|&&|\|\||[-+*/%=<>!~^&|(),.;:{}[\]]/uy;
/** What a digest has for a list, and an audit log for a password. */
const PLACE = /\?|\.\.\.|\*{5}/uy;

/**
 * The pieces of a text, without what it says of people. Null where it cannot be read for certain: a string or a comment that does not end (the text was cut), a backslash outside of strings (the server reads its strings
 * in another way, NO_BACKSLASH_ESCAPES), a number with letters at its end. What stands in double quotes is taken for a string: where it is a name (ANSI_QUOTES), the statement is read as if it had none.
 */
export function tokensOf(text: string): readonly Token[] | null {
  const found: Token[] = [];
  /** Within a comment that this server executes. */
  let executable = 0;
  let at = 0;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const piece = pattern.exec(text)?.[0] ?? null;
    if (piece !== null) at += piece.length;
    return piece;
  };
  while (at < text.length) {
    if (take(SPACE) !== null || take(LINE_COMMENT) !== null) continue;
    if (executable > 0 && text.startsWith("*/", at)) {
      executable--;
      at += 2;
      continue;
    }
    if (text.startsWith("/*", at)) {
      const opening = /^\/\*M?!\d*/u.exec(text.slice(at, at + 16))?.[0];
      if (opening !== undefined) {
        executable++;
        at += opening.length;
        continue;
      }
      const end = text.indexOf("*/", at + 2);
      if (end < 0) return null;
      at = end + 2;
      continue;
    }
    const first = text[at];
    if (first === "'" || first === '"') {
      const end = endOfString(text, at);
      if (end < 0) return null;
      at = end;
      // Strings that follow each other are one.
      if (found.at(-1)?.kind !== "literal") found.push(LITERAL);
      continue;
    }
    if (first === "`") {
      const end = endOfQuoted(text, at);
      if (end < 0) return null;
      found.push({ kind: "quoted", text: text.slice(at + 1, end - 1).replaceAll("``", "`") });
      at = end;
      continue;
    }
    if (take(HEX_OR_BITS) !== null) {
      found.push(LITERAL);
      continue;
    }
    if (take(NUMBER) !== null) {
      found.push(LITERAL);
      continue;
    }
    if (take(INTRODUCER) !== null) continue;
    const place = take(PLACE);
    if (place !== null) {
      found.push({ kind: "place", text: place });
      continue;
    }
    const word = take(WORD);
    if (word !== null) {
      found.push({ kind: "word", text: word });
      continue;
    }
    const variable = take(VARIABLE);
    if (variable !== null) {
      found.push({ kind: "variable", text: variable });
      continue;
    }
    const sign = take(PUNCTUATION);
    if (sign === null) return null;
    found.push({ kind: "punctuation", text: sign });
  }
  return executable === 0 ? found : null;
}

const LITERAL: Token = { kind: "literal", text: "?" };

/** Behind the closing quote; -1: there is none. */
function endOfString(text: string, from: number): number {
  const quote = text[from];
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === quote) {
      if (text[at + 1] !== quote) return at + 1;
      at++;
    }
  }
  return -1;
}

function endOfQuoted(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] !== "`") continue;
    if (text[at + 1] !== "`") return at === from + 1 ? -1 : at + 1;
    at++;
  }
  return -1;
}
