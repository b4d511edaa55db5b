import { createHash } from "node:crypto";
import { canonicalJson, type Digest, digestText } from "../base/digest.ts";
import { compareText, sortedText } from "../base/order.ts";
import type { AccessState, Holding } from "./access-state.ts";
import {
  databaseOf,
  describeName,
  describeResource,
  isUnnamed,
  type Resource,
  resourceKey,
  schemaOf,
} from "./resource.ts";
import { PUBLIC, type RoleName } from "./role.ts";

/** States with at most so many resources name each of them in their sections; larger ones name schemas, so that a plan stays small. */
const FINE_RESOURCES = 500;

/** The digest of a whole AccessState: equal exactly when the states are. */
export function fingerprint(access: AccessState): Digest {
  return digestSections(coarseSections(access));
}

/**
 * The state in named parts, each with a digest, so that a stale plan can say what moved. Small states have a part for each resource, large ones for each schema.
 * The names are the ones that people read.
 */
export function sections(access: AccessState): Record<string, string> {
  return sectionsOf(access, access.holdings.size <= FINE_RESOURCES);
}

/** The names of the sections in which a state differs from the one that a plan was made from, sorted; empty when nothing moved. */
export function movedBetween(basis: Readonly<Record<string, string>>, now: AccessState): string[] {
  // The basis decides how fine the comparison is: the state may have grown past the border since.
  const fine = !Object.keys(basis).some((name) => name.startsWith("objects in "));
  const current = sectionsOf(now, fine);
  return sortedText([...Object.keys(basis), ...Object.keys(current)]).filter((name) => basis[name] !== current[name]);
}

function sectionsOf(access: AccessState, fine: boolean): Record<string, string> {
  const parts = coarseSections(access);
  const named = namesDatabases(access);
  if (fine) {
    for (const name of parts.keys()) if (name.startsWith("objects in ")) parts.delete(name);
    for (const [key, holding] of access.holdings) {
      const kind = holding.resource.kind;
      const database = databaseOf(holding.resource);
      const where = database === null || !named ? "" : ` in database ${describeName(database)}`;
      const name = `${isUnnamed(kind) ? "" : `${kind} `}${describeResource(holding.resource)}${where}`;
      parts.set(name, (parts.get(name) ?? "") + holdingText(key, holding));
    }
  }
  const digests: Record<string, string> = {};
  for (const name of [...parts.keys()].sort(compareText))
    digests[name] = digestText(parts.get(name) ?? "").slice(7, 39);
  return digests;
}

function digestSections(parts: ReadonlyMap<string, string>): Digest {
  const hash = createHash("sha256");
  for (const name of [...parts.keys()].sort(compareText)) hash.update(`${name}\0\0${parts.get(name) ?? ""}\0\0\0`);
  return `sha256:${hash.digest("hex")}`;
}

const ALL_SCHEMAS = resourceKey({ kind: "all-schemas", path: [] });

/** Whether the state is of an engine with databases above the schemas. Others keep everything in one that is never shown, and have a resource that stands for all schemas of it, always. */
function namesDatabases(access: AccessState): boolean {
  return !access.holdings.has(ALL_SCHEMAS);
}

/** The canonical text of each section. Text of one section never depends on another one. */
function coarseSections(access: AccessState): Map<string, string> {
  const named = namesDatabases(access);
  const parts = new Map<string, string[]>();
  const add = (name: string, line: string): void => {
    const lines = parts.get(name);
    if (lines === undefined) parts.set(name, [line]);
    else lines.push(line);
  };
  for (const role of access.roles.values()) {
    const settings = role.settings.map((setting) => ({ ...setting }));
    add(
      `role ${describeRole(role.name)}`,
      canonicalJson({ name: role.name, origin: role.origin, attributes: role.attributes, settings }),
    );
  }
  for (const membership of access.memberships.values()) {
    add(`members of ${describeRole(membership.role)}`, canonicalJson({ ...membership }));
  }
  const placeOf = places(named);
  for (const [key, holding] of access.holdings) add(placeOf(holding.resource), holdingText(key, holding));
  for (const entry of access.defaultPrivileges.values()) {
    const { creator, database, schema, kind, list } = entry;
    add(
      `default privileges of ${describeRole(creator)}${named ? ` in database ${describeName(database)}` : ""}`,
      canonicalJson({ creator, database, schema, kind, list: list.id }),
    );
  }
  for (const policy of access.rowPolicies.values()) {
    const { table, name, command, permissive, roles, using, check } = policy;
    const text = canonicalJson({ table: table.path, name, command, permissive, roles, using, check });
    add(`row policies on ${describeResource(table)} in database ${describeName(table.path[0] ?? "")}`, text);
  }
  return new Map([...parts].map(([name, lines]) => [name, lines.sort(compareText).join("\n")]));
}

function holdingText(key: string, holding: Holding): string {
  const { enabled = false, forced = false } = holding.rowSecurity ?? {};
  const owner = holding.owner === null ? "\0" : holding.owner;
  return `${key}\0\0${owner}\0\0${holding.list.id}${enabled ? "e" : ""}${forced ? "f" : ""}`;
}

/** The section of each resource. Most follow another one of the same schema, and then nothing is put together anew. */
function places(named: boolean): (resource: Resource) => string {
  let last: { readonly database: string | null; readonly schema: string | null; readonly name: string } | undefined;
  return (resource) => {
    const [database, schema] = [databaseOf(resource), schemaOf(resource)];
    if (last === undefined || last.database !== database || last.schema !== schema) {
      last = { database, schema, name: placeName(database, schema, named) };
    }
    return last.name;
  };
}

function placeName(database: string | null, schema: string | null, named: boolean): string {
  if (!named) return schema === null ? "objects in no schema" : `objects in schema ${describeName(schema)}`;
  if (database === null) return "objects in the cluster";
  const inDatabase = `database ${describeName(database)}`;
  return schema === null ? `objects in ${inDatabase}` : `objects in schema ${describeName(schema)} of ${inDatabase}`;
}

function describeRole(role: RoleName): string {
  return role === PUBLIC ? "PUBLIC" : describeName(role);
}
