import { RolewrightError } from "../../base/error.ts";
import type { ApplierLock } from "../engine.ts";
import type { Session } from "./client.ts";

/** The two keys of the lock that one applier of a cluster holds: "Role" and "writ". */
const KEYS = "1383033957, 2003986804";

// Advisory locks belong to one database: all appliers must take theirs in the same one. `postgres` is in every cluster that nobody took it from.
const AGREED_DATABASE = `
  select datname
  from pg_database
  where datallowconn and not datistemplate and has_database_privilege(oid, 'CONNECT')
  order by datname <> 'postgres', datname collate "C"
  limit 1`;

const TRY_LOCK = `select pg_try_advisory_lock(${KEYS})`;

const HOLDER = `
  select a.pid, a.usename, a.application_name
  from pg_locks l
  join pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'advisory' and (l.classid::bigint, l.objid::bigint) = (${KEYS}) and l.objsubid = 2 and l.granted
    and l.database = (select oid from pg_database where datname = current_database())`;
type HolderRow = readonly [string, string | null, string | null];

/** What the name of a session begins with that holds the lock. The server cuts names at 63 bytes. */
export const LOCK_APPLICATION = "rolewright apply: ";

/** The database that appliers of this cluster lock in: `postgres`, else the first one in reach. */
export async function agreedDatabase(session: Session): Promise<string> {
  const [row] = await session.rows<readonly [string]>(AGREED_DATABASE);
  return row?.[0] ?? session.database;
}

/** Takes the lock, which lives as long as the session. Throws RW405, naming the holder, and ends the session when another one has it. */
export async function takeApplierLock(session: Session): Promise<ApplierLock> {
  const [locked] = await session.rows<readonly ["t" | "f"]>(TRY_LOCK);
  if (locked?.[0] === "t") return session;
  const [holder] = await session.rows<HolderRow>(HOLDER);
  await session[Symbol.asyncDispose]();
  throw new RolewrightError("RW405", `another apply is running on this cluster: ${describe(holder)}`, {
    help: "wait until it ends; if it hangs, have its session ended",
    details: holder === undefined ? {} : { pid: Number(holder[0]), role: holder[1], application: holder[2] },
  });
}

function describe(holder: HolderRow | undefined): string {
  if (holder === undefined) return "its session ended just now, so try again";
  const [pid, role, application] = holder;
  const name = application?.startsWith(LOCK_APPLICATION) === true ? application.slice(LOCK_APPLICATION.length) : "";
  return `held by \`${name || (application ?? "unknown")}\` as role \`${role ?? "unknown"}\`, process ${pid}`;
}
