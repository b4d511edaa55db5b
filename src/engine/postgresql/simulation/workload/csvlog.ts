import type { EvidenceWindow, Observation } from "../../../../model/workload.ts";
import type { LogFormat, ReadingOptions } from "../../../simulation.ts";
import { startsWithAt, timeAt } from "./bytes.ts";
import { type CsvRecord, CsvRecords } from "./csv.ts";
import { decimal } from "./continuity.ts";
import { isFailure, type LogEntry } from "./entry.ts";
import type { PostgresqlGrammar } from "./grammar.ts";
import { LogReading } from "./log-reading.ts";
import { type LogTime, logTime, zoneLosses } from "./time.ts";

/** Columns of `log_destination = csvlog`, by position from 0; later majors add columns at the end. */
const COLUMN = {
  time: 0,
  user: 1,
  database: 2,
  session: 5,
  line: 6,
  code: 12,
  message: 13,
  detail: 14,
  query: 19,
  application: 22,
} as const;
/** Of PostgreSQL up to 12, of 13, and from 14 on. */
const COLUMNS: ReadonlySet<number> = new Set([23, 24, 26]);
/** Of the records that say nothing, one in so many is asked for its time. */
const TIMED = 32;

const FIRST_LINE =
  /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [A-Za-z0-9+:-]+,(?:"(?:[^"]|"")*")?,(?:"(?:[^"]|"")*")?,\d*,(?:"[^"]*")?,[0-9a-f]+\.[0-9a-f]+,\d+,/mu;

/** The server's log as CSV. */
export function csvlog(grammar: PostgresqlGrammar): LogFormat {
  return {
    kind: "csvlog",
    summary: "PostgreSQL's log as CSV (`log_destination = csvlog`); lines of pgAudit in it are read too",
    recognizes: (beginning) => FIRST_LINE.test(beginning),
    read: (bytes, onUse, options) => readCsvlog(grammar, { bytes, onUse, options }),
  };
}

async function readCsvlog(
  grammar: PostgresqlGrammar,
  log: {
    readonly bytes: AsyncIterable<Uint8Array>;
    readonly onUse: (use: Observation) => void;
    readonly options: ReadingOptions;
  },
): Promise<EvidenceWindow> {
  const { options } = log;
  await grammar.load();
  const reading = new LogReading(grammar, log.onUse, options);
  const time = logTime(options.timeZone);
  let cut = 0;
  const records = new CsvRecords({
    take: (record, isCut) => takeRecord(record, { reading, time, isCut }),
    unread: (lines) => reading.unread(lines),
    cut: () => cut++,
  });
  let done = 0;
  for await (const chunk of log.bytes) {
    options.signal?.throwIfAborted();
    records.push(chunk);
    options.onProgress?.((done += chunk.byteLength));
  }
  records.end();
  const losses = [
    ...(cut > 0 ? [`${cut} records were too long to keep: of their statements only the command is known`] : []),
    ...zoneLosses(time),
  ];
  return reading.end({ kind: "csvlog", losses });
}

function takeRecord(
  record: CsvRecord,
  { reading, time, isCut }: { readonly reading: LogReading; readonly time: LogTime; readonly isCut: boolean },
): boolean {
  const { bytes } = record;
  if (!timeAt(bytes, record.start(COLUMN.time)) || !(COLUMNS.has(record.fields) || isCut)) return false;
  // What two records left of each other has quotes where none can be.
  if (record.end(COLUMN.code) - record.start(COLUMN.code) !== 5 || !(isCut || record.isWhole(COLUMN.message)))
    return false;
  const line = decimal(bytes, record.start(COLUMN.line), record.end(COLUMN.line));
  const number = { start: record.start(COLUMN.session), end: record.end(COLUMN.session), line };
  const isFirst = line === 1;
  if (!isFirst && !matters(record)) {
    const skipped = reading.skip();
    if (skipped % TIMED === 1) reading.seen(time.read(record.text(COLUMN.time)) ?? "");
    reading.line(bytes, number, () => time.read(record.text(COLUMN.time)));
    return true;
  }
  const at = time.read(record.text(COLUMN.time));
  if (at === null) return false;
  const code = record.text(COLUMN.code);
  const entry: LogEntry = {
    time: at,
    user: orNull(record.text(COLUMN.user)),
    database: orNull(record.text(COLUMN.database)),
    session: orNull(record.text(COLUMN.session)),
    first: isFirst,
    code,
    failed: isFailure(code),
    message: record.text(COLUMN.message),
    detail: orNull(record.text(COLUMN.detail)),
    query: orNull(record.text(COLUMN.query)),
    application: orNull(record.text(COLUMN.application)),
  };
  reading.entry(entry);
  reading.line(bytes, number, () => at);
  return true;
}

/** Most records of a log are about checkpoints, connections and locks: their bytes are compared, and nothing is made of them. */
function matters(record: CsvRecord): boolean {
  const { bytes } = record;
  const code = record.start(COLUMN.code);
  if (!startsWithAt(bytes, code, "00000")) return true;
  const message = record.start(COLUMN.message);
  switch (bytes[message] ?? 0) {
    case 115: // s
      return startsWithAt(bytes, message, "statement: ");
    case 101: // e
      return startsWithAt(bytes, message, "execute ");
    case 100: // d
      return startsWithAt(bytes, message, "duration: ") || startsWithAt(bytes, message, "disconnection: ");
    case 99: // c
      return startsWithAt(bytes, message, "connection authorized: ");
    case 65: // A
      return startsWithAt(bytes, message, "AUDIT: ");
    default:
      return false;
  }
}

function orNull(text: string): string | null {
  return text === "" ? null : text;
}
