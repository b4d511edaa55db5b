import { isProduction } from "../production.ts";
import type { CheckFinding } from "../../model/check-finding.ts";
import type { Change } from "../../model/change.ts";
import type { Finding } from "../../model/finding.ts";
import { describeName, describeResource, type Resource, resourceKey, schemaOf } from "../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import { sortedText } from "../../base/order.ts";
import type { AccessFact, DeltaLine } from "../access-delta.ts";
import { hasBit } from "../bits.ts";
import type { CheckContext } from "../checks/check.ts";
import type { PolicyValues } from "./compile.ts";

/** What a policy is evaluated on, besides the state. */
export interface PolicyBasis {
  readonly context: CheckContext;
  readonly findings: readonly (Finding | CheckFinding)[];
  /** How the access tests ended. */
  readonly tests: { readonly passed: number; readonly failed: number };
}

/** Names of that many things are given; the count is always whole. */
const MOST_NAMED = 1000;

/** The values of the variables, each worked out when an expression asks for it. */
export function policyValues({ context, findings, tests }: PolicyBasis): PolicyValues {
  const { live, target, environment, change } = context;
  const sensitive = new Set((context.declared?.sensitive ?? []).flatMap((each) => each.resources.map(resourceKey)));
  const isSensitive = (resources: readonly Resource[]): boolean =>
    sensitive.size > 0 && resources.some((resource) => sensitive.has(resourceKey(resource)));
  const known = new Map<string, unknown>();
  const make: Readonly<Record<string, () => unknown>> = {
    target: () => ({
      name: target,
      engine: live.identity.engine,
      version: live.version.text,
      environment,
      production: isProduction(environment),
    }),
    plan: () => planValue(context, isSensitive),
    delta: () => ({
      losing: BigInt(change?.delta.subjectsLosing ?? 0),
      gaining: BigInt(change?.delta.subjectsGaining ?? 0),
      losses: (change?.delta.losses ?? []).map((line) => lineValue(context, line, isSensitive)),
      gains: (change?.delta.gains ?? []).map((line) => lineValue(context, line, isSensitive)),
    }),
    findings: () => findings.map(findingValue),
    identities: () => identityValues(context),
    roles: () => roleValues(context),
    tests: () => ({ passed: BigInt(tests.passed), failed: BigInt(tests.failed) }),
    now: () => new Date(context.now),
  };
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(make)) {
    Object.defineProperty(values, name, {
      enumerable: true,
      get: () => {
        if (!known.has(name)) known.set(name, value());
        return known.get(name);
      },
    });
  }
  return values;
}

type IsSensitive = (resources: readonly Resource[]) => boolean;

function planValue(context: CheckContext, isSensitive: IsSensitive): unknown {
  const plan = context.change?.plan;
  const statements = plan?.stages.flatMap((stage) => stage.statements) ?? [];
  const changes = plan?.changes ?? [];
  return {
    present: plan !== undefined,
    changes: changes.map(({ change, origin }) => ({
      ...changeValue(context, change, isSensitive),
      because: origin.because ?? "",
    })),
    statements: BigInt(statements.length),
    irreversible: plan?.irreversible ?? [],
    interrupts: statements.flatMap((statement) => statement.interrupts ?? []),
    reverts: changes.length > 0 && changes.every(({ origin }) => origin.by === "revert"),
  };
}

function changeValue(context: CheckContext, change: Change, isSensitive: IsSensitive): object {
  const membership = membershipOf(change);
  const grantee = "grantee" in change ? change.grantee : null;
  const resources = resourcesOf(change);
  const receiver = grantee ?? membership?.member ?? null;
  return {
    kind: change.kind,
    role: membership?.role ?? roleOf(change),
    member: membership?.member ?? "",
    grantee: grantee === null ? "" : shown(grantee),
    to_login: receiver !== null && context.index.state.roles.get(receiver)?.attributes["login"] === true,
    to_public: receiver === PUBLIC,
    privileges: "privileges" in change ? change.privileges : [],
    grantable: "grantable" in change && change.grantable,
    admin: membership?.admin ?? false,
    resource_kind: "resourceKind" in change ? change.resourceKind : "target" in change ? change.target.kind : "",
    resources: resources.slice(0, MOST_NAMED).map(describeResource),
    count: BigInt(resources.length),
    schemas: sortedText(resources.flatMap((resource) => schemaOf(resource) ?? [])),
    sensitive: isSensitive(resources),
    attributes: attributesOf(change),
  };
}

function membershipOf(change: Change): { role: RoleName; member: RoleName; admin: boolean } | null {
  if ("membership" in change) return change.membership;
  return change.kind === "alter-membership" ? change.after : null;
}

