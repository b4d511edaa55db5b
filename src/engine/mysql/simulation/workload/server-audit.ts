import type { EvidenceWindow, Observation } from "../../../../model/workload.ts";
import { textOf } from "../../../log-bytes.ts";
import { readLines } from "../../../log-lines.ts";
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
/** What happens to tables stands in lines of its own, with the number of its statement. */
const KNOWN: ReadonlySet<string> = new Set(
  "CONNECT DISCONNECT FAILED_CONNECT QUERY READ WRITE CREATE ALTER DROP RENAME AUDIT_CHANGE PROXY_CONNECT".split(" "),
);

/** Whether a text as it was written, with its escapes, was cut: at `server_audit_query_log_limit` bytes or a little before, 1024 unless set; people set powers of two. */
function isCut(escaped: string): boolean {
  // A character is at most three bytes for each unit of its text.
  if (escaped.length * 3 < SMALLEST_LIMIT - CLOSE) return false;
  const bytes = Buffer.byteLength(escaped);
  return LIMITS.some((limit) => Math.abs(bytes - limit) <= CLOSE);
}

const SMALLEST_LIMIT = 1024;
const LIMITS: readonly number[] = Array.from({ length: 14 }, (_, power) => SMALLEST_LIMIT * 2 ** power);
/** No half of an escape is written, and a letter that is cut is more bytes here than there. */
const CLOSE = 3;

/** What is known of one connection. */
interface Session {
  /** Its beginning stands in the log. */
  readonly whole: boolean;
  readonly login: string;
  /** Null: none is active. Empty: its name could not be read. */
  role: string | null;
  schema: string | null;
  path: readonly string[];
  /** Statements that may turn out to have run within another one, which is written when it ends. */
  held: Held[];
}

interface Held {
  readonly query: number;
  readonly at: number;
  readonly use: Observation;
}

/** More than this of one connection, or older, is passed on: no statement is waited for that long. Nor are more than so many in all. */
const MOST_HELD = 1000;
const MOST_HELD_IN_ALL = 200_000;
const HELD_MS = 3_600_000;
const MOST_SESSIONS = 20_000;

async function readServerAudit(
  bytes: AsyncIterable<Uint8Array>,
  onUse: (use: Observation) => void,
  options: ReadingOptions,
): Promise<EvidenceWindow> {
  const audit = new ServerAudit(new Reading(options, onUse), options);
  await readLines(bytes, options, (chunk, start, end, cut) => {
    if (start < end) audit.line(cut ? null : textOf(chunk, start, end));
  });
  return audit.end();
}

/** Reads the log line by line. */
class ServerAudit {
  readonly #reading: Reading;
  readonly #time: (stamp: string) => number | null;
  readonly #sessions: Map<string, Session> = new Map();
  #now = 0;
  #written = "";
  #held = 0;
  #tables = 0;
  #statements = 0;
  #lost = 0;
  #parts = 0;

  constructor(reading: Reading, options: ReadingOptions) {
    this.#reading = reading;
    this.#time = stamps(options.timeZone);
  }

  /** Null: it was too long. */
  line(text: string | null): void {
    this.#reading.records++;
    const record = text === null ? null : recordOf(text);
    const now = record === null ? null : this.#time(record.stamp);
    if (record === null || now === null || !KNOWN.has(record.operation)) {
      this.#reading.unread++;
      return;
    }
    if (now !== this.#now || this.#written === "") {
      this.#now = now;
      this.#written = new Date(now).toISOString();
    }
    const { operation, connection } = record;
    if (operation === "QUERY") this.#query(record);
    else if (operation === "CONNECT") {
      const before = this.#sessions.get(connection);
      if (before !== undefined) this.#release(before); // The server began anew, and counts from one again.
      this.#sessions.set(
        connection,
        sessionOf({ ...record, schema: record.rest.slice(0, -",,0".length), whole: true }),
      );
      if (this.#sessions.size > MOST_SESSIONS) this.#forgetOldest();
    } else if (operation === "DISCONNECT") {
      const session = this.#sessions.get(connection);
      if (session !== undefined) this.#release(session);
      this.#sessions.delete(connection);
    } else if (operation !== "FAILED_CONNECT") this.#tables++;
  }

