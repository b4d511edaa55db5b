import type { Privilege } from "../../model/access-list.ts";
import {
  databaseOf,
  describeName,
  describeResource,
  isUnnamed,
  schemaOf,
  type Resource,
  type ResourceKind,
} from "../../model/resource.ts";
import { PUBLIC, type Grantee } from "../../model/role.ts";
import { escapeHostile } from "../output/escape.ts";

/** A grantee as people read it: a role's name, or everybody. A role that happens to be called `public` is quoted, so it cannot be taken for everybody. */
export function describeGrantee(grantee: Grantee): string {
  if (grantee === PUBLIC) return "everybody (public)";
  return grantee.toLowerCase() === "public" ? `"${grantee}"` : describeName(grantee);
}

const PLURALS: Readonly<Record<ResourceKind, string>> = {
  server: "servers",
  "all-schemas": "all schemas",
  "all-routines": "all routines",
  "all-roles": "all roles",
  "all-mbeans": "all MBeans",
  "dynamic-privilege": "dynamic privileges",
  role: "roles",
  mbean: "MBeans",
  "schema-pattern": "schema patterns",
  "schema-tables": "all tables of schemas",
  "schema-routines": "all routines of schemas",
  database: "databases",
  tablespace: "tablespaces",
  parameter: "parameters",
  schema: "schemas",
  language: "languages",
  "foreign-data-wrapper": "foreign data wrappers",
  "foreign-server": "foreign servers",
  type: "types",
  routine: "routines",
  sequence: "sequences",
  table: "tables",
  column: "columns",
  "large-object": "large objects",
};

export function pluralKind(kind: ResourceKind): string {
  return PLURALS[kind];
}

/** A kind before the name of one thing; tables and columns need no word, since that is what most things are. */
function singularKind(kind: ResourceKind): string {
  if (kind === "table" || kind === "column" || kind === "routine" || kind === "large-object") return "";
  if (isUnnamed(kind)) return "";
  if (kind === "schema-tables") return "all tables in ";
  if (kind === "schema-routines") return "all routines in ";
  if (kind === "schema-pattern") return "schemas like ";
  if (kind === "mbean") return "MBean ";
  return `${kind.replaceAll("-", " ")} `;
}

/** Privileges in lower case, as in SQL that people write: `select, insert`. */
export function describePrivileges(privileges: readonly Privilege[]): string {
  return privileges.map((privilege) => privilege.toLowerCase()).join(", ");
}

/** What is printed of resources: up to three by name, then a count: `sales.orders`, `14 tables in sales`, `3 columns of sales.customers (id, name, city)`. */
export function describeResources(
  resources: readonly Resource[],
  options: { readonly database?: string | null; readonly most?: number } = {},
): string {
  const [first] = resources;
  if (first === undefined) return "nothing";
  const database = databaseOf(first);
  const where =
    options.database === undefined || database === null || database === options.database
      ? ""
      : ` (database ${describeName(database)})`;
  if (first.kind === "column") return describeColumns(resources) + where;
  if (resources.length <= (options.most ?? 1))
    return `${singularKind(first.kind)}${resources.map(nameOf).join(", ")}${where}`;
  const schemas = [...new Set(resources.map((resource) => (resource.kind === "schema" ? null : schemaOf(resource))))];
  const named = schemas.filter((schema) => schema !== null).map(describeName);
  const within =
    named.length === 0 ? "" : named.length <= 3 ? ` in ${named.join(", ")}` : ` in ${named.length} schemas`;
  if (within === "" && resources.length <= 5)
    return `${pluralKind(first.kind)} ${resources.map(nameOf).join(", ")}${where}`;
  return `${thousands(resources.length)} ${pluralKind(first.kind)}${within}${where}`;
}

/** One resource in full, with its kind where the name alone would not tell. */
export function describeOne(resource: Resource): string {
  return `${singularKind(resource.kind)}${nameOf(resource)}`;
}

function nameOf(resource: Resource): string {
  return escapeHostile(describeResource(resource));
}

function describeColumns(columns: readonly Resource[]): string {
  const tables = new Map<string, string[]>();
  for (const column of columns) {
    const table = describeResource({ kind: "table", path: column.path.slice(0, 3) });
    const names = tables.get(table) ?? [];
    tables.set(table, [...names, describeName(column.path[3] ?? "")]);
  }
  if (tables.size > 3) return `${thousands(columns.length)} columns of ${thousands(tables.size)} tables`;
  return [...tables]
    .map(([table, names]) => `${table} (${names.length <= 8 ? names.join(", ") : `${names.length} columns`})`)
    .join(", ");
}

/** 1182 as `1,182`. */
export function thousands(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 role`, `2 roles`; an irregular plural is given. */
export function counted(count: number, singular: string, plural: string = `${singular}s`): string {
  return `${thousands(count)} ${count === 1 ? singular : plural}`;
}

/** Names in a row, the rest counted. */
export function listNames(names: readonly string[], most: number): string {
  if (names.length <= most) return names.join(", ");
  return `${names.slice(0, most).join(", ")} and ${thousands(names.length - most)} more`;
}
