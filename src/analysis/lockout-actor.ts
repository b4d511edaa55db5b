import { sortedText } from "../base/order.ts";
import type { AccessRules } from "../model/access-rules.ts";
import type { Change } from "../model/change.ts";
import type { Finding } from "../model/finding.ts";
import { describeName, resourceKey, tableOf } from "../model/resource.ts";
import type { Resource } from "../model/resource.ts";
import type { Role, RoleName } from "../model/role.ts";
import type { AccessIndex } from "./access-index.ts";
import { actingAs, administers, administrationText, hasCreateRole } from "./administrators.ts";
import { hasBit } from "./bits.ts";
import { location, rolesOf, type LockoutInput } from "./lockout-input.ts";

/** LCK-12 and LCK-02: the connection's own account stays as it is, and keeps what undoing the plan needs. */
export function actorFindings(input: LockoutInput): Finding[] {
  const account = ownAccount(input);
  return account.length > 0 ? account : [...lostDatabases(input), ...lostRights(input)];
}

function ownAccount(input: LockoutInput): Finding[] {
  const actor = input.live.actor.role;
  const harm = accountHarm(input);
  if (harm === null) return [];
  return [
    {
      code: "LCK-12",
      severity: "error",
      message: `the plan ${harm} the role that it connects as, \`${describeName(actor)}\``,
      ...location(input.plan, [actor]),
      help: "plan this with another administrator's connection; this guard cannot be waived",
    },
  ];
}

function accountHarm({ plan, live, after }: LockoutInput): string | null {
  const actor = live.actor.role;
  for (const { change } of plan.changes) {
    if (!rolesOf(change).includes(actor)) continue;
    if (change.kind === "drop-role") return "drops";
    if (change.kind === "rename-role" && change.from === actor) return "renames";
    if (change.kind === "set-password") return "sets the password of";
  }
  const before = live.access.roles.get(actor);
  const role = after.state.roles.get(actor);
  if (role === undefined) return before === undefined ? null : "drops";
  if (before?.attributes["login"] === true && role.attributes["login"] !== true) return "takes login from";
  const barred = (each: Role | undefined): string | null =>
    each === undefined ? null : after.rules.barred(each, live.takenAt);
  const [was, is] = [barred(before), barred(role)];
  if (was === is) return null;
  if (is === "expired") return before === undefined ? null : "expires";
  return is === "no connections" ? "allows no connections to" : null;
}

/** The databases of the plan and of its inverse must stay open to it. */
function lostDatabases({ plan, live, before, after }: LockoutInput): Finding[] {
  const actor = live.actor.role;
  const databases = sortedText([...plan.stages, ...plan.inverse].map((stage) => stage.database));
  const lets = (index: AccessIndex, database: string): boolean =>
    index.can(actor, "CONNECT", { kind: "database", path: [database] }) === true;
  return databases
    .filter((database) => lets(before, database) && !lets(after, database))
    .map((database) => ({
      code: "LCK-02",
      severity: "error",
      message: `the plan takes CONNECT on database \`${describeName(database)}\` from the role that it connects as, \`${describeName(actor)}\`, and could not be taken back`,
      ...location(plan, [actor]),
      help: `grant CONNECT to \`${describeName(actor)}\` itself first; this guard cannot be waived`,
    }));
}

/** What the inverse needs and the actor has before the plan, but not after it. */
function lostRights(input: LockoutInput): Finding[] {
  const { plan, live, before, after } = input;
  const actor = live.actor.role;
  const lost: string[] = [];
  const seen = new Set<string>();
  const remade = givenByMaking(input);
  for (const { change } of plan.changes) {
    for (const need of needsOf(change, after)) {
      if (seen.has(need.id)) continue;
      seen.add(need.id);
      if (need.after.kind === "admin" && remade.has(need.after.role)) continue;
      if (has(before, actor, need.before) && !has(after, actor, need.after)) lost.push(need.text);
    }
  }
  if (lost.length === 0) return [];
  const shown = lost.slice(0, 3).join(", ") + (lost.length > 3 ? ` and ${lost.length - 3} more` : "");
  return [
    {
      code: "LCK-02",
      severity: "error",
      message: `the plan takes from the role that it connects as, \`${describeName(actor)}\`, what taking it back would need: ${shown}`,
      ...location(plan, [actor]),
      help: "plan this with another administrator's connection; this guard cannot be waived",
    },
  ];
}

/** The roles that the plan drops and whose ADMIN the actor has because it made them: making them again gives it back. */
function givenByMaking({ plan, live }: LockoutInput): ReadonlySet<RoleName> {
  const dropped = new Set(
    plan.changes.flatMap(({ change }) => (change.kind === "drop-role" ? [change.role.name] : [])),
  );
  const made = [...live.access.memberships.values()].filter(
    ({ role, member, implied, admin }) => implied && admin && member === live.actor.role && dropped.has(role),
  );
  return new Set(made.map(({ role }) => role));
}

/** A right of the actor, as it must be held before the plan, and after it for the inverse. */
interface Need {
  readonly id: string;
  readonly text: string;
  readonly before: Right;
  readonly after: Right;
}

