import type { AccessList, Privilege } from "../../model/access-list.ts";
import { type Resource, type ResourceKind, resourceKey } from "../../model/resource.ts";
import { type Grantee, PUBLIC, type RoleName } from "../../model/role.ts";
import { compareText, sorted } from "../../base/order.ts";
import { type AccessIndex, holdersOf } from "../access-index.ts";
import { addBit, addBits, type Bits, emptyBits, hasBit, keepBits, listBits } from "../bits.ts";

/** What was granted to one grantee on things of one kind that have one list. */
export interface Given {
  readonly kind: ResourceKind;
  readonly resources: readonly Resource[];
  readonly privileges: ReadonlySet<Privilege>;
  readonly grantable: readonly Privilege[];
}

export const SERVER: Resource = { kind: "server", path: [] };
export const ALL_SCHEMAS: Resource = { kind: "all-schemas", path: [] };
/** The name of the schema of the grant tables. */
export const GRANT_TABLES_IN = "mysql";
/** That schema. */
export const GRANT_SCHEMA: Resource = { kind: "schema", path: ["def", GRANT_TABLES_IN] };

const given = new WeakMap<AccessIndex, ReadonlyMap<Grantee, readonly Given[]>>();

/** Everything that is recorded, by grantee in the order of names; PUBLIC is the empty one. Equal lists are looked at once. */
export function givenTo(index: AccessIndex): ReadonlyMap<Grantee, readonly Given[]> {
  let found = given.get(index);
  if (found === undefined) given.set(index, (found = collect(index)));
  return found;
}

function collect({ recorded }: AccessIndex): ReadonlyMap<Grantee, readonly Given[]> {
  const byKind = new Map<ResourceKind, Map<string, Same>>();
  for (const { resource, list } of recorded.holdings.values()) {
    if (list.entries.length === 0) continue;
    let byList = byKind.get(resource.kind);
    if (byList === undefined) byKind.set(resource.kind, (byList = new Map()));
    const known = byList.get(list.id);
    if (known === undefined) byList.set(list.id, { list, resources: [resource] });
    else known.resources.push(resource);
  }
  const found = new Map<Grantee, Given[]>();
  for (const [kind, byList] of byKind) {
    for (const { list, resources } of byList.values()) {
      for (const { grantee, privileges, grantable } of list.entries) {
        const one: Given = { kind, resources, privileges: new Set(privileges), grantable };
        const known = found.get(grantee);
        if (known === undefined) found.set(grantee, [one]);
        else known.push(one);
      }
    }
  }
  return new Map(sorted(found, ([a], [b]) => compareText(a, b)));
}

interface Same {
  readonly list: AccessList;
  readonly resources: Resource[];
}

/** Who was granted a privilege on `*.*`, by name. */
export function granteesOf(index: AccessIndex, place: Resource, privilege: Privilege): readonly Grantee[] {
  const list = index.recorded.holdings.get(resourceKey(place))?.list;
  return (list?.entries ?? []).filter((entry) => entry.privileges.includes(privilege)).map(({ grantee }) => grantee);
}

/** Everybody who holds a privilege on a place without a further statement, roles too; everybody there is, where PUBLIC does. */
export function holders(index: AccessIndex, place: Resource, privilege: Privilege): Bits {
  const { graph } = index;
  const found = index.classes.of(resourceKey(place));
  if (found === undefined) return emptyBits(graph.names.length);
  const set = holdersOf(index, found, index.bits.bit(place.kind, privilege), {});
  return set.everybody ? graph.existing : set.roles;
}

const whole = new WeakMap<AccessIndex, Bits>();

/** Those who hold every privilege that there is on `*.*`, with the right to pass on: nothing is left for them to escalate to. */
export function administratorsOfAll(index: AccessIndex): Bits {
  let found = whole.get(index);
  if (found === undefined) {
    found = index.graph.existing.slice();
    for (const place of [SERVER, ALL_SCHEMAS]) {
      for (const privilege of index.rules.privilegesOf(place.kind)) keepBits(found, holders(index, place, privilege));
    }
    whole.set(index, found);
  }
  return found;
}

/** Whether a name has everything there is. PUBLIC never has: it is no role, and its number -1 is in no set. */
export function hasEverything(index: AccessIndex, name: Grantee): boolean {
  return hasBit(administratorsOfAll(index), index.graph.idOf(name));
}

/** What is held on the server and lets nobody do more than look at how it is. */
const HARMLESS: ReadonlySet<Privilege> = new Set([
  "BINLOG MONITOR",
  "CREATE TABLESPACE",
  "REPLICATION CLIENT",
  "SHOW DATABASES",
  "SLAVE MONITOR",
]);

