import { compareBy, sorted, sortedText } from "../base/order.ts";
import type { Dialect } from "../engine/engine.ts";
import type { AccessList } from "../model/access-list.ts";
import type { AccessState } from "../model/access-state.ts";
import type { Declared, DeclaredTest } from "../model/declared.ts";
import type { Finding } from "../model/finding.ts";
import type { Identity } from "../model/identity.ts";
import type { RoleName } from "../model/role.ts";
import type { Scope } from "../model/scope.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Plan } from "../plan/plan.ts";
import { buildAccessIndex, type AccessIndex } from "./access-index.ts";
import type { AccessDelta } from "./access-delta.ts";
import { CATALOGUE } from "./checks/catalogue.ts";
import { checkContext } from "./checks/context.ts";
import { dutyApprovals } from "./checks/separation/duty-approvals.ts";
import { introducedFindings, type Step } from "./checks/introduced.ts";
import type { PolicyAnswer } from "./checks/report.ts";
import { evaluatePolicies, policiesFor } from "./policies/evaluate.ts";
import { policyValues } from "./policies/values.ts";
import { accessDelta } from "./delta.ts";
import { testFindings } from "./access-tests/findings.ts";
import { runTests } from "./access-tests/run-tests.ts";
import { buildEscalation } from "./escalation/build.ts";
import { escalationEdges } from "./escalation/edges.ts";
import { lockoutFindings } from "./lockout.ts";
import { rolesOf } from "./lockout-input.ts";
import { isProduction } from "./production.ts";
import type { Report } from "./report.ts";

export { isProduction } from "./production.ts";

export interface AnalyzeInput {
  readonly plan: Plan;
  readonly live: Snapshot;
  /** The state that the plan leads to. */
  readonly after: AccessState;
  readonly dialect: Dialect;
  /** Of what the manifest means: who has which login, what it found, which roles it declares. */
  readonly resolution: {
    readonly identities: readonly Identity[];
    readonly findings: readonly Finding[];
    readonly scope: Pick<Scope, "roles">;
  };
  readonly environment: string;
  /** What the manifest says for checks and access tests. @default nothing */
  readonly declared?: Declared;
}

/** What a plan does to the access of everybody, and what must not be done: a pure value of its input. */
export function analyze(input: AnalyzeInput): Report {
  const { plan, live, dialect, resolution } = input;
  const rules = dialect.accessRules;
  const renames = plan.changes.map(({ change }) => change).filter((change) => change.kind === "rename-role");
  // Both number all roles of both, so that what is worked out for one is good for the other.
  const before = buildAccessIndex(live.access, live.catalog, rules, { alsoNumber: input.after.roles.keys() });
  const after = buildAccessIndex(input.after, live.catalog, rules, {
    alsoNumber: live.access.roles.keys(),
    like: before,
  });
  const delta = accessDelta(before, after, {
    identities: resolution.identities,
    target: plan.target.name,
    unknowns: live.unknowns,
    renames,
  });
  const managed = resolution.scope.roles;
  const guards = lockoutFindings({ plan, live, before, after, delta, managed });
  const back = plan.changes.length > 0 && plan.changes.every(({ origin }) => origin.by === "revert");
  const tests = planTests(input.declared?.tests ?? [], { before, after, live, back });
  // What the guard says is never waived, so it is said by the guard.
  const guarded = new Set(guards.map((each) => each.code));
  const step = stepOf(input, { before, after, delta, guards });
  const found = introducedFindings(step, CATALOGUE).filter((each) => !guarded.has(each.code));
  const asked = dutyApprovals(step.before, step.after);
  const policies = [...asked, ...planPolicies(step, { findings: [...found, ...guards], failed: tests.length })];
  const said = policies.flatMap((each) => each.finding ?? []).map((each) => (back ? notRefusing(each) : each));
  const findings = gather([...plan.findings, ...resolution.findings, ...guards, ...tests, ...found, ...said]);
  return {
    plan,
    delta,
    findings,
    policies,
    verdict: {
      refusedBy: sortedText(findings.filter((each) => each.severity === "error").map((each) => each.code)),
      acceptLoss: isProduction(input.environment) && delta.subjectsLosing > 0 ? delta.subjectsLosing : null,
    },
    unchanged: countUnchanged(plan, live, managed),
  };
}

