import type { Change } from "../../model/change.ts";
import { databaseOf, type Resource } from "../../model/resource.ts";
import { RolewrightError } from "../../base/error.ts";
import type { Session } from "./client.ts";
import { readingError } from "./errors.ts";
import { type PostgresKind, specOf } from "./privileges.ts";

export interface ChangeTimeAsking {
  /** The database that the shared catalogs are read in. */
  readonly home: string;
  readonly signal?: AbortSignal | undefined;
  /** Opens a session of its own for the asking. */
  open(database: string): Promise<Session>;
}

/** Whether the server keeps the time of commits, and whether it shows us the entries of roles. */
export const TRACKING = "select current_setting('track_commit_timestamp'), has_table_privilege('pg_authid', 'SELECT')";
export type TrackingRow = readonly [string, "t" | "f"];

/**
 * Whether the number of a transaction, as a row of the table keeps it, can mean only one: the row keeps 32 bits of it, also after it was frozen, and beyond four billion transactions
 * the server uses them again. `next`: the full number of the next transaction.
 */
export const meansOne = (next: string, xid: string): string =>
  `${next} - (${next} - ${xid}::text::bigint) % 4294967296 < 4294967299`; // 0, 1 and 2 are never given out.

/** When entries of a catalog (`e`) were last written, by their number in the question. Outside of the range of transactions whose time is kept: null. */
const written = (from: string): string => `
  select q.n, case when ${meansOne("f.next", "e.xmin")}
    then to_char(pg_xact_commit_timestamp(e.xmin) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') end
  from (select pg_snapshot_xmax(pg_current_snapshot())::text::bigint) f (next),
    unnest($1::text[], $2::text[], $3::text[]) with ordinality q (a, b, c, n)
  ${from}`;
export type WrittenRow = readonly [string, string | null];

const inSchema = (catalog: string, namespace: string, name: string): string =>
  `join pg_namespace s on s.nspname = q.a join ${catalog} e on e.${namespace} = s.oid and e.${name} = q.b`;
const TABLE_OF = "join pg_namespace s on s.nspname = q.a join pg_class c on c.relnamespace = s.oid and c.relname = q.b";

type Catalog = PostgresKind | "role" | "setting" | "membership" | "default" | "policy";

/** Where the entry of each kind of thing stands, by the parts of its name. */
export const ENTRY_WRITTEN: Readonly<Record<Catalog, string>> = {
  database: written("join pg_database e on e.datname = q.a"),
  tablespace: written("join pg_tablespace e on e.spcname = q.a"),
  parameter: written("join pg_parameter_acl e on e.parname = q.a"),
  schema: written("join pg_namespace e on e.nspname = q.a"),
  language: written("join pg_language e on e.lanname = q.a"),
  "foreign-data-wrapper": written("join pg_foreign_data_wrapper e on e.fdwname = q.a"),
  "foreign-server": written("join pg_foreign_server e on e.srvname = q.a"),
  type: written(inSchema("pg_type", "typnamespace", "typname")),
  routine: written(`${inSchema("pg_proc", "pronamespace", "proname")} and oidvectortypes(e.proargtypes) = q.c`),
  sequence: written(inSchema("pg_class", "relnamespace", "relname")),
  table: written(inSchema("pg_class", "relnamespace", "relname")),
  column: written(
    `${TABLE_OF} join pg_attribute e on e.attrelid = c.oid and e.attname = q.c and e.attnum > 0 and not e.attisdropped`,
  ),
  "large-object": written("join pg_largeobject_metadata e on e.oid::text = q.a"),
  role: written("join pg_authid e on e.rolname = q.a"),
  setting: written(`
  join pg_roles r on r.rolname = q.a
  left join pg_database d on d.datname = q.b
  join pg_db_role_setting e on e.setrole = r.oid and e.setdatabase = case when q.b is null then 0::oid else d.oid end`),
  membership: written(`
  join pg_roles r on r.rolname = q.a
  join pg_roles m on m.rolname = q.b
  join pg_roles g on g.rolname = q.c
  join pg_auth_members e on e.roleid = r.oid and e.member = m.oid and e.grantor = g.oid`),
  default: written(`
  join pg_roles r on r.rolname = q.a
  left join pg_namespace s on s.nspname = q.b
  join pg_default_acl e on e.defaclrole = r.oid and e.defaclobjtype::text = q.c
    and e.defaclnamespace = case when q.b is null then 0::oid else s.oid end`),
  policy: written(`${TABLE_OF} join pg_policy e on e.polrelid = c.oid and e.polname = q.c`),
};

/**
 * When the catalog's entries behind changes were last written, in the order of the changes: RFC 3339 in UTC, the latest where there are several. Null: the server does not know,
 * not for every entry, or may not be asked. One query for each kind of entry in each database.
 */
export async function lastChanged(
  changes: readonly Change[],
  asking: ChangeTimeAsking,
): Promise<readonly (string | null)[]> {
  const times = await timesOf(entriesOf(changes), asking);
  return changes.map((change) => latest(change, times));
}

interface Entry {
  /** Null: in the catalogs that all databases share. */
  readonly database: string | null;
  readonly catalog: Catalog;
  readonly name: readonly (string | null)[];
}

