import { STATE_DATABASE, randomStates, resetServer, runScript, type RandomStates, type StateServer } from "./run.ts";
import { shrinkScript } from "./shrink.ts";
import type { ScriptStatement } from "./world.ts";

/** A state built on a server, and where it came from. */
export interface StateCase {
  readonly states: RandomStates;
  /** The statements that lead from nothing to state A; while a failure is made smaller, some of them. */
  readonly first: readonly ScriptStatement[];
  readonly second: readonly ScriptStatement[];
}

export interface CaseOptions {
  readonly cases: number;
  /** The seed of the first case; the next ones count up. @default ROLEWRIGHT_TEST_SEED, or 1 */
  readonly seed?: number;
  /** How many access statements each state gets. @default 60 */
  readonly size?: number;
}

/**
 * Holds a property against random states, each built on a clean server. A failure is made smaller by leaving statements out, and ends with the seed, the statements that are
 * left, and what the property said about them.
 */
export async function forRandomStates(
  server: StateServer,
  options: CaseOptions,
  property: (one: StateCase) => Promise<void>,
): Promise<void> {
  const from = options.seed ?? Number(process.env["ROLEWRIGHT_TEST_SEED"] ?? 1);
  for (let seed = from; seed < from + options.cases; seed++) {
    const states = randomStates(seed, {
      major: server.major,
      ...(options.size === undefined ? {} : { size: options.size }),
    });
    const whole = { states, first: states.first, second: states.second };
    const failure = await attempt(server, whole, property);
    if (failure !== null) throw await smallest(server, whole, property);
  }
}

async function attempt(
  server: StateServer,
  one: StateCase,
  property: (one: StateCase) => Promise<void>,
): Promise<unknown> {
  await resetServer(server);
  await runScript(server, one.first);
  try {
    await property(one);
    return null;
  } catch (error) {
    return error;
  }
}

async function smallest(
  server: StateServer,
  whole: StateCase,
  property: (one: StateCase) => Promise<void>,
): Promise<Error> {
  let failure: unknown = null;
  const fails = async (one: StateCase): Promise<boolean> => {
    const error = await attempt(server, one, property);
    if (error === null) return false;
    failure = error;
    return true;
  };
  const first = await shrinkScript(whole.first, (candidate) => fails({ ...whole, first: candidate }));
  const second = await shrinkScript(whole.second, (candidate) => fails({ ...whole, first, second: candidate }));
  await fails({ ...whole, first, second });
  const script = [...first.map(text), "-- from A to B", ...second.map(text)].join(";\n");
  const said = failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
  const message = `seed ${whole.states.seed} on PostgreSQL ${server.major}, in database ${JSON.stringify(STATE_DATABASE)}:\n${script}\n\n${said}`;
  return new Error(message, { cause: failure });
}

function text(statement: ScriptStatement): string {
  return statement.as === undefined ? statement.sql : `/* as ${statement.as} */ ${statement.sql}`;
}
