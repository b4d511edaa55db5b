import { type CheckFinding, DANGERS } from "../../model/check-finding.ts";
import type { SourceLocation } from "../../model/finding.ts";
import { resourceKey, type Resource } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { Plan } from "../../plan/plan.ts";
import { rolesOf } from "../lockout-input.ts";
import type { Check, CheckContext } from "./check.ts";
import { runChecks } from "./run-checks.ts";

/** The states that a plan lies between; `after` has its change. */
export interface Step {
  readonly before: CheckContext;
  readonly after: CheckContext;
}

/**
 * What checks find about a plan: all of those that judge changes, and of the others what is new or worse where it leads to. What was found before is not its doing, and what it makes smaller neither. Accepted findings
 * stay as information. A way back is never refused for what it brings back: there errors become warnings.
 */
export function introducedFindings({ before, after }: Step, checks: readonly Check[]): readonly CheckFinding[] {
  const plan = after.change?.plan;
  if (plan === undefined || plan.changes.length === 0) return [];
  const possible = checks.filter((check) =>
    (check.needs ?? []).every((need) => need === "declared" || need === "plan"),
  );
  const ofStates = possible.filter((check) => check.needs?.includes("plan") !== true);
  const found = allOf(after, possible);
  if (found.length === 0) return [];
  const ids = new Set(found.map((each) => each.code));
  const known = earlier(
    allOf(
      before,
      ofStates.filter((check) => ids.has(check.id)),
    ),
  );
  const judgesChange = new Set(
    possible.filter((check) => check.needs?.includes("plan")).map((check) => check.id as string),
  );
  const back = plan.changes.every(({ origin }) => origin.by === "revert");
  return found.flatMap((finding): CheckFinding[] => {
    const new_ = judgesChange.has(finding.code) ? "" : newness(finding, known);
    if (new_ === null) return [];
    const location = finding.location ?? placeIn(plan, finding.principals);
    return [
      {
        ...finding,
        message: `${finding.message}${new_}`,
        severity: back && finding.severity === "error" ? "warning" : finding.severity,
        ...(location === undefined ? {} : { location }),
        // A plan that somebody reads says what to do; it does not carry another plan in it.
        mend: { text: finding.mend.text },
      },
    ];
  });
}

function allOf(context: CheckContext, checks: readonly Check[]): readonly CheckFinding[] {
  const { findings, accepted } = runChecks(context, checks);
  return [...findings, ...accepted];
}

/** What was found before: by key, and by check and principal. */
interface Earlier {
  readonly byKey: ReadonlyMap<string, CheckFinding>;
  readonly byPrincipal: ReadonlyMap<string, readonly CheckFinding[]>;
}

function earlier(findings: readonly CheckFinding[]): Earlier {
  const byPrincipal = new Map<string, CheckFinding[]>();
  for (const finding of findings) {
    for (const name of finding.principals.length === 0 ? [NOBODY] : finding.principals) {
      const key = `${finding.code}\0${name}`;
      const list = byPrincipal.get(key);
      if (list === undefined) byPrincipal.set(key, [finding]);
      else list.push(finding);
    }
  }
  return { byKey: new Map(findings.map((each) => [each.key, each])), byPrincipal };
}

/** No role can be called that. */
const NOBODY = "\0";

/** What is said of a finding that the plan brings or makes worse; null where it does neither. */
function newness(finding: CheckFinding, { byKey, byPrincipal }: Earlier): string | null {
  const same = byKey.get(finding.key);
  if (same !== undefined) {
    const worse = DANGERS.indexOf(finding.danger) < DANGERS.indexOf(same.danger);
    return worse ? `; this plan makes it worse, it was ${same.danger}` : null;
  }
  const alike = byPrincipal.get(`${finding.code}\0${finding.principals[0] ?? NOBODY}`) ?? [];
  return alike.some((each) => isPartOf(finding, each)) ? null : "; this plan introduces it";
}

/** Whether a finding is what is left of another one: the same for fewer principals or fewer things, and not more dangerous. */
function isPartOf(finding: CheckFinding, whole: CheckFinding): boolean {
  if (DANGERS.indexOf(finding.danger) < DANGERS.indexOf(whole.danger)) return false;
  const fewer =
    finding.principals.length < whole.principals.length || finding.resources.length < whole.resources.length;
  if (!fewer) return false;
  const principals = new Set(whole.principals);
  if (!finding.principals.every((name) => principals.has(name))) return false;
  const resources = new Set(whole.resources.map(resourceKey));
  return finding.resources.every((resource: Resource) => resources.has(resourceKey(resource)));
}

/** The line that asks for the first change of one of these roles: what has no place of its own stands where the plan brings it from. */
function placeIn({ changes }: Plan, principals: readonly RoleName[]): SourceLocation | undefined {
  const named = new Set(principals);
  return changes.find(({ change }) => rolesOf(change).some((role) => named.has(role)))?.origin.locations[0];
}
