import { textOf, wordOf } from "../grammar/statements.ts";
import type { Token } from "../grammar/tokens.ts";

/** A part of what the parser made of a statement. It names its nodes as sqlparser does: https://docs.rs/sqlparser/latest/sqlparser/ast/ */
export type Node = null | boolean | number | string | readonly Node[] | { readonly [key: string]: Node | undefined };

/** A node that has fields. */
export type Fields = { readonly [key: string]: Node | undefined };

/** What a statement is, where it could be read. */
export interface Tree {
  /** `Query`, `Insert`, `Update` ... */
  readonly kind: string;
  readonly fields: Fields;
  /** It writes a file of the server. */
  readonly outfile: boolean;
  /** An INSERT that names no columns in its parentheses: `insert into t () values ()`. */
  readonly noColumns: boolean;
}

/** Reads the tree of one statement; null: the parser does not know its grammar. */
export type Parse = (tokens: readonly Token[]) => Tree | null;

/** Loads the parser, once. */
export async function loadParser(): Promise<Parse> {
  const { init, Parser, MySqlDialect } = await import("@guanmingchiu/sqlparser-ts");
  await init();
  const dialect = new MySqlDialect();
  return (tokens) => {
    const { rewritten, outfile } = rewrite(tokens);
    const noColumns = rewritten.some((token, at) => {
      return token.text === "(" && rewritten[at + 1]?.text === ")" && /^values?$/u.test(wordOf(rewritten[at + 2]));
    });
    let statements: unknown;
    try {
      statements = new Parser(dialect).withRecursionLimit(200).parse(textOf(rewritten));
    } catch {
      return null;
    }
    const [first] = statements as readonly Fields[];
    if (first === undefined || typeof first !== "object") return null;
    const [entry] = Object.entries(first);
    if (entry === undefined) return null;
    return { kind: entry[0], fields: fieldsOf(entry[1]), outfile, noColumns };
  };
}

export function fieldsOf(node: Node | undefined): Fields {
  return typeof node === "object" && node !== null && !Array.isArray(node) ? (node as Fields) : {};
}

export function listOf(node: Node | undefined): readonly Node[] {
  return Array.isArray(node) ? (node as readonly Node[]) : [];
}

/** The text of a node that is one; null for any other. */
export function stringOf(node: Node | undefined): string | null {
  return typeof node === "string" ? node : null;
}

/** The parts of a name: `[{ Identifier: { value } }]`, or of a compound one, `[{ value }]`. */
export function nameOf(node: Node | undefined): readonly string[] {
  return listOf(node).map((part) => {
    const fields = fieldsOf(part);
    return stringOf(fieldsOf(fields["Identifier"])["value"] ?? fields["value"]) ?? "";
  });
}

const MODIFIERS: ReadonlySet<string> = new Set(["low_priority", "high_priority", "delayed", "quick", "ignore"]);
const COMMA: Token = { kind: "punctuation", text: "," };
const word = (text: string): Token => ({ kind: "word", text });
const sign = (text: string): Token => ({ kind: "punctuation", text });

/** What the parser does not know, in words that it knows and that need the same rights. */
function rewrite(tokens: readonly Token[]): { readonly rewritten: readonly Token[]; readonly outfile: boolean } {
  const found: Token[] = [];
  let outfile = false;
  const verb = wordOf(tokens[0]);
  if (verb === "table") return { rewritten: [word("select"), sign("*"), word("from"), ...tokens.slice(1)], outfile };
  let depth = 0;
  let isBeforeSet = verb === "update";
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] as Token;
    const text = wordOf(token);
    const [second, third] = [wordOf(tokens[at + 1]), wordOf(tokens[at + 2])];
    if (token.text === "(") depth++;
    if (token.text === ")") depth--;
    if (depth === 0 && text === "set") isBeforeSet = false;
    if (at === 0 && text === "do") found.push(word("select"));
    else if (at > 0 && at < 4 && MODIFIERS.has(text) && /^(?:update|delete|insert|replace)$/u.test(verb)) continue;
    else if (/^(?:next|previous)$/u.test(text) && second === "value" && third === "for") {
      const name = nameTokens(tokens, at + 3);
      found.push(word(text === "next" ? "nextval" : "lastval"), sign("("), ...name, sign(")"));
      at += 2 + name.length;
    } else if (text === "into" && (second === "outfile" || second === "dumpfile")) {
      outfile = true;
      at = skipFileOptions(tokens, at + 2);
    } else if (text === "into" && verb === "select") at = skipTargets(tokens, at + 1);
    else if (text === "lock" && second === "in" && third === "share") at += 3;
    else if (text === "partition" && tokens[at + 1]?.text === "(" && isTablePart(tokens[at - 1])) {
      at = closing(tokens, at + 1);
    } else if (isBeforeSet && depth === 0 && token.text === COMMA.text && token.kind === "punctuation") {
      found.push(word("cross"), word("join"));
    } else found.push(token);
  }
  return { rewritten: found, outfile };
}

/** `over (partition by` is another thing. */
function isTablePart(before: Token | undefined): boolean {
  return before !== undefined && before.kind !== "punctuation";
}

function nameTokens(tokens: readonly Token[], from: number): readonly Token[] {
  return tokens[from + 1]?.text === "." ? tokens.slice(from, from + 3) : tokens.slice(from, from + 1);
}

function closing(tokens: readonly Token[], from: number): number {
  let depth = 0;
  for (let at = from; at < tokens.length; at++) {
    if (tokens[at]?.text === "(") depth++;
    if (tokens[at]?.text === ")" && --depth === 0) return at;
  }
  return tokens.length;
}

/** Up to the word that goes on with the statement. */
function skipFileOptions(tokens: readonly Token[], from: number): number {
  let at = from;
  while (at + 1 < tokens.length && !/^(?:from|for|where|group|order|limit)$/u.test(wordOf(tokens[at + 1]))) at++;
  return at;
}

/** `into @a, b`: where a row goes. */
function skipTargets(tokens: readonly Token[], from: number): number {
  let at = from;
  while (tokens[at + 1]?.text === ",") at += 2;
  return at;
}
