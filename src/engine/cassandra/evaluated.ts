import { compareText } from "../../base/order.ts";
import {
  type AccessEntry,
  type AccessList,
  NOBODY,
  normalAccessList,
  type Privilege,
} from "../../model/access-list.ts";
import type { AccessState, Holding } from "../../model/access-state.ts";
import type { Catalog, CatalogEntry } from "../../model/catalog.ts";
import { type Resource, type ResourceKey, resourceKey } from "../../model/resource.ts";
import type { Grantee } from "../../model/role.ts";
import { coversMbean } from "./mbean-patterns.ts";
import { SharedEntries } from "./normalize.ts";

/** Which keyspaces what is held on all keyspaces counts in: of the server's own ones only before CVE-2025-23015 was mended. */
export type AllCovers = "every keyspace" | "keyspaces of people";

/** The server's own: https://cassandra.apache.org/doc/latest/cassandra/managing/operating/virtualtables.html and SchemaConstants. */
const OWN: ReadonlySet<string> = new Set([
  "system",
  "system_auth",
  "system_cluster_metadata",
  "system_distributed",
  "system_metrics",
  "system_schema",
  "system_traces",
  "system_views",
  "system_virtual_schema",
]);

interface EvaluationRules {
  readonly privilegesOf: (kind: Resource["kind"]) => readonly Privilege[];
  readonly allCovers: AllCovers;
}

/**
 * The state with what is held higher up written out for each resource: the server allows something when a role holds it at any link of the chain from the table to all keyspaces, from the function to all functions, from the role
 * to all roles. A materialized view is read with SELECT on its table, and with nothing else.
 */
export function evaluate(
  state: AccessState,
  catalog: Catalog,
  { privilegesOf, allCovers }: EvaluationRules,
): AccessState {
  const composed = new Map<string, AccessList>();
  const entries = new SharedEntries();
  const patterns = mbeanPatterns(state);
  const holdings = new Map<ResourceKey, Holding>();
  const recorded = (resource: Resource): AccessList => state.holdings.get(resourceKey(resource))?.list ?? NOBODY;
  const known = (key: string, make: () => AccessList): AccessList => {
    let list = composed.get(key);
    if (list === undefined) composed.set(key, (list = make()));
    return list;
  };
  const coverOf = (kind: Resource["kind"], covering: readonly AccessList[]): AccessList => {
    const lists = covering.filter((list) => list.entries.length > 0);
    if (lists.length === 0) return NOBODY;
    const key = `${kind} ${lists.map((list) => list.id).join(" ")}`;
    return known(key, () => cover(lists, privilegesOf(kind), entries));
  };
  const join = (own: AccessList, above: AccessList): AccessList => {
    if (above.entries.length === 0) return own;
    if (own.entries.length === 0) return above;
    return known(`${own.id} ${above.id}`, () => union(own, above, entries));
  };
  const compose = (resource: Resource): AccessList => {
    const [own = NOBODY, ...covering] = coveringChain(resource, patterns, allCovers).map(recorded);
    return join(own, coverOf(resource.kind, covering));
  };
  const evaluateOne = (resource: Resource, entry: CatalogEntry | undefined): AccessList => {
    const own = compose(resource);
    if (entry?.readThrough === undefined) return own;
    const base = compose(entry.readThrough);
    return known(`view ${own.id} ${base.id}`, () => readThrough(own, base, entries));
  };
  for (const [key, holding] of state.holdings) {
    holdings.set(key, { ...holding, list: evaluateOne(holding.resource, catalog.entries.get(key)) });
  }
  return { ...state, holdings };
}

/** The resource and what covers it, the narrowest first. */
export function coveringChain(
  resource: Resource,
  patterns: readonly Resource[],
  allCovers: AllCovers,
): readonly Resource[] {
  const chain = wholeChain(resource, patterns);
  const isApart = allCovers === "keyspaces of people" && OWN.has(resource.path[1] ?? "");
  return isApart ? chain.filter(({ kind }) => kind !== "all-schemas") : chain;
}

function wholeChain(resource: Resource, patterns: readonly Resource[]): readonly Resource[] {
  const { kind, path } = resource;
  const keyspace = path.slice(0, 2);
  const allSchemas: Resource = { kind: "all-schemas", path: [] };
  const schema: Resource = { kind: "schema", path: keyspace };
  const allRoutines: Resource = { kind: "all-routines", path: [] };
  if (kind === "table") return [resource, { kind: "schema-tables", path: keyspace }, schema, allSchemas];
  if (kind === "schema-tables") return [resource, schema, allSchemas];
  if (kind === "schema") return [resource, allSchemas];
  if (kind === "routine") return [resource, { kind: "schema-routines", path: keyspace }, allRoutines];
  if (kind === "schema-routines") return [resource, allRoutines];
  if (kind === "role") return [resource, { kind: "all-roles", path: [] }];
  if (kind === "mbean") {
    const covering = patterns.filter(
      (each) => each.path[0] !== path[0] && coversMbean(each.path[0] ?? "", path[0] ?? ""),
    );
    return [resource, ...covering, { kind: "all-mbeans", path: [] }];
  }
  return [resource];
}

/** The MBeans that something is granted on by a pattern. */
export function mbeanPatterns(state: AccessState): readonly Resource[] {
  return Array.from(state.holdings.values(), (holding) => holding.resource).filter(
    ({ kind, path }) => kind === "mbean" && /[*?]/u.test(path[0] ?? ""),
  );
}

/** What means something on a kind of what is held above it. */
function cover(lists: readonly AccessList[], known: readonly Privilege[], entries: SharedEntries): AccessList {
  const held = new Map<Grantee, Set<Privilege>>();
  for (const { grantee, privileges } of lists.flatMap((list) => list.entries)) {
    const counts = privileges.filter((name) => known.includes(name));
    if (counts.length === 0) continue;
    const set = held.get(grantee);
    if (set === undefined) held.set(grantee, new Set(counts));
    else for (const name of counts) set.add(name);
  }
  return listOfHeld(held, entries);
}

/** What is recorded on the resource itself, which stays as it is, and what covers it. */
function union(own: AccessList, above: AccessList, entries: SharedEntries): AccessList {
  const found = new Map(above.entries.map((entry) => [entry.grantee, entry]));
  for (const entry of own.entries) {
    const covering = found.get(entry.grantee);
    const both = [...entry.privileges, ...(covering?.privileges ?? [])];
    found.set(entry.grantee, covering === undefined ? entry : entries.of(entry.grantee, both));
  }
  return listOf(found.values());
}

/** The list of a view: SELECT is what is held on its table. */
function readThrough(own: AccessList, base: AccessList, entries: SharedEntries): AccessList {
  const held = new Map<Grantee, Set<Privilege>>();
  const add = (grantee: Grantee, names: readonly Privilege[]): void => {
    if (names.length > 0) held.set(grantee, new Set([...(held.get(grantee) ?? []), ...names]));
  };
  for (const { grantee, privileges } of own.entries) {
    add(
      grantee,
      privileges.filter((name) => name !== "SELECT"),
    );
  }
  for (const { grantee, privileges } of base.entries) if (privileges.includes("SELECT")) add(grantee, ["SELECT"]);
  return listOfHeld(held, entries);
}

function listOfHeld(held: ReadonlyMap<Grantee, ReadonlySet<Privilege>>, entries: SharedEntries): AccessList {
  return listOf(Array.from(held, ([grantee, set]) => entries.of(grantee, set)));
}

function listOf(entries: Iterable<AccessEntry>): AccessList {
  return normalAccessList([...entries].sort((a, b) => compareText(a.grantee, b.grantee)));
}