type Right =
  | { readonly kind: "attribute"; readonly name: string }
  | { readonly kind: "admin"; readonly role: RoleName }
  /** Making, changing and dropping roles. */
  | { readonly kind: "roles" }
  /** Acting as this role, with or without SET ROLE. */
  | { readonly kind: "as"; readonly role: RoleName; readonly database: string | null }
  | { readonly kind: "grant"; readonly privilege: string; readonly resource: Resource };

function needsOf(change: Change, after: AccessIndex): readonly Need[] {
  const same = (id: string, text: string, right: Right): Need => ({ id, text, before: right, after: right });
  const owned = (resource: Resource): Need[] => {
    const owner = after.state.holdings.get(resourceKey(resource))?.owner;
    if (owner === undefined || owner === null) return [];
    const right: Right = { kind: "as", role: owner, database: resource.path[0] ?? null };
    return [same(`as ${owner}`, `the rights of \`${describeName(owner)}\``, right)];
  };
  if (change.kind === "alter-role" && change.attributes.some((each) => each.name === "superuser")) {
    return [same("superuser", "superuser", { kind: "attribute", name: "superuser" })];
  }
  if (change.kind === "create-role" || change.kind === "drop-role" || change.kind === "alter-role") {
    return [same("roles", managingRoles(after.rules), { kind: "roles" })];
  }
  if (change.kind === "rename-role" || change.kind === "set-role-setting" || change.kind === "set-password") {
    return [same("roles", managingRoles(after.rules), { kind: "roles" })];
  }
  if (change.kind === "add-membership" || change.kind === "remove-membership" || change.kind === "alter-membership") {
    const { role } = change.kind === "alter-membership" ? change.before : change.membership;
    return [same(`admin ${role}`, `admin of \`${describeName(role)}\``, { kind: "admin", role })];
  }
  if (change.kind === "change-owner") {
    const at = change.database;
    const back: Right = { kind: "as", role: change.to, database: at };
    const text = `the rights of \`${describeName(change.to)}\``;
    return [
      {
        id: `as ${change.from} ${change.to}`,
        text,
        before: { kind: "as", role: change.from, database: at },
        after: back,
      },
    ];
  }
  if ("target" in change) {
    const { creator, database } = change.target;
    return [
      same(`as ${creator}`, `the rights of \`${describeName(creator)}\``, { kind: "as", role: creator, database }),
    ];
  }
  if ("resources" in change) return grantNeeds(change.resources, change.privileges, after);
  if (change.kind === "set-row-security") return owned(change.table);
  return owned(change.kind === "alter-policy" ? change.before.table : change.policy.table);
}

function managingRoles(rules: AccessRules): string {
  return hasCreateRole(rules) ? "createrole" : (administrationText(rules) ?? "superuser");
}

/** One need for each class: thousands of tables with one list need one right. */
function grantNeeds(resources: readonly Resource[], privileges: readonly string[], after: AccessIndex): Need[] {
  const needs = new Map<string, Need>();
  for (const resource of resources) {
    const at = after.classOf(resource) ?? (resource.kind === "column" ? after.classOf(tableOf(resource)) : null);
    for (const privilege of privileges) {
      const id = `grant ${privilege} ${resource.kind} ${at?.id ?? resourceKey(resource)}`;
      if (needs.has(id)) continue;
      const right: Right = { kind: "grant", privilege, resource };
      const text = `${privilege.toLowerCase()} with grant option on \`${describeName(resource.path.at(-1) ?? "")}\``;
      needs.set(id, { id, text, before: right, after: right });
    }
  }
  return [...needs.values()];
}

function has(index: AccessIndex, actor: RoleName, right: Right): boolean {
  const { graph, state } = index;
  const id = graph.idOf(actor);
  if (id < 0) return false;
  if (hasBit(graph.superReachers, id)) return true;
  const bears = (name: string): boolean =>
    actingAs(index, actor).some((each) => state.roles.get(each)?.attributes[name] === true);
  if (right.kind === "attribute") return bears(right.name);
  if (right.kind === "roles") return bears("createrole") || administers(index, actor);
  if (right.kind === "grant") {
    return index.can(actor, right.privilege, right.resource, { grantable: true, reachable: true }) === true;
  }
  const role = graph.idOf(right.role);
  if (role < 0) return false;
  if (right.kind === "as") return graph.isReacher(role, id, right.database);
  if (hasBit(graph.admins(role, null), id) || passesOnRole(index, actor, right.role)) return true;
  // Where memberships carry no options, CREATEROLE manages all of them.
  return !index.rules.adminNeeded && bears("createrole");
}

/** Where roles are things that privileges are held on, the right to pass them on is the right to give the role itself. */
function passesOnRole(index: AccessIndex, actor: RoleName, role: RoleName): boolean {
  const resource: Resource = { kind: "role", path: [role] };
  const passing = index.bits.names("role", index.passing("role"));
  return passing.some((privilege) => index.can(actor, privilege, resource, { reachable: true }) === true);
}
