import type { Privilege } from "../model/access-list.ts";
import type { AccessRules } from "../model/access-rules.ts";
import type { AccessState } from "../model/access-state.ts";
import type { Catalog } from "../model/catalog.ts";
import type { Resource, ResourceKind } from "../model/resource.ts";
import { databaseOf, resourceKey, tableOf } from "../model/resource.ts";
import type { Grantee, RoleName } from "../model/role.ts";
import { PUBLIC } from "../model/role.ts";
import type { Bits } from "./bits.ts";
import { addBits, hasBit, keepBits, listBits } from "./bits.ts";
import type { CompiledEntries, PrivilegeBits, ResourceClass, ResourceClasses } from "./resource-class.ts";
import { buildClasses, EVERYBODY, privilegeBits } from "./resource-class.ts";
import type { RoleGraph, RoleGraphOptions } from "./role-graph.ts";
import { buildRoleGraph } from "./role-graph.ts";

/** Effective access over a whole Target, computed over classes of resources and sets of roles; expanded only where somebody asks. */
export interface AccessIndex {
  /** What decides: the recorded state with everything written out that the server adds (`AccessRules.evaluated`); where lists are meant as they stand, the recorded one itself. */
  readonly state: AccessState;
  /** The state as it is recorded: what can be granted and revoked. */
  readonly recorded: AccessState;
  readonly catalog: Catalog;
  readonly rules: AccessRules;
  readonly graph: RoleGraph;
  readonly classes: ResourceClasses;
  readonly bits: PrivilegeBits;
  /** Every list as numbers, by kind and id. */
  readonly compiled: Map<string, CompiledEntries>;
  /** The privileges on this kind that let their holder pass on what it holds there, as bits; 0: the right to pass on is kept with each privilege. */
  passing(kind: ResourceKind): number;
  /** What built-in roles give on this kind of resource. */
  rights(kind: ResourceKind): readonly CompiledRight[];
  /** The class of a resource; columns without a list of their own and parameters that nothing was granted on have one too. Null: there is no such resource in reach. */
  classOf(resource: Resource): ResourceClass | null;
  /** Whether the role holds the privilege; null when there is no such role, or no such resource in reach. PUBLIC may be asked for. */
  can(role: Grantee, privilege: Privilege, resource: Resource, options?: AccessOptions): boolean | null;
  /** Everybody who holds the privilege, sorted; null when there is no such resource in reach. */
  whoCan(privilege: Privilege, resource: Resource, options?: AccessOptions): Holders | null;
  /** What the role holds, by class, without the classes it holds nothing on; null when there is no such role. */
  accessOf(role: Grantee, options?: AccessOptions): readonly ClassAccess[] | null;
  /** Whether `role` is in `other` in this sense; null when there is none of the names. */
  hasRole(role: RoleName, other: RoleName, mode: RoleMode, options?: Pick<AccessOptions, "database">): boolean | null;
}

export interface AccessOptions {
  /** Ask for the right to pass the privilege on. @default false */
  readonly grantable?: boolean;
  /** Count what the role gets by SET ROLE too. @default false: what it has without a further statement */
  readonly reachable?: boolean;
  /** The database that the session is in: it matters for pg_database_owner. @default the resource's own database */
  readonly database?: string;
}

export interface Holders {
  /** PUBLIC holds it: whoever there is, and will be. */
  readonly everybody: boolean;
  readonly roles: readonly RoleName[];
}

export interface ClassAccess {
  readonly class: ResourceClass;
  readonly privileges: readonly Privilege[];
  /** The right to pass on: also of privileges that are not held, for owners. */
  readonly grantable: readonly Privilege[];
}

/** `member`: in any way. `privileges`: has its rights without a further statement. `set`: may become it. `admin`: may make others members. */
export type RoleMode = "member" | "privileges" | "set" | "admin";

export interface AccessIndexOptions extends RoleGraphOptions {
  /** An index of the same roles under the same rules, whose work on lists is used again. @default none */
  readonly like?: AccessIndex;
  /** What the rules make of the recorded state, where that was worked out before. @default the rules are asked */
  readonly evaluated?: AccessState;
}

