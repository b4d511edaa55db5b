import { sortedText } from "../../base/order.ts";
import type { AccessEntry, Privilege } from "../../model/access-list.ts";
import type { AccessState, Holding } from "../../model/access-state.ts";
import type { GrantChange } from "../../model/change.ts";
import { databaseOf, resourceKey, tableOf, type Resource, type ResourceKey } from "../../model/resource.ts";
import type { Grantee, RoleName } from "../../model/role.ts";
import { PRIVILEGES } from "./privileges.ts";

/** A change with its index in the plan. */
export interface Indexed<C> {
  readonly index: number;
  readonly change: C;
}

/** What a REVOKE on tables does to the grants on their columns, and what the plan does about it. */
export interface ColumnRepairs {
  /** The grants to make after the REVOKE, in the same transaction, with the changes that they carry out. */
  readonly regrants: readonly { readonly change: GrantChange; readonly indexes: readonly number[] }[];
  /** Removals, by index, that take grants along which others were given by those who lose theirs. */
  readonly cascading: ReadonlySet<number>;
  /** Whether this privilege on a column is cared for by the REVOKE and its repairs, so that no statement of its own is needed. */
  covers(change: GrantChange, column: Resource, privilege: Privilege): boolean;
}

/**
 * A REVOKE on a table also removes the same privileges from the same grantee on each of its columns, and with CASCADE what came from there. What is wanted of that is granted
 * again (planning-and-applying.md, rule A2).
 */
export function columnRepairs(
  changes: readonly Indexed<GrantChange>[],
  held: AccessState,
  wanted: AccessState,
): ColumnRepairs {
  const removals = changes.filter(
    ({ change }) =>
      change.resourceKind === "table" && !change.kind.startsWith("add") && columnPrivileges(change).length > 0,
  );
  const touched = new Set(removals.flatMap(({ change }) => change.resources.map(resourceKey)));
  const columns = columnsOf(touched, [held, wanted]);
  if (columns.size === 0) return { regrants: [], cascading: new Set(), covers: () => false };
  const causes = new Map<string, number>();
  const cascading = new Set<number>();
  const lost = new Map<ResourceKey, Set<string>>();
  const entirely = new Set<string>();
  for (const { index, change } of removals) {
    for (const table of change.resources) {
      for (const column of columns.get(resourceKey(table)) ?? []) {
        const key = resourceKey(column);
        const entries = held.holdings.get(key)?.list.entries ?? [];
        const gone = lost.get(key) ?? new Set();
        lost.set(key, gone);
        const dependents = lose(entries, change, gone);
        if (dependents) cascading.add(index);
        for (const privilege of columnPrivileges(change)) {
          const own = tupleKey(key, change.grantee, change.grantor, privilege);
          causes.set(own, index);
          if (change.kind === "remove-grant") entirely.add(own);
        }
      }
    }
  }
  const additions = additionIndexes(changes);
  const regrants = regrantsOf(wanted, lost, causes, additions, [...cascading]);
  return {
    regrants,
    cascading,
    covers: (change, column, privilege) => {
      const key = resourceKey(column);
      const own = tupleKey(key, change.grantee, change.grantor, privilege);
      if (change.kind.startsWith("add")) return causes.has(own);
      const taken = lost.get(key)?.has(tuple(change.grantee, change.grantor, privilege)) === true;
      // What only lost its option is still there, unless it is a dependent, which went entirely.
      return taken && (change.kind === "remove-grant-option" || entirely.has(own) || !causes.has(own));
    },
  };
}

function columnPrivileges(change: GrantChange): readonly Privilege[] {
  return change.privileges.filter((name) => PRIVILEGES.column.privileges.some((spec) => spec.name === name));
}

function tupleKey(column: ResourceKey, grantee: Grantee, grantor: RoleName, privilege: Privilege): string {
  return `${column}\0\0${tuple(grantee, grantor, privilege)}`;
}

function tuple(grantee: Grantee, grantor: RoleName, privilege: Privilege): string {
  return `${grantee}\0${grantor}\0${privilege}`;
}

function columnsOf(
  tables: ReadonlySet<ResourceKey>,
  states: readonly AccessState[],
): ReadonlyMap<ResourceKey, readonly Resource[]> {
  const columns = new Map<ResourceKey, Map<ResourceKey, Resource>>();
  if (tables.size === 0) return new Map();
  for (const { holdings } of states) {
    for (const [key, { resource }] of holdings) {
      if (resource.kind !== "column") continue;
      const table = resourceKey(tableOf(resource));
      if (!tables.has(table)) continue;
      const known = columns.get(table) ?? new Map<ResourceKey, Resource>();
      columns.set(table, known.set(key, resource));
    }
  }
  return new Map([...columns].map(([table, members]) => [table, [...members.values()]]));
}

