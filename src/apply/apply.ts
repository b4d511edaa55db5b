import { EXIT, type ExitCode } from "../base/error.ts";
import type { Digest } from "../base/digest.ts";
import type { Plan } from "../plan/plan.ts";
import type { ApplyOptions, ResolvedOptions } from "./apply-options.ts";
import { resolveOptions } from "./apply-options.ts";
import { lockApplier } from "./lock.ts";
import type { Outcome } from "./outcome.ts";
import { checkIntegrity, checkRevertible, checkServer, checkUnused } from "./preflight.ts";
import { canBeFinished, reconcile } from "./reconcile.ts";
import { finishPlan, runPlan } from "./run-plan.ts";
import { refuseUnfinished } from "./unfinished.ts";
import { refuseWindow } from "./refuse-window.ts";

/**
 * Applies a plan: all of it or nothing, verified before it is committed, and recorded before the first statement. Where grants take no part in transactions, each statement is recorded before it runs and verified
 * after it, what stands is taken back after a failure, and a plan that was cut off half-way is finished by applying it again.
 *
 * Throws a RolewrightError while nothing was changed: RW401 used, RW402 edited, RW403 another server, RW404 stale, RW405 a second apply, RW406 derived differently, RW407 losses not accepted, RW408
 * lock-out, RW409 refused, RW417 a password is missing, RW420 the record could not be written, RW425 another role, RW430 another plan stands in part, RW431 it cannot be finished, RW690 another one waits to be confirmed. RW423 alone means that it is not known yet; the next run says.
 * Everything after the first statement is an Outcome.
 */
export async function applyPlan(plan: Plan, options: ApplyOptions): Promise<Outcome> {
  return applyAs(plan, resolveOptions(options), null);
}

/** The same for a plan that takes another one back. */
export async function applyAs(plan: Plan, options: ResolvedOptions, reverts: Digest | null): Promise<Outcome> {
  const { connection, runs, clock } = options;
  checkIntegrity(plan);
  await checkServer(plan, connection);
  await using lock = await lockApplier(options);
  await reconcile(runs, connection, { clock });
  const run = (await runs.load(plan.digest))?.run ?? null;
  if (run !== null && canBeFinished(run, connection)) {
    await refuseUnfinished(plan, run.reverts, options);
    return await finishPlan(plan, options, { lock, run });
  }
  checkUnused(run);
  await refuseWindow(plan, reverts, options);
  await refuseUnfinished(plan, reverts, options);
  if (reverts !== null) checkRevertible(reverts, (await runs.load(reverts))?.run ?? null);
  return await runPlan(plan, options, { lock, reverts });
}

/** The exit code that tells scripts how an apply ended. */
export function exitCodeOf(outcome: Outcome): ExitCode {
  if (outcome.kind === "applied") return holdsEverywhere(outcome) ? EXIT.done : EXIT.failed;
  if (outcome.kind === "partial") return EXIT.failed;
  return ROLLED_BACK[outcome.code] ?? (outcome.run.undo === undefined ? EXIT.failed : EXIT.reverted);
}

/** False where a node of the server differs, or could not be asked: what was applied may not hold there. */
export function holdsEverywhere(outcome: Extract<Outcome, { readonly kind: "applied" }>): boolean {
  return outcome.nodes.every(({ result }) => result === "confirmed");
}

/** Others kept moving what the plan stands on: stale. Not what was predicted: taken back by verification. */
const ROLLED_BACK: Readonly<Record<string, ExitCode>> = {
  RW404: EXIT.stale,
  RW406: EXIT.stale,
  RW408: EXIT.refused,
  RW432: EXIT.refused,
  RW410: EXIT.stale,
  RW411: EXIT.stale,
  RW415: EXIT.reverted,
  RW416: EXIT.reverted,
};
