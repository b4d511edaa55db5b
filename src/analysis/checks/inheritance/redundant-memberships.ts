import { compareBy, sorted } from "../../../base/order.ts";
import type { RemoveMembership } from "../../../model/change.ts";
import type { RoleName } from "../../../model/role.ts";
import type { AccessIndex } from "../../access-index.ts";
import {
  addBits,
  bitRow,
  bitTable,
  type BitTable,
  emptyBits,
  hasBit,
  listBits,
  removeBit,
  removeBits,
} from "../../bits.ts";
import type { RoleEdge } from "../../role-graph.ts";
import type { Check, CheckContext } from "../check.ts";
import { several, who } from "../general/telling.ts";

/** INH-03. */
export const diamonds: Check = {
  id: "INH-03",
  title: "two ways lead to one role",
  why: "Ending one of the two memberships takes nothing away: who was meant to lose the role keeps it by the other.",
  fix: "Keep one way, or know of both when one is cut.",
  danger: "low",
  principles: ["inheritance control"],
  engines: "all",
  *find(context) {
    const { index } = context;
    const { graph } = index;
    const above = ancestors(index);
    // Roles with the same groups have the same diamonds.
    const groups = new Map<string, { readonly parents: readonly number[]; readonly members: number[] }>();
    for (const [id, edges] of graph.up.entries()) {
      if (edges.length < 2 || !context.inScope(graph.names[id] as RoleName)) continue;
      const parents = edges.map(({ to }) => to);
      const key = parents.join();
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { parents, members: [id] });
      else group.members.push(id);
    }
    for (const { parents, members } of groups.values()) {
      const shared = sharedAbove(parents, above);
      const through = parents.filter((each) => shared.some((role) => hasBit(bitRow(above, each), role)));
      if (shared.length === 0) continue;
      const names = (ids: readonly number[]): RoleName[] => ids.map((each) => graph.names[each] as RoleName);
      yield {
        message: `${several(names(members))} ${members.length === 1 ? "gets" : "get"} to ${several(names(shared))} by ${several(names(through))}`,
        principals: names(members),
        about: [...names(shared), "", ...names(through)].join("\0"),
        fix: { text: `keep one of the ways by ${several(names(through))}` },
      };
    }
  },
};

/** The nearest roles that more than one of the groups leads to; a group itself is another check's. */
function sharedAbove(parents: readonly number[], above: BitTable): readonly number[] {
  const size = above.words * 32;
  const [seen, twice] = [emptyBits(size), emptyBits(size)];
  for (const parent of parents) {
    const row = bitRow(above, parent);
    for (let word = 0; word < row.length; word++) {
      twice[word] = (twice[word] as number) | ((seen[word] as number) & (row[word] as number));
      seen[word] = (seen[word] as number) | (row[word] as number);
    }
  }
  for (const parent of parents) removeBit(twice, parent);
  const nearest = twice.slice();
  for (const role of listBits(twice)) {
    const higher = bitRow(above, role).slice();
    removeBit(higher, role);
    removeBits(nearest, higher);
  }
  return listBits(nearest);
}

/** Row r: the roles that r is a member of in any way. */
function ancestors({ graph }: AccessIndex): BitTable {
  const table = bitTable(graph.names.length);
  const done = new Uint8Array(graph.names.length);
  const walk = (id: number): void => {
    if (done[id] !== 0) return;
    done[id] = 1;
    const row = bitRow(table, id);
    for (const { to } of graph.up[id] ?? []) {
      walk(to);
      addBits(row, bitRow(table, to));
      row[to >>> 5] = (row[to >>> 5] as number) | (1 << (to & 31));
    }
  };
  for (const id of graph.names.keys()) walk(id);
  return table;
}

/** INH-04. */
export const redundantMemberships: Check = {
  id: "INH-04",
  title: "a membership gives nothing that another one does not give",
  why: "It looks like the reason for the access, and ending it changes nothing.",
  fix: "Take it out.",
  example: "roles:\n  ann: { not_member_of: [readers] }",
  danger: "low",
  principles: ["inheritance control"],
  engines: "all",
  *find(context) {
    const { index } = context;
    const { graph } = index;
    const found = new Map<
      string,
      { readonly role: RoleName; readonly by: RoleName; readonly changes: RemoveMembership[] }
    >();
    const rows = rowsOf(context);
    for (const [id, edges] of graph.up.entries()) {
      const member = graph.names[id] as RoleName;
      if (edges.length < 2 || !context.inScope(member)) continue;
      for (const edge of edges) {
        const by = impliedBy(index, edge, edges);
        const mine = by < 0 ? undefined : rows.get(`${id} ${edge.to}`);
        if (mine === undefined || mine.some(({ membership }) => membership.admin || membership.implied)) continue;
        const role = graph.names[edge.to] as RoleName;
        const key = `${edge.to} ${by}`;
        const group = found.get(key) ?? { role, by: graph.names[by] as RoleName, changes: [] };
        found.set(key, group);
        group.changes.push(...mine);
      }
    }
    const all = sorted(
      [...found.values()],
      compareBy(
        ({ role }) => role,
        ({ by }) => by,
      ),
    );
    for (const { role, by, changes } of all) {
      const members = changes.map(({ membership }) => membership.member);
      yield {
        message: `${several(members)} ${members.length === 1 ? "is a member" : "are members"} of ${who(role)}, and of ${who(by)}, which gives the same`,
        principals: members,
        about: `${role}\0${by}`,
        fix: { text: `take ${several(members)} out of ${who(role)}`, changes },
      };
    }
  },
};

function rowsOf({ index }: CheckContext): ReadonlyMap<string, readonly RemoveMembership[]> {
  const rows = new Map<string, RemoveMembership[]>();
  for (const membership of index.recorded.memberships.values()) {
    const key = `${index.graph.idOf(membership.member)} ${index.graph.idOf(membership.role)}`;
    const known = rows.get(key);
    const change: RemoveMembership = { kind: "remove-membership", membership };
    if (known === undefined) rows.set(key, [change]);
    else known.push(change);
  }
  return rows;
}

/** Another group of the same member that gives all that this one does; -1: none. */
function impliedBy({ graph }: AccessIndex, edge: RoleEdge, edges: readonly RoleEdge[]): number {
  const heirs = graph.heirs(edge.to, null);
  const setters = graph.setters(edge.to, null);
  for (const other of edges) {
    const inherits = !edge.privileges || (other.privileges && hasBit(heirs, other.to));
    const becomes = !edge.setRole || (other.setRole && hasBit(setters, other.to));
    const isAbove = hasBit(graph.members(edge.to, null), other.to);
    const isCircle = hasBit(graph.members(other.to, null), edge.to);
    if (isAbove && !isCircle && inherits && becomes) return other.to;
  }
  return -1;
}
