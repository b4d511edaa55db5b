import type { Privilege } from "../model/access-list.ts";
import type { Gate } from "../model/access-rules.ts";
import type { Resource } from "../model/resource.ts";
import { resourceKey } from "../model/resource.ts";
import type { RoleName } from "../model/role.ts";
import type { AccessIndex } from "./access-index.ts";
import { sessionDatabase } from "./access-index.ts";
import { hasBit } from "./bits.ts";

/** What a login can really do with a privilege: holding it is not enough. */
export interface Usability {
  /** The role itself can log in. */
  readonly login: boolean;
  /** The privilege is held without a further statement, usable or not. */
  readonly held: boolean;
  /** The doors on the way, and whether each is open to the login (`of: "login"`) or to the role that the session starts as. */
  readonly gates: readonly { readonly gate: Gate; readonly open: boolean }[];
  /** All of it: logs in, every door is open, the privilege is held. */
  readonly usable: boolean;
  /** The roles that the session can become to use it, sorted; the login itself is not among them. */
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
  return {
    login: hasBit(graph.logins, id),
    held,
    gates: gates.map((gate) => ({ gate, open: open(login, gate) })),
    usable: can(login),
    byBecoming: becomes(index, id, database).filter(can),
  };
}

/** The roles that a role may become by SET ROLE, without itself, sorted. A superuser may become every role. */
export function becomes(index: AccessIndex, role: number, database: string | null): RoleName[] {
  const { graph } = index;
  const all = hasBit(graph.superusers, role);
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