function roleOf(change: Change): string {
  if ("role" in change) return typeof change.role === "string" ? change.role : change.role.name;
  if (change.kind === "rename-role" || change.kind === "change-owner") return change.to;
  return "target" in change ? change.target.creator : "";
}

function resourcesOf(change: Change): readonly Resource[] {
  if ("resources" in change) return change.resources;
  if ("policy" in change) return [change.policy.table];
  if (change.kind === "alter-policy") return [change.after.table];
  return change.kind === "set-row-security" ? [change.table] : [];
}

function attributesOf(change: Change): readonly string[] {
  if (change.kind === "alter-role") {
    return change.attributes.filter((each) => each.after !== false).map((each) => each.name);
  }
  if (change.kind !== "create-role") return [];
  return Object.entries(change.role.attributes).flatMap(([name, value]) => (value === true ? [name] : []));
}

function lineValue(context: CheckContext, line: DeltaLine, isSensitive: IsSensitive): object {
  const { what } = line;
  const resources = factResources(what);
  const privileges = what.kind === "privilege" ? what.privileges : [];
  const { rules } = context.index;
  return {
    subjects: line.subjects.map((subject) => subject.name),
    kinds: sortedText(line.subjects.map((subject) => subject.kind)),
    what: what.kind,
    name: what.kind === "attribute" ? what.name : what.kind === "admin" || what.kind === "member" ? what.role : "",
    privileges,
    classes:
      what.kind === "privilege"
        ? sortedText(privileges.map((privilege) => rules.privilegeClass(what.resourceKind, privilege)))
        : [],
    grantable: what.kind === "privilege" && what.grantable,
    resource_kind: "resourceKind" in what ? what.resourceKind : what.kind === "rows" ? "table" : "",
    resources: resources.slice(0, MOST_NAMED).map(describeResource),
    count: BigInt(resources.length),
    sensitive: isSensitive(resources),
    future: what.kind === "privilege" && what.future !== undefined,
    by: line.paths[0]?.by ?? "",
    after_set_role: line.afterSetRole === true,
  };
}

function factResources(what: AccessFact): readonly Resource[] {
  if (what.kind === "privilege" || what.kind === "ownership") return what.resources;
  return what.kind === "rows" ? [what.table] : [];
}

function findingValue(finding: Finding | CheckFinding): object {
  const own: Partial<CheckFinding> = finding;
  return {
    check: finding.code,
    family: finding.code.replace(/-.*$/u, ""),
    severity: finding.severity,
    danger: own.danger ?? "",
    message: finding.message,
    principals: (own.principals ?? []).map(shown),
    identities: own.identities ?? [],
    accepted: own.accepted !== undefined,
  };
}

function identityValues({ declared, index, target }: CheckContext): readonly object[] {
  const { graph } = index;
  return (declared?.identities ?? []).map((identity) => {
    const logins = identity.logins.get(target) ?? [];
    const ids = logins.map((login) => graph.idOf(login)).filter((id) => id >= 0);
    const roles = graph.names.filter(
      (name, id) => !logins.includes(name) && ids.some((login) => graph.isReacher(id, login, null)),
    );
    return {
      name: identity.name,
      kind: identity.kind,
      team: identity.team ?? "",
      email: identity.email ?? "",
      logins,
      roles,
      eligible: (identity.eligible ?? [])
        .filter((each) => each.target === null || each.target === target)
        .map((each) => each.role),
      superuser: ids.some((id) => hasBit(graph.superReachers, id)),
      shared: identity.shared === true,
      break_glass: identity.breakGlass === true,
      until: identity.until ?? "",
      left: identity.left ?? "",
    };
  });
}

function roleValues({ roles, declared, index }: CheckContext): readonly object[] {
  const members = new Map<RoleName, number>();
  for (const { role } of index.recorded.memberships.values()) members.set(role, (members.get(role) ?? 0) + 1);
  return roles.map((role) => {
    const said = declared?.roles.get(role.name);
    return {
      name: role.name,
      declared: said !== undefined,
      purpose: said?.purpose ?? "",
      owner: said?.owner ?? "",
      because: said?.because ?? "",
      login: role.attributes["login"] === true,
      superuser: index.rules.superuser(role),
      attributes: Object.entries(role.attributes)
        .flatMap(([name, value]) => (value === true ? [name] : []))
        .sort(),
      members: BigInt(members.get(role.name) ?? 0),
    };
  });
}

function shown(name: RoleName): string {
  return name === PUBLIC ? "PUBLIC" : describeName(name);
}
