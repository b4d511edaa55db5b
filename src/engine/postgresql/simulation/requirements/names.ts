import type { Closure, Running } from "./closure.ts";
import { type RawNode, textOf } from "./grammar.ts";
import type { Relation } from "./objects.ts";

/** The relation that a name of a utility statement means for this role, with USAGE on the schema that it is found in. */
export function findRelation(closure: Closure, target: RawNode, running: Running): Relation | undefined {
  const { objects, standing } = closure.workspace;
  const name = textOf(target, "relname");
  const named = target["schemaname"] as string | undefined;
  const visible = standing.filtered(running.role, running.path);
  const places =
    named === undefined ? [...(visible.includes("pg_catalog") ? [] : ["pg_catalog"]), ...visible] : [named];
  // Where the role may use none of the schemas that have it, that is what it lacks.
  const hidden = named === undefined ? (closure.hidden(running) ?? []) : [];
  for (const schema of [...places, ...hidden]) {
    const relation = objects.relationNames.get(`${schema}\0${name}`);
    if (relation === undefined) continue;
    closure.schemaUsage(schema, running);
    return relation;
  }
  return undefined;
}

interface Token {
  readonly text: string;
  readonly from: number;
  readonly depth: number;
}

const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?\*\/|(\$[\p{L}_]*[\p{L}\p{N}_]*\$)[\s\S]*?\1|[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$\d+|[\p{L}_][\p{L}\p{N}_$]*|\d[\w.]*|[^\s]/gu;

/** The words and signs of a statement, without comments; words that are not quoted in lower case. */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [token] = match;
    if (token.startsWith("--") || token.startsWith("/*")) continue;
    if (token === ")") depth--;
    tokens.push({ text: /^["'$]/u.test(token) ? token : token.toLowerCase(), from: match.index, depth });
    if (token === "(") depth++;
  }
  return tokens;
}

const QUERY_WORDS: ReadonlySet<string> = new Set([
  "select",
  "insert",
  "update",
  "delete",
  "merge",
  "values",
  "with",
  "table",
  "(",
]);

/** The query that a utility statement wraps, as text; null: it was not found. */
export function innerText(kind: string, text: string): string | null {
  const tokens = tokensOf(text);
  if (kind === "SelectStmt") return withoutInto(text, tokens);
  if (kind === "CopyStmt") return betweenParentheses(text, tokens);
  if (kind === "ExplainStmt") return afterExplain(text, tokens);
  const word = kind === "DeclareCursorStmt" ? "for" : "as";
  const at = tokens.findIndex(
    (token, index) => token.text === word && token.depth === 0 && QUERY_WORDS.has(tokens[index + 1]?.text ?? ""),
  );
  const first = tokens[at + 1];
  if (at < 0 || first === undefined) return null;
  return text
    .slice(first.from)
    .replace(/\s+with\s+(?:no\s+)?data\s*;?\s*$|\s+with\s+(?:local\s+|cascaded\s+)?check\s+option\s*;?\s*$/iu, "");
}

function afterExplain(text: string, tokens: readonly Token[]): string | null {
  let at = 1;
  if (tokens[at]?.text === "(" && tokens[at + 1] !== undefined && !QUERY_WORDS.has(tokens[at + 1]?.text ?? "")) {
    at = tokens.findIndex((token, index) => index > at && token.text === ")" && token.depth === 0) + 1;
  } else while (["analyze", "analyse", "verbose"].includes(tokens[at]?.text ?? "")) at++;
  const first = tokens[at];
  return first === undefined ? null : text.slice(first.from);
}

function betweenParentheses(text: string, tokens: readonly Token[]): string | null {
  const open = tokens.findIndex((token) => token.text === "(" && token.depth === 0);
  const close = tokens.findIndex((token, index) => index > open && token.text === ")" && token.depth === 0);
  const [first, last] = [tokens[open], tokens[close]];
  return first === undefined || last === undefined ? null : text.slice(first.from + 1, last.from);
}

/** SELECT ... INTO t FROM ... without its target. */
function withoutInto(text: string, tokens: readonly Token[]): string | null {
  const into = tokens.findIndex((token) => token.text === "into" && token.depth === 0);
  const begin = tokens[into];
  if (begin === undefined) return null;
  let at = into + 1;
  while (["temporary", "temp", "unlogged", "local", "global", "table"].includes(tokens[at]?.text ?? "")) at++;
  while (tokens[at + 1]?.text === ".") at += 2;
  const rest = tokens[at + 1];
  return `${text.slice(0, begin.from)}${rest === undefined ? "" : text.slice(rest.from)}`;
}
