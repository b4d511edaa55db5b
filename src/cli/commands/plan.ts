import { shortDigest } from "../../base/digest.ts";
import type { Requirement } from "../../approval/requirement.ts";
import { hasErrors } from "../../model/finding.ts";
import { describeName } from "../../model/resource.ts";
import { EXIT, type ExitCode } from "../../base/error.ts";
import { approvalCase, nowOf, readApprovals } from "../approvals.ts";
import type { Action } from "../command-spec.ts";
import type { CliContext } from "../context.ts";
import { doerOf } from "../doer.ts";
import { lossFindings } from "../loss-findings.ts";
import { planTarget, type Planned } from "../pipeline.ts";
import { savePlan } from "../plan-files.ts";
import { saveReport } from "../report-files.ts";
import { simulationPage } from "../render/simulation-page.ts";
import { simulationDigest } from "../simulation-files.ts";
import { wantedBy } from "../simulation-gate.ts";
import { isRefused, simulatePlan } from "../simulating.ts";
import type { SimulationRecord } from "../../simulation/gate.ts";
import { usageError } from "../usage.ts";
import { checksSection, simulationDocument } from "./simulate.ts";
import { shellWord } from "../output/shell-word.ts";
import { planView } from "../plan-options.ts";
import { planChecked, planCreated } from "../plan-events.ts";
import { planDocument } from "../render/plan-document.ts";
import { planPage, type PlanSurroundings } from "../render/plan-page.ts";
import { severalTargets } from "../several/choose.ts";
import { planSeveral } from "../several/plan.ts";
import { type OpenTarget, withTarget } from "../target.ts";
import { settleWindowsHere } from "../watcher/settle-windows.ts";

/** Shows what would change and who gains and loses what, on one target or several. Changes nothing; `--out` saves it for apply. */
export const plan: Action = async (context, input) => {
  await settleWindowsHere(context);
  const names = await severalTargets(context, input);
  if (names !== null && input.flag("simulate")) {
    throw usageError("RW004", "--simulate takes one target at a time", "name it with `--target`");
  }
  return names === null ? await planOne(context, input) : await planSeveral(names, { context, input });
};

const planOne: Action = async (context, input) =>
  withTarget(context, async (target) => {
    const planned = await planTarget(target, context, {
      rotate: input.list("rotate-password"),
      allowRemovals: input.count("allow-removals"),
    });
    const out = input.text("out");
    const toApprove: Requirement[] = [];
    if (out !== null) {
      const made_by = await doerOf(target.manifest, input.text("as"), context);
      await savePlan({ ...planned.plan, made_by }, out, context);
      await saveReport(planned.report, target.runsFolder);
      await target.record(planCreated(planned));
      await target.record(planChecked(planned));
      toApprove.push(...(await requirementsOf({ ...planned, plan: { ...planned.plan, made_by } }, target, context)));
    }
    const simulated = input.flag("simulate") ? await simulatePlan(planned, target, { context, input }) : null;
    const losses = simulated === null ? [] : lossFindings(planned, simulated.simulation, target);
    const { capabilities } = target.connection.engine;
    const around = surroundings(planned, { out, toApprove, capabilities, simulated });
    context.progress.clear();
    const view = planView(input, target.sources);
    const page =
      simulated === null
        ? planPage(planned.report, view, around)
        : [
            ...planPage(planned.report, view, { ...around, next: [] }),
            ...simulationPage(simulated.simulation, {
              detail: view.detail,
              next: around.next,
              checks: checksSection(losses, target, { detail: input.flag("detail") }),
            }),
          ];
    context.show(page, () => ({
      ...planDocument(planned.report, around),
      ...(simulated === null ? {} : { simulation: simulationDocument(simulated, around.next, losses) }),
    }));
    if (simulated !== null && (isRefused(simulated) || hasErrors(losses))) return EXIT.refused;
    return planExit(planned, input.flag("detailed-exitcode"));
  });

/** Who has to agree before this plan can be applied. */
async function requirementsOf(
  { plan: made, report, live }: Planned,
  target: OpenTarget,
  context: CliContext,
): Promise<readonly Requirement[]> {
  const approvals = await readApprovals(target);
  const { accessRules } = target.connection.engine.dialect(live);
  const simulation = await simulationDigest(made.digest, target.runsFolder);
  const given = { approvals, target, accessRules, applier: null, simulation, now: nowOf(context) };
  return approvalCase({ ...report, plan: made }, target, given).requirements;
}

/** Refused wins over "changes are present". */
export function planExit({ report, plan: made }: Pick<Planned, "report" | "plan">, detailed: boolean): ExitCode {
  if (report.verdict.refusedBy.length > 0) return EXIT.refused;
  return detailed && made.changes.length > 0 ? EXIT.changes : EXIT.done;
}

function surroundings(
  planned: Planned,
  { out, toApprove, capabilities, simulated }: Saved & Pick<PlanSurroundings, "capabilities">,
): PlanSurroundings {
  return {
    capabilities,
    readAt: planned.live.takenAt,
    unchangedRoles: planned.unchangedRoles,
    next: nextCommands(planned, { out, toApprove, simulated }),
  };
}

interface Saved {
  readonly out: string | null;
  readonly toApprove: readonly Requirement[];
  readonly simulated: SimulationRecord | null;
}

function nextCommands({ report, plan: made }: Planned, { out, toApprove, simulated }: Saved): string[] {
  const [refusedBy] = report.verdict.refusedBy;
  if (refusedBy !== undefined) return [`rolewright explain ${refusedBy}`];
  if (made.changes.length === 0) return [];
  if (simulated !== null && isRefused(simulated)) {
    return ["change the files so that what is run keeps working, then plan again"];
  }
  const [wanted] = wantedBy(report);
  if (simulated === null && wanted !== undefined) {
    const why = `policy ${wanted.policy} asks for it`;
    return out === null
      ? [`rolewright plan --simulate --out plan.json     ${why}`]
      : [`rolewright simulate ${shellWord(out)}     ${why}`];
  }
  const accept = report.verdict.acceptLoss === null ? "" : ` --accept-access-loss=${report.verdict.acceptLoss}`;
  if (out === null)
    return [
      `rolewright apply${accept}`,
      "rolewright plan --out plan.json     saves exactly this plan, to be shown to others and applied later",
    ];
  const [first] = toApprove;
  const who =
    first === undefined ? "" : `${first.needed} of ${first.from.map(describeName).join(", ")} must (${first.rule})`;
  return [
    ...(first === undefined ? [] : [`rolewright approve ${shellWord(out)}     ${who}`]),
    `rolewright apply ${shellWord(out)}${accept}`,
    `rolewright show ${shellWord(out)} --sql     plan ${shortDigest(made.digest)} is saved there`,
  ];
}
