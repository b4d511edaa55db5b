import type { Closure, Refusal, Running, StatementOptions } from "./closure.ts";
import { load } from "./grammar.ts";
import { addUtility } from "./utilities.ts";

/** What begins a statement that is analysed as it stands; everything else is unwrapped first. */
const QUERIES: ReadonlySet<string> = new Set(["select", "insert", "update", "delete", "merge", "values", "with"]);

/** Names that are out of reach are reported so. */
const OUT_OF_REACH: ReadonlySet<string> = new Set(["42P01", "42883", "42704", "3F000", "42703"]);

/** Adds what one statement needs. Null: all of it was followed. */
export async function addStatement(
  closure: Closure,
  text: string,
  running: Running,
  options: StatementOptions = {},
): Promise<Refusal | null> {
  const word = firstWord(text);
  if (
    !QUERIES.has(word) ||
    (word === "select" && /\binto\b/iu.test(text)) ||
    (word === "with" && /\binto\b/iu.test(text))
  ) {
    return await addParsed(closure, text, running, options);
  }
  return await addQuery(closure, text, running, options);
}

/** A statement that the server analyses itself. */
export async function addQuery(
  closure: Closure,
  text: string,
  running: Running,
  options: StatementOptions = {},
): Promise<Refusal | null> {
  const answer = await closure.text(text, running, options.types);
  if ("trees" in answer) {
    options.trees?.push(...answer.trees);
    return null;
  }
  if (answer.kind === "refused" && OUT_OF_REACH.has(answer.code)) {
    // What its names would mean with USAGE on all of its path: then that is what is missing.
    const wider = closure.hidden(running);
    if (wider !== null) {
      const again = await closure.text(text, running, options.types, wider);
      if ("trees" in again) {
        options.trees?.push(...again.trees);
        return running.origin.length > 0 ? null : answer;
      }
    }
  }
  return answer;
}

async function addParsed(
  closure: Closure,
  text: string,
  running: Running,
  options: StatementOptions,
): Promise<Refusal | null> {
  const grammar = await load();
  let statements: ReturnType<typeof grammar.statements>;
  try {
    statements = grammar.statements(text);
  } catch {
    // The server says it better, and may know what a newer parser does not.
    return await addQuery(closure, text, running, options);
  }
  for (const statement of statements) {
    const [kind = ""] = Object.keys(statement.node);
    const isQuery = ["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"].includes(kind);
    const select = kind === "SelectStmt" ? (statement.node["SelectStmt"] as Record<string, unknown>) : null;
    const plain = isQuery || (select !== null && select["intoClause"] === undefined);
    const refusal = plain
      ? await addQuery(closure, statement.text, running, options)
      : await addUtility(closure, statement, running, options);
    if (refusal !== null) return refusal;
  }
  if (statements.length === 0) return null;
  return null;
}

/** The first word in lower case, behind comments and parentheses. */
export function firstWord(text: string): string {
  const rest = text.replace(/^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|\()+/u, "");
  return /^[a-z_]+/iu.exec(rest)?.[0].toLowerCase() ?? "";
}
