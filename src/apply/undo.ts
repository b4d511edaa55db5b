import { RolewrightError } from "../base/error.ts";
import type { Secret } from "../base/secret.ts";
import type { AccessState } from "../model/access-state.ts";
import type { Plan, Statement } from "../plan/plan.ts";
import { rederive } from "../plan/rederive.ts";
import { planRevert } from "../plan/revert-plan.ts";
import type { ResolvedOptions } from "./apply-options.ts";
import { changesOf, readsBack } from "./change-sets.ts";
import { backoff, failureOf, isRetryable, pause } from "./failure.ts";
import type { Journal } from "./journal.ts";
import { namedBy } from "./named.ts";
import type { Basis } from "./preflight.ts";
import { tellOnly } from "./progress.ts";
import { runStage } from "./run-stage.ts";
import { refuseLockout } from "./verify.ts";

export interface UndoWork {
  readonly plan: Plan;
  readonly basis: Basis;
  readonly journal: Journal;
  readonly options: ResolvedOptions;
}

const NEVER: AbortSignal = new AbortController().signal;
const NO_PASSWORDS: ReadonlyMap<Statement, Secret> = new Map();

/**
 * Takes the first `committed` stages of a plan back, verified the same way. Null when it is done; otherwise the reason, and whatever was not taken back stands. An interruption does not stop it: it is
 * what an interruption asks for.
 */
export async function undoStages(work: UndoWork, committed: number): Promise<string | null> {
  const options: ResolvedOptions = { ...work.options, signal: NEVER };
  try {
    await undo(work, committed, options);
    return null;
  } catch (error) {
    if (error instanceof RolewrightError && error.code === "RW423") throw error;
    return failureOf(error, NEVER).because;
  }
}

async function undo(work: UndoWork, committed: number, options: ResolvedOptions): Promise<void> {
  const { plan, journal } = work;
  const live = await options.connection.introspect();
  const dialect = options.connection.engine.dialect(live);
  // Only what stands is taken back: what no stage got to is as it was.
  const back = planRevert(plan, live, dialect, { tool: plan.tool });
  const obstacle = back.findings.find((finding) => finding.severity === "error");
  if (obstacle !== undefined) throw new RolewrightError(obstacle.code, obstacle.message);
  const { states } = rederive(back, live, dialect);
  refuseLockout(options.guards.lockout(live, states.at(-1) ?? live.access));
  await tellOnly(options, { kind: "undoing", stages: committed });
  await journal.undoing(back.stages);
  for (const index of back.stages.keys()) {
    await tryUndoStage(work, { plan: back, basis: { live, dialect, states } }, index, options);
  }
}

interface Back {
  readonly plan: Plan;
  readonly basis: Basis;
}

async function tryUndoStage(
  { journal }: UndoWork,
  { plan, basis }: Back,
  index: number,
  options: ResolvedOptions,
): Promise<void> {
  const stage = plan.stages[index];
  const [before, after] = [basis.states[index], basis.states[index + 1]] as readonly (AccessState | undefined)[];
  if (stage === undefined || before === undefined || after === undefined)
    throw new Error("a stage has no predicted state");
  const all = plan.changes.map((planned) => planned.change);
  for (let round = 1; ; round++) {
    try {
      const expected = {
        live: basis.live,
        before,
        after,
        changes: changesOf(stage, all),
        named: namedBy(all),
        rules: basis.dialect.rules,
        readBack: readsBack(stage, basis.live),
      };
      await runStage(
        {
          stage,
          index,
          of: plan.stages.length,
          passwords: NO_PASSWORDS,
          // Going back is never held up by a lost lock: every stage is verified all the same.
          mayCommit: () => undefined,
          expected,
          announce: (transaction) => journal.undoBegan(index, transaction),
        },
        options,
      );
      await journal.undoEnded(index, "committed").catch(() => undefined);
      return;
    } catch (error) {
      const failure = failureOf(error, NEVER);
      if (failure.code === "RW423") throw error;
      await journal.undoEnded(index, "rolled-back").catch(() => undefined);
      if (!isRetryable(failure) || round >= options.attempts) throw error;
      await pause(backoff(round, options.backoffMs), NEVER);
    }
  }
}
