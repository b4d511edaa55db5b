import { sortedText } from "../base/order.ts";
import type { AccessRules } from "../model/access-rules.ts";
import type { AccessState } from "../model/access-state.ts";
import type { RoleName } from "../model/role.ts";
import type { Bits, BitTable } from "./bits.ts";
import {
  addBit,
  addBits,
  addRow,
  addTableRow,
  bitRow,
  bitTable,
  emptyBits,
  hasCell,
  listBits,
  removeBit,
} from "./bits.ts";

/** From a member up to a role that it is a member of; what several grantors gave is joined. */
export interface RoleEdge {
  readonly to: number;
  readonly privileges: boolean;
  readonly setRole: boolean;
}

/**
 * Who is what: the roles as numbers in the order of their names, and the closures over their memberships. A closure is kept from the role downwards: its row `r` is the set of
 * the roles that get to `r`, each role itself included; so all holders of a grant are one row. Superusers are not added to the rows: they are asked for apart.
 */
export interface RoleGraph {
  readonly names: readonly RoleName[];
  /** The number of a role; -1 when there is none of that name. */
  idOf(name: RoleName): number;
  /** The roles that exist in this state; a graph may be numbered for more. */
  readonly existing: Bits;
  /** Who may do everything without a further statement: the superusers, and their heirs where being one is inherited. */
  readonly superusers: Bits;
  /** Of those: the ones that bear the attribute themselves. */
  readonly superuserRoles: Bits;
  /** Whether being a superuser comes with a superuser's privileges; otherwise it must be acted as. */
  readonly superuserIsInherited: boolean;
  readonly logins: Bits;
  /** Direct memberships upwards, by role, ascending. */
  readonly up: readonly (readonly RoleEdge[])[];
  /** Who has the privileges of `role` in sessions of `database` without any statement. */
  heirs(role: number, database: string | null): Bits;
  /** Who may become `role` by SET ROLE. */
  setters(role: number, database: string | null): Bits;
  /** Who has the privileges of `role`, at once or after becoming some other role first. */
  reachers(role: number, database: string | null): Bits;
  /** Adds the heirs of `role` to a set; the reachers. */
  addHeirs(into: Bits, role: number, database: string | null): void;
  addReachers(into: Bits, role: number, database: string | null): void;
  /** The same two for one `member`. */
  isHeir(role: number, member: number, database: string | null): boolean;
  isReacher(role: number, member: number, database: string | null): boolean;
  /** Who is a member of `role` in any way. */
  members(role: number, database: string | null): Bits;
  /** Who may make others members of `role`, by any path. */
  admins(role: number, database: string | null): Bits;
  /** The roles that have an admin row on a role: `[role, holders]`. */
  readonly adminRows: ReadonlyMap<number, readonly number[]>;
  /** Who may do everything after becoming a superuser, superusers included. */
  readonly superReachers: Bits;
  /** The membership upwards that holds only in sessions of this database: `[member, edge]`. */
  unrecorded(database: string | null): readonly (readonly [number, RoleEdge])[];
  /** True when becoming another role never gives more than being oneself: then `reachers` is `heirs`. */
  readonly flat: boolean;
}

export interface RoleGraphOptions {
  /** Names to number besides those of the state, so that two graphs can be compared. @default none */
  readonly alsoNumber?: Iterable<RoleName>;
  /** What a role of this state is called in the graph (it is renamed). @default its name */
  readonly rename?: ReadonlyMap<RoleName, RoleName>;
}