/** Builds the index: classes at once, closures when first asked for. What it may cost stands in bench/access.ts. */
export function buildAccessIndex(
  recorded: AccessState,
  catalog: Catalog,
  rules: AccessRules,
  options: AccessIndexOptions = {},
): AccessIndex {
  const state = options.evaluated ?? rules.evaluated?.(recorded, catalog) ?? recorded;
  const graph = buildRoleGraph(state, rules, options);
  const like = options.like !== undefined && sameNumbering(options.like.graph, graph) ? options.like : undefined;
  const bits = like?.bits ?? privilegeBits(rules);
  const compiled = like?.compiled ?? new Map<string, CompiledEntries>();
  const classes = buildClasses(state, catalog, { graph, rules, bits, compiled });
  const rights = builtinRights(rules, graph, bits);

  const passingBits = new Map<ResourceKind, number>();
  const passing = (kind: ResourceKind): number => {
    let mask = passingBits.get(kind);
    if (mask === undefined) {
      const names = rules.privilegesOf(kind).filter((name) => rules.privilegeClass(kind, name) === "pass on");
      passingBits.set(kind, (mask = bits.mask(kind, names)));
    }
    return mask;
  };

  const classOf = (resource: Resource): ResourceClass | null => {
    const found = classes.of(resourceKey(resource));
    if (found !== undefined) return found;
    if (resource.kind !== "column") return null;
    const table = classes.of(resourceKey(tableOf(resource)));
    return table === undefined ? null : classes.plainColumn(table);
  };

  const index: AccessIndex = {
    passing,
    rights: (kind) => rights.get(kind) ?? [],
    state,
    recorded,
    catalog,
    rules,
    graph,
    classes,
    bits,
    compiled,
    classOf,
    can: (role, privilege, resource, asked = {}) => {
      const id = role === PUBLIC ? EVERYBODY : graph.idOf(role);
      if (id === -1 || (id !== EVERYBODY && !hasBit(graph.existing, id))) return null;
      const found = classOf(resource);
      const all = asked.reachable === true ? graph.superReachers : graph.superusers;
      if (found === null) {
        if (!rules.recordedOnly.has(resource.kind)) return null;
        return id !== EVERYBODY && hasBit(all, id);
      }
      const bit = bits.bit(resource.kind, privilege);
      return (heldMask(index, found, id, bit, asked) & bit) !== 0;
    },
    whoCan: (privilege, resource, asked = {}) => {
      const found = classOf(resource);
      if (found === null && !rules.recordedOnly.has(resource.kind)) return null;
      const set =
        found === null
          ? { everybody: false, roles: graph.superusers }
          : holdersOf(index, found, bits.bit(resource.kind, privilege), asked);
      return {
        everybody: set.everybody,
        roles: listBits(set.everybody ? graph.existing : set.roles).map((id) => graph.names[id] as RoleName),
      };
    },
    accessOf: (role, asked = {}) => {
      const id = role === PUBLIC ? EVERYBODY : graph.idOf(role);
      if (id === -1 || (id !== EVERYBODY && !hasBit(graph.existing, id))) return null;
      const result: ClassAccess[] = [];
      for (const each of classes.all) {
        const every = bits.mask(each.kind, rules.privilegesOf(each.kind));
        const held = heldMask(index, each, id, every, { ...asked, grantable: false });
        const options = heldMask(index, each, id, every, { ...asked, grantable: true });
        if ((held | options) === 0) continue;
        result.push({
          class: each,
          privileges: bits.names(each.kind, held),
          grantable: bits.names(each.kind, options),
        });
      }
      return result;
    },
    hasRole: (role, other, mode, asked = {}) => {
      const id = graph.idOf(role);
      const of = graph.idOf(other);
      if (id < 0 || of < 0 || !hasBit(graph.existing, id) || !hasBit(graph.existing, of)) return null;
      if (hasBit(graph.superusers, id)) return true;
      return hasBit(graph[CLOSURE_OF[mode]](of, asked.database ?? null), id);
    },
  };
  return index;
}

function sameNumbering(a: RoleGraph, b: RoleGraph): boolean {
  return a.names.length === b.names.length && a.names.every((name, id) => name === b.names[id] && a.idOf(name) === id);
}

const CLOSURE_OF = { member: "members", privileges: "heirs", set: "setters", admin: "admins" } as const;

/** What a built-in role gives on a kind, as numbers. */
export interface CompiledRight {
  readonly role: number;
  readonly mask: number;
}

function builtinRights(
  rules: AccessRules,
  graph: RoleGraph,
  bits: PrivilegeBits,
): ReadonlyMap<ResourceKind, readonly CompiledRight[]> {
  const byKind = new Map<ResourceKind, CompiledRight[]>();
  for (const right of rules.builtinRights) {
    const role = graph.idOf(right.role);
    if (role < 0) continue;
    const list = byKind.get(right.kind) ?? [];
    list.push({ role, mask: bits.mask(right.kind, right.privileges) });
    byKind.set(right.kind, list);
  }
  return byKind;
}

