import type { AccessDelta, AccessFact, DeltaLine } from "../analysis/access-delta.ts";
import { compareBy, sorted } from "../base/order.ts";
import type { AccessRules } from "../model/access-rules.ts";
import type { Change } from "../model/change.ts";
import type { Finding } from "../model/finding.ts";
import { PUBLIC } from "../model/role.ts";
import type { Plan } from "../plan/plan.ts";

/** How much harm a plan can do, from the least on. */
export const RISKS = ["low", "medium", "high", "critical"] as const;
export type Risk = (typeof RISKS)[number];

/** What a risk is judged by. */
export interface RiskInput {
  readonly plan: Plan;
  /** Null: it could not be worked out who gains and loses. */
  readonly access: { readonly delta: AccessDelta; readonly rules: Pick<AccessRules, "privilegeClass"> } | null;
  readonly findings: readonly Finding[];
  readonly production: boolean;
}

export interface RiskReason {
  readonly risk: Risk;
  /** The id of a rule of `RISK_RULES`. */
  readonly rule: string;
}

export interface JudgedRisk {
  readonly risk: Risk;
  /** The highest first. Empty: nothing of what is looked for, so the risk is low. */
  readonly reasons: readonly RiskReason[];
}

/** The risk of a plan: the highest of the rules that it meets. What is not known counts as critical. */
export function riskOf(input: RiskInput): JudgedRisk {
  const met = RISK_RULES.filter((rule) => rule.met(input)).map(({ risk, id }) => ({ risk, rule: id }));
  const reasons = sorted(
    met,
    compareBy(({ risk }) => -RISKS.indexOf(risk)),
  );
  return { risk: reasons[0]?.risk ?? "low", reasons };
}

/** Whether one risk is as high as another, or higher. */
export function atLeast(risk: Risk, other: Risk): boolean {
  return RISKS.indexOf(risk) >= RISKS.indexOf(other);
}

export interface RiskRule {
  readonly id: string;
  readonly risk: Risk;
  /** When it is met, as the documentation says it. */
  readonly when: string;
  readonly met: (input: RiskInput) => boolean;
}

/** The attributes that let a role do what no access list shows, or give itself everything. */
const POWERS: ReadonlySet<string> = new Set(["superuser", "createrole", "replication", "bypassrls"]);