export function buildRoleGraph(state: AccessState, rules: AccessRules, options: RoleGraphOptions = {}): RoleGraph {
  const called = (name: RoleName): RoleName => options.rename?.get(name) ?? name;
  const names = sortedText([...[...state.roles.keys()].map(called), ...(options.alsoNumber ?? [])]);
  const ids = new Map(names.map((name, id) => [name, id]));
  const idOf = (name: RoleName): number => ids.get(called(name)) ?? -1;
  const size = names.length;

  const existing = emptyBits(size);
  const superuserRoles = emptyBits(size);
  const logins = emptyBits(size);
  for (const role of state.roles.values()) {
    const id = idOf(role.name);
    addBit(existing, id);
    if (rules.superuser(role)) addBit(superuserRoles, id);
    if (role.attributes["login"] === true) addBit(logins, id);
  }

  const { up, adminRows } = readMemberships(state, rules, idOf, size);
  const order = fromMembersToRoles(up);
  const isGranted = new Uint8Array(size);
  for (const edges of up) for (const edge of edges) isGranted[edge.to] = 1;
  const closure = (follows: (edge: RoleEdge) => boolean): BitTable => closeOver(up, order, follows);
  const inherit = once(() => closure((edge) => edge.privileges));
  // Where every membership carries all, there is one closure.
  const plain = up.every((edges) => edges.every((edge) => edge.privileges && edge.setRole));
  const set = plain ? inherit : once(() => closure((edge) => edge.setRole));
  const any = plain ? inherit : once(() => closure(() => true));
  const flat = up.every((edges) => edges.every((edge) => edge.privileges || !edge.setRole));
  // Become X by SET ROLE, then have what X inherits: from the role downwards, first inheriting steps, then SET steps.
  const reach = once(() => (flat ? inherit() : closeOver(up, order, (edge) => edge.privileges, set())));

  let superusers = superuserRoles;
  if (rules.superuserIsInherited) {
    superusers = superuserRoles.slice();
    for (const id of listBits(superuserRoles)) addBits(superusers, bitRow(inherit(), id));
  }

  const unrecorded = unrecordedEdges(state, rules, idOf);
  const row = (table: () => BitTable, id: number, database: string | null, carries: (e: RoleEdge) => boolean): Bits => {
    let result: Bits = bitRow(table(), id);
    for (const [member, edge] of unrecorded(database)) {
      if (edge.to !== id || !carries(edge)) continue;
      if (result.buffer === table().cells.buffer) result = result.slice();
      addBits(result, bitRow(table(), member));
    }
    return result;
  };
  const isHeir = (id: number, member: number, database: string | null): boolean => {
    if (hasCell(inherit(), id, member)) return true;
    for (const [through, edge] of unrecorded(database)) {
      if (edge.to === id && edge.privileges && hasCell(inherit(), through, member)) return true;
    }
    return false;
  };
  const setters = (id: number, database: string | null): Bits => row(set, id, database, (e) => e.setRole);

  return {
    names,
    idOf,
    existing,
    superusers,
    superuserRoles,
    superuserIsInherited: rules.superuserIsInherited,
    logins,
    up,
    adminRows,
    unrecorded,
    flat,
    heirs: (id, database) => row(inherit, id, database, (e) => e.privileges),
    setters,
    addHeirs: (into, id, database) => {
      addTableRow(into, inherit(), id);
      for (const [member, edge] of unrecorded(database)) {
        if (edge.to === id && edge.privileges) addTableRow(into, inherit(), member);
      }
    },
    addReachers: (into, id, database) => {
      addTableRow(into, reach(), id);
      for (const [member, edge] of unrecorded(database)) {
        if (edge.to !== id) continue;
        if (edge.privileges) addTableRow(into, reach(), member);
        if (edge.setRole) addTableRow(into, set(), member);
      }
    },
    isHeir,
    isReacher: (id, member, database) => {
      if (hasCell(reach(), id, member)) return true;
      for (const [through, edge] of unrecorded(database)) {
        if (edge.to !== id) continue;
        if (edge.privileges && hasCell(reach(), through, member)) return true;
        if (edge.setRole && hasCell(set(), through, member)) return true;
      }
      return false;
    },
    members: (id, database) => row(any, id, database, () => true),
    reachers: (id, database) => {
      const result = row(reach, id, database, (e) => e.privileges);
      if (!unrecorded(database).some(([, edge]) => edge.to === id && edge.setRole)) return result;
      const both = result.slice();
      addBits(both, setters(id, database));
      return both;
    },
    admins: (id, database) => {
      const result = emptyBits(size);
      for (const holder of adminRows.get(id) ?? [])
        addBits(
          result,
          row(any, holder, database, () => true),
        );
      // Having ADMIN on a role that one is a member of through that very role is not ADMIN on oneself.
      removeBit(result, id);
      return result;
    },
    superReachers: superReachers(),
  };

  function superReachers(): Bits {
    const result = superusers.slice();
    for (const id of listBits(superusers)) if (isGranted[id] === 1) addBits(result, bitRow(set(), id));
    return result;
  }
}

