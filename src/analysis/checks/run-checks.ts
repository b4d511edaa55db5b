import { compareBy, sorted, sortedText } from "../../base/order.ts";
import { type CheckFinding, DANGERS, type NotEvaluated } from "../../model/check-finding.ts";
import type { Finding } from "../../model/finding.ts";
import { appliesTo, type Check, type CheckContext, type Gap, type Hit, type Need } from "./check.ts";
import { findingOf } from "./finding-of.ts";
import { Judge } from "./judge.ts";

/** What checks found, and what they could not tell. */
export interface CheckRun {
  /** What stands: the most dangerous first, then by check and key. */
  readonly findings: readonly CheckFinding[];
  /** What somebody answers for until a day, in the same order; it counts as information. */
  readonly accepted: readonly CheckFinding[];
  readonly notEvaluated: readonly NotEvaluated[];
  /** The ids that were evaluated wholly and found nothing, sorted. */
  readonly passed: readonly string[];
  /** The ids that the manifest switches off here, sorted. */
  readonly off: readonly string[];
  /** How many findings the manifest switches off for single roles. */
  readonly silenced: number;
  /** Acceptances whose day is over, as errors at their places. */
  readonly ended: readonly Finding[];
  /** Whether anything needed each acceptance of this target; null: it cannot be told, since its check was not evaluated wholly. */
  readonly acceptances: readonly AcceptanceUse[];
}

export interface AcceptanceUse {
  /** Its place in the list of the manifest. */
  readonly index: number;
  readonly needed: boolean | null;
}

/** Runs checks over one state. Those that another engine or version is about are left out; those that lack something they need are not evaluated. */
export function runChecks(context: CheckContext, checks: readonly Check[]): CheckRun {
  const judge = new Judge(context.declared, context.now);
  const findings: CheckFinding[] = [];
  const notEvaluated: NotEvaluated[] = [];
  const passed: string[] = [];
  const off: string[] = [];
  const wholly = new Set<string>();
  let silenced = 0;
  for (const check of checks) {
    if (!appliesTo(check, context.live)) continue;
    if (judge.switchesOff(check.id)) {
      off.push(check.id);
      continue;
    }
    const lacking = (check.needs ?? []).find((need) => !has(context, need));
    if (lacking !== undefined) {
      notEvaluated.push({ check: check.id, target: context.target, ...LACKING[lacking] });
      continue;
    }
    const { hits, gaps } = foundBy(check, context);
    notEvaluated.push(...gaps);
    if (gaps.length === 0) wholly.add(check.id);
    if (hits.length === 0 && gaps.length === 0) passed.push(check.id);
    const judged = hits.map((hit) => judge.judge(findingOf(check, context, hit)));
    findings.push(...judged.filter((each) => each !== null));
    silenced += judged.filter((each) => each === null).length;
  }
  const inOrder = sortCheckFindings(findings);
  return {
    findings: inOrder.filter((each) => each.accepted === undefined),
    accepted: inOrder.filter((each) => each.accepted !== undefined),
    notEvaluated,
    passed: sortedText(passed),
    off: sortedText(off),
    silenced,
    ended: judge.ended(),
    acceptances: (context.declared?.acceptances ?? []).map((each) => ({
      index: each.index,
      needed: judge.uses(each) ? true : wholly.has(each.check) ? false : null,
    })),
  };
}

/** The most dangerous first, then by check and key. */
export function sortCheckFindings(findings: readonly CheckFinding[]): readonly CheckFinding[] {
  return sorted(
    findings,
    compareBy(
      (each) => DANGERS.indexOf(each.danger),
      (each) => each.code,
      (each) => each.principals[0] ?? "",
      (each) => each.message,
      (each) => each.key,
    ),
  );
}

/** So many findings of one check say what is wrong; nobody reads more, and a server that is wrong everywhere must not make them cost minutes. */
export const MOST_OF_ONE_CHECK = 1000;

function foundBy(check: Check, context: CheckContext): { readonly hits: Hit[]; readonly gaps: NotEvaluated[] } {
  const hits: Hit[] = [];
  const gaps: NotEvaluated[] = [];
  for (const found of check.find(context)) {
    if (isGap(found)) gaps.push(gap(check, context, found));
    else if (hits.length < MOST_OF_ONE_CHECK) hits.push(found);
    else {
      const unknown = `it found ${MOST_OF_ONE_CHECK} times the same, and did not look further`;
      gaps.push(gap(check, context, { unknown, help: "mend these first" }));
      break;
    }
  }
  return { hits, gaps };
}

function isGap(found: Hit | Gap): found is Gap {
  return "unknown" in found;
}

function gap(check: Check, { target }: CheckContext, { unknown, help }: Gap): NotEvaluated {
  return { check: check.id, target, reason: unknown, ...(help === undefined ? {} : { help }) };
}

function has(context: CheckContext, need: Need): boolean {
  if (need === "posture") return context.posture !== null;
  if (need === "declared") return context.declared !== null;
  if (need === "usage") return context.usage !== null;
  if (need === "records") return context.records !== null;
  return need === "plan" && context.change !== null;
}

const LACKING: Readonly<Record<Need, { readonly reason: string; readonly help: string }>> = {
  posture: {
    reason: "it needs facts of the server that were not read",
    help: "run `rolewright check` against the live target",
  },
  declared: { reason: "it needs a manifest", help: "run it where a manifest is" },
  plan: {
    reason: "it judges a change",
    help: "`rolewright plan` evaluates it, with `--simulate` where it is about use",
  },
  usage: {
    reason: "it needs to know what was used, and there is no evidence of that",
    help: "collect it with `rolewright workload collect`, and give it with `--evidence FILE`",
  },
  previous: { reason: "it needs an earlier state", help: "name one with `--base`" },
  records: {
    reason: "it needs records of what was applied, and there are none here",
    help: "run it beside `.rolewright/runs`, where plans are applied",
  },
};
