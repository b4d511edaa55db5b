import type { AccessRules } from "../model/access-rules.ts";
import { describeTyped } from "../model/resource.ts";
import type { Role, RoleName } from "../model/role.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { AccessIndex } from "./access-index.ts";
import { becomes } from "./usable.ts";
import { hasBit } from "./bits.ts";

/** The logins that can administer a target, by how much they can; each sorted. */
export interface Administrators {
  /** Every login that works: not expired, not limited to no connections, and, where databases have doors of their own, some database lets it in. */
  readonly working: readonly RoleName[];
  /** Of those: may do everything, at once or after SET ROLE. A managed service's own superusers do not count: nobody here can use them. */
  readonly superusers: readonly RoleName[];
  /** Of those: members of the managed service's admin roles, roles that may manage roles, and holders of all that it takes to administer (`AccessRules.administration`). */
  readonly others: readonly RoleName[];
}

/** Who can administer the target in the state of `index`, with the server, the provider and the time of `live`. */
export function administrators(index: AccessIndex, live: Snapshot): Administrators {
  const working = [...index.state.roles.values()]
    .filter((role) => works(index, role, live))
    .map((role) => role.name)
    .sort();
  const someManage = [...index.state.roles.values()].some(
    (role) => role.attributes["createrole"] === true || role.origin === "provider",
  );
  return {
    working,
    superusers: working.filter((name) => ours(index, name) && becomesSuperuser(index, name)),
    others: working.filter(
      (name) => ours(index, name) && ((someManage && managesRoles(index, name)) || administers(index, name)),
    ),
  };
}

function works(index: AccessIndex, role: Role, live: Snapshot): boolean {
  if (role.attributes["login"] !== true) return false;
  const barred = index.rules.barred(role, live.takenAt);
  if (barred === "expired") return false;
  if (isSuperuser(index, role.name)) return true;
  if (barred !== null) return false;
  if (!index.rules.privilegesOf("database").includes("CONNECT")) return true;
  return live.catalog.databases.some(
    (database) => index.can(role.name, "CONNECT", { kind: "database", path: [database] }) === true,
  );
}

function isSuperuser(index: AccessIndex, name: RoleName): boolean {
  return hasBit(index.graph.superusers, index.graph.idOf(name));
}

function ours(index: AccessIndex, name: RoleName): boolean {
  return index.state.roles.get(name)?.origin !== "provider";
}

function becomesSuperuser(index: AccessIndex, name: RoleName): boolean {
  // Most can not at all, which is known at once.
  if (!hasBit(index.graph.superReachers, index.graph.idOf(name))) return false;
  return actingAs(index, name).some((each) => {
    const role = index.state.roles.get(each);
    return role !== undefined && role.origin !== "provider" && isSuperuser(index, each);
  });
}

/** Holds everything that it takes to administer, without a further statement. */
export function administers(index: AccessIndex, name: RoleName): boolean {
  const { administration } = index.rules;
  return (
    administration.length > 0 &&
    administration.every(({ privilege, resource }) => index.can(name, privilege, resource) === true)
  );
}

/** What it takes to administer, in words: `create user on the server and grant option on all schemas`; null where nothing that can be granted is enough. */
export function administrationText(rules: AccessRules): string | null {
  if (rules.administration.length === 0) return null;
  return rules.administration
    .map(({ privilege, resource }) => `${privilege.toLowerCase()} on ${describeTyped(resource)}`)
    .join(" and ");
}

/** Whether an attribute lets roles manage roles on this server. */
export function hasCreateRole(rules: AccessRules): boolean {
  return rules.attributes.some((each) => each.name === "createrole");
}

function managesRoles(index: AccessIndex, name: RoleName): boolean {
  return actingAs(index, name).some((each) => {
    const role = index.state.roles.get(each);
    return role?.attributes["createrole"] === true || (role?.origin === "provider" && each !== name);
  });
}

/** Everything that a session of this login can act as; a superuser is taken for itself alone. */
export function actingAs(index: AccessIndex, name: RoleName): readonly RoleName[] {
  const id = index.graph.idOf(name);
  if (id < 0) return [];
  return hasBit(index.graph.superusers, id) ? [name] : [name, ...becomes(index, id, null)];
}
