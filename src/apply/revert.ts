import type { Digest } from "../base/digest.ts";
import type { Plan } from "../plan/plan.ts";
import { planRevert } from "../plan/revert-plan.ts";
import { applyAs } from "./apply.ts";
import type { ApplyOptions } from "./apply-options.ts";
import { resolveOptions } from "./apply-options.ts";
import type { Outcome } from "./outcome.ts";
import { checkRevertible, checkServer } from "./preflight.ts";
import { reconcile } from "./reconcile.ts";
import { doubtOf } from "./unfinished.ts";

export interface RevertRunOptions extends ApplyOptions {
  /** The version of this tool. */
  readonly tool: string;
  /** Go on where somebody else changed what the plan had made, and leave that as it is. @default false: refused with RW340 */
  readonly leaveChanged?: boolean;
}

/**
 * Takes an applied plan back: the inverse that was stored with its run is planned against the database as it is now, and applied and verified like any other plan. The run is then marked as
 * reverted, and its plan cannot be applied again. Throws RW424 for a plan that was not applied from here, RW426 when nothing is left of it, and everything that `applyPlan` throws.
 */
export async function revertRun(
  digest: Digest,
  options: RevertRunOptions,
): Promise<{ readonly plan: Plan; readonly outcome: Outcome }> {
  const { connection, runs, clock, tool, leaveChanged = false } = options;
  await reconcile(runs, connection, { clock });
  const stored = await runs.load(digest);
  checkRevertible(digest, stored?.run ?? null);
  if (stored === null) throw new TypeError("a run that can be reverted has a plan");
  await checkServer(stored.plan, connection);
  const live = await connection.introspect();
  const plan = planRevert(stored.plan, live, connection.engine.dialect(live), {
    tool,
    leaveChanged,
    doubt: await doubtOf(runs, stored.run),
  });
  return { plan, outcome: await applyAs(plan, resolveOptions(options), digest) };
}
