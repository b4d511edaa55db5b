import { RolewrightError } from "../base/error.ts";
import type { Secret } from "../base/secret.ts";
import type { Transaction } from "../engine/engine.ts";
import type { Stage, Statement } from "../plan/plan.ts";
import type { ResolvedOptions } from "./apply-options.ts";
import type { Verified } from "./outcome.ts";
import { tell } from "./progress.ts";
import { runSteps, type Stepwise } from "./run-steps.ts";
import { endingOf } from "./settle.ts";
import type { Expectation } from "./verify.ts";
import { verify } from "./verify.ts";

/** One stage, and what it is checked against before it is committed. */
export interface StageWork {
  readonly stage: Stage;
  readonly index: number;
  readonly of: number;
  readonly expected: Expectation;
  readonly passwords: ReadonlyMap<Statement, Secret>;
  /** Throws when the stage may not be committed any more. */
  mayCommit(): void;
  /** Makes the transaction's id durable; no statement runs before it returns. */
  announce(transaction: string): Promise<void>;
  /** Where grants take no part in transactions; null elsewhere. */
  readonly stepwise: Stepwise | null;
}

/** Runs one stage: as one transaction, or, where grants take no part in transactions, statement by statement. */
export async function runStage(work: StageWork, options: ResolvedOptions): Promise<Verified> {
  return work.stepwise === null ? await runTransaction(work, options) : await runSteps(work, work.stepwise, options);
}

/** Statements, verification, COMMIT. When it throws, nothing of the stage remains, with one exception: RW423 says that the connection was lost and the server could not be asked. */
async function runTransaction(work: StageWork, options: ResolvedOptions): Promise<Verified> {
  const { stage, index } = work;
  await tell(options, { kind: "stage", stage, index, of: work.of });
  options.signal.throwIfAborted();
  await using transaction = await options.connection.begin(stage.database, {
    lockTimeoutMs: options.lockTimeoutMs,
    statementTimeoutMs: options.statementTimeoutMs,
    signal: options.signal,
  });
  await work.announce(transaction.id);
  let verified: Verified | null = null;
  try {
    await execute(work, transaction, options);
    verified = await verify(transaction, stage.database, work.expected, options.guards, (questions) =>
      tell(options, { kind: "verifying", stage: index, questions }),
    );
    await tell(options, { kind: "committing", stage: index });
    // From here on an interruption waits for the answer: there is no taking back a COMMIT that was sent.
    options.signal.throwIfAborted();
    work.mayCommit();
    await transaction.commit();
    return verified;
  } catch (error) {
    if (!isLost(error)) throw error;
    const ending = await settleLoss(transaction.id, error, options);
    if (ending === "committed" && verified !== null) return verified;
    throw error;
  }
}

async function execute(work: StageWork, transaction: Transaction, options: ResolvedOptions): Promise<void> {
  const { statements } = work.stage;
  for (const [index, statement] of statements.entries()) {
    await tell(options, { kind: "statement", stage: work.index, index, of: statements.length, text: statement.text });
    options.signal.throwIfAborted();
    const secret = work.passwords.get(statement);
    await transaction.execute({
      text: statement.text,
      ...(statement.as === undefined ? {} : { as: statement.as }),
      ...(secret === undefined ? {} : { secret }),
    });
  }
  await tell(options, {
    kind: "statement",
    stage: work.index,
    index: statements.length,
    of: statements.length,
    text: "",
  });
  options.signal.throwIfAborted();
}

function isLost(error: unknown): boolean {
  return error instanceof RolewrightError && error.code === "RW413";
}

/** The server's own answer after the connection was lost; throws RW423 when there is none yet. */
async function settleLoss(
  transaction: string,
  cause: unknown,
  options: ResolvedOptions,
): Promise<"committed" | "aborted"> {
  const ending = await endingOf(options.connection, transaction, { withinMs: options.reconnectMs });
  if (ending === "committed" || ending === "aborted") return ending;
  const why = {
    "in progress": "the server has not noticed the loss yet",
    unknown: "the server does not remember the transaction",
    unreachable: "the server cannot be reached",
  }[ending];
  throw new RolewrightError("RW423", `the connection was lost and it is not known yet how the apply ended: ${why}`, {
    cause,
    help: "run `rolewright status` when the server is back; it settles what became of this run",
    details: { transaction },
  });
}