const powerful = new WeakMap<AccessIndex, Bits>();

/** Those who hold more than the data of single schemas: something on all schemas, a power over the server, or something on the grant tables. */
export function powerfulRoles(index: AccessIndex): Bits {
  let found = powerful.get(index);
  if (found === undefined) {
    found = emptyBits(index.graph.names.length);
    for (const privilege of index.rules.privilegesOf("server")) {
      if (!HARMLESS.has(privilege)) addBits(found, holders(index, SERVER, privilege));
    }
    for (const privilege of index.rules.privilegesOf("all-schemas")) {
      addBits(found, holders(index, ALL_SCHEMAS, privilege));
    }
    for (const { resource } of index.recorded.holdings.values()) {
      if (resource.kind === "dynamic-privilege") addBits(found, holders(index, resource, "USAGE"));
    }
    for (const right of grantTableRights(index)) {
      const id = index.graph.idOf(right.grantee);
      if (id >= 0) index.graph.addHeirs(found, id, null);
    }
    powerful.set(index, found);
  }
  return found;
}

/** What somebody may change in the schema of the grant tables, and where that is recorded. */
export interface GrantTableRight {
  readonly grantee: Grantee;
  readonly privilege: "DELETE" | "INSERT" | "UPDATE";
  readonly place: Resource;
}

/** Tables of which rows are privileges, or code that runs with somebody's. */
const GRANT_TABLES: ReadonlySet<string> = new Set([
  "columns_priv",
  "db",
  "default_roles",
  "event",
  "global_grants",
  "global_priv",
  "proc",
  "procs_priv",
  "proxies_priv",
  "role_edges",
  "roles_mapping",
  "tables_priv",
  "user",
]);
/** Tables of which rows are code that the server loads. */
export const CODE_TABLES: ReadonlySet<string> = new Set(["component", "func", "plugin"]);
const WRITING = ["DELETE", "INSERT", "UPDATE"] as const;

const tableRights = new WeakMap<AccessIndex, readonly GrantTableRight[]>();

/** Who may change the grant tables, or those of native code: by `*.*`, by the schema, by a pattern of names that covers it, or by a table. Sorted by name. */
export function grantTableRights(index: AccessIndex): readonly GrantTableRight[] {
  let found = tableRights.get(index);
  if (found === undefined) {
    found = [...givenTo(index)].flatMap(([grantee, all]) =>
      all.flatMap((one) =>
        WRITING.filter((privilege) => one.privileges.has(privilege)).flatMap((privilege) =>
          possible(one)
            .filter((place) => reaches(index, { grantee, privilege, place }))
            .map((place) => ({ grantee, privilege, place })),
        ),
      ),
    );
    tableRights.set(index, found);
  }
  return found;
}

const inGrantSchema = new WeakMap<readonly Resource[], readonly Resource[]>();

/** Of thousands of tables those of the schema of the grant tables, looked for once for all who have them. */
function possible({ kind, resources }: Given): readonly Resource[] {
  if (kind !== "table" && kind !== "column") return resources;
  let found = inGrantSchema.get(resources);
  if (found === undefined) {
    found = resources.filter(({ path }) => path[1] === GRANT_TABLES_IN);
    inGrantSchema.set(resources, found);
  }
  return found;
}

function reaches(index: AccessIndex, { grantee, privilege, place }: GrantTableRight): boolean {
  const [, schema = "", table = ""] = place.path;
  if (place.kind === "table" || place.kind === "column") {
    return GRANT_TABLES.has(table) || CODE_TABLES.has(table);
  }
  if (place.kind === "all-schemas") return !isRevoked(index, grantee, privilege);
  const isOne = place.kind === "schema" && schema === GRANT_TABLES_IN;
  const covers = place.kind === "schema-pattern" && index.rules.accounts?.covers(schema, GRANT_TABLES_IN) === true;
  // Of several rows that cover the schema one counts.
  return (
    (isOne || covers) &&
    index.rules
      .sources({ grantee, privilege, resource: GRANT_SCHEMA }, index.recorded, index.catalog)
      .some((source) => source.grantee === grantee && resourceKey(source.resource) === resourceKey(place))
  );
}

/** MySQL: a partial revoke keeps what is held on all schemas from this one. It is worked out where it is recorded. */
function isRevoked(index: AccessIndex, grantee: Grantee, privilege: Privilege): boolean {
  const key = resourceKey(GRANT_SCHEMA);
  if (!index.recorded.holdings.has(key)) return false;
  const entries = index.state.holdings.get(key)?.list.entries ?? [];
  return !entries.some((entry) => entry.grantee === grantee && entry.privileges.includes(privilege));
}

