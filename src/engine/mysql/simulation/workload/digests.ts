import { waitUnless } from "../../../../base/wait.ts";
import type { EvidenceWindow, Observation, ObservedStatement } from "../../../../model/workload.ts";
import type { LiveSource } from "../../../simulation.ts";
import { openSession, type Session } from "../../client.ts";
import { parseDsn } from "../../dsn.ts";
import { ER, isServerError, readingError } from "../../errors.ts";
import { accountName } from "../../names.ts";
import { DATABASE } from "../../normalize.ts";
import { GRAMMAR, unread } from "../grammar/grammar.ts";
import { Reading, resultOf } from "./window.ts";

const SETTINGS = "select @@global.performance_schema, utc_timestamp(3)";
const DIGESTS = `
  select schema_name, digest, digest_text, count_star, sum_errors, first_seen, last_seen
  from performance_schema.events_statements_summary_by_digest`;
type DigestRow = readonly [
  ...[schema: string | null, digest: string | null, text: string | null],
  ...[count: string | number, errors: string | number, first: string, last: string],
];
/** Who runs what, as far as the server still remembers: the last statements of each connection that is open. The text of a statement is read for its digest's alone. */
const HISTORY = `
  select h.event_id, h.thread_id, h.current_schema, h.digest, h.digest_text, h.mysql_errno, t.processlist_user, t.processlist_host
  from performance_schema.TABLE h join performance_schema.threads t on t.thread_id = h.thread_id
  where t.processlist_user is not null and t.processlist_id <> connection_id() and h.nesting_event_id is null and h.digest_text is not null`;
type HistoryRow = readonly [
  ...[event: string | number, thread: string | number, schema: string | null, digest: string, text: string],
  ...[errno: string | number, user: string, host: string | null],
];

const POLL_MS = 1000;

/** The counters of statements by their digests. They do not tell who ran a statement; the server's short memory of open connections does, of some. */
export const DIGESTS_SOURCE: LiveSource = {
  kind: "performance_schema",
  summary: "the counters of statements in performance_schema: how often each ran, without who ran it; samples of who",
  read: async (options, onUse) => {
    const { url, signal } = options;
    const connecting = {
      applicationName: "rolewright",
      connectTimeoutSeconds: 10,
      ...(signal === undefined ? {} : { signal }),
    };
    await using session = await openSession(parseDsn(url), connecting);
    try {
      const [settings] = await session.rows<readonly [number, string]>(SETTINGS);
      if (Number(settings?.[0]) !== 1) {
        return { unavailable: "performance_schema is off", help: "start the server with `performance_schema=ON`" };
      }
      return await readDigests(session, options, onUse);
    } catch (error) {
      if (isServerError(error, ER.noRight)) {
        return { unavailable: (error as Error).message, help: "grant SELECT on `performance_schema.*`" };
      }
      throw readingError(error, "the digests of statements");
    }
  },
};

/** What ran of one digest before we looked, or while we did. */
interface Counter {
  readonly schema: string | null;
  readonly text: string;
  readonly count: number;
  readonly errors: number;
  readonly first: string;
  readonly last: string;
}

async function readDigests(
  session: Session,
  options: Parameters<LiveSource["read"]>[0],
  onUse: (use: Observation) => void,
): Promise<EvidenceWindow> {
  const reading = new Reading(options, onUse);
  const before = options.forSeconds > 0 ? await counters(session, reading) : new Map<string, Counter>();
  const sampled = new Map<string, Sample>();
  const seen = new Set<string>();
  const deadline = Date.now() + options.forSeconds * 1000;
  for (let first = options.forSeconds > 0; ; first = false) {
    await sample(session, { seen, sampled, first });
    const left = deadline - Date.now();
    if (left <= 0 || options.enough?.aborted === true) break;
    await waitUnless(Math.min(left, POLL_MS), options);
  }
  const after = await counters(session, reading);
  const taken = new Map<string, number>();
  for (const { calls, key, ...use } of sampled.values()) {
    const at = after.get(key);
    if (at === undefined) continue;
    const calledSince = at.count - (before.get(key)?.count ?? 0);
    const some = Math.min(calls, calledSince - (taken.get(key) ?? 0));
    if (some <= 0) continue;
    taken.set(key, (taken.get(key) ?? 0) + some);
    reading.use({ ...use, calls: some, firstSeen: at.first, lastSeen: at.last });
  }
  for (const [key, counter] of after) emit(reading, counter, { before: before.get(key), taken: taken.get(key) ?? 0 });
  reading.losses.add(
    sampled.size > 0
      ? "whose a statement was is known of samples only"
      : "the digests do not tell who ran a statement; with the consumers `events_statements_current` and `events_statements_history` on, samples would",
  );
  return reading.window("performance_schema", ["login", "role", "application"]);
}

