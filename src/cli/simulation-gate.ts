import { isProduction } from "../analysis/analyze.ts";
import type { Report } from "../analysis/report.ts";
import { EXIT, RolewrightError } from "../base/error.ts";
import type { Finding } from "../model/finding.ts";
import { type SimulationDemand, type SimulationRecord, simulationFindings } from "../simulation/gate.ts";
import type { Proposal } from "./applying.ts";
import { nowOf } from "./approvals.ts";
import type { CliContext } from "./context.ts";
import { escapeLine } from "./output/escape.ts";
import { loadSimulation } from "./simulation-files.ts";

/**
 * What apply refuses by the plan's simulation, before a person is asked to agree: that there is none where a policy asks for one, and that something breaks which nobody accepted. In an emergency it is told and
 * goes on, except where an access test fails.
 */
export async function checkSimulation(
  { target, report, choices, finishes }: Pick<Proposal, "target" | "report" | "choices" | "finishes">,
  context: CliContext,
): Promise<void> {
  if (finishes === true) return;
  const record = await loadSimulation(report.plan.digest, target.runsFolder);
  const { environment } = target;
  const found = findingsOf(report, record, { environment, acceptBroken: choices.acceptBroken }, context);
  const holding = choices.breakGlass ? found.filter(({ code }) => code === "RW575") : found;
  if (holding.length > 0) throw refusedBy(holding, "nothing was changed");
  if (found.length === 0) return;
  context.progress.clear();
  context.tell(
    found.map(({ code, message }, at) => ({
      kind: "line",
      label: at === 0 ? "BREAKING THE GLASS" : "",
      tone: "bad",
      text: `although ${code}: ${escapeLine(message)}`,
    })),
  );
}

/** What keeps a plan from being approved. That something breaks does not: the approval is bound to the simulation that says so. */
export function checkSimulated(
  report: Report,
  record: SimulationRecord | null,
  environment: string,
  context: CliContext,
): void {
  const found = findingsOf(report, record, { environment, acceptBroken: null }, context);
  const holding = found.filter(({ code }) => code !== "RW574");
  if (holding.length > 0) throw refusedBy(holding, "nothing was signed");
}

function findingsOf(
  report: Report,
  record: SimulationRecord | null,
  given: { readonly environment: string; readonly acceptBroken: number | null },
  context: CliContext,
): readonly Finding[] {
  return simulationFindings(record, {
    plan: report.plan.digest,
    wanted: wantedBy(report),
    production: isProduction(given.environment),
    now: nowOf(context),
    acceptBroken: given.acceptBroken,
  });
}

function refusedBy([first, ...more]: readonly Finding[], ending: string): RolewrightError {
  if (first === undefined) throw new TypeError("a refusal has a reason");
  return new RolewrightError(first.code, `${first.message}; ${ending}`, {
    exitCode: EXIT.refused,
    ...(first.help === undefined ? {} : { help: first.help }),
    details: { refused_by: [first, ...more].map(({ code, message }) => ({ code, message })) },
  });
}

/** The policies that ask for a simulation of this plan. */
export function wantedBy({ policies = [] }: Pick<Report, "policies">): SimulationDemand["wanted"] {
  return policies.flatMap(({ policy, simulation }) => (simulation === undefined ? [] : [{ policy, simulation }]));
}
