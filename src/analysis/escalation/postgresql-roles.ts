import type { RoleName } from "../../model/role.ts";
import { hasBit } from "../bits.ts";
import type { EdgeInput } from "./edges.ts";
import type { EscalationEdge } from "./escalation.ts";
import { edge, isSuperuser, rolesOf, said, toRole } from "./postgresql-steps.ts";

/** What managing roles makes of its holder. Roles that are superusers only a superuser can give or alter. */
export function* roleEdges(input: EdgeInput): Iterable<EscalationEdge> {
  yield* byAdmin(input);
  yield* byCreateRole(input);
}

/** ADMIN is "can become": its holder makes itself a member, with every option. */
function* byAdmin({ index }: EdgeInput): Iterable<EscalationEdge> {
  const { graph } = index;
  for (const [role, holders] of graph.adminRows) {
    if (hasBit(graph.superuserRoles, role)) continue;
    const name = graph.names[role] as RoleName;
    for (const holder of holders) {
      if (holder === role || hasBit(graph.superuserRoles, holder)) continue;
      const by = `holds ADMIN on ${said(name)} and can make itself a member`;
      yield edge(graph.names[holder] as RoleName, toRole(name), by);
    }
  }
}

function* byCreateRole({ index }: EdgeInput): Iterable<EscalationEdge> {
  const { graph, rules } = index;
  const roles = rolesOf(index);
  for (const { name, attributes } of roles) {
    if (attributes["createrole"] !== true || isSuperuser(index, name)) continue;
    const id = graph.idOf(name);
    for (const other of roles) {
      if (other.name === name || isSuperuser(index, other.name)) continue;
      if (!rules.adminNeeded) {
        if (other.name === "pg_database_owner") continue; // It takes no members.
        yield edge(name, toRole(other.name), `holds CREATEROLE and can make itself a member of ${said(other.name)}`, {
          over: "reachable",
        });
        continue;
      }
      const role = graph.idOf(other.name);
      if (!graph.adminRows.has(role) || other.attributes["login"] !== true) continue;
      // With CREATEROLE any path of membership to the ADMIN option is enough.
      if (!hasBit(graph.admins(role, null), id)) continue;
      const by = `holds CREATEROLE and ADMIN on ${said(other.name)} and can set its password`;
      yield edge(name, toRole(other.name), by, { over: "reachable" });
    }
  }
}