/** The table of docs/approvals.md, which a test compares with this one. */
export const RISK_RULES: readonly RiskRule[] = [
  {
    id: "power",
    risk: "critical",
    when: "a role gets `superuser`, `createrole`, `replication` or `bypassrls`",
    met: (input) =>
      input.plan.changes.some(({ change }) => givenAttributes(change).some((name) => POWERS.has(name))) ||
      gains(input, (what) => what.kind === "attribute" && POWERS.has(what.name)),
  },
  {
    id: "administer",
    risk: "critical",
    when: "somebody gets a privilege to act on the server, its settings, accounts or other sessions",
    met: (input) => gains(input, (what) => classes(what, input).includes("administer")),
  },
  {
    id: "everybody-changes",
    risk: "critical",
    when: "everybody may change, remove or define things",
    met: (input) =>
      gains(
        input,
        (what, line) =>
          forEverybody(line) && classes(what, input).some((each) => each === "write" || each === "define"),
      ),
  },
  {
    id: "unknown",
    risk: "critical",
    when: "it could not be worked out who gains and loses",
    met: ({ access }) => access === null,
  },
  {
    id: "production-loss",
    risk: "high",
    when: "somebody loses access on production",
    met: ({ access, production }) => production && access !== null && access.delta.losses.length > 0,
  },
  { id: "drop-role", risk: "high", when: "a role is dropped", met: (input) => changes(input, ["drop-role"]) },
  {
    id: "ownership",
    risk: "high",
    when: "something gets another owner",
    met: (input) => changes(input, ["change-owner"]) || gains(input, (what) => what.kind === "ownership"),
  },
  {
    id: "pass-on",
    risk: "high",
    when: "somebody may give others what they have, or make others members of a role",
    met: (input) =>
      changes(input, ["add-grant-option", "add-default-option"]) ||
      input.plan.changes.some(({ change }) => givesAdmin(change)) ||
      gains(
        input,
        (what) =>
          what.kind === "admin" ||
          (what.kind === "privilege" && what.grantable) ||
          classes(what, input).includes("pass on"),
      ),
  },
  {
    id: "builtin-role",
    risk: "high",
    when: "somebody becomes a member of a role that is built into the server or its provider",
    met: (input) => gains(input, (what) => what.kind === "member"),
  },
  {
    id: "define",
    risk: "high",
    when: "somebody may make, change or drop things",
    met: (input) => gains(input, (what) => classes(what, input).includes("define")),
  },
  {
    id: "rows",
    risk: "high",
    when: "somebody sees or changes more rows, or row security or a policy goes",
    met: (input) => changes(input, ["drop-policy", "set-row-security"]) || gains(input, (what) => what.kind === "rows"),
  },
  {
    id: "everybody",
    risk: "high",
    when: "everybody gets anything",
    met: (input) =>
      input.plan.changes.some(
        ({ change }) => change.kind.startsWith("add-") && "grantee" in change && change.grantee === PUBLIC,
      ) || gains(input, (_what, line) => forEverybody(line)),
  },
  {
    id: "over-budget",
    risk: "high",
    when: "more is taken away than the budget of a plan",
    met: ({ plan }) => plan.budget.allowed_removals !== undefined,
  },
  {
    id: "irreversible",
    risk: "high",
    when: "a part of it cannot be undone",
    met: ({ plan }) => plan.irreversible.length > 0,
  },
  {
    id: "interrupts",
    risk: "high",
    when: "somebody is without access in between",
    met: ({ plan }) => plan.stages.some((stage) => stage.statements.some((each) => each.interrupts !== undefined)),
  },
  {
    id: "loss",
    risk: "medium",
    when: "somebody loses access elsewhere",
    met: ({ access, production }) => !production && access !== null && access.delta.losses.length > 0,
  },
  {
    id: "write",
    risk: "medium",
    when: "somebody may change or remove data",
    met: (input) => gains(input, (what) => classes(what, input).includes("write")),
  },
  {
    id: "login",
    risk: "medium",
    when: "a login comes, changes its name or password, or another attribute or setting of a role changes",
    met: (input) =>
      changes(input, ["rename-role", "set-password", "alter-role", "set-role-setting"]) ||
      input.plan.changes.some(({ change }) => givenAttributes(change).includes("login")),
  },
  {
    id: "future",
    risk: "medium",
    when: "access to objects that do not exist yet is given",
    met: (input) => changes(input, ["add-default"]),
  },
  {
    id: "heavy",
    risk: "medium",
    when: "a statement takes a lock that others wait for",
    met: ({ plan }) => plan.stages.some((stage) => stage.statements.some((each) => each.heavy !== undefined)),
  },
  {
    id: "unread",
    risk: "medium",
    when: "something of the server could not be read",
    met: ({ access }) => access !== null && access.delta.unknowns.length > 0,
  },
  {
    id: "warning",
    risk: "medium",
    when: "a check warns",
    met: ({ findings }) => findings.some((finding) => finding.severity === "warning"),
  },
];

function gains({ access }: RiskInput, is: (what: AccessFact, line: DeltaLine) => boolean): boolean {
  return access?.delta.gains.some((line) => is(line.what, line)) ?? false;
}

function classes(what: AccessFact, { access }: RiskInput): readonly string[] {
  if (what.kind !== "privilege" || access === null) return [];
  return what.privileges.map((privilege) => access.rules.privilegeClass(what.resourceKind, privilege));
}

function forEverybody({ subjects }: DeltaLine): boolean {
  return subjects.some((subject) => subject.kind === "public");
}

function changes({ plan }: RiskInput, kinds: readonly Change["kind"][]): boolean {
  return plan.changes.some(({ change }) => kinds.includes(change.kind));
}

function givenAttributes(change: Change): readonly string[] {
  if (change.kind === "create-role") {
    return Object.entries(change.role.attributes).flatMap(([name, value]) => (value === true ? [name] : []));
  }
  if (change.kind !== "alter-role") return [];
  return change.attributes.flatMap(({ name, after }) => (after === true ? [name] : []));
}

function givesAdmin(change: Change): boolean {
  if (change.kind === "add-membership") return change.membership.admin;
  return change.kind === "alter-membership" && change.after.admin && !change.before.admin;
}
