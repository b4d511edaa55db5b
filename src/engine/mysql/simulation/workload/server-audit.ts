import type { EvidenceWindow, Observation } from "../../../../model/workload.ts";
import { logLines } from "../../../log-lines.ts";
import type { LogFormat, ReadingOptions } from "../../../simulation.ts";
import { zonedTimes } from "../../../zoned-time.ts";
import { accountName, bareRoleName } from "../../names.ts";
import { DATABASE } from "../../normalize.ts";
import { GRAMMAR, roleSetBy, unread } from "../grammar/grammar.ts";
import { Reading, resultOf } from "./window.ts";

/** The file of MariaDB's audit plugin. Format: https://mariadb.com/kb/en/mariadb-audit-plugin-log-format/; read from MariaDB 10.11. */
export const SERVER_AUDIT: LogFormat = {
  kind: "server_audit",
  summary: "the file of MariaDB's audit plugin: who ran which statement, and how it ended",
  recognizes: (beginning) => RECORD.test(beginning.split("\n", 1)[0]?.trimEnd() ?? ""),
  read: readServerAudit,
};

/** time, server, user, client, connection, query, what happened, and the rest. A user's name may hold a comma. */
const RECORD = /^(\d{8} \d\d:\d\d:\d\d),([^,]*),(.*?),([^,]*),(\d+),(\d+),([A-Z_]+),(.*)$/u;
const TIME = /^(\d{4})(\d\d)(\d\d) (\d\d):(\d\d):(\d\d)$/u;
const QUERY = /^(.*?),'(.*)',(\d+)$/su;
/** What happens to tables stands in lines of its own, with the number of its statement. */
const KNOWN: ReadonlySet<string> = new Set(
  "CONNECT DISCONNECT FAILED_CONNECT QUERY READ WRITE CREATE ALTER DROP RENAME AUDIT_CHANGE PROXY_CONNECT".split(" "),
);

/** Whether a text as it was written, with its escapes, was cut: at `server_audit_query_log_limit` bytes or a little before, 1024 unless set; people set powers of two. */
function isCut(escaped: string): boolean {
  const bytes = Buffer.byteLength(escaped);
  return LIMITS.some((limit) => Math.abs(bytes - limit) <= CLOSE);
}

const LIMITS: readonly number[] = Array.from({ length: 14 }, (_, power) => 1024 * 2 ** power);
/** No half of an escape is written, and a letter that is cut is more bytes here than there. */
const CLOSE = 3;

/** What is known of one connection. */
interface Session {
  /** Its beginning stands in the log. */
  readonly whole: boolean;
  readonly login: string;
  role: string | null;
  schema: string | null;
  /** Statements that may turn out to have run within another one, which is written when it ends. */
  readonly held: { readonly query: number; readonly use: Observation }[];
}

/** More than this of one connection, or older, is passed on: no statement is waited for that long. */
const MOST_HELD = 1000;
const HELD_MS = 3_600_000;
const MOST_SESSIONS = 20_000;

