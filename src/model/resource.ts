import { compareParts } from "../base/order.ts";

/**
 * The kinds of thing that privileges are held on. PostgreSQL's words; another engine adds its own here. What MySQL calls a database and Cassandra a keyspace is a `schema`.
 * `table` covers every relation with rows (ordinary and partitioned tables, views, materialized views, foreign tables): they share
 * privileges, default privileges and grant syntax. `routine` covers functions, procedures, aggregates; `type` covers domains.
 * What exactly it is stands in the Catalog as `form`.
 */
export const RESOURCE_KINDS = [
  "server",
  "all-schemas",
  "all-routines",
  "all-roles",
  "all-mbeans",
  "dynamic-privilege",
  "role",
  "mbean",
  "database",
  "tablespace",
  "parameter",
  "schema-pattern",
  "schema",
  "schema-tables",
  "schema-routines",
  "language",
  "foreign-data-wrapper",
  "foreign-server",
  "type",
  "routine",
  "sequence",
  "table",
  "column",
  "large-object",
] as const;

export type ResourceKind = (typeof RESOURCE_KINDS)[number];

/**
 * One thing that privileges are held on. `path` holds exact names as the catalog has them, never folded or quoted:
 *
 * | kind | path |
 * |---|---|
 * | server (what is about the server itself), all-schemas, all-routines, all-roles, all-mbeans | nothing: there is one |
 * | database, tablespace, parameter, role, mbean, dynamic-privilege | name (shared by the cluster) |
 * | schema, schema-pattern, schema-tables, schema-routines, language, foreign-data-wrapper, foreign-server | database, name (of the schema; of a pattern as the server keeps it) |
 * | table, sequence, type | database, schema, name |
 * | routine | database, schema, name, input types as `integer, text`; MySQL, which has none: `function` or `procedure` |
 * | column | database, schema, table, column |
 * | large-object | database, object id in decimal |
 *
 * An engine without databases of its own above the schemas puts everything into a single one with a fixed name, which is never shown (`Capabilities.databases` is `one`).
 */
export interface Resource {
  readonly kind: ResourceKind;
  readonly path: readonly string[];
}

/** A Resource as a map key. Names cannot hold NUL, so parts joined by it are unambiguous. */
export type ResourceKey = string & { readonly __brand: "ResourceKey" };

export function resourceKey(resource: Resource): ResourceKey {
  return `${resource.kind}\0${resource.path.join("\0")}` as ResourceKey;
}

/** The kinds of which there is one, and what people call it. */
const UNNAMED: ReadonlyMap<ResourceKind, string> = new Map([
  ["server", "the server"],
  ["all-schemas", "all schemas"],
  ["all-routines", "all routines"],
  ["all-roles", "all roles"],
  ["all-mbeans", "all MBeans"],
]);

/** Whether there is only one of the kind, so that it has no name. */
export function isUnnamed(kind: ResourceKind): boolean {
  return UNNAMED.has(kind);
}

const SHARED: ReadonlySet<ResourceKind> = new Set([
  ...UNNAMED.keys(),
  "dynamic-privilege",
  "role",
  "mbean",
  "database",
  "tablespace",
  "parameter",
]);

/** Whether resources of this kind are shared by the whole cluster: their path names no database. */
export function isShared(kind: ResourceKind): boolean {
  return SHARED.has(kind);
}

/** The database that a Resource lives in, or null for one that the whole cluster shares. */
export function databaseOf(resource: Resource): string | null {
  return SHARED.has(resource.kind) ? null : (resource.path[0] ?? null);
}

const IN_SCHEMA: ReadonlySet<ResourceKind> = new Set([
  "schema-tables",
  "schema-routines",
  "type",
  "routine",
  "sequence",
  "table",
  "column",
]);

/** The schema that a Resource lives in (a schema lives in itself), or null where there is none. */
export function schemaOf(resource: Resource): string | null {
  return IN_SCHEMA.has(resource.kind) || resource.kind === "schema" ? (resource.path[1] ?? null) : null;
}

/** The table of a column. */
export function tableOf(column: Resource): Resource {
  return { kind: "table", path: column.path.slice(0, 3) };
}

const KIND_ORDER: ReadonlyMap<ResourceKind, number> = new Map(RESOURCE_KINDS.map((kind, index) => [kind, index]));

/** Shared kinds first, then by kind as in `RESOURCE_KINDS`, then by path. */
export function compareResources(a: Resource, b: Resource): number {
  if (a.kind !== b.kind) return (KIND_ORDER.get(a.kind) ?? 0) - (KIND_ORDER.get(b.kind) ?? 0);
  return compareParts(a.path, b.path);
}

/**
 * A Resource as people read it: `sales.orders`, `sales.orders.card_number`, `sales.total(integer, text)`. The database is left out, since it stands
 * in the heading. A part that could be misread (a dot, a space, a quote, upper case is fine) is double-quoted.
 */
export function describeResource(resource: Resource): string {
  const unnamed = UNNAMED.get(resource.kind);
  if (unnamed !== undefined) return unnamed;
  if (resource.kind === "role") return describeName(resource.path[0] ?? "");
  const names = databaseOf(resource) === null ? resource.path : resource.path.slice(1);
  if (resource.kind === "large-object") return `large object ${names[0] ?? ""}`;
  if (resource.kind === "routine") return `${names.slice(0, 2).map(describePart).join(".")}(${names[2] ?? ""})`;
  return names.map(describePart).join(".");
}

/** The same with its kind in front: `table sales.orders`; what there is one of says it by itself: `all schemas`. */
export function describeTyped(resource: Resource): string {
  const name = describeResource(resource);
  if (resource.kind === "schema-tables") return `all tables in ${name}`;
  if (resource.kind === "schema-routines") return `all routines in ${name}`;
  return isUnnamed(resource.kind) || resource.kind === "large-object" ? name : `${resource.kind} ${name}`;
}

/** A name as people read it: bare when it is unmistakable, double-quoted when not; control characters are escaped. */
export function describeName(name: string): string {
  return ACCOUNT.test(name) ? name : describePart(name);
}

/** A login with the host that it comes from, or an address of mail: `app@%`, `app@10.0.0.%`, `ana@example.com`. */
const ACCOUNT = /^[\p{L}_][\p{L}\p{N}_.$-]*@[\p{L}\p{N}_.%:-]*[\p{L}\p{N}%]$/u;

/** One part of a dotted name. */
function describePart(name: string): string {
  if (/^[\p{L}_][\p{L}\p{N}_$@-]*$/u.test(name)) return name;
  // oxlint-disable-next-line no-control-regex -- control and bidirectional characters are what must not reach a terminal
  const visible = name.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu, (c) => {
    return `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`;
  });
  return `"${visible.replaceAll('"', '""')}"`;
}