/** Both states as checks see them; what a snapshot does not hold, no plan can change. */
function stepOf(
  { plan, live, dialect, declared, environment }: AnalyzeInput,
  {
    before,
    after,
    delta,
    guards,
  }: { before: AccessIndex; after: AccessIndex; delta: AccessDelta; guards: readonly Finding[] },
): Step {
  const common = {
    target: plan.target.name,
    environment,
    now: live.takenAt,
    live,
    dialect,
    declared: declared ?? null,
  };
  return {
    before: checkContext({ ...common, index: before }),
    after: checkContext({ ...common, index: after, change: { plan, delta, before, guarded: guards } }),
  };
}

/** The access tests that fail where the plan leads to. A way back is never held up by them: they are warnings there. */
function planTests(
  tests: readonly DeclaredTest[],
  { before, after, live, back }: { before: AccessIndex; after: AccessIndex; live: Snapshot; back: boolean },
): readonly Finding[] {
  if (tests.length === 0) return [];
  const [had, has] = [before, after].map((index) => {
    const edges = escalationEdges({ index, live, posture: null });
    return runTests(tests, { index, escalation: buildEscalation(index, edges), unknowns: live.unknowns });
  });
  const failing = testFindings(has ?? [], "after the plan", had);
  return back ? failing.map(notRefusing) : failing;
}

/** Going back is never held up by what came with the change; it is said. */
function notRefusing(finding: Finding): Finding {
  return finding.severity === "error" ? { ...finding, severity: "warning" } : finding;
}

/** What the policies say of the plan; they see what it brings, not what was there before. */
function planPolicies(
  { after }: Step,
  { findings, failed }: { readonly findings: readonly Finding[]; readonly failed: number },
): readonly PolicyAnswer[] {
  const { declared } = after;
  const policies = declared === null ? [] : policiesFor(declared);
  if (policies.length === 0) return [];
  const tests = { passed: (declared?.tests.length ?? 0) - failed, failed };
  return evaluatePolicies(policies, policyValues({ context: after, findings, tests }));
}

const SEVERITY = { error: 0, warning: 1, info: 2 } as const;

/** Distinct findings, errors first, then in the order of files and codes. */
function gather(findings: readonly Finding[]): Finding[] {
  const distinct = new Map<string, Finding>();
  for (const each of findings) {
    const at = each.location;
    distinct.set([each.code, each.message, at?.file, at?.line, at?.column].join("\0"), each);
  }
  return sorted(
    distinct.values(),
    compareBy(
      (each) => SEVERITY[each.severity],
      (each) => each.location?.file ?? "",
      (each) => each.location?.line ?? 0,
      (each) => each.location?.column ?? 0,
      (each) => each.code,
      (each) => each.message,
    ),
  );
}

function countUnchanged(plan: Plan, live: Snapshot, managed: ReadonlySet<RoleName>): Report["unchanged"] {
  const touched = new Set(plan.changes.flatMap(({ change }) => rolesOf(change)));
  const roles = [...managed].filter((name) => live.access.roles.has(name) && !touched.has(name));
  let removed = 0;
  for (const { change } of plan.changes) {
    if (change.kind === "remove-grant") removed += change.resources.length * change.privileges.length;
  }
  const user = [...live.access.roles.values()].filter((role) => role.origin === "user" && !managed.has(role.name));
  return {
    roles: roles.length,
    grants: countGrants(live.access) - removed,
    unmanagedRoles: sortedText(user.map((role) => role.name)),
  };
}

/** One for each (resource, grantee, grantor, privilege); lists are counted once, however many resources share one. */
function countGrants(state: AccessState): number {
  const known = new Map<AccessList, number>();
  let total = 0;
  for (const { list } of state.holdings.values()) {
    let count = known.get(list);
    if (count === undefined) {
      count = list.entries.reduce((sum, entry) => sum + entry.privileges.length, 0);
      known.set(list, count);
    }
    total += count;
  }
  return total;
}
