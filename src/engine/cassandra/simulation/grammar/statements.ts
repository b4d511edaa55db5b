import type { Token } from "./tokens.ts";

/** The first statement of these pieces and what is left: up to a semicolon that is not within a BATCH. */
export function firstStatement(tokens: readonly Token[]): {
  readonly statement: readonly Token[];
  readonly rest: readonly Token[];
  /** A semicolon or the end of a batch was seen. */
  readonly ended: boolean;
} {
  const isBatch = isWord(tokens[0], "begin");
  for (const [at, token] of tokens.entries()) {
    if (isBatch && isWord(token, "batch") && isWord(tokens[at - 1], "apply")) {
      const rest = tokens.slice(at + 1);
      return { statement: tokens.slice(0, at + 1), rest: isSign(rest[0], ";") ? rest.slice(1) : rest, ended: true };
    }
    if (!isBatch && isSign(token, ";")) {
      return { statement: tokens.slice(0, at), rest: tokens.slice(at + 1), ended: true };
    }
  }
  return { statement: tokens, rest: [], ended: false };
}

/** All statements, none empty. */
export function splitStatements(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const found: (readonly Token[])[] = [];
  for (let left = tokens; left.length > 0; ) {
    const { statement, rest } = firstStatement(left);
    if (statement.length > 0) found.push(statement);
    left = rest;
  }
  return found;
}

export function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === "word" && token.text === word;
}

export function isSign(token: Token | undefined, sign: string): boolean {
  return token?.kind === "punctuation" && token.text === sign;
}

/** What a statement does by its first word, in upper case. */
export function commandOf(tokens: readonly Token[]): string {
  const [first] = tokens;
  if (isWord(first, "begin")) return "BATCH";
  return first?.kind === "word" && COMMANDS.has(first.text) ? first.text.toUpperCase() : "UNKNOWN";
}

const COMMANDS: ReadonlySet<string> = new Set(
  "add alter create delete desc describe drop grant insert list revoke select truncate update use".split(" "),
);

/** The text of a statement: every literal a `?`, names bare where they can be, one space where the pieces need one; of lists of placeholders one stays. */
export function textOf(tokens: readonly Token[]): string {
  const pieces = squashed(tokens.map(pieceOf));
  let text = "";
  for (const [index, piece] of pieces.entries()) {
    text += index > 0 && needsSpace(pieces[index - 1] ?? "", piece) ? ` ${piece}` : piece;
  }
  return text;
}

function pieceOf({ kind, text }: Token): string {
  if (kind !== "quoted") return text;
  return /^[a-z][a-z\d_]*$/u.test(text) && !RESERVED.has(text) ? text : `"${text.replaceAll('"', '""')}"`;
}

function squashed(pieces: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (const piece of pieces) {
    found.push(piece);
    if (piece !== "?") continue;
    if (found.at(-2) === "-" && /^(?:[(,=<>[{:]|<=|>=|!=|limit|in)$/u.test(found.at(-3) ?? "")) found.splice(-2, 1);
    const opening = found.at(-4) ?? "";
    const isList = opening === "[" || opening === "{" || (opening === "(" && found.at(-5) === "in");
    if (found.at(-2) === "," && found.at(-3) === "?" && isList) found.splice(-2, 2);
  }
  return found;
}

function needsSpace(before: string, piece: string): boolean {
  if (/^[.,;)\]}:]$/u.test(piece) || /^[.([{]$/u.test(before)) return false;
  if (piece === "(" || piece === "[") return RESERVED.has(before) || /^(?:values|into|in|=|,|\+|-)$/u.test(before);
  return true;
}

/** Names that are one of these are written in quotes. https://cassandra.apache.org/doc/latest/cassandra/developing/cql/appendices.html */
export const RESERVED: ReadonlySet<string> = new Set(
  `add allow alter and apply asc authorize batch begin by columnfamily create delete desc describe drop entries execute from full grant if in index infinity insert into is keyspace limit materialized mbean mbeans
  modify nan norecursive not null of on or order primary rename replace revoke schema select set table to token truncate unlogged unset update use using values view where with`.split(
    /\s+/u,
  ),
);

/** The first such word that stands in no parentheses; -1: there is none. */
export function outside(tokens: readonly Token[], word: string): number {
  let depth = 0;
  for (const [at, token] of tokens.entries()) {
    if (isSign(token, "(")) depth++;
    else if (isSign(token, ")")) depth--;
    else if (depth === 0 && isWord(token, word)) return at;
  }
  return -1;
}
