import { digestText } from "../../base/digest.ts";
import { compareBy, sorted, sortedText } from "../../base/order.ts";
import { type CheckFinding, DANGERS, type Danger, type NotEvaluated } from "../../model/check-finding.ts";
import type { Severity, SourceLocation } from "../../model/finding.ts";
import { resourceKey } from "../../model/resource.ts";
import { PUBLIC } from "../../model/role.ts";
import { appliesTo, type Check, type CheckContext, type Gap, type Hit, type Need } from "./check.ts";

/** What checks found, and what they could not tell. */
export interface CheckRun {
  /** The most dangerous first, then by check and key. */
  readonly findings: readonly CheckFinding[];
  readonly notEvaluated: readonly NotEvaluated[];
  /** The ids that were evaluated wholly and found nothing, sorted. */
  readonly passed: readonly string[];
}

/** Runs checks over one state. Those that another engine or version is about are left out; those that lack something they need are not evaluated. */
export function runChecks(context: CheckContext, checks: readonly Check[]): CheckRun {
  const findings: CheckFinding[] = [];
  const notEvaluated: NotEvaluated[] = [];
  const passed: string[] = [];
  for (const check of checks) {
    if (!appliesTo(check, context.live)) continue;
    const lacking = (check.needs ?? []).find((need) => !has(context, need));
    if (lacking !== undefined) {
      notEvaluated.push({ check: check.id, target: context.target, ...LACKING[lacking] });
      continue;
    }
    const before = findings.length + notEvaluated.length;
    for (const found of check.find(context)) {
      if (isGap(found)) notEvaluated.push(gap(check, context, found));
      else findings.push(finding(check, context, found));
    }
    if (findings.length + notEvaluated.length === before) passed.push(check.id);
  }
  return { findings: sortCheckFindings(findings), notEvaluated, passed: sortedText(passed) };
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

function isGap(found: Hit | Gap): found is Gap {
  return "unknown" in found;
}

function gap(check: Check, { target }: CheckContext, { unknown, help }: Gap): NotEvaluated {
  return { check: check.id, target, reason: unknown, ...(help === undefined ? {} : { help }) };
}

function has(context: CheckContext, need: Need): boolean {
  if (need === "posture") return context.posture !== null;
  if (need === "declared") return context.declared !== null;
  return need === "plan" && context.change !== null;
}

const LACKING: Readonly<Record<Need, { readonly reason: string; readonly help: string }>> = {
  posture: {
    reason: "it needs facts of the server that were not read",
    help: "run `rolewright check` against the live target",
  },
  declared: { reason: "it needs a manifest", help: "run it where a manifest is" },
  plan: { reason: "it judges a change", help: "`rolewright plan` evaluates it" },
  usage: { reason: "it needs to know what was used, and there is no evidence of that", help: "collect a workload" },
  previous: { reason: "it needs an earlier state", help: "name one with `--base`" },
  records: { reason: "it needs records of requests and approvals", help: "they come with approvals and leases" },
};

function finding(check: Check, context: CheckContext, hit: Hit): CheckFinding {
  const danger = dangerHere(check, context, hit);
  const principals = sortedText(hit.principals);
  const resources = hit.resources ?? [];
  const location = hit.location ?? locationOf(context, principals);
  const behind = principals.flatMap((name) => (name === PUBLIC ? [] : context.people.reaching(name)));
  const about = hit.about ?? resources.map(resourceKey).join("\0");
  return {
    code: check.id,
    severity: SEVERITY_OF[danger],
    message: hit.message,
    ...(location === undefined ? {} : { location }),
    help: hit.fix.text,
    key: digestText([check.id, context.target, principals.join("\0"), about].join("\0\0")).slice(7, 23),
    target: context.target,
    danger,
    principals,
    identities: sortedText([...behind.map((each) => each.name), ...(hit.identities ?? [])]),
    resources,
    path: hit.path ?? [],
    over: hit.over ?? "effective",
    confidence: hit.confidence ?? "certain",
    mend: hit.fix,
  };
}

/** What is critical or high refuses. */
export const SEVERITY_OF: Readonly<Record<Danger, Severity>> = {
  critical: "error",
  high: "error",
  medium: "warning",
  low: "info",
  info: "info",
};

/**
 * A step up on production, for what is declared sensitive, and where a person or a shared login is behind it, but one step at most; a step down where all of them are declared administrators or for emergencies, and never
 * below low for what is critical. What is information stays that.
 */
function dangerHere(check: Check, context: CheckContext, hit: Hit): Danger {
  const base = hit.danger ?? check.danger;
  if (base === "info") return base;
  const own = hit.principals.filter((name) => name !== PUBLIC);
  if (own.length > 0 && own.every((name) => context.people.administers(name))) return shifted(base, 1);
  const personal = own.some((name) => {
    const identity = context.people.of(name);
    return identity !== null && (identity.kind === "person" || identity.shared === true);
  });
  const keys = new Set((context.declared?.sensitive ?? []).flatMap((each) => each.resources.map(resourceKey)));
  const sensitive = keys.size > 0 && (hit.resources ?? []).some((resource) => keys.has(resourceKey(resource)));
  return (context.production || sensitive || personal) && RAISED.has(base) ? shifted(base, -1) : base;
}

/** What is low is hygiene wherever it is. */
const RAISED: ReadonlySet<Danger> = new Set(["medium", "high"]);

function shifted(danger: Danger, steps: number): Danger {
  const at = Math.min(Math.max(DANGERS.indexOf(danger) + steps, 0), DANGERS.indexOf("low"));
  return DANGERS[at] ?? danger;
}

function locationOf({ declared }: CheckContext, principals: readonly string[]): SourceLocation | undefined {
  for (const name of principals) {
    const at = declared?.roles.get(name)?.location;
    if (at !== undefined) return at;
  }
  return undefined;
}