function emit(
  reading: Reading,
  counter: Counter,
  { before, taken }: { before: Counter | undefined; taken: number },
): void {
  // A smaller number than before: the counters were emptied meanwhile.
  const since = before !== undefined && before.count <= counter.count ? before : undefined;
  const calls = counter.count - (since?.count ?? 0) - taken;
  const errors = Math.min(counter.errors - (since?.errors ?? 0), calls);
  const at = { database: DATABASE, login: null, role: null, application: null };
  const times = { firstSeen: counter.first, lastSeen: counter.last };
  if (!reading.covers(counter.last)) return;
  const searchPath = counter.schema === null ? [] : [counter.schema];
  for (const statement of statementsOf(counter.text)) {
    if (calls - errors > 0) {
      reading.use({ ...at, statement, searchPath, calls: calls - errors, ...times, result: { kind: "ok" } });
    }
    // What failed was refused or wrong: the digest keeps no number.
    if (errors > 0) {
      reading.use({ ...at, statement, searchPath, calls: errors, ...times, result: { kind: "failed", code: "" } });
    }
  }
}

async function counters(session: Session, reading: Reading): Promise<Map<string, Counter>> {
  const found = new Map<string, Counter>();
  for (const [schema, digest, text, count, errors, first, last] of await session.rows<DigestRow>(DIGESTS)) {
    reading.records++;
    if (digest === null || text === null) {
      reading.losses.add(`the table of digests was full: ${String(count)} calls are not told apart`);
      continue;
    }
    found.set(`${schema ?? ""}\0${digest}`, {
      schema,
      text,
      count: Number(count),
      errors: Number(errors),
      first: iso(first),
      last: iso(last),
    });
  }
  return found;
}

type Sample = Omit<Observation, "firstSeen" | "lastSeen"> & { readonly key: string };

async function sample(
  session: Session,
  into: { readonly seen: Set<string>; readonly sampled: Map<string, Sample>; readonly first: boolean },
): Promise<void> {
  for (const table of ["events_statements_history_long", "events_statements_history", "events_statements_current"]) {
    for (const row of await session.rows<HistoryRow>(HISTORY.replace("TABLE", table))) {
      const [event, thread, schema, digest, text, errno, user, host] = row;
      const id = `${thread} ${event}`;
      if (into.seen.has(id)) continue;
      into.seen.add(id);
      if (into.first) continue; // It ran before we began to look.
      const login = accountName(user, host ?? "localhost");
      for (const statement of statementsOf(text)) {
        const key = `${schema ?? ""}\0${digest}`;
        const result = resultOf(Number(errno));
        const mapKey = [login, key, JSON.stringify(result), statement.fingerprint].join("\0");
        const known = into.sampled.get(mapKey);
        const searchPath = schema === null ? [] : [schema];
        const use = { statement, database: DATABASE, login, role: null, searchPath, application: null, result };
        into.sampled.set(mapKey, { ...use, key, calls: (known?.calls ?? 0) + 1 });
      }
    }
  }
}

/** A text that was cut at `max_digest_length` ends in three dots; what was one of several statements, in a semicolon. */
function statementsOf(text: string): readonly ObservedStatement[] {
  const trimmed = text.trimEnd();
  if (/[^(,\s]\s*\.\.\.$/u.test(trimmed) && !trimmed.endsWith("?, ...")) return [unread(text)];
  return GRAMMAR.read(trimmed);
}

/** Our session's zone is UTC. */
function iso(stamp: string): string {
  return new Date(`${stamp.replace(" ", "T")}Z`).toISOString();
}
