import type { Role, RoleName } from "../model/role.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { AccessIndex } from "./access-index.ts";
import { becomes } from "./usable.ts";
import { hasBit } from "./bits.ts";

/** The logins that can administer a target, by how much they can; each sorted. */
export interface Administrators {
  /** Every login that works: not expired, not limited to no connections, and some database lets it in. */
  readonly working: readonly RoleName[];
  /** Of those: may do everything, at once or after SET ROLE. A managed service's own superusers do not count: nobody here can use them. */
  readonly superusers: readonly RoleName[];
  /** Of those: members of the managed service's admin roles, and roles that may manage roles. */
  readonly others: readonly RoleName[];
}

/** Who can administer the target in the state of `index`, with the server, the provider and the time of `live`. */
export function administrators(index: AccessIndex, live: Snapshot): Administrators {
  const working = [...index.state.roles.values()]
    .filter((role) => works(index, role, live))
    .map((role) => role.name)
    .sort();
  return {
    working,
    superusers: working.filter((name) => ours(index, name) && becomesSuperuser(index, name)),
    others: working.filter((name) => ours(index, name) && managesRoles(index, name)),
  };
}

function works(index: AccessIndex, role: Role, live: Snapshot): boolean {
  if (role.attributes["login"] !== true || isExpired(role, live.takenAt)) return false;
  if (index.rules.superuser(role)) return true;
  if (role.attributes["connection_limit"] === 0) return false;
  return live.catalog.databases.some(
    (database) => index.can(role.name, "CONNECT", { kind: "database", path: [database] }) === true,
  );
}

/** Counted as expired although only passwords expire: a way in that nobody has tried is no way in. */
export function isExpired(role: Role, now: string): boolean {
  const until = role.attributes["valid_until"];
  if (typeof until !== "string" || until === "infinity") return false;
  return until === "-infinity" || Date.parse(until) <= Date.parse(now);
}

function ours(index: AccessIndex, name: RoleName): boolean {
  return index.state.roles.get(name)?.origin !== "provider";
}

function becomesSuperuser(index: AccessIndex, name: RoleName): boolean {
  return actingAs(index, name).some((each) => {
    const role = index.state.roles.get(each);
    return role !== undefined && role.origin !== "provider" && index.rules.superuser(role);
  });
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
