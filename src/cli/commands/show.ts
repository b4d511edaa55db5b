import type { Report } from "../../analysis/report.ts";
import { shortDigest } from "../../base/digest.ts";
import { RolewrightError } from "../../base/error.ts";
import { sortedText } from "../../base/order.ts";
import type { AccessRules } from "../../model/access-rules.ts";
import { loadEngine } from "../../engine/registry.ts";
import type { Plan } from "../../plan/plan.ts";
import type { Action } from "../command-spec.ts";
import { onTarget, type CliContext } from "../context.ts";
import { judgePlan } from "../pipeline.ts";
import { findPlan, type NamedPlan } from "../plan-files.ts";
import { escapeLine } from "../output/escape.ts";
import { planView } from "../plan-options.ts";
import { loadReport } from "../report-files.ts";
import { planDocument } from "../render/plan-document.ts";
import { planPage, type PlanSurroundings } from "../render/plan-page.ts";
import { readLive, readManifest, withTarget } from "../target.ts";
import { planExit } from "./plan.ts";

/** Shows a saved plan. Who gains and loses is worked out against the database; where that is not possible any more, it is shown as unknown, under a warning. */
export const show: Action = async (context, input) => {
  const read = await readManifest(context);
  const named = await findPlan(input.argument(0) ?? "", read.runs, context);
  const { report, accessRules: _rules, ...why } = await reportFor(named, read.runsFolder, context);
  const next = why.warning === undefined ? [] : ["rolewright plan     makes one for the database as it is"];
  const { capabilities } = await loadEngine(named.plan.target.identity.engine);
  const around: PlanSurroundings = { capabilities, readAt: null, unchangedRoles: [], next, ...why };
  context.progress.clear();
  context.show(planPage(report, planView(input, read.sources), around), () => planDocument(report, around));
  return planExit({ report, plan: named.plan }, input.flag("detailed-exitcode"));
};

/** A saved plan as it is shown. */
export type Shown = {
  readonly report: Report;
  /** Null: the report is not about the database as it is. */
  readonly accessRules: AccessRules | null;
} & Pick<PlanSurroundings, "warning" | "accessUnknown">;

/** The report on a saved plan: of the database as it is, or where that cannot be asked any more as it was kept. */
export async function reportFor({ plan, run }: NamedPlan, runsFolder: string, context: CliContext): Promise<Shown> {
  const byItself = (warning: string, accessUnknown: string): Promise<Shown> =>
    keptReport(plan, runsFolder, { warning, accessUnknown });
  if (run !== null && run.state !== "rolled-back") {
    const when = run.finished_at === null ? `started at ${run.started_at}` : `${run.state} at ${run.finished_at}`;
    return byItself(
      `this plan was used: ${when} by ${escapeLine(run.holder)}`,
      "the state that it was made from is gone",
    );
  }
  try {
    return await withTarget(onTarget(context, plan.target.name), async (target) => {
      const live = await readLive(target, context);
      if (live.identity.server !== plan.target.identity.server) {
        return byItself("this plan was made for another server than the target is now", "its server was not asked");
      }
      if (live.fingerprint === plan.fingerprint.before) {
        const { accessRules } = target.connection.engine.dialect(live);
        return { report: judgePlan(plan, target, live).report, accessRules };
      }
      const moved = `the database changed since (fingerprint ${shortDigest(plan.fingerprint.before)} became ${shortDigest(live.fingerprint)})`;
      return byItself(`this plan is stale: ${moved}`, moved);
    });
  } catch (error) {
    if (!(error instanceof RolewrightError)) throw error;
    const why = `${error.code} ${escapeLine(error.message)}`;
    return byItself(`the database could not be asked: ${why}`, why);
  }
}

/** The report as it was kept when the plan was made; where there is none, what the plan says by itself, with nothing claimed about access. */
async function keptReport(
  plan: Plan,
  runsFolder: string,
  why: { readonly warning: string; readonly accessUnknown: string },
): Promise<Shown> {
  const kept = await loadReport(plan, runsFolder);
  if (kept !== null)
    return {
      report: kept,
      accessRules: null,
      warning: `${why.warning}. Who loses and gains is shown as it was worked out then`,
    };
  const refusedBy = plan.findings.filter((finding) => finding.severity === "error").map((finding) => finding.code);
  const report: Report = {
    plan,
    delta: { losses: [], gains: [], unknowns: [], subjectsLosing: 0, subjectsGaining: 0 },
    findings: plan.findings,
    verdict: { refusedBy: sortedText(refusedBy), acceptLoss: null },
    unchanged: { roles: 0, grants: 0, unmanagedRoles: [] },
  };
  return { report, accessRules: null, ...why };
}