/** What has an entry: a resource, or a change about something else. Thousands of changes share their resources, so these are told apart by identity. */
type Subject = Resource | Change;

function subjectsOf(change: Change): readonly Subject[] {
  return "resources" in change ? change.resources : [change];
}

function entriesOf(changes: readonly Change[]): ReadonlyMap<Subject, Entry> {
  const entries = new Map<Subject, Entry>();
  for (const change of changes) {
    if ("resources" in change) {
      for (const resource of change.resources) {
        if (!entries.has(resource)) entries.set(resource, entryOf(resource));
      }
    } else {
      const entry = otherEntry(change);
      if (entry !== null) entries.set(change, entry);
    }
  }
  return entries;
}

function entryOf(resource: Resource): Entry {
  const database = databaseOf(resource);
  const name = database === null ? resource.path : resource.path.slice(1);
  return { database, catalog: specOf(resource.kind).kind, name };
}

/** The entry as it is before the change; null where there is none. */
function otherEntry(change: Exclude<Change, { readonly resources: unknown }>): Entry | null {
  switch (change.kind) {
    case "create-role":
    case "add-membership":
    case "create-policy":
      return null;
    case "drop-role":
      return { database: null, catalog: "role", name: [change.role.name] };
    case "rename-role":
      return { database: null, catalog: "role", name: [change.from] };
    case "alter-role":
    case "set-password":
      return { database: null, catalog: "role", name: [change.role] };
    case "set-role-setting":
      return { database: null, catalog: "setting", name: [change.role, change.database] };
    case "remove-membership": {
      const { role, member, grantor } = change.membership;
      return { database: null, catalog: "membership", name: [role, member, grantor] };
    }
    case "alter-membership": {
      const { role, member, grantor } = change.before;
      return { database: null, catalog: "membership", name: [role, member, grantor] };
    }
    case "add-default":
    case "remove-default":
    case "add-default-option":
    case "remove-default-option": {
      const { database, creator, schema, kind } = change.target;
      return { database, catalog: "default", name: [creator, schema, specOf(kind).defaults?.letter ?? ""] };
    }
    case "drop-policy":
      return policyEntry(change.policy.table, change.policy.name);
    case "alter-policy":
      return policyEntry(change.before.table, change.before.name);
    case "set-row-security":
      return entryOf(change.table);
  }
}

function policyEntry(table: Resource, name: string): Entry {
  return { database: databaseOf(table), catalog: "policy", name: [...table.path.slice(1), name] };
}

type Times = ReadonlyMap<Subject, string>;

async function timesOf(entries: ReadonlyMap<Subject, Entry>, asking: ChangeTimeAsking): Promise<Times> {
  const times = new Map<Subject, string>();
  if (entries.size === 0) return times;
  const groups = Map.groupBy(entries, ([, { database }]) => database ?? asking.home);
  await using home = await openOrNull(asking.home, asking);
  const [row] = home === null ? [] : await home.rows<TrackingRow>(TRACKING);
  if (home === null || row?.[0] !== "on") return times;
  const hidden: ReadonlySet<Catalog> = new Set(row[1] === "t" ? [] : ["role"]);
  for (const [database, group] of groups) {
    asking.signal?.throwIfAborted();
    await using other = database === asking.home ? null : await openOrNull(database, asking);
    const session = other ?? (database === asking.home ? home : null);
    if (session === null) continue;
    for (const [catalog, members] of Map.groupBy(group, ([, entry]) => entry.catalog)) {
      if (hidden.has(catalog)) continue;
      for (const [n, at] of await ask(
        session,
        catalog,
        members.map(([, entry]) => entry.name),
      )) {
        const subject = members[Number(n) - 1]?.[0];
        if (subject !== undefined && at !== null) times.set(subject, at);
      }
    }
  }
  return times;
}

/** The database was read a moment ago; one that has no free connection now, or is gone, only keeps its times to itself. */
async function openOrNull(database: string, asking: ChangeTimeAsking): Promise<Session | null> {
  try {
    return await asking.open(database);
  } catch (error) {
    asking.signal?.throwIfAborted();
    if (error instanceof RolewrightError) return null;
    throw error;
  }
}

/** 42501: a hardened server keeps its catalogs or the function from us. 55000: a standby whose primary does not track. */
const NOT_TOLD: ReadonlySet<unknown> = new Set(["42501", "55000"]);

async function ask(
  session: Session,
  catalog: Catalog,
  names: readonly (readonly (string | null)[])[],
): Promise<readonly WrittenRow[]> {
  const part = (index: number): (string | null)[] => names.map((name) => name[index] ?? null);
  try {
    return await session.rows<WrittenRow>(ENTRY_WRITTEN[catalog], [part(0), part(1), part(2)]);
  } catch (error) {
    if (NOT_TOLD.has((error as { code?: unknown }).code)) return [];
    throw readingError(error, "when entries of the catalog were changed");
  }
}

function latest(change: Change, times: Times): string | null {
  let last: string | null = null;
  for (const subject of subjectsOf(change)) {
    const at = times.get(subject);
    if (at === undefined) return null;
    if (last === null || at > last) last = at;
  }
  return last;
}
