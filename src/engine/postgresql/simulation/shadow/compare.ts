import { canonicalJson } from "../../../../base/digest.ts";
import type { AccessState } from "../../../../model/access-state.ts";
import {
  databaseOf,
  describeName,
  describeTyped,
  type Resource,
  type ResourceKey,
  resourceKey,
  type ResourceKind,
  tableOf,
} from "../../../../model/resource.ts";
import type { Snapshot } from "../../../../model/snapshot.ts";
import type { ShadowGap } from "../../../simulation.ts";
import type { DatabaseRows } from "./read-target.ts";

/** What of a target a shadow is meant to have. */
export interface Mirrored {
  /** Roles, databases and settings of other people are there too, and mean nothing. @default false */
  readonly beside?: boolean;
  has(resource: Resource): boolean;
}

/** Everything of the databases that were read. */
export function everything(live: Snapshot): Mirrored {
  const databases = new Set(live.identity.databases);
  return {
    has(resource) {
      const database = databaseOf(resource);
      return database === null || databases.has(database);
    },
  };
}

/** The keys of what was chosen of each database. */
export function chosenKeys(databases: readonly DatabaseRows[]): ReadonlySet<ResourceKey> {
  const kept = new Set<ResourceKey>();
  for (const rows of databases) {
    const keep = (kind: ResourceKind, ...path: readonly string[]): void => {
      kept.add(resourceKey({ kind, path: [rows.database, ...path] }));
    };
    for (const [, schema, name] of rows.relations) keep("table", schema, name);
    for (const [, schema, name] of rows.sequences) keep("sequence", schema, name);
    for (const [, schema, name] of rows.types) keep("type", schema, name);
    for (const [, schema, name, , , inputs] of rows.routines) keep("routine", schema, name, inputs);
    for (const [, schema, name, , inputs] of rows.aggregates) keep("routine", schema, name, inputs);
    for (const [, name] of rows.languages) keep("language", name);
    for (const name of ["internal", "c", "sql"]) keep("language", name);
    for (const [, name] of rows.wrappers) keep("foreign-data-wrapper", name);
    for (const [catalog, , , name] of rows.early) if (catalog === "pg_foreign_server") keep("foreign-server", name);
    for (const [oid] of rows.largeObjects) keep("large-object", oid);
  }
  return kept;
}

/** What was chosen, and what the server itself has; of the other kinds everything. */
export function chosen(live: Snapshot, kept: ReadonlySet<ResourceKey>): Mirrored {
  const all = everything(live);
  return {
    has(resource) {
      if (!all.has(resource)) return false;
      if (databaseOf(resource) === null || resource.kind === "schema") return true;
      const key = resource.kind === "column" ? resourceKey(tableOf(resource)) : resourceKey(resource);
      return kept.has(key) || live.catalog.entries.get(resourceKey(resource))?.system === true;
    },
  };
}

/** Every difference between what is granted on the target and on its shadow, as a gap by the name of what differs. */
export function differences(live: AccessState, shadow: AccessState, mirrored: Mirrored): ShadowGap[] {
  const gaps: ShadowGap[] = [];
  const compare = <K extends string, V>(
    [here, there]: readonly [ReadonlyMap<K, V>, ReadonlyMap<K, V>],
    describe: (value: V) => string | null,
    same: (a: V, b: V) => boolean,
  ): void => {
    for (const key of new Set([...here.keys(), ...there.keys()])) {
      const [a, b] = [here.get(key), there.get(key)];
      if (a !== undefined && b !== undefined && same(a, b)) continue;
      const name = describe((a ?? b) as V);
      if (name === null || (a === undefined && isBeside(b))) continue;
      const reason =
        b === undefined
          ? "it is not on the shadow"
          : a === undefined
            ? "it is on the shadow alone"
            : "its access differs on the shadow";
      gaps.push({ name, reason });
    }
  };
  const isBeside = (value: unknown): boolean => {
    if (mirrored.beside !== true) return false;
    const { resource } = value as { readonly resource?: Resource };
    return resource === undefined
      ? !("table" in (value as object) || "creator" in (value as object))
      : databaseOf(resource) === null;
  };
  const equal = (a: unknown, b: unknown): boolean => canonicalJson(plain(a)) === canonicalJson(plain(b));
  compare([live.roles, shadow.roles], (role) => `role ${describeName(role.name)}`, equal);
  compare([live.memberships, shadow.memberships], (one) => `role ${describeName(one.role)}`, equal);
  compare(
    [live.holdings, shadow.holdings],
    ({ resource }) => (mirrored.has(resource) ? describeTyped(resource) : null),
    (a, b) => a.owner === b.owner && a.list.id === b.list.id && equal(a.rowSecurity, b.rowSecurity),
  );
  compare(
    [live.defaultPrivileges, shadow.defaultPrivileges],
    (one) =>
      mirrored.has({ kind: "database", path: [one.database] })
        ? `default privileges of ${describeName(one.creator)}`
        : null,
    (a, b) => a.list.id === b.list.id,
  );
  compare(
    [live.rowPolicies, shadow.rowPolicies],
    ({ table }) => (mirrored.has(table) ? describeTyped(table) : null),
    equal,
  );
  return gaps;
}

function plain(value: unknown): Parameters<typeof canonicalJson>[0] {
  return JSON.parse(JSON.stringify(value ?? null)) as Parameters<typeof canonicalJson>[0];
}

/** One gap a name: the first reason that was given stands, because what follows from it says less. Sorted by name. */
export function sortedGaps(gaps: readonly ShadowGap[]): readonly ShadowGap[] {
  const byName = new Map<string, ShadowGap>();
  for (const gap of gaps) if (!byName.has(gap.name)) byName.set(gap.name, gap);
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
