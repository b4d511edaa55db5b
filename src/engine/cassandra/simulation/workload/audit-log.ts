import { RolewrightError } from "../../../../base/error.ts";
import type { EvidenceWindow, Observation, UseResult } from "../../../../model/workload.ts";
import { logLines } from "../../../log-lines.ts";
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

interface Open {
  readonly fields: readonly (string | undefined)[];
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
  let size = 0;
  const finish = (): void => {
    if (open === null) return;
    const { fields, lines } = open;
    open = null;
    const [, user = "", , source = "", port = "", stamp = "", type = "", category = "", , keyspace] = fields;
    const operation = lines.join("\n");
    const time = new Date(Number(stamp)).toISOString();
    const connection = `${source} ${port}`;
    if (type === "USE_KEYSPACE" && keyspace !== undefined) {
      keyspaces.set(connection, keyspace);
      if (keyspaces.size > MOST_CONNECTIONS) keyspaces.delete(keyspaces.keys().next().value ?? "");
    }
    if (NO_USE.has(type) || BATCH_HEADER.test(operation)) return;
    const { since, until } = options;
    if ((since !== undefined && time < since) || (until !== undefined && time > until)) return;
    if (counts.first === "" || time < counts.first) counts.first = time;
    if (time > counts.last) counts.last = time;
    const result = resultOf(type);
    if (BATCH_UNSEEN.test(operation)) counts.batches++;
    const statements = BATCH_UNSEEN.test(operation)
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
  for await (const { text, cut } of logLines(bytes, options)) {
    const match = RECORD.exec(text);
    if (match !== null) {
      finish();
      counts.records++;
      open = { fields: match, lines: [cut ? `${match[11] ?? ""}'` : (match[11] ?? "")] };
      size = text.length;
    } else if (open !== null && !/^(?:Type: |LogMessage:)/u.test(text)) {
      // A literal with a line break in it goes on here.
      size += text.length;
      if (size < LONGEST) open.lines.push(cut ? `${text}'` : text);
    } else if (!VIEWER.test(text) && text !== "Audit logging is enabled.") {
      counts.records++;
      counts.unread++;
    }
  }
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

function resultOf(type: string): UseResult {
  if (type === "UNAUTHORIZED_ATTEMPT") return { kind: "denied", code: "2100" };
  return type === "REQUEST_FAILURE" ? { kind: "failed", code: "REQUEST_FAILURE" } : { kind: "ok" };
}
