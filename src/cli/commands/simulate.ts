import { shortDigest } from "../../base/digest.ts";
import { sortedText } from "../../base/order.ts";
import { EXIT, RolewrightError } from "../../base/error.ts";
import type { SimulationRecord } from "../../simulation/gate.ts";
import { brokenOf } from "../../simulation/gate.ts";
import { countOutcomes } from "../../simulation/simulation.ts";
import type { Action } from "../command-spec.ts";
import type { JsonDocument } from "../context.ts";
import { shellWord } from "../output/shell-word.ts";
import { judgePlan, planTarget } from "../pipeline.ts";
import { findPlan } from "../plan-files.ts";
import type { CheckFinding } from "../../model/check-finding.ts";
import { hasErrors } from "../../model/finding.ts";
import { lossFindings } from "../loss-findings.ts";
import type { SectionBlock } from "../output/page.ts";
import { findingsSection, PLAN_WORDS } from "../render/findings.ts";
import { simulationPage } from "../render/simulation-page.ts";
import { isRefused, simulatePlan } from "../simulating.ts";
import { chooseTarget, chosenFor, openTarget, type OpenTarget, readLive, readManifest } from "../target.ts";

/** Tests a plan on a shadow of its target with what is really run. Changes nothing on the target. */
export const simulate: Action = async (context, input) => {
  const read = await readManifest(context);
  const named = input.argument(0);
  const found = named === null ? null : await findPlan(named, read.runs, context);
  const name = found === null ? chooseTarget(read.manifest, context) : chosenFor(found.plan, read.manifest, context);
  return await openTarget(read, name, {
    context,
    work: async (target) => {
      const planned =
        found === null
          ? await planTarget(target, context, { rotate: [], allowRemovals: null })
          : judgePlan(found.plan, target, await readLive(target, context));
      const { plan, live } = planned;
      if (live.fingerprint !== plan.fingerprint.before) {
        throw new RolewrightError(
          "RW404",
          `the database changed since this plan was made (fingerprint ${shortDigest(plan.fingerprint.before)} became ${shortDigest(live.fingerprint)})`,
          { exitCode: EXIT.stale, help: "plan again: `rolewright plan --out FILE`" },
        );
      }
      const record = await simulatePlan(planned, target, { context, input });
      const next = nextCommands(record, named);
      const findings = lossFindings(planned, record.simulation, target);
      const view = {
        detail: input.flag("detail"),
        next,
        checks: checksSection(findings, target, { detail: input.flag("detail") }),
      };
      context.show(simulationPage(record.simulation, view), () => simulationDocument(record, next, findings));
      return isRefused(record) || hasErrors(findings) ? EXIT.refused : EXIT.done;
    },
  });
};

/** The document for machines. */
export function simulationDocument(
  record: SimulationRecord,
  next: readonly string[],
  findings: readonly CheckFinding[],
): JsonDocument {
  const { simulation, made_at } = record;
  return {
    result: isRefused(record) ? "breaks" : "nothing-breaks",
    made_at,
    counts: countOutcomes(simulation),
    broken: brokenOf(simulation),
    simulation,
    findings,
    next,
  };
}

/** What checks say of a simulation, for its page: how much of it; the lines repeat what stands above, in other words. */
export function checksSection(
  findings: readonly CheckFinding[],
  { sources }: OpenTarget,
  { detail }: { readonly detail: boolean },
): SectionBlock | null {
  const lines = findings.map(({ code, severity, message }) => ({ code, severity, message }));
  const section = findingsSection("CHECKS", lines, { sources, words: PLAN_WORDS, all: detail });
  if (section === null || detail) return section;
  const codes = sortedText(findings.map(({ code }) => code)).join(", ");
  return { ...section, items: [], note: `${section.note ?? ""} by ${codes}; --detail lists them` };
}

function nextCommands(record: SimulationRecord, named: string | null): readonly string[] {
  const plan = named === null ? "PLAN" : shellWord(named);
  const broken = brokenOf(record.simulation);
  if (isRefused(record)) {
    return [
      "change the files so that what is run keeps working, then `rolewright plan --out FILE` and simulate again",
      ...(broken > 0 && named !== null
        ? [`rolewright apply ${plan} --accept-broken=${broken}     where that is what you want`]
        : []),
    ];
  }
  return named === null
    ? ["rolewright plan --out plan.json"]
    : [`rolewright approve ${plan}`, `rolewright apply ${plan}`];
}