/** Which of the privileges `wanted` the role holds on this class, as bits. `role` may be EVERYBODY. */
export function heldMask(
  index: AccessIndex,
  place: ResourceClass,
  role: number,
  wanted: number,
  options: AccessOptions,
): number {
  const { graph } = index;
  const { compiled } = place;
  const grantable = options.grantable === true;
  const reachable = options.reachable === true;
  if (role !== EVERYBODY && hasBit(reachable ? graph.superReachers : graph.superusers, role)) return wanted;
  const pass = grantable ? passingAt(index, place) : null;
  if (pass !== null) {
    const plain = { ...options, grantable: false };
    return heldMask(index, pass.place, role, pass.mask, plain) === 0 ? 0 : heldMask(index, place, role, wanted, plain);
  }
  const database = options.database ?? databaseIn(place);
  const gets = (grantee: number): boolean =>
    reachable ? graph.isReacher(grantee, role, database) : graph.isHeir(grantee, role, database);

  let held = 0;
  if (grantable && role !== EVERYBODY && compiled.owner >= 0 && gets(compiled.owner)) return wanted;
  for (let i = 0; i < compiled.grantees.length; i++) {
    const given = ((grantable ? compiled.options[i] : compiled.masks[i]) as number) & wanted;
    if ((given & ~held) === 0) continue;
    const grantee = compiled.grantees[i] as number;
    if (grantee === EVERYBODY || (role !== EVERYBODY && gets(grantee))) held |= given;
  }
  if (!grantable) {
    if (role !== EVERYBODY) {
      for (const right of index.rights(place.kind)) {
        if ((right.mask & wanted & ~held) !== 0 && gets(right.role)) held |= right.mask & wanted;
      }
    }
    held &= ~compiled.withheld;
  }
  if (place.table !== null && (wanted & ~held) !== 0) held |= heldOnTable(index, place, role, wanted & ~held, options);
  return held;
}

/** Where and by which privileges the right to pass on is held for a class, if it is a privilege of its own: for columns at their table. */
export function passingAt(
  index: AccessIndex,
  place: ResourceClass,
): { readonly place: ResourceClass; readonly mask: number } | null {
  const at = place.table ?? place;
  const mask = index.passing(at.kind);
  return mask === 0 ? null : { place: at, mask };
}

function heldOnTable(
  index: AccessIndex,
  column: ResourceClass,
  role: number,
  wanted: number,
  options: AccessOptions,
): number {
  const table = column.table as ResourceClass;
  const names = index.bits.names("column", wanted);
  const onTable = heldMask(index, table, role, index.bits.mask("table", names), options);
  return index.bits.mask("column", index.bits.names("table", onTable)) & wanted;
}

/** Everybody who holds one privilege on this class, as a set that is the caller's own. Superusers are in it. */
export function holdersOf(index: AccessIndex, place: ResourceClass, bit: number, options: AccessOptions): HolderSet {
  const { graph } = index;
  const { compiled } = place;
  const grantable = options.grantable === true;
  const reachable = options.reachable === true;
  const pass = grantable ? passingAt(index, place) : null;
  if (pass !== null) {
    const plain = { ...options, grantable: false };
    return inBoth(index, holdersOf(index, place, bit, plain), holdersOf(index, pass.place, pass.mask, plain));
  }
  const database = options.database ?? databaseIn(place);
  const roles = (reachable ? graph.superReachers : graph.superusers).slice();
  const add = (grantee: number): void => {
    if (reachable) graph.addReachers(roles, grantee, database);
    else graph.addHeirs(roles, grantee, database);
  };
  let everybody = false;
  if (grantable && compiled.owner >= 0) add(compiled.owner);
  if (grantable || (compiled.withheld & bit) === 0) {
    const given = grantable ? compiled.options : compiled.masks;
    for (let i = 0; i < compiled.grantees.length; i++) {
      if (((given[i] as number) & bit) === 0) continue;
      const grantee = compiled.grantees[i] as number;
      if (grantee === EVERYBODY) everybody = true;
      else add(grantee);
    }
    if (!grantable) for (const right of index.rights(place.kind)) if ((right.mask & bit) !== 0) add(right.role);
  }
  if (place.table === null) return { everybody, roles };
  const onTable = holdersOf(index, place.table, tableBit(index, bit), options);
  addBits(roles, onTable.roles);
  return { everybody: everybody || onTable.everybody, roles };
}

interface HolderSet {
  readonly everybody: boolean;
  readonly roles: Bits;
}

function inBoth(index: AccessIndex, a: HolderSet, b: HolderSet): HolderSet {
  const roles = (a.everybody ? index.graph.existing : a.roles).slice();
  if (!b.everybody) keepBits(roles, b.roles);
  return { everybody: a.everybody && b.everybody, roles };
}

function tableBit(index: AccessIndex, columnBit: number): number {
  return index.bits.mask("table", index.bits.names("column", columnBit));
}

/** Whether the role may do everything without a further statement, whatever the lists say. */
export function mayDoEverything({ graph }: AccessIndex, role: Grantee): boolean {
  const id = role === PUBLIC ? -1 : graph.idOf(role);
  return id >= 0 && hasBit(graph.superusers, id);
}

/** A session that uses a database is in it: CONNECT is asked for there. */
export function databaseIn(place: ResourceClass): string | null {
  if (place.kind === "database") return place.resources[0]?.path[0] ?? null;
  return place.database;
}

/** The database that a session must be in to use a resource; null: any. */
export function sessionDatabase(resource: Resource): string | null {
  return resource.kind === "database" ? (resource.path[0] ?? null) : databaseOf(resource);
}
