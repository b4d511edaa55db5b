import { wordOf } from "../grammar/statements.ts";
import type { Token } from "../grammar/tokens.ts";

/** What the body of a routine or trigger is made of. */
export interface Body {
  readonly statements: readonly (readonly Token[])[];
  /** What it declares, in lower case. */
  readonly variables: ReadonlySet<string>;
  /** Every statement of it runs, one after the other. */
  readonly isStraight: boolean;
}

/** Words that begin or end a part of a body. */
const OPENING: ReadonlySet<string> = new Set(["begin", "then", "else", "do", "loop", "repeat"]);
const BRANCHING: ReadonlySet<string> = new Set([
  "if",
  "elseif",
  "case",
  "when",
  "while",
  "until",
  "return",
  "leave",
  "iterate",
  "handler",
  "loop",
  "repeat",
  "for",
  "open",
  "fetch",
  "close",
  "execute",
  "prepare",
  "signal",
  "resignal",
]);

/** Takes a body apart into the statements that it runs, conditions and values as queries of their own. Null: it cannot be told what it runs. */
export function statementsOf(tokens: readonly Token[]): Body | null {
  const statements: (readonly Token[])[] = [];
  const variables = new Set<string>();
  let isStraight = true;
  for (const part of partsOf(tokens)) {
    const [first, second] = [wordOf(part[0]), wordOf(part[1])];
    if (BRANCHING.has(first)) isStraight = false;
    if (first === "" || first === "end" || first === "begin" || first === "not" || first === "atomic") continue;
    if (first === "declare") {
      declared(part, variables, statements);
      if (part.some((token) => wordOf(token) === "handler")) isStraight = false;
    } else if (first === "prepare" || first === "execute") statements.push(part);
    else if (
      [
        "leave",
        "iterate",
        "open",
        "fetch",
        "close",
        "signal",
        "resignal",
        "deallocate",
        "get",
        "loop",
        "repeat",
      ].includes(first)
    )
      continue;
    else if (["if", "elseif", "while", "until", "when", "case", "return"].includes(first)) {
      if (part.length > 1) statements.push([SELECT, ...part.slice(1)]);
    } else if (first === "set" && second !== "role") values(part, statements);
    else if (first === "for") return null;
    else statements.push(part);
  }
  return { statements, variables, isStraight };
}

const SELECT: Token = { kind: "word", text: "select" };

/** Splits where a statement or a condition ends. */
function partsOf(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const found: Token[][] = [[]];
  let depth = 0;
  let cases = 0;
  const next = (): void => void found.push([]);
  for (const [at, token] of tokens.entries()) {
    const word = wordOf(token);
    if (token.kind === "punctuation" && token.text === "(") depth++;
    if (token.kind === "punctuation" && token.text === ")") depth--;
    const current = found.at(-1) as Token[];
    // CASE as an expression ends with END alone, and stands within a statement.
    if (word === "case" && current.length > 0) cases++;
    if (cases > 0) {
      current.push(token);
      if (word === "end") cases--;
      continue;
    }
    if (depth === 0 && token.kind === "punctuation" && token.text === ";") next();
    else if (depth === 0 && token.kind === "punctuation" && token.text === ":" && current.length === 1)
      found[found.length - 1] = [];
    else if (depth === 0 && OPENING.has(word) && opens(word, current)) next();
    else if (depth === 0 && word === "until") {
      next();
      found.at(-1)?.push(token);
    } else if (depth === 0 && word === "when" && current.length > 0 && wordOf(current[0]) === "case") {
      next();
      found.at(-1)?.push(token);
    } else if (depth === 0 && word === "end" && current.length > 0 && wordOf(tokens[at - 1]) !== "") {
      if (/^(?:until)$/u.test(wordOf(current[0]))) next();
      found.at(-1)?.push(token);
    } else current.push(token);
  }
  return found;
}

/** Whether such a word begins something new here: `do` as a statement of its own and `repeat(...)` as a function do not. */
function opens(word: string, current: readonly Token[]): boolean {
  const first = wordOf(current[0]);
  if (word === "do") return first === "while" || first === "for";
  if (word === "then") return true;
  if (word === "repeat") return current.length === 0;
  return current.length === 0 || first === "else" || word === "else";
}

function declared(part: readonly Token[], variables: Set<string>, statements: (readonly Token[])[]): void {
  const cursor = part.findIndex((token) => wordOf(token) === "for");
  if (part.some((token) => wordOf(token) === "cursor") && cursor > 0) {
    statements.push(part.slice(cursor + 1));
    return;
  }
  const handler = part.findIndex((token) => wordOf(token) === "handler");
  if (handler > 0) {
    const at = part.findIndex((token, index) => index > handler && VERBS.has(wordOf(token)));
    if (at > 0) {
      if (wordOf(part[at]) === "set") values(part.slice(at), statements);
      else statements.push(part.slice(at));
    }
    return;
  }
  for (let at = 1; at < part.length; at += 2) {
    variables.add(part[at]?.text.toLowerCase() ?? "");
    if (part[at + 1]?.text !== ",") break;
  }
  const value = part.findIndex((token) => wordOf(token) === "default");
  if (value > 0) statements.push([SELECT, ...part.slice(value + 1)]);
}

const VERBS: ReadonlySet<string> = new Set([
  "set",
  "insert",
  "update",
  "delete",
  "select",
  "call",
  "replace",
  "rollback",
]);

/** `set a = x, new.b = y`: what is on the right. */
function values(part: readonly Token[], statements: (readonly Token[])[]): void {
  let depth = 0;
  let value: Token[] | null = null;
  for (const token of [...part.slice(1), { kind: "punctuation", text: "," } as const]) {
    if (token.kind === "punctuation" && token.text === "(") depth++;
    if (token.kind === "punctuation" && token.text === ")") depth--;
    if (depth === 0 && token.kind === "punctuation" && token.text === ",") {
      if (value !== null && value.length > 0) statements.push([SELECT, ...value]);
      value = null;
    } else if (value !== null) value.push(token);
    else if (depth === 0 && token.kind === "punctuation" && /^:?=$/u.test(token.text)) value = [];
  }
}
