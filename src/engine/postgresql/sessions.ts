import { RolewrightError } from "../../base/error.ts";
import type { RoleName } from "../../model/role.ts";
import type { LiveSession } from "../engine.ts";
import type { Session } from "./client.ts";

/** Sessions of roles by the role that logged in. The start tells a session from a later one with the same process. */
const SESSIONS = `
  select a.pid, extract(epoch from a.backend_start)::text, a.usename, a.application_name, a.datname,
    to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
  from pg_stat_activity a
  where a.usename = any ($1) and a.pid <> pg_backend_pid()
  order by a.pid`;
type SessionRow = readonly [string, string | null, string, string | null, string | null, string | null];

/** Without this right the server hides when other roles' sessions began. */
const SEES_ALL = "select pg_has_role('pg_read_all_stats', 'USAGE')";

const END = `
  select pg_terminate_backend(pid)
  from pg_stat_activity
  where pid = $1::int and ($2 = '' or backend_start is null or extract(epoch from backend_start)::text = $2)`;

/** The open sessions of some roles. What a session has become by SET ROLE the server tells nobody: `current` is always null. */
export async function liveSessions(
  session: Session,
  roles: readonly RoleName[],
): Promise<{ readonly sessions: readonly LiveSession[]; readonly complete: boolean }> {
  const [sees] = await session.rows<readonly ["t" | "f"]>(SEES_ALL);
  const rows = await session.rows<SessionRow>(SESSIONS, [[...roles]]);
  return {
    sessions: rows.map(([pid, start, login, application, database, since]) => ({
      id: `${pid}@${start ?? ""}`,
      login,
      current: null,
      application: application ?? "",
      database: database ?? "",
      since: since ?? "",
    })),
    complete: sees?.[0] === "t",
  };
}

/** Ends a session by its id; false when it was gone already. Throws RW520 where we may not. */
export async function endLiveSession(session: Session, id: string): Promise<boolean> {
  const [pid = "", start = ""] = id.split("@");
  if (!/^\d+$/.test(pid)) return false;
  try {
    const [row] = await session.rows<readonly ["t" | "f"]>(END, [pid, start]);
    return row?.[0] === "t";
  } catch (error) {
    throw new RolewrightError("RW520", `session \`${pid}\` may not be ended: ${(error as Error).message}`, {
      help: "membership in `pg_signal_backend` allows it for all but superusers' sessions",
      cause: error,
    });
  }
}
