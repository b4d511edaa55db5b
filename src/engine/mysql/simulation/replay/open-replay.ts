import type { Connection, PreparedStatementInfo } from "mysql2/promise";
import type { Replay, ReplayAnswer, ReplayQuestion, Shadow } from "../../../simulation.ts";
import { named } from "../../names.ts";
import { quoteIdentifier } from "../../quote.ts";
import { MariadbShadow } from "../shadow/start-shadow.ts";
import { signIn } from "../shadow/sign-in.ts";
import { commandOf } from "../grammar/statements.ts";
import { tokensOf } from "../grammar/tokens.ts";

/** Refused for want of a right. 1449: who defined it is gone. */
const DENIED: ReadonlySet<number> = new Set([1044, 1045, 1142, 1143, 1227, 1356, 1370, 1410, 1449, 1698, 1959]);
const NO_SCHEMA = 1046;
/** What PREPARE opens tables and columns of. It looks into no procedure and no trigger; of TRUNCATE, LOCK and DDL it asks nothing. */
const PREPARED: ReadonlySet<string> = new Set([
  "SELECT",
  "INSERT",
  "UPDATE",
  "DELETE",
  "REPLACE",
  "SET",
  "DO",
  "VALUES",
]);
/** What can be executed and taken back. */
const EXECUTED: ReadonlySet<string> = new Set([...PREPARED, "CALL"]);

/** Opens the trial of statements: each is prepared as its account, with its role active, and where that does not look far enough executed and rolled back. */
export async function openReplay(shadow: Shadow, _options: { readonly signal?: AbortSignal }): Promise<Replay> {
  if (!(shadow instanceof MariadbShadow)) throw new TypeError("this is no shadow of MariaDB");
  return await Promise.resolve(new MariadbReplay(shadow));
}

const NOT_CONFIRMED: ReplayAnswer = { verdict: "not-confirmed", means: "rule", code: null, message: null };

class MariadbReplay implements Replay {
  readonly #shadow: MariadbShadow;

  constructor(shadow: MariadbShadow) {
    this.#shadow = shadow;
  }

  async attempt(
    questions: readonly ReplayQuestion[],
    options: { readonly onProgress?: (done: number) => void; readonly signal?: AbortSignal } = {},
  ): Promise<readonly ReplayAnswer[]> {
    const answers: ReplayAnswer[] = questions.map(() => NOT_CONFIRMED);
    const bySession = new Map<string, number[]>();
    for (const [at, { login, role, searchPath }] of questions.entries()) {
      const key = JSON.stringify([login ?? role, role, searchPath ?? null]);
      bySession.set(key, [...(bySession.get(key) ?? []), at]);
    }
    let done = 0;
    for (const places of bySession.values()) {
      options.signal?.throwIfAborted();
      const [first = 0] = places;
      const question = questions[first];
      if (question === undefined) continue;
      const found = await this.#inSession(
        question,
        places.flatMap((at) => questions[at] ?? []),
        options.signal,
      );
      for (const [index, at] of places.entries()) answers[at] = found[index] ?? NOT_CONFIRMED;
      options.onProgress?.((done += places.length));
    }
    return answers;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(); // Each account's session ends with its statements.
  }

  /** Everything that one account runs with one role active, in one schema. */
  async #inSession(
    who: ReplayQuestion,
    questions: readonly ReplayQuestion[],
    signal: AbortSignal | undefined,
  ): Promise<readonly ReplayAnswer[]> {
    const login = who.login ?? who.role;
    let connection: Connection | null;
    try {
      connection = await signIn(login, this.#shadow.place());
    } catch (error) {
      // An account that is locked, or was dropped by the plan.
      const answer = numberOf(error) === 1045 ? refused(error, "rule") : NOT_CONFIRMED;
      return questions.map(() => answer);
    }
    if (connection === null) return questions.map(() => NOT_CONFIRMED);
    try {
      await connection.query(
        "set session autocommit = 0, max_statement_time = 2, lock_wait_timeout = 2, innodb_lock_wait_timeout = 2",
      );
      const schema = await this.#prepareSession(connection, who);
      if (schema === "role")
        return questions.map(() => ({
          ...NOT_CONFIRMED,
          verdict: "no",
          code: "1959",
          message: "the role cannot be activated",
        }));
      const answers: ReplayAnswer[] = [];
      for (const question of questions) {
        signal?.throwIfAborted();
        answers.push(await tryOne(connection, question, schema === "schema"));
      }
      return answers;
    } finally {
      connection.destroy();
    }
  }

  /** `role`: it may not become it; `schema`: it may not use it, so that what it names without one is out of reach. */
  async #prepareSession(
    connection: Connection,
    { login, role, searchPath }: ReplayQuestion,
  ): Promise<"role" | "schema" | null> {
    if (login !== undefined && login !== role) {
      const meant = named(role);
      const name = meant.kind === "role" ? meant.role : role;
      try {
        await connection.query(`set role ${quoteIdentifier(name)}`);
      } catch {
        return "role";
      }
    }
    const schema = searchPath?.[0];
    if (schema === undefined) return null;
    try {
      await connection.query(`use ${quoteIdentifier(schema)}`);
      return null;
    } catch {
      return "schema";
    }
  }
}

async function tryOne(
  connection: Connection,
  { text, deep }: ReplayQuestion,
  schemaRefused: boolean,
): Promise<ReplayAnswer> {
  const command = commandOf(tokensOf(text) ?? []);
  let statement: PreparedStatementInfo;
  try {
    statement = await connection.prepare(text);
  } catch (error) {
    if (numberOf(error) === NO_SCHEMA && schemaRefused) return refused(error, "dry-run", "1044");
    return DENIED.has(numberOf(error)) ? refused(error, "dry-run") : unsaid(error);
  }
  try {
    if (!deep && PREPARED.has(command)) return { verdict: "yes", means: "dry-run", code: null, message: null };
    return EXECUTED.has(command) ? await execute(connection, statement, command) : NOT_CONFIRMED;
  } finally {
    await statement.close();
  }
}

/** Runs it with nothing for its placeholders, and takes it back. */
async function execute(
  connection: Connection,
  statement: PreparedStatementInfo,
  command: string,
): Promise<ReplayAnswer> {
  const { parameters = [] } = (statement as unknown as { statement: { parameters?: readonly unknown[] } }).statement;
  try {
    const [result] = await statement.execute(parameters.map(() => null));
    // Nothing was touched: what runs for each row did not run.
    const touched = Array.isArray(result) ? result.length : ((result as { affectedRows?: number }).affectedRows ?? 0);
    const reached = touched > 0 || command === "CALL" || command === "DO";
    return { ...NOT_CONFIRMED, verdict: reached ? "yes" : "not-confirmed", means: "execution" };
  } catch (error) {
    return DENIED.has(numberOf(error)) ? refused(error, "execution") : unsaid(error);
  } finally {
    await connection.query("rollback").catch(() => {});
  }
}

function numberOf(error: unknown): number {
  return (error as { errno?: number } | null)?.errno ?? 0;
}

function refused(error: unknown, means: ReplayAnswer["means"], code = String(numberOf(error))): ReplayAnswer {
  return { verdict: "no", means, code, message: (error as Error).message };
}

/** It failed for another reason, which says nothing of rights. */
function unsaid(error: unknown): ReplayAnswer {
  return { ...NOT_CONFIRMED, code: String(numberOf(error)), message: (error as Error).message };
}
