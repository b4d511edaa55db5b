import { resolveOptions } from "../../apply/apply-options.ts";
import { checkIntegrity, checkServer, checkUnused, preflight } from "../../apply/preflight.ts";
import type { Action } from "../command-spec.ts";
import { applyOptions, proposeAndApply } from "../applying.ts";
import type { CliContext } from "../context.ts";
import { judgePlan, planTarget, type Planned } from "../pipeline.ts";
import { findPlan } from "../plan-files.ts";
import { applyChoices, planView, type ApplyChoices } from "../plan-options.ts";
import { usageError } from "../usage.ts";
import { readLive, withTarget, type OpenTarget } from "../target.ts";

/** Applies a saved plan exactly, or makes one and asks. */
export const apply: Action = async (context, input) => {
  const named = input.argument(0);
  const rotate = input.list("rotate-password");
  if (named !== null && (rotate.length > 0 || input.count("allow-removals") !== null)) {
    throw usageError(
      "RW004",
      "--rotate-password and --allow-removals shape a plan, and a saved plan is applied as it is",
      "give it to `rolewright plan --out`",
    );
  }
  const choices = applyChoices(input);
  return withTarget(context, async (target) => {
    const planned =
      named === null
        ? await planTarget(target, context, { rotate, allowRemovals: input.count("allow-removals") })
        : await savedPlan(named, target, { choices, context });
    return proposeAndApply(
      {
        target,
        report: planned.report,
        guards: planned.guards,
        view: planView(input, target.sources),
        around: { readAt: planned.live.takenAt, unchangedRoles: planned.unchangedRoles, next: [] },
        choices,
      },
      context,
    );
  });
};

/** A saved plan, checked as far as it can be before anybody is asked: unchanged, for this server, unused, and the database has not moved. */
async function savedPlan(
  named: string,
  target: OpenTarget,
  { choices, context }: { readonly choices: ApplyChoices; readonly context: CliContext },
): Promise<Planned> {
  const { plan, run } = await findPlan(named, target.runs, context);
  checkIntegrity(plan);
  await checkServer(plan, target.connection);
  // A run that is open may be another apply at work: the lock tells, and apply asks again under it.
  if (run?.state !== "started") checkUnused(run);
  const live = await readLive(target, context);
  const planned = judgePlan(plan, target, live);
  if (live.fingerprint === plan.fingerprint.before) return planned;
  // Says by name what moved, and refuses; unless it has moved back by now.
  const basis = await preflight(
    plan,
    resolveOptions(applyOptions({ target, choices, guards: planned.guards }, context)),
  );
  return judgePlan(plan, target, basis.live);
}
