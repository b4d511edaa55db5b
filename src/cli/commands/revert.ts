import { applyAs } from "../../apply/apply.ts";
import { resolveOptions } from "../../apply/apply-options.ts";
import type { Run } from "../../apply/outcome.ts";
import { checkServer } from "../../apply/preflight.ts";
import { doubtOf } from "../../apply/unfinished.ts";
import { decideReversal, isUndecided, viewWindow } from "../../apply/window.ts";
import { shortDigest } from "../../base/digest.ts";
import { RolewrightError } from "../../base/error.ts";
import type { Plan } from "../../plan/plan.ts";
import { planRevert } from "../../plan/revert-plan.ts";
import { proposeAndApply } from "../applying.ts";
import type { Action } from "../command-spec.ts";
import { type CliContext, onTarget } from "../context.ts";
import { doerOf, holder } from "../doer.ts";
import { shellWord } from "../output/shell-word.ts";
import { judgePlan, untilUnused } from "../pipeline.ts";
import { findPlan, savePlan } from "../plan-files.ts";
import { applyChoices, planView } from "../plan-options.ts";
import { planDocument } from "../render/plan-document.ts";
import { planPage } from "../render/plan-page.ts";
import { chosenFor, type OpenTarget, readLive, readManifest, withTarget } from "../target.ts";
import { VERSION } from "../version.ts";
import { notHeldUp } from "../watcher/reverse.ts";
import { settleWindows } from "../watcher/settle-windows.ts";
import { planExit } from "./plan.ts";

/** Takes an applied plan back. The way back is planned against the database as it is now, shown, and verified like any other plan. */
export const revert: Action = async (context, input) => {
  const read = await readManifest(context);
  const named = await findPlan(input.argument(0) ?? "", read.runs, context);
  await settleWindows(read, context, named.plan.digest);
  const plan = appliedPlan(input.argument(0) ?? "", named);
  return withTarget(onTarget(context, chosenFor(plan, read.manifest, context)), async (target) => {
    await checkServer(plan, target.connection);
    const live = await readLive(target, context);
    const dialect = target.connection.engine.dialect(live);
    const leaveChanged = input.flag("leave-changed");
    const doubt = await doubtOf(target.runs, named.run);
    const made = await untilUnused(target.runs, (findings) =>
      planRevert(plan, live, dialect, { tool: VERSION, leaveChanged, findings, doubt }),
    );
    // In the window it would go back by itself: the way back was part of what was approved.
    const held = !leaveChanged && (await isHeld(named.run, target, context));
    const judged = judgePlan(made, target, live);
    const planned = held ? notHeldUp(judged) : judged;
    const view = planView(input, target.sources);
    const { capabilities } = target.connection.engine;
    const around = { capabilities, readAt: live.takenAt, unchangedRoles: [], next: [] };
    const out = input.text("out");
    if (out === null) {
      return proposeAndApply(
        {
          ...planned,
          target,
          view,
          around,
          choices: applyChoices(input, target.name),
          accessRules: dialect.accessRules,
          toApprove: "save it with `--out FILE`, and have it approved: `rolewright approve FILE`",
          reverts: plan.digest,
          finishes: held,
          run: async (options) => {
            await decideRevert(plan, target, context);
            return await applyAs(made, resolveOptions(options), plan.digest);
          },
        },
        context,
      );
    }
    await savePlan({ ...made, made_by: await doerOf(read.manifest, input.text("as"), context) }, out, context);
    const next = { ...around, next: [`rolewright apply ${shellWord(out)}`] };
    context.progress.clear();
    context.show(planPage(planned.report, view, next), () => planDocument(planned.report, next));
    return planExit(planned, false);
  });
};

async function isHeld(run: Run | null, { windows }: OpenTarget, { clock }: CliContext): Promise<boolean> {
  if (run?.window === undefined) return false;
  const view = viewWindow(run, await windows.events(run.plan), clock.now());
  return view !== null && isUndecided(view);
}

/** From here on nobody can confirm it, and if this process dies the watcher goes on. */
async function decideRevert(plan: Plan, target: OpenTarget, context: CliContext): Promise<void> {
  const run = (await target.runs.load(plan.digest))?.run;
  if (run?.window === undefined) return;
  await decideReversal(run, "asked", { windows: target.windows, by: holder(), now: () => context.clock.now() });
}

/** The plan of a run that stands, or stands in part. Throws RW424 where there was no run, RW426 where nothing is left of it. */
function appliedPlan(named: string, { plan, run }: Awaited<ReturnType<typeof findPlan>>): Plan {
  const name = shortDigest(plan.digest);
  if (run === null) {
    throw new RolewrightError("RW424", `plan ${name} was not applied from here`, {
      help: `records are kept beside the manifest, in .rolewright/runs; \`rolewright show ${shellWord(named)}\` prints what it would do`,
    });
  }
  if (run.state === "rolled-back" || run.state === "reverted") {
    throw new RolewrightError(
      "RW426",
      `nothing is left of plan ${name}: it was ${run.state} at ${run.finished_at ?? run.started_at}`,
      {
        help: "nothing was changed",
      },
    );
  }
  return plan;
}
