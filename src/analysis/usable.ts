import type { Privilege } from "../model/access-list.ts";
import type { Gate } from "../model/access-rules.ts";
import type { Resource } from "../model/resource.ts";
import { resourceKey } from "../model/resource.ts";
import { compareText } from "../base/order.ts";
import type { Role, RoleName } from "../model/role.ts";
import type { Path } from "./access-delta.ts";
import type { AccessIndex } from "./access-index.ts";
import { sessionDatabase } from "./access-index.ts";
import { hasBit } from "./bits.ts";

/** What a login can really do with a privilege: holding it is not enough. */
export interface Usability {
  /** The role itself can log in. */
  readonly login: boolean;
  /** The role that a session acts as from its start: the login itself, unless a setting says another that it may become. */
  readonly startsAs: RoleName;
  /** The privilege is held by the login without a further statement, usable or not. */
  readonly held: boolean;
  /** The doors on the way, and whether each is open to the login (`of: "login"`) or to the role that the session starts as. */
  readonly gates: readonly { readonly gate: Gate; readonly open: boolean }[];
  /** All of it: logs in, every door is open, the privilege is held. */
  readonly usable: boolean;
  /** The roles that the session can become to use it, sorted; the one that it starts as is not among them, the login itself may be. */
  readonly byBecoming: readonly RoleName[];
}

/** Whether `login` can use the privilege, at once or after SET ROLE, doors included; null when there is no such role or resource. */
export function usability(
  index: AccessIndex,
  login: RoleName,
  question: { readonly privilege: Privilege; readonly resource: Resource },
): Usability | null {
  const { graph, rules, catalog } = index;
  const id = graph.idOf(login);
  const { privilege, resource } = question;
  const database = sessionDatabase(resource);
  const session = database === null ? {} : { database };
  const held = index.can(login, privilege, resource, session);
  if (id < 0 || held === null) return null;

  const gates = rules.gates(resource);
  const open = (role: RoleName, gate: Gate): boolean =>
    index.can(role, gate.privilege, gate.resource, session) ?? false;
  const inSession = gates.filter((gate) => gate.of === "session");
  const useful = rules.usable(resource, catalog.entries.get(resourceKey(resource))) || hasBit(graph.superusers, id);
  const enters = hasBit(graph.logins, id) && gates.every((gate) => gate.of === "session" || open(login, gate));
  const can = (role: RoleName): boolean =>
    enters &&
    useful &&
    inSession.every((gate) => open(role, gate)) &&
    index.can(role, privilege, resource, session) === true;
  const others = becomes(index, id, database);
  const wanted = rules.startsAs(index.state.roles.get(login) as Role, database);
  const startsAs = wanted !== null && others.includes(wanted) ? wanted : login;
  return {
    login: hasBit(graph.logins, id),
    startsAs,
    held,
    gates: gates.map((gate) => ({ gate, open: open(gate.of === "login" ? login : startsAs, gate) })),
    usable: can(startsAs),
    byBecoming: [login, ...others].filter((role) => role !== startsAs && can(role)).sort(compareText),
  };
}

/** The roles that a role may become by SET ROLE, without itself, sorted. A superuser may become every role, unless it has everything as it is, by inheritance. */
export function becomes(index: AccessIndex, role: number, database: string | null): RoleName[] {
  const { graph } = index;
  const all = hasBit(graph.superusers, role) && !graph.superuserIsInherited;
  const seen = new Set<number>([role]);
  const queue = [role];
  for (const from of queue) {
    const extra = graph.unrecorded(database).filter(([member]) => member === from);
    for (const edge of [...(graph.up[from] ?? []), ...extra.map(([, each]) => each)]) {
      if (!edge.setRole || seen.has(edge.to)) continue;
      seen.add(edge.to);
      queue.push(edge.to);
    }
  }
  return graph.names.filter((_, id) => id !== role && hasBit(graph.existing, id) && (all || seen.has(id)));
}

/** The role that a session must become to use what is at the end of a way, the first that is enough; null where it needs none. */
export function roleToSet(index: AccessIndex, who: RoleName, path: Path): RoleName | null {
  if (!path.needsSetRole) return null;
  const { graph } = index;
  const steps = [who, ...path.roles].slice(0, -1).map((from, at) => {
    const to = graph.idOf(path.roles[at] as RoleName);
    const edge = graph.up[graph.idOf(from)]?.find((each) => each.to === to);
    // What is recorded nowhere carries both.
    return edge ?? { privileges: true, setRole: true };
  });
  const actedAs = path.by === "attribute" || (path.by === "superuser" && !graph.superuserIsInherited);
  for (let enough = actedAs ? steps.length : 1; enough <= steps.length; enough++) {
    const set = steps.slice(0, enough).every((step) => step.setRole);
    if (set && steps.slice(enough).every((step) => step.privileges)) return path.roles[enough - 1] as RoleName;
  }
  return path.roles.at(-1) ?? null;
}
