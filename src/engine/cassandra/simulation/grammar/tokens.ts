/** A piece of a statement. White space and comments are none. */
export interface Token {
  /** `literal`: a string, a number, an id, bytes, a duration; its text is not kept. */
  readonly kind: "word" | "quoted" | "literal" | "place" | "punctuation";
  /** A word in lower case, as the server takes it; a quoted name without its quotes; `?` for what is a literal. */
  readonly text: string;
}

// INVARIANT: nothing that a token holds came from inside a string, a number or a comment. What cannot be told from one makes the text unreadable from there on.

const SPACE = /\s+/uy;
const LINE_COMMENT = /(?:--|\/\/)[^\n]*/uy;
const BLOCK_COMMENT = /\/\*[\s\S]*?\*\//uy;
const STRING = /'(?:[^']|'')*'|\$\$[\s\S]*?\$\$/uy;
const UUID = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}(?![\p{L}\p{N}_])/iuy;
const BYTES = /0x[\da-f]*(?![\p{L}\p{N}_])/iuy;
const DURATION =
  /(?:\d+(?:y|mo|w|d|h|ms|us|µs|ns|m|s))+(?![\p{L}\p{N}_])|P(?=[\dT])(?:\d+[YMWD])*(?:T(?:\d+[HMS])+)?(?![\p{L}\p{N}_])/uy;
const NUMBER = /\d+(?:\.\d*)?(?:e[+-]?\d+)?(?![\p{L}\p{N}_])/iuy;
const QUOTED = /"(?:[^"]|"")+"/uy;
const PLACE = /\?|:(?=[a-z_"])/iuy;
const WORD = /[a-z_]\w*/iuy;
const PUNCTUATION = /\.\.|<=|>=|!=|\+=|-=|[-+*/%=<>(),.;:{}[\]@]/uy;

/** Words that are values. */
const VALUES: ReadonlySet<string> = new Set(["nan", "infinity"]);

export interface Read {
  readonly tokens: readonly Token[];
  /** Everything was read. False: from there on it cannot be told what is a literal. */
  readonly whole: boolean;
}

/** The pieces of a text as far as they can be told. */
export function readTokens(text: string): Read {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const piece = pattern.exec(text)?.[0] ?? null;
    if (piece !== null) at += piece.length;
    return piece;
  };
  const literal = (): boolean =>
    [STRING, UUID, BYTES, DURATION, NUMBER].some((pattern) => {
      const piece = take(pattern);
      return piece !== null && piece !== "";
    });
  while (at < text.length) {
    if (take(SPACE) !== null || take(LINE_COMMENT) !== null || take(BLOCK_COMMENT) !== null) continue;
    if (text.startsWith("/*", at)) return { tokens, whole: false };
    if (literal()) {
      tokens.push({ kind: "literal", text: "?" });
      continue;
    }
    const quoted = take(QUOTED);
    if (quoted !== null) {
      tokens.push({ kind: "quoted", text: quoted.slice(1, -1).replaceAll('""', '"') });
      continue;
    }
    if (take(PLACE) !== null) {
      const named = text[at - 1] === ":" ? (take(QUOTED) ?? take(WORD)) : null;
      // Within a map a colon stands between a key and its value.
      if (named !== null && isWithinMap(tokens)) {
        tokens.push({ kind: "punctuation", text: ":" }, wordToken(named));
      } else tokens.push({ kind: "place", text: "?" });
      continue;
    }
    const word = take(WORD);
    if (word !== null) {
      tokens.push(wordToken(word));
      continue;
    }
    const sign = take(PUNCTUATION);
    if (sign === null) return { tokens, whole: false };
    tokens.push({ kind: "punctuation", text: sign });
  }
  return { tokens, whole: true };
}

function wordToken(text: string): Token {
  if (text.startsWith('"')) return { kind: "quoted", text: text.slice(1, -1).replaceAll('""', '"') };
  const word = text.toLowerCase();
  return VALUES.has(word) ? { kind: "literal", text: "?" } : { kind: "word", text: word };
}

function isWithinMap(tokens: readonly Token[]): boolean {
  let depth = 0;
  for (let at = tokens.length - 1; at >= 0; at--) {
    const { kind, text } = tokens[at] as Token;
    if (kind !== "punctuation") continue;
    if (text === "}") depth++;
    else if (text === "{" && depth-- === 0) return true;
  }
  return false;
}
