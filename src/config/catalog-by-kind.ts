import { compareParts } from "../base/order.ts";
import type { CatalogEntry } from "../model/catalog.ts";
import {
  isShared,
  type Resource,
  resourceKey,
  type ResourceKey,
  type ResourceKind,
  tableOf,
} from "../model/resource.ts";
import type { Role, RoleName } from "../model/role.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { StateRules } from "../model/state-rules.ts";
import { nameParts } from "./kind-words.ts";

/** Things by the schema that they are named in; the empty name for those without one. */
export type Schemas = ReadonlyMap<string, readonly CatalogEntry[]>;

/** What a manifest can name, by kind and database (the empty name for what the cluster shares), and the keys of what the catalog itself has. */
export interface CatalogByKind {
  readonly kinds: ReadonlyMap<ResourceKind, ReadonlyMap<string, Schemas>>;
  readonly keys: ReadonlyMap<Resource, ResourceKey>;
}

export interface NamedThings {
  /** As they should be: a role can be what a line is about before it exists. */
  readonly roles: ReadonlyMap<RoleName, Role>;
  readonly rules: StateRules;
}

/** Kinds whose names are those of schemas. */
export const LIKE_SCHEMAS: ReadonlySet<ResourceKind> = new Set(["schema", "schema-tables", "schema-routines"]);

/** The catalog of a target, with roles and with what is there along with a schema, where the server grants on those. Each place sorted. */
export function catalogByKind(live: Snapshot, things: NamedThings): CatalogByKind {
  const kinds = new Map<ResourceKind, Map<string, Map<string, CatalogEntry[]>>>();
  const keys = new Map<Resource, ResourceKey>();
  const lost = new Map<ResourceKey, Resource>();
  const add = (entry: CatalogEntry): void => {
    const { kind, path } = entry.resource;
    const databases = getOrMake(kinds, kind, () => new Map<string, Map<string, CatalogEntry[]>>());
    const database = isShared(kind) ? "" : (path[0] ?? "");
    const schemas = getOrMake(databases, database, () => new Map<string, CatalogEntry[]>());
    getOrMake(schemas, nameParts(kind) === 2 ? (path[1] ?? "") : "", () => []).push(entry);
  };
  for (const [key, entry] of live.catalog.entries) {
    const { resource } = entry;
    keys.set(resource, key);
    // Roles are those that there will be, and whatever else something is granted on as on a role.
    if (resource.kind === "role" && live.access.roles.has(resource.path[0] ?? "")) continue;
    if (resource.kind !== "column") add(entry);
    else for (const table of lostTable(resource, live)) lost.set(resourceKey(table), table);
    if (resource.kind === "schema") for (const along of withSchema(entry, live, things.rules)) add(along);
  }
  for (const resource of lost.values()) add({ resource, missing: true });
  for (const role of rolesAsThings(live, things)) add(role);
  for (const databases of kinds.values()) {
    for (const schemas of databases.values()) {
      for (const entries of schemas.values()) entries.sort((a, b) => compareParts(a.resource.path, b.resource.path));
    }
  }
  return { kinds, keys };
}

/** The table of a column on which something is granted, where the catalog has none of that name (any more). */
function lostTable(column: Resource, live: Snapshot): readonly Resource[] {
  const table = tableOf(column);
  return live.catalog.entries.has(resourceKey(table)) ? [] : [table];
}

/** All tables, and all routines, of a schema: things of their own on some servers, which are there with the schema. */
function withSchema(schema: CatalogEntry, live: Snapshot, rules: StateRules): readonly CatalogEntry[] {
  return (["schema-tables", "schema-routines"] as const).flatMap((kind): readonly CatalogEntry[] => {
    const resource: Resource = { kind, path: schema.resource.path };
    if (rules.privilegesOf(kind).length === 0 || live.catalog.entries.has(resourceKey(resource))) return [];
    return [{ ...schema, resource }];
  });
}

function rolesAsThings(live: Snapshot, { roles, rules }: NamedThings): readonly CatalogEntry[] {
  if (rules.privilegesOf("role").length === 0) return [];
  return [...roles.values()].map(({ name, origin }): CatalogEntry => {
    const resource: Resource = { kind: "role", path: [name] };
    const known = live.catalog.entries.get(resourceKey(resource));
    if (known !== undefined) return known;
    return origin === "user" ? { resource } : { resource, system: true };
  });
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