async function readServerAudit(
  bytes: AsyncIterable<Uint8Array>,
  onUse: (use: Observation) => void,
  options: ReadingOptions,
): Promise<EvidenceWindow> {
  const reading = new Reading(options, onUse);
  const toUtc = zonedTimes(options.timeZone);
  const sessions = new Map<string, Session>();
  let tables = 0;
  let statements = 0;
  let lost = 0;
  let parts = 0;
  const release = (session: Session, before = Number.POSITIVE_INFINITY): void => {
    while (session.held.length > 0) {
      const [first] = session.held;
      if (first === undefined || Date.parse(first.use.firstSeen) > before) return;
      session.held.shift();
      reading.use(first.use);
    }
  };
  for await (const line of logLines(bytes, options)) {
    if (line.text === "") continue;
    reading.records++;
    const match = line.cut ? null : RECORD.exec(line.text);
    const [, stamp = "", , user = "", host = "", connection = "", query = "", operation = "", rest = ""] = match ?? [];
    const time = timeOf(stamp, toUtc);
    if (match === null || time === null || !KNOWN.has(operation)) {
      reading.unread++;
      continue;
    }
    if (operation === "CONNECT") {
      const before = sessions.get(connection);
      if (before !== undefined) release(before); // The server began anew, and counts from one again.
      sessions.set(connection, sessionOf({ user, host, schema: rest.slice(0, -",,0".length), whole: true }));
      if (sessions.size > MOST_SESSIONS) forgetOldest(sessions, release);
    } else if (operation === "DISCONNECT") {
      const session = sessions.get(connection);
      if (session !== undefined) release(session);
      sessions.delete(connection);
    } else if (operation === "QUERY") {
      const [, schema, escaped, code] = QUERY.exec(rest) ?? [];
      if (schema === undefined || escaped === undefined) {
        reading.unread++;
        continue;
      }
      statements++;
      let session = sessions.get(connection);
      if (session === undefined) {
        parts++;
        sessions.set(connection, (session = sessionOf({ user, host, schema: null, whole: false })));
      }
      dropNested(session, Number(query));
      const text = unescape(escaped);
      const ended = resultOf(Number(code));
      const searchPath = schemaOf(session, schema);
      const wasCut = isCut(escaped);
      if (wasCut) lost++;
      if (reading.covers(time)) {
        const at = { login: session.login, role: session.whole ? (session.role ?? session.login) : null };
        for (const statement of wasCut ? [unread(text)] : GRAMMAR.read(text)) {
          const seen = { calls: 1, firstSeen: time, lastSeen: time, result: ended };
          const use = { statement, database: DATABASE, ...at, searchPath, application: null, ...seen };
          session.held.push({ query: Number(query), use });
        }
      }
      const set = ended.kind === "ok" ? roleSetBy(text) : undefined;
      if (set !== undefined) session.role = set === null ? null : bareRoleName(set);
      if (session.held.length > MOST_HELD) release(session, Date.parse(session.held[1]?.use.firstSeen ?? time));
      release(session, Date.parse(time) - HELD_MS);
    } else if (operation !== "FAILED_CONNECT") {
      tables++;
    }
  }
  for (const session of sessions.values()) release(session);
  if (parts > 0) reading.losses.add(`the beginning of ${parts} connections is not in it: their roles are not known`);
  if (lost > 0)
    reading.losses.add(`${lost} statements were cut by server_audit_query_log_limit: only their hashes are kept`);
  if (statements === 0 && tables > 0) {
    reading.losses.add("it has accesses to tables without their statements: add QUERY to server_audit_events");
  }
  return reading.window("server_audit", ["application"]);
}

function timeOf(stamp: string, toUtc: ReturnType<typeof zonedTimes>): string | null {
  const [, year, month, day, hour, minute, second] = (TIME.exec(stamp) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined) return null;
  return toUtc({ year, month, day, hour: hour ?? 0, minute: minute ?? 0, second: second ?? 0 });
}

function sessionOf(at: {
  readonly user: string;
  readonly host: string;
  readonly schema: string | null;
  readonly whole: boolean;
}): Session {
  const { user, host, schema, whole } = at;
  // From MariaDB 12 on the client's port stands behind its address.
  const [, bare = host] = /^([^:]*):\d+$/u.exec(host) ?? [];
  return { whole, login: accountName(user, bare), role: null, schema, held: [] };
}

/**
 * The schema that a name without one is looked up in. While the server writes its log into a table of its own, it says `mysql` of sessions that have none: where that is not what the session began with, it is not known.
 */
function schemaOf(session: Session, schema: string): readonly string[] | null {
  if (schema === "mysql" && session.schema !== "mysql" && session.whole) return null;
  session.schema = schema;
  return schema === "" ? [] : [schema];
}

/** What a procedure runs is written before its call, with a higher number: it is the procedure's, not the caller's. */
function dropNested(session: Session, query: number): void {
  while ((session.held.at(-1)?.query ?? 0) > query) session.held.pop();
}

function forgetOldest(sessions: Map<string, Session>, release: (session: Session) => void): void {
  const [oldest] = sessions;
  if (oldest === undefined) return;
  release(oldest[1]);
  sessions.delete(oldest[0]);
}

const ESCAPED: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", 0: "\0", b: "\b", Z: "\u001a" };

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/gsu, (_, character: string) => ESCAPED[character] ?? character);
}
