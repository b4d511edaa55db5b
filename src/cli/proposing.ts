import { applyPlan } from "../apply/apply.ts";
import { resolveOptions } from "../apply/apply-options.ts";
import type { Run } from "../apply/outcome.ts";
import { checkIntegrity, checkServer, checkUnused, preflight } from "../apply/preflight.ts";
import { canBeFinished } from "../apply/reconcile.ts";
import { doubtOf, settledRun } from "../apply/unfinished.ts";
import { planFinish } from "../plan/finish-plan.ts";
import type { Plan } from "../plan/plan.ts";
import { applyOptions, type Proposal } from "./applying.ts";
import type { CliContext } from "./context.ts";
import { holder } from "./doer.ts";
import type { Input } from "./input.ts";
import { shellWord } from "./output/shell-word.ts";
import { judgePlan, planTarget, type Planned } from "./pipeline.ts";
import type { NamedPlan } from "./plan-files.ts";
import { applyChoices, planView, type ApplyChoices } from "./plan-options.ts";
import { readLive, type OpenTarget } from "./target.ts";
import { windowSeconds } from "./watcher/choice.ts";

/** What is to be agreed to on one target: the saved plan, or one that is made now. */
export async function proposalFor(
  found: NamedPlan | null,
  target: OpenTarget,
  { context, input }: { readonly context: CliContext; readonly input: Input },
): Promise<Proposal> {
  const choices = applyChoices(input, target.name, windowSeconds(input, target.manifest, target.name));
  const { capabilities } = target.connection.engine;
  const planned: Planned & Pick<Proposal, "run" | "finishes"> =
    found === null
      ? await planTarget(target, context, {
          rotate: input.list("rotate-password"),
          allowRemovals: input.count("allow-removals"),
        })
      : await savedPlan(found, target, { choices, context });
  return {
    target,
    report: planned.report,
    guards: planned.guards,
    view: planView(input, target.sources),
    around: { capabilities, readAt: planned.live.takenAt, unchangedRoles: planned.unchangedRoles, next: [] },
    choices,
    accessRules: target.connection.engine.dialect(planned.live).accessRules,
    toApprove: howToApprove(found, input),
    ...(planned.finishes === undefined ? {} : { finishes: planned.finishes }),
    ...(planned.run === undefined ? {} : { run: planned.run }),
  };
}

function howToApprove(found: NamedPlan | null, input: Input): string {
  if (found === null)
    return "save the plan with `rolewright plan --out FILE`, and have it approved: `rolewright approve FILE`";
  const [file, ...others] = input.given;
  return `\`rolewright approve ${file === undefined || others.length > 0 ? "PLAN" : shellWord(file)}\``;
}

/** A saved plan, checked as far as it can be before anybody is asked: unchanged, for this server, unused, and the database has not moved. */
async function savedPlan(
  { plan, run: recorded }: NamedPlan,
  target: OpenTarget,
  { choices, context }: { readonly choices: ApplyChoices; readonly context: CliContext },
): Promise<Planned & Pick<Proposal, "run" | "finishes">> {
  checkIntegrity(plan);
  await checkServer(plan, target.connection);
  const { connection, runs } = target;
  const run = await settledRun(recorded, { connection, runs, holder: holder(), clock: context.clock });
  if (run !== null && canBeFinished(run, connection)) return await restOf(plan, run, target, context);
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

/** What is left of a plan that was cut off half-way: that is shown and judged, and applying it goes on with the plan's own run. */
async function restOf(
  plan: Plan,
  run: Run,
  target: OpenTarget,
  context: CliContext,
): Promise<Planned & Pick<Proposal, "run" | "finishes">> {
  const live = await readLive(target, context);
  const dialect = target.connection.engine.dialect(live);
  const rest = planFinish(plan, live, dialect, { doubt: await doubtOf(target.runs, run) });
  return { ...judgePlan(rest, target, live), finishes: true, run: (options) => applyPlan(plan, options) };
}