/** Notes the tuples of one column that the change takes away; true when some of them are others' grants that depended on it. */
function lose(entries: readonly AccessEntry[], change: GrantChange, gone: Set<string>): boolean {
  let dependents = false;
  for (const privilege of columnPrivileges(change)) {
    const holder = entries.find((e) => e.grantee === change.grantee && e.grantor === change.grantor);
    if (holder === undefined || !holder.privileges.includes(privilege)) continue;
    if (change.kind === "remove-grant-option" && !holder.grantable.includes(privilege)) continue;
    gone.add(tuple(change.grantee, change.grantor, privilege));
    const losers = holder.grantable.includes(privilege) ? [change.grantee] : [];
    // An array that grows while it is walked: those who lose the option lose what they gave.
    for (const loser of losers) {
      const still = entries.some(
        (e) =>
          e.grantee === loser && e.grantable.includes(privilege) && !gone.has(tuple(e.grantee, e.grantor, privilege)),
      );
      if (still) continue;
      for (const entry of entries) {
        if (entry.grantor !== loser || !entry.privileges.includes(privilege)) continue;
        const id = tuple(entry.grantee, entry.grantor, privilege);
        if (gone.has(id)) continue;
        gone.add(id);
        dependents = true;
        if (entry.grantable.includes(privilege)) losers.push(entry.grantee);
      }
    }
  }
  return dependents;
}

function additionIndexes(changes: readonly Indexed<GrantChange>[]): ReadonlyMap<string, readonly number[]> {
  const indexes = new Map<string, number[]>();
  for (const { index, change } of changes) {
    if (change.resourceKind !== "column" || !change.kind.startsWith("add")) continue;
    for (const column of change.resources) {
      for (const privilege of change.privileges) {
        const key = tupleKey(resourceKey(column), change.grantee, change.grantor, privilege);
        indexes.set(key, [...(indexes.get(key) ?? []), index]);
      }
    }
  }
  return indexes;
}

function regrantsOf(
  wanted: AccessState,
  lost: ReadonlyMap<ResourceKey, ReadonlySet<string>>,
  causes: ReadonlyMap<string, number>,
  additions: ReadonlyMap<string, readonly number[]>,
  cascading: readonly number[],
): ColumnRepairs["regrants"] {
  const groups = new Map<string, { change: GrantChange; resources: Resource[]; indexes: Set<number> }>();
  for (const [key, gone] of lost) {
    const holding = wanted.holdings.get(key);
    if (holding === undefined) continue;
    for (const entry of holding.list.entries) {
      for (const privilege of entry.privileges) {
        const id = tupleKey(key, entry.grantee, entry.grantor, privilege);
        const added = additions.get(id) ?? [];
        const cause = causes.get(id);
        const repaired = gone.has(tuple(entry.grantee, entry.grantor, privilege));
        if (!repaired && (cause === undefined || added.length === 0)) continue;
        const indexes = cause === undefined ? [...cascading, ...added] : [cause, ...added];
        addRegrant(groups, holding, entry, privilege, indexes);
      }
    }
  }
  return [...groups.values()].map(({ change, resources, indexes }) => ({
    change: { ...change, resources },
    indexes: [...indexes].sort((a, b) => a - b),
  }));
}

function addRegrant(
  groups: Map<string, { change: GrantChange; resources: Resource[]; indexes: Set<number> }>,
  { resource }: Holding,
  { grantee, grantor, grantable }: AccessEntry,
  privilege: Privilege,
  indexes: readonly number[],
): void {
  const option = grantable.includes(privilege);
  const key = `${databaseOf(resource) ?? ""}\0${tuple(grantee, grantor, privilege)}\0${String(option)}\0${indexes.join(",")}`;
  const known = groups.get(key);
  if (known !== undefined) {
    known.resources.push(resource);
    for (const index of indexes) known.indexes.add(index);
    return;
  }
  const change: GrantChange = {
    kind: "add-grant",
    resourceKind: "column",
    database: databaseOf(resource),
    resources: [],
    privileges: sortedText([privilege]),
    grantee,
    grantor,
    grantable: option,
  };
  groups.set(key, { change, resources: [resource], indexes: new Set(indexes) });
}