function readMemberships(
  state: AccessState,
  rules: AccessRules,
  idOf: (name: RoleName) => number,
  size: number,
): { up: RoleEdge[][]; adminRows: Map<number, number[]> } {
  const joined: Map<number, RoleEdge>[] = Array.from({ length: size }, () => new Map<number, RoleEdge>());
  const adminRows = new Map<number, number[]>();
  for (const membership of state.memberships.values()) {
    const to = idOf(membership.role);
    const from = idOf(membership.member);
    const member = state.roles.get(membership.member);
    if (to < 0 || from < 0 || member === undefined) continue;
    const effect = rules.edge(membership, member);
    const edges = joined[from] as Map<number, RoleEdge>;
    const seen = edges.get(to);
    edges.set(to, {
      to,
      privileges: effect.privileges || seen?.privileges === true,
      setRole: effect.setRole || seen?.setRole === true,
    });
    if (!membership.admin) continue;
    const holders = adminRows.get(to) ?? [];
    if (!holders.includes(from)) holders.push(from);
    adminRows.set(to, holders);
  }
  for (const holders of adminRows.values()) holders.sort((a, b) => a - b);
  return { up: joined.map((edges) => [...edges.values()].sort((a, b) => a.to - b.to)), adminRows };
}

/** Every member before the roles it is a member of. Servers refuse cycles; what lies on one that a file asks for comes last, in any order. */
function fromMembersToRoles(up: readonly (readonly RoleEdge[])[]): number[] {
  const waiting = new Int32Array(up.length);
  for (const edges of up) for (const edge of edges) waiting[edge.to] = (waiting[edge.to] as number) + 1;
  const order: number[] = [];
  for (let id = 0; id < up.length; id++) if (waiting[id] === 0) order.push(id);
  for (let next = 0; next < order.length; next++) {
    for (const edge of up[order[next] as number] as readonly RoleEdge[]) {
      waiting[edge.to] = (waiting[edge.to] as number) - 1;
      if (waiting[edge.to] === 0) order.push(edge.to);
    }
  }
  if (order.length === up.length) return order;
  const seen = new Set(order);
  for (let id = 0; id < up.length; id++) if (!seen.has(id)) order.push(id);
  return order;
}

/** Row r: what row r of `start` holds (default: r alone), and the rows of all members that an edge leads up from. */
function closeOver(
  up: readonly (readonly RoleEdge[])[],
  order: readonly number[],
  follows: (edge: RoleEdge) => boolean,
  start?: BitTable,
): BitTable {
  const table = bitTable(up.length);
  if (start === undefined) for (let id = 0; id < up.length; id++) addBit(bitRow(table, id), id);
  else table.cells.set(start.cells);
  const hasMembers = new Uint8Array(up.length);
  for (const edges of up) for (const edge of edges) hasMembers[edge.to] = 1;
  // One pass is enough without cycles; with one, as many as add anything.
  const repeat = hasCycle(up, order);
  for (;;) {
    let added = 0;
    for (const from of order) {
      for (const edge of up[from] as readonly RoleEdge[]) {
        if (!follows(edge)) continue;
        // Most roles are logins without members: their row is themselves alone.
        if (hasMembers[from] === 0) addBit(bitRow(table, edge.to), from);
        else if (addRow(table, edge.to, from)) added++;
      }
    }
    if (added === 0 || !repeat) return table;
  }
}

function hasCycle(up: readonly (readonly RoleEdge[])[], order: readonly number[]): boolean {
  const place = new Int32Array(up.length);
  order.forEach((id, index) => {
    place[id] = index;
  });
  return up.some((edges, from) => edges.some((edge) => (place[edge.to] as number) <= (place[from] as number)));
}

/** By database, found when first asked for. */
function unrecordedEdges(
  state: AccessState,
  rules: AccessRules,
  idOf: (name: RoleName) => number,
): (database: string | null) => readonly (readonly [number, RoleEdge])[] {
  const known = new Map<string, readonly (readonly [number, RoleEdge])[]>();
  return (database) => {
    if (database === null) return [];
    let edges = known.get(database);
    if (edges === undefined) {
      edges = rules
        .unrecordedMembers(database, state)
        .map((edge) => [idOf(edge.member), { ...edge, to: idOf(edge.role) }] as const)
        .filter(([member, edge]) => member >= 0 && edge.to >= 0);
      known.set(database, edges);
    }
    return edges;
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
