import { RolewrightError } from "../../../../base/error.ts";
import type { EvidenceWindow, Observation, UseResult } from "../../../../model/workload.ts";
import { textOf } from "../../../log-bytes.ts";
import { readLines } from "../../../log-lines.ts";
import type { LogFormat, ReadingOptions } from "../../../simulation.ts";
import { DATABASE } from "../../resource-names.ts";
import { GRAMMAR, readFirst, unread } from "../grammar/grammar.ts";

/** Cassandra's audit log: what `FileAuditLogger` writes, with or without what the logging puts before it, and what `auditlogviewer` prints of `BinAuditLogger`. Seen on 5.0. */
export const AUDIT_LOG: LogFormat = {
  kind: "cassandra_audit",
  summary: "Cassandra's audit log: who ran which statement, and what was refused",
  recognizes: (beginning) => beginning.split("\n", 50).some((line) => RECORD.test(line)),
  read: readAuditLog,
};

/** The full query log tells neither who asked nor what was refused: it is no evidence of access, and is refused. */
export const FULL_QUERY_LOG: LogFormat = {
  kind: "cassandra_fql",
  summary: "refused: the full query log names nobody",
  recognizes: (beginning) =>
    /^(?:Type: (?:single-query|batch)$|Query start time: \d+$)/mu.test(beginning) ||
    /full-query-log|!SCQStore/u.test(beginning),
  read: () => {
    throw new RolewrightError(
      "RW595",
      "this is Cassandra's full query log, which tells neither who asked nor what was refused",
      {
        help: "read the audit log: `audit_logging_options` in cassandra.yaml, or `nodetool enableauditlog`",
      },
    );
  },
};

const RECORD =
  /(?:^|\s)user:(.*?)\|host:([^|]*)\|(?:source:([^|]*)\|)?(?:port:(\d*)\|)?timestamp:(\d+)\|type:([A-Z_]+)\|category:([A-Z]+)(?:\|batch:([^|]*))?(?:\|ks:([^|]*))?(?:\|scope:([^|]*))?(?:\|operation:(.*))?$/u;
/** What `auditlogviewer` prints above each message. */
const VIEWER = /^(?:Type: (?:AuditLog|audit)|LogMessage:.*|)$/iu;

/** What the log says happened, that is no statement that was carried out. */
const NO_USE: ReadonlySet<string> = new Set(["LOGIN_SUCCESS", "LOGIN_ERROR", "PREPARE_STATEMENT", "JMX", "SASI_ALTER"]);
/** The header of a batch of the protocol; its statements stand behind it by themselves. */
const BATCH_HEADER = /^BatchId:\[[^\]]*\] - BATCH of \[\d+\] statements$/u;
/** What is said of a batch of the protocol that failed: its statements stand nowhere. */
const BATCH_UNSEEN = /^BATCH of \d+ statements at consistency /u;

/** The fields of a record; undefined: it has no such. */
interface AuditRecord {
  readonly user: string;
  readonly source: string;
  readonly port: string;
  readonly stamp: string;
  readonly type: string;
  readonly category: string;
  readonly keyspace: string | undefined;
  readonly operation: string;
}

interface Open {
  readonly record: AuditRecord;
  readonly lines: string[];
}

/** What is kept of a statement over many lines, in characters. */
const LONGEST = 4_194_304;
const MOST_CONNECTIONS = 50_000;

