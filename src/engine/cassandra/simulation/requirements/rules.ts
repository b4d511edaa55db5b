import { firstStatement, isSign, isWord, outside } from "../grammar/statements.ts";
import type { Token } from "../grammar/tokens.ts";
import { definitionNeeds } from "./definitions.ts";
import type { Needs } from "./needs.ts";
import type { TableFacts } from "./objects.ts";
import { roleNeeds } from "./role-statements.ts";

/** Reads what one statement needs. */
export function readStatement(tokens: readonly Token[], needs: Needs): void {
  const [first] = tokens;
  if (isWord(first, "begin")) return batch(tokens, needs);
  if (isWord(first, "select")) return select(tokens, needs);
  if (isWord(first, "insert") || isWord(first, "update") || isWord(first, "delete")) return modify(tokens, needs);
  if (isWord(first, "truncate")) {
    const at = isWord(tokens[1], "table") || isWord(tokens[1], "columnfamily") ? 2 : 1;
    needs.onTable(needs.name(tokens, at), "MODIFY");
    return;
  }
  if (isWord(first, "use")) return;
  if (definitionNeeds(tokens, needs) || roleNeeds(tokens, needs)) return;
  needs.unknown("unparsed", "what it needs is not known");
}

function batch(tokens: readonly Token[], needs: Needs): void {
  const end = tokens.findIndex((token, at) => isWord(token, "apply") && isWord(tokens[at + 1], "batch"));
  const start = tokens.findIndex(
    (token, at) => at > 0 && /^(?:insert|update|delete)$/u.test(token.kind === "word" ? token.text : ""),
  );
  if (end < 0 || start < 0) return needs.unknown("unparsed", "the statements of the batch cannot be told apart");
  for (let left: readonly Token[] = tokens.slice(start, end); left.length > 0; ) {
    const { statement, rest } = partOfBatch(left);
    if (statement.length > 0) modify(statement, needs);
    left = rest;
  }
}

function select(tokens: readonly Token[], needs: Needs): void {
  const from = outside(tokens, "from");
  const name = from < 0 ? null : needs.name(tokens, from + 1);
  const facts = needs.onTable(name, "SELECT");
  const keyspace = name?.keyspace;
  needs.functions(tokens, keyspace);
  if (facts !== null) shownBy(tokens.slice(1, from), facts, needs);
  const where = outside(tokens, "where");
  if (facts === null || where < 0) return;
  const ends = ["group", "order", "per", "limit", "allow"]
    .map((word) => outside(tokens, word))
    .filter((at) => at > where);
  const restricted = namesRestricted(tokens.slice(where + 1, Math.min(tokens.length, ...ends)));
  if (facts.masked === null) return needs.unknown("masks", "which columns are masked may not be read");
  const { masked } = facts;
  if (![...restricted].some((column) => masked.has(column))) return;
  const resource = facts.base ?? facts.resource;
  needs.anyOf(["UNMASK", "SELECT_MASKED"].map((privilege) => ({ kind: "privilege", privilege, resource })));
}

/** Masked columns that are read: `*` is all of them. */
function shownBy(items: readonly Token[], { resource, base, masked }: TableFacts, needs: Needs): void {
  const read = namesRestricted(items);
  for (const column of masked ?? []) {
    if (read.has(column) || isSign(items[0], "*")) needs.shown(base ?? resource, column);
  }
}

function modify(tokens: readonly Token[], needs: Needs): void {
  const [first] = tokens;
  const at = isWord(first, "update") ? 1 : outside(tokens, isWord(first, "insert") ? "into" : "from") + 1;
  if (at === 0) return needs.unknown("unparsed", "which table it changes cannot be read");
  const name = needs.name(tokens, at);
  const facts = needs.onTable(name, "MODIFY");
  needs.functions(tokens, name?.keyspace);
  if (facts === null) return;
  const isConditional = tokens.some((token, index) => isWord(token, "if") && index > at);
  if (isConditional) needs.need("SELECT", facts.resource);
  if (facts.views.length === 0) return;
  needs.need("SELECT", facts.resource);
  for (const view of facts.views) needs.need("MODIFY", view, [`view ${view.path.slice(1).join(".")}`]);
}

/** Within a batch statements may follow each other without a semicolon. */
function partOfBatch(tokens: readonly Token[]): {
  readonly statement: readonly Token[];
  readonly rest: readonly Token[];
} {
  const { statement, rest } = firstStatement(tokens);
  let depth = 0;
  for (const [at, token] of statement.entries()) {
    if (isSign(token, "(")) depth++;
    if (isSign(token, ")")) depth--;
    const begins = depth === 0 && at > 0 && token.kind === "word" && /^(?:insert|update|delete)$/u.test(token.text);
    if (begins && !isSign(statement[at - 1], ".") && !isSign(statement[at - 1], ",")) {
      const left = [...statement.slice(at), ...(rest.length === 0 ? [] : [SEMICOLON, ...rest])];
      return { statement: statement.slice(0, at), rest: left };
    }
  }
  return { statement, rest };
}

const SEMICOLON: Token = { kind: "punctuation", text: ";" };

/** Every name of a condition: those that are no columns do no harm. */
function namesRestricted(tokens: readonly Token[]): ReadonlySet<string> {
  return new Set(tokens.filter(({ kind }) => kind === "word" || kind === "quoted").map(({ text }) => text));
}
