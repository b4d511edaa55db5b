import type { AccessState } from "../../../../model/access-state.ts";
import type { RoleName } from "../../../../model/role.ts";
import type { Snapshot } from "../../../../model/snapshot.ts";
import { type Resource, type ResourceKey, resourceKey } from "../../../../model/resource.ts";
import type { Session, Value } from "../../client.ts";
import { CODE, isServerError } from "../../errors.ts";
import { DATABASE } from "../../resource-names.ts";
import { cassandraAccessRules } from "../../semantics.ts";
import { allCoversOwn, seriesOf } from "../../version.ts";

const INDEXES = "select keyspace_name, table_name, index_name from system_schema.indexes";
/** 5.0 and later: columns that are shown masked. */
const MASKS = "select keyspace_name, table_name, column_name from system_schema.column_masks";
type Row = readonly [keyspace: string, table: string, name: string];

/** What there is on a cluster, as statements name it. */
export interface Objects {
  /** A table or view; null: there is none that is known. */
  table(keyspace: string, name: string): TableFacts | null;
  /** Functions and aggregates of this name. */
  routines(keyspace: string, name: string): readonly Resource[];
  /** What is held on all keyspaces counts in the server's own too. */
  readonly allCoversOwn: boolean;
  /** Whether a role sees the masked columns of a table in clear, in this state. */
  unmasks(role: RoleName, table: Resource): boolean;
  /** The table that an index is of. */
  indexed(keyspace: string, name: string): Resource | null;
  /** Whether something is recorded of it, so that who holds what on it is known. */
  knows(resource: Resource): boolean;
}

export interface TableFacts {
  readonly resource: Resource;
  /** The table that a view is of. */
  readonly base: Resource | null;
  /** The views of a table. */
  readonly views: readonly Resource[];
  /** Columns that are shown masked to who may not see them; null: it could not be read which. */
  readonly masked: ReadonlySet<string> | null;
}

/** Reads indexes and masks, which introspection leaves out. */
export async function readObjects(session: Session, { catalog, access, version }: Snapshot): Promise<Objects> {
  const indexes = new Map(
    (await session.rows<Row>(INDEXES, { consistency: "localOne" })).map(([k, t, i]) => [`${k}\0${i}`, t]),
  );
  const masks = version.major >= 5 ? await masksOf(session) : new Map<string, Set<string>>();
  const evaluated = cassandraAccessRules(
    seriesOf(version),
    allCoversOwn(version) ? "every keyspace" : "keyspaces of people",
  ).evaluated?.(access, catalog);
  const tables = new Map<string, TableFacts>();
  const routines = new Map<string, Resource[]>();
  const views = new Map<ResourceKey, Resource[]>();
  for (const { resource, readThrough, missing } of catalog.entries.values()) {
    const [, keyspace = "", name = ""] = resource.path;
    if (missing === true) continue;
    if (resource.kind === "routine")
      routines.set(`${keyspace}\0${name}`, [...(routines.get(`${keyspace}\0${name}`) ?? []), resource]);
    if (readThrough !== undefined)
      views.set(resourceKey(readThrough), [...(views.get(resourceKey(readThrough)) ?? []), resource]);
  }
  for (const [key, { resource, readThrough, missing }] of catalog.entries) {
    if (resource.kind !== "table" || missing === true) continue;
    const [, keyspace = "", name = ""] = resource.path;
    const masked = masks === null ? null : (masks.get(`${keyspace}\0${name}`) ?? new Set<string>());
    tables.set(`${keyspace}\0${name}`, { resource, base: readThrough ?? null, views: views.get(key) ?? [], masked });
  }
  return {
    table: (keyspace, name) => tables.get(`${keyspace}\0${name}`) ?? null,
    allCoversOwn: allCoversOwn(version),
    unmasks: (role, table) => unmasking(role, table, { state: evaluated, access }),
    routines: (keyspace, name) => routines.get(`${keyspace}\0${name}`) ?? [],
    indexed: (keyspace, name) => {
      const table = indexes.get(`${keyspace}\0${name}`);
      return table === undefined ? null : { kind: "table", path: [DATABASE, keyspace, table] };
    },
    knows: (resource) => access.holdings.has(resourceKey(resource)),
  };
}

/** Every role that it is a member of counts, and what is held higher up. */
function unmasking(
  role: RoleName,
  table: Resource,
  { state, access }: { readonly state: AccessState | undefined; readonly access: AccessState },
): boolean {
  const roles = new Set([role]);
  for (const each of roles) {
    for (const { member, role: above } of access.memberships.values()) if (member === each) roles.add(above);
  }
  if ([...roles].some((each) => access.roles.get(each)?.attributes["superuser"] === true)) return true;
  const entries = state?.holdings.get(resourceKey(table))?.list.entries ?? [];
  return entries.some(({ grantee, privileges }) => roles.has(grantee) && privileges.includes("UNMASK"));
}

/** Null: they may not be read. */
async function masksOf(session: Session): Promise<ReadonlyMap<string, Set<string>> | null> {
  let rows: readonly (readonly Value[])[];
  try {
    rows = await session.rows(MASKS, { consistency: "localOne" });
  } catch (error) {
    if (isServerError(error, [CODE.unauthorized, CODE.invalid])) return null;
    throw error;
  }
  const found = new Map<string, Set<string>>();
  for (const [keyspace, table, column] of rows as readonly Row[]) {
    const key = `${keyspace}\0${table}`;
    found.set(key, (found.get(key) ?? new Set()).add(column));
  }
  return found;
}