async function readAuditLog(
  bytes: AsyncIterable<Uint8Array>,
  onUse: (use: Observation) => void,
  options: ReadingOptions,
): Promise<EvidenceWindow> {
  const counts = { records: 0, unread: 0, batches: 0, first: "", last: "" };
  /** The keyspace that each connection uses. */
  const keyspaces = new Map<string, string>();
  let open: Open | null = null;
  const timeOf = times();
  let size = 0;
  const finish = (): void => {
    if (open === null) return;
    const { record, lines: parts } = open;
    open = null;
    const { user, stamp, type, category, keyspace } = record;
    const operation = parts.length === 1 ? (parts[0] ?? "") : parts.join("\n");
    const time = timeOf(Number(stamp));
    const connection = `${record.source} ${record.port}`;
    if (type === "USE_KEYSPACE" && keyspace !== undefined) {
      keyspaces.set(connection, keyspace);
      if (keyspaces.size > MOST_CONNECTIONS) keyspaces.delete(keyspaces.keys().next().value ?? "");
    }
    if (NO_USE.has(type) || (operation.startsWith("BatchId") && BATCH_HEADER.test(operation))) return;
    const { since, until } = options;
    if ((since !== undefined && time < since) || (until !== undefined && time > until)) return;
    if (counts.first === "" || time < counts.first) counts.first = time;
    if (time > counts.last) counts.last = time;
    const result = resultOf(type);
    const isUnseen = operation.startsWith("BATCH of") && BATCH_UNSEEN.test(operation);
    if (isUnseen) counts.batches++;
    const statements = isUnseen
      ? [{ ...unread(`BATCH of unseen statements ${result.kind}`), command: "BATCH" }]
      : result.kind === "ok"
        ? GRAMMAR.read(operation)
        : [readFirst(operation)];
    // What is about roles has names of resources there.
    const named = keyspace === undefined || category === "DCL" ? keyspaces.get(connection) : keyspace;
    for (const statement of statements) {
      const who = { login: user, role: user, searchPath: named === undefined ? null : [named], application: null };
      onUse({ statement, database: DATABASE, ...who, calls: 1, firstSeen: time, lastSeen: time, result });
    }
  };
  const line = (text: string, cut: boolean): void => {
    const record = recordOf(text);
    if (record !== null) {
      finish();
      counts.records++;
      open = { record, lines: [cut ? `${record.operation}'` : record.operation] };
      size = text.length;
    } else if (open !== null && !/^(?:Type: |LogMessage:)/u.test(text)) {
      // A literal with a line break in it goes on here.
      size += text.length;
      if (size < LONGEST) open.lines.push(cut ? `${text}'` : text);
    } else if (!VIEWER.test(text) && text !== "Audit logging is enabled.") {
      counts.records++;
      counts.unread++;
    }
  };
  await readLines(bytes, options, (chunk, start, end, cut) => {
    line(textOf(chunk, start, cut ? Math.min(end, start + LONGEST) : end), cut);
  });
  finish();
  const from = counts.first === "" ? (options.since ?? "1970-01-01T00:00:00.000Z") : counts.first;
  const losses =
    counts.batches === 0 ? [] : [`${counts.batches} batches that failed are in it without their statements`];
  return {
    source: options.source,
    kind: "cassandra_audit",
    from,
    to: counts.last === "" ? from : counts.last,
    gaps: [],
    lacks: ["application"],
    losses: [...losses, "it is the log of one node: what other nodes were asked stands in theirs"],
    records: counts.records,
    unread: counts.unread,
  };
}

/** A record as the server writes it, with all that it may have in its order; of any other form it is found by trying. Null: it is none. */
function recordOf(text: string): AuditRecord | null {
  const found = text.startsWith("user:") ? orderedRecord(text) : null;
  if (found !== null) return found;
  if (!text.includes("user:")) return null;
  const match = RECORD.exec(text);
  if (match === null || (match[5] ?? "").length > LONGEST_STAMP) return null;
  const [, user = "", , source = "", port = "", stamp = "", type = "", category = "", , keyspace, , operation = ""] =
    match;
  return { user, source, port, stamp, type, category, keyspace, operation };
}

/** Milliseconds since 1970 as RFC 3339 in UTC; most lines are of the minute of the one before. */
function times(): (milliseconds: number) => string {
  let minute = Number.NaN;
  let written = "";
  return (milliseconds) => {
    const here = Math.floor(milliseconds / 60_000);
    if (here !== minute) written = new Date((minute = here) * 60_000).toISOString().slice(0, -"00.000Z".length);
    return `${written}${((milliseconds - here * 60_000) / 1000).toFixed(3).padStart("00.000".length, "0")}Z`;
  };
}

/** The last moment that a time of the language can be, in digits. */
const LONGEST_STAMP = 15;

const FIELDS: readonly string[] = ["host", "source", "port", "timestamp", "type", "category", "batch", "ks", "scope"];
const NEEDED: readonly string[] = ["host", "timestamp", "type", "category"];

function orderedRecord(text: string): AuditRecord | null {
  const fields: Record<string, string> = {};
  let end = text.indexOf("|");
  if (end < 0) return null;
  const user = text.slice("user:".length, end);
  let operation = "";
  for (let next = 0; end < text.length; ) {
    const start = end + 1;
    if (text.startsWith("operation:", start)) {
      operation = text.slice(start + "operation:".length);
      break;
    }
    const index = FIELDS.findIndex(
      (name, at) => at >= next && text.startsWith(name, start) && text[start + name.length] === ":",
    );
    const name = FIELDS[index];
    if (name === undefined) return null;
    end = text.indexOf("|", start);
    if (end < 0) end = text.length;
    fields[name] = text.slice(start + name.length + 1, end);
    next = index + 1;
  }
  const { source = "", port = "", timestamp = "", type = "", category = "", ks } = fields;
  if (NEEDED.some((name) => fields[name] === undefined) || !/^\d{1,15}$/u.test(timestamp)) return null;
  if (!/^[A-Z_]+$/u.test(type) || !/^[A-Z]+$/u.test(category) || !/^\d*$/u.test(port)) return null;
  return { user, source, port, stamp: timestamp, type, category, keyspace: ks, operation };
}

function resultOf(type: string): UseResult {
  if (type === "UNAUTHORIZED_ATTEMPT") return { kind: "denied", code: "2100" };
  return type === "REQUEST_FAILURE" ? { kind: "failed", code: "REQUEST_FAILURE" } : { kind: "ok" };
}