  end(): EvidenceWindow {
    for (const session of this.#sessions.values()) this.#release(session);
    const { losses } = this.#reading;
    if (this.#parts > 0)
      losses.add(`the beginning of ${this.#parts} connections is not in it: their roles are not known`);
    if (this.#lost > 0)
      losses.add(`${this.#lost} statements were cut by server_audit_query_log_limit: only their hashes are kept`);
    if (this.#statements === 0 && this.#tables > 0) {
      losses.add("it has accesses to tables without their statements: add QUERY to server_audit_events");
    }
    return this.#reading.window("server_audit", ["application"]);
  }

  #query(record: AuditRecord): void {
    const said = queryOf(record.rest);
    if (said === null) {
      this.#reading.unread++;
      return;
    }
    this.#statements++;
    let session = this.#sessions.get(record.connection);
    if (session === undefined) {
      this.#parts++;
      session = sessionOf({ ...record, schema: null, whole: false });
      this.#sessions.set(record.connection, session);
    }
    const query = Number(record.query);
    this.#dropNested(session, query);
    const text = said.escaped.includes("\\") ? unescape(said.escaped) : said.escaped;
    const result = said.code === "0" ? OK : resultOf(Number(said.code));
    const searchPath = schemaOf(session, said.schema);
    const wasCut = isCut(said.escaped);
    if (wasCut) this.#lost++;
    const statements = wasCut ? [unread(text)] : GRAMMAR.read(text);
    if (this.#reading.covers(this.#written)) {
      const { login } = session;
      const role = session.whole && session.role !== NOT_KNOWN ? (session.role ?? login) : null;
      const time = { firstSeen: this.#written, lastSeen: this.#written };
      for (const statement of statements) {
        const who = { database: DATABASE, login, role, searchPath, application: null };
        session.held.push({ query, at: this.#now, use: { statement, ...who, calls: 1, ...time, result } });
        this.#held++;
      }
    }
    if (result.kind === "ok" && statements.some(({ command }) => command === "SET")) {
      const set = roleSetBy(text);
      if (set !== undefined) session.role = set === null ? null : set === NOT_KNOWN ? NOT_KNOWN : bareRoleName(set);
    }
    if (this.#held > MOST_HELD_IN_ALL) this.#release(session);
    else if (session.held.length > MOST_HELD) this.#release(session, { count: MOST_HELD / 2 });
    else if ((session.held[0]?.at ?? this.#now) < this.#now - HELD_MS)
      this.#release(session, { before: this.#now - HELD_MS });
  }

  /** What a procedure runs is written before its call, with a higher number: it is the procedure's, not the caller's. */
  #dropNested(session: Session, query: number): void {
    while ((session.held.at(-1)?.query ?? 0) > query) {
      session.held.pop();
      this.#held--;
    }
  }

  /** Passes on what was held longest. */
  #release(session: Session, upTo: { readonly count?: number; readonly before?: number } = {}): void {
    const { count = session.held.length, before = Number.POSITIVE_INFINITY } = upTo;
    let passed = 0;
    while (passed < count && (session.held[passed]?.at ?? before) <= before) {
      const held = session.held[passed];
      if (held === undefined) break;
      this.#reading.use(held.use);
      passed++;
    }
    session.held = passed === session.held.length ? [] : session.held.slice(passed);
    this.#held -= passed;
  }

  #forgetOldest(): void {
    const [oldest] = this.#sessions;
    if (oldest === undefined) return;
    this.#release(oldest[1]);
    this.#sessions.delete(oldest[0]);
  }
}

const OK: Observation["result"] = { kind: "ok" };
const NOT_KNOWN = "";

interface AuditRecord {
  readonly stamp: string;
  readonly user: string;
  readonly host: string;
  readonly connection: string;
  readonly query: string;
  readonly operation: string;
  readonly rest: string;
}

/** The fields of a line, as far as commas alone tell them; a name with a comma in it is found by trying. Null: it is none. */
function recordOf(text: string): AuditRecord | null {
  const found: number[] = [];
  for (let at = text.indexOf(","); at >= 0 && found.length < 7; at = text.indexOf(",", at + 1)) found.push(at);
  const field = (index: number): string => text.slice((found[index - 1] ?? -1) + 1, found[index]);
  if (found.length === 7 && found[0] === STAMP_LENGTH && areDigits(field(4)) && areDigits(field(5))) {
    const [stamp, user, host, connection, query, operation] = [0, 2, 3, 4, 5, 6].map(field) as Strings6;
    if (KNOWN.has(operation)) return { stamp, user, host, connection, query, operation, rest: field(7) };
  }
  const match = RECORD.exec(text);
  if (match === null) return null;
  const [stamp, , user, host, connection, query, operation, rest] = match.slice(1) as Strings8;
  return { stamp, user, host, connection, query, operation, rest };
}

type Strings6 = [string, string, string, string, string, string];
type Strings8 = [string, string, string, string, string, string, string, string];
const STAMP_LENGTH = "20261122 22:19:03".length;

function areDigits(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 48 || code > 57) return false;
  }
  return text !== "";
}

/** `shop,'select 1',0`. */
function queryOf(rest: string): { readonly schema: string; readonly escaped: string; readonly code: string } | null {
  const from = rest.indexOf(",'");
  const to = rest.lastIndexOf("',");
  const code = rest.slice(to + 2);
  if (from < 0 || to < from + 2 || !areDigits(code)) return null;
  return { schema: rest.slice(0, from), escaped: rest.slice(from + 2, to), code };
}

/** Times of the server in milliseconds; lines of one second follow each other. */
function stamps(timeZone: string | undefined): (stamp: string) => number | null {
  const toUtc = zonedTimes(timeZone);
  let last = "";
  let known: number | null = null;
  return (stamp) => {
    if (stamp === last) return known;
    const [, year, month, day, hour, minute, second] = (TIME.exec(stamp) ?? []).map(Number);
    last = stamp;
    if (year === undefined || month === undefined || day === undefined) return (known = null);
    const time = { year, month, day, hour: hour ?? 0, minute: minute ?? 0, second: second ?? 0 };
    return (known = Date.parse(toUtc(time)));
  };
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
  const path = schema === null || schema === "" ? [] : [schema];
  return { whole, login: accountName(user, bare), role: null, schema, path, held: [] };
}

/**
 * The schema that a name without one is looked up in. While the server writes its log into a table of its own, it says `mysql` of sessions that have none: where that is not what the session began with, it is not known.
 */
function schemaOf(session: Session, schema: string): readonly string[] | null {
  if (schema === "mysql" && session.schema !== "mysql" && session.whole) return null;
  if (session.schema !== schema || (schema !== "" && session.path.length === 0)) {
    session.schema = schema;
    session.path = schema === "" ? [] : [schema];
  }
  return session.path;
}

const ESCAPED: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", 0: "\0", b: "\b", Z: "\u001a" };

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/gsu, (_, character: string) => ESCAPED[character] ?? character);
}
