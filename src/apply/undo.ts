import { RolewrightError } from "../base/error.ts";
import type { Secret } from "../base/secret.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { doubtAbout } from "../plan/doubt.ts";
import type { Statement } from "../plan/plan.ts";
import { rederive } from "../plan/rederive.ts";
import { planRevert } from "../plan/revert-plan.ts";
import type { ResolvedOptions } from "./apply-options.ts";
import { newTrace, stageWork, type Attempt, type StageSource } from "./attempt.ts";
import { backoff, failureOf, isRetryable, pause } from "./failure.ts";
import { tellOnly } from "./progress.ts";
import { runStage } from "./run-stage.ts";
import { refuseLockout } from "./verify.ts";

const NEVER: AbortSignal = new AbortController().signal;
const NO_PASSWORDS: ReadonlyMap<Statement, Secret> = new Map();

/**
 * Takes what stands of a plan back, verified the same way: its first `committed` stages, or, where grants take no part in transactions, whatever stands. Null when it is done; otherwise the reason, and whatever was not taken
 * back stands. An interruption does not stop it: it is what an interruption asks for.
 */
export async function undoStages(attempt: Attempt, committed: number): Promise<string | null> {
  const options: ResolvedOptions = { ...attempt.options, signal: NEVER };
  try {
    await undo(attempt, committed, options);
    return null;
  } catch (error) {
    if (error instanceof RolewrightError && error.code === "RW423") throw error;
    return failureOf(error, NEVER).because;
  }
}

async function undo(attempt: Attempt, committed: number, options: ResolvedOptions): Promise<void> {
  const { whole, journal } = attempt;
  const live = await readStanding(attempt, options);
  const dialect = options.connection.engine.dialect(live);
  // Only what stands is taken back: what no statement got to is as it was.
  const plan = planRevert(whole, live, dialect, { tool: whole.tool, doubt: doubtAbout(attempt.trace.doubt) });
  const obstacle = plan.findings.find((finding) => finding.severity === "error");
  if (obstacle !== undefined) throw new RolewrightError(obstacle.code, obstacle.message);
  const { states, steps } = rederive(plan, live, dialect);
  refuseLockout(options.guards.lockout(live, states.at(-1) ?? live.access));
  const stages = dialect.capabilities.transactionalGrants ? committed : plan.stages.length;
  await tellOnly(options, { kind: "undoing", stages });
  await journal.opened("undo", plan.stages);
  const source: StageSource = {
    plan,
    part: "undo",
    basis: { live, dialect, states, steps },
    journal,
    trace: newTrace(),
    passwords: NO_PASSWORDS,
    // Going back is never held up by a lost lock: every stage is verified all the same.
    mayCommit: () => undefined,
  };
  for (const index of plan.stages.keys()) await tryUndoStage(source, index, options);
}

/** Where statements stand at once, nobody knows what stands while the server cannot be read: then this throws RW423, and the next run settles it. */
async function readStanding(attempt: Attempt, options: ResolvedOptions): Promise<Snapshot> {
  const { connection, reconnectMs } = options;
  if (attempt.basis.dialect.capabilities.transactionalGrants) return await connection.introspect();
  const deadline = performance.now() + reconnectMs;
  for (;;) {
    try {
      return await connection.introspect();
    } catch (cause) {
      if (performance.now() < deadline) {
        await pause(100, NEVER);
        continue;
      }
      throw new RolewrightError("RW423", "the apply failed, and what stands of it could not be read", {
        cause,
        help: "run `rolewright status` when the server is back; it settles what became of this run",
      });
    }
  }
}

async function tryUndoStage(source: StageSource, index: number, options: ResolvedOptions): Promise<void> {
  const { journal, basis } = source;
  const transactional = basis.dialect.capabilities.transactionalGrants;
  for (let round = 1; ; round++) {
    try {
      await runStage(stageWork(source, index), options);
      await journal.ended("undo", index, "committed").catch(() => undefined);
      return;
    } catch (error) {
      const failure = failureOf(error, NEVER);
      if (failure.code === "RW423") throw error;
      await journal.ended("undo", index, transactional ? "rolled-back" : "unknown").catch(() => undefined);
      if (!transactional || !isRetryable(failure) || round >= options.attempts) throw error;
      await pause(backoff(round, options.backoffMs), NEVER);
    }
  }
}