/** Whether somebody holds all of several sets at a time: by itself with what is active at login, or after activating one of its roles. */
function togetherIn(index: AccessIndex, sets: readonly HeldBy[], id: number): "effective" | "reachable" | null {
  const { graph } = index;
  if (sets.every((set) => hasBit(set.effective, id))) return "effective";
  const isMany = index.rules.accounts?.activeRoles !== "one";
  const gives = (by: readonly { readonly to: number }[]): boolean =>
    sets.every((set) => hasBit(set.direct, id) || by.some(({ to }) => hasBit(set.effective, to)));
  // What cannot be activated is a role's own role, which it has without a further statement.
  const edges = graph.up[id] ?? [];
  return (isMany ? gives(edges) : edges.some((edge) => gives([edge]))) ? "reachable" : null;
}

/** Who holds something: without a further statement; by a grant to the name itself, or to everybody; and whether everybody does. */
export interface HeldBy {
  readonly effective: Bits;
  readonly direct: Bits;
  readonly everybody: boolean;
}

/** Those who hold all of several sets at a time, by number of role; PUBLIC alone where everybody does. */
export function allTogether(
  index: AccessIndex,
  sets: readonly HeldBy[],
): readonly { readonly name: Grantee; readonly over: "effective" | "reachable" }[] {
  if (sets.every(({ everybody }) => everybody)) return [{ name: PUBLIC, over: "effective" }];
  return listBits(index.graph.existing).flatMap((id) => {
    const over = togetherIn(index, sets, id);
    return over === null ? [] : [{ name: index.graph.names[id] as RoleName, over }];
  });
}

/** Whether what was granted to one name counts for another, at once or after activating a role. */
export function countsFor(index: AccessIndex, grantee: Grantee, name: Grantee): boolean {
  if (everybodys(index).has(grantee)) return true;
  const { graph } = index;
  // What is not there, PUBLIC too, has the number -1, and nobody is its reacher.
  return graph.isReacher(graph.idOf(grantee), graph.idOf(name), null);
}

/** Who holds one of some privileges somewhere: on all schemas, on one, on a pattern of names, on a table or a routine. `own`: not by PUBLIC alone. */
export function heldAnywhere(
  index: AccessIndex,
  privileges: readonly Privilege[],
  options: { readonly own?: true } = {},
): HeldBy {
  const wanted = new Set(privileges);
  const found = nobody(index);
  for (const [grantee, all] of givenTo(index)) {
    if (!all.some((one) => isPlace(one.kind) && [...wanted].some((privilege) => one.privileges.has(privilege))))
      continue;
    if (options.own !== true || !everybodys(index).has(grantee)) addGrantee(index, grantee, found);
  }
  return found;
}

function isPlace(kind: ResourceKind): boolean {
  return kind !== "server" && kind !== "role" && kind !== "dynamic-privilege";
}

/** Who holds one of some privileges, each on its place. */
export function joined(index: AccessIndex, wanted: readonly (readonly [Resource, Privilege])[]): HeldBy {
  const found = nobody(index);
  for (const [place, privilege] of wanted) {
    for (const grantee of granteesOf(index, place, privilege)) addGrantee(index, grantee, found);
  }
  return found;
}

const ofEverybody = new WeakMap<AccessIndex, ReadonlySet<Grantee>>();

/** PUBLIC and what it is a member of: what these hold everybody has. */
function everybodys(index: AccessIndex): ReadonlySet<Grantee> {
  let found = ofEverybody.get(index);
  if (found === undefined) {
    const names = new Set<Grantee>([PUBLIC]);
    for (const name of names) {
      for (const each of index.recorded.memberships.values()) {
        if (each.member === name && each.inherit) names.add(each.role);
      }
    }
    ofEverybody.set(index, (found = names));
  }
  return found;
}

type Gathering = { -readonly [Part in keyof HeldBy]: HeldBy[Part] };

function nobody({ graph }: AccessIndex): Gathering {
  return { effective: emptyBits(graph.names.length), direct: emptyBits(graph.names.length), everybody: false };
}

function addGrantee(index: AccessIndex, grantee: Grantee, gathering: Gathering): void {
  const { graph } = index;
  const { effective, direct } = gathering;
  if (everybodys(index).has(grantee)) {
    gathering.everybody = true;
    addBits(effective, graph.existing);
    addBits(direct, graph.existing);
    return;
  }
  const id = graph.idOf(grantee);
  if (id < 0) return;
  graph.addHeirs(effective, id, null);
  addBit(direct, id);
}
