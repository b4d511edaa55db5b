import type { LogFormat } from "../../../simulation.ts";
import { textOf } from "../../../log-bytes.ts";
import { startsWithAt } from "./bytes.ts";
import { decimal, type LineNumber } from "./continuity.ts";
import { isFailure, type LogEntry } from "./entry.ts";
import type { PostgresqlGrammar } from "./grammar.ts";
import { readLines } from "../../../log-lines.ts";
import { LogReading } from "./log-reading.ts";
import { type LogTime, logTime, zoneLosses } from "./time.ts";

/** What is read of a line of `log_destination = jsonlog`. */
interface JsonLine {
  readonly timestamp?: unknown;
  readonly user?: unknown;
  readonly dbname?: unknown;
  readonly session_id?: unknown;
  readonly line_num?: unknown;
  readonly state_code?: unknown;
  readonly message?: unknown;
  readonly detail?: unknown;
  readonly statement?: unknown;
  readonly application_name?: unknown;
}

const TIMED = 32;
const MESSAGE = Buffer.from('"message":"');
const STATE = Buffer.from('"state_code":"');
const SESSION = Buffer.from('"session_id":"');
const NUMBER = Buffer.from('"line_num":');
const [QUOTE, COMMA] = [34, 44];

/** The server's log as JSON, from PostgreSQL 15 on. */
export function jsonlog(grammar: PostgresqlGrammar): LogFormat {
  return {
    kind: "jsonlog",
    summary:
      "PostgreSQL's log as JSON (`log_destination = jsonlog`, 15 and later); lines of pgAudit in it are read too",
    recognizes: (beginning) => /^\{"timestamp":"[^"]+",.*"error_severity":"/mu.test(beginning),
    async read(bytes, onUse, options) {
      await grammar.load();
      const reading = new LogReading(grammar, onUse, options);
      const time = logTime(options.timeZone);
      let cuts = 0;
      await readLines(bytes, options, (buffer, start, end, cut) => {
        if (cut) cuts++;
        if (start < end) takeLine(buffer.subarray(start, end), { reading, time, cut });
      });
      const losses = [
        ...(cuts > 0 ? [`${cuts} records were too long to keep: of their statements only the command is known`] : []),
        ...zoneLosses(time),
      ];
      return reading.end({ kind: "jsonlog", losses });
    },
  };
}

function takeLine(
  line: Buffer,
  { reading, time, cut }: { readonly reading: LogReading; readonly time: LogTime; readonly cut: boolean },
): void {
  const message = line.indexOf(MESSAGE);
  if (line[0] !== 123 || message === -1) return reading.unread();
  const number = lineNumber(line);
  if (number.line !== 1 && !line.includes(STATE) && !matters(line, message + MESSAGE.length)) {
    const timeOf = (): string | null => time.read(jsonText(line.subarray(0, message)));
    if (reading.skip() % TIMED === 1) reading.seen(timeOf() ?? "");
    return reading.line(line, number, timeOf);
  }
  const parsed = parse(textOf(line, 0, line.length), cut);
  const at = parsed === null ? null : time.read(textOrNull(parsed.timestamp) ?? "");
  if (parsed === null || at === null) return reading.unread();
  const code = textOrNull(parsed.state_code);
  const entry: LogEntry = {
    time: at,
    user: textOrNull(parsed.user),
    database: textOrNull(parsed.dbname),
    session: textOrNull(parsed.session_id),
    first: parsed.line_num === 1,
    code,
    failed: code !== null && isFailure(code),
    message: textOrNull(parsed.message) ?? "",
    detail: textOrNull(parsed.detail),
    query: textOrNull(parsed.statement),
    application: textOrNull(parsed.application_name),
  };
  reading.entry(entry);
  reading.line(line, number, () => at);
}

/** Quotes in names are escaped, so a key stands nowhere else. */
function lineNumber(line: Buffer): LineNumber {
  const start = line.indexOf(SESSION) + SESSION.length;
  const digits = line.indexOf(NUMBER) + NUMBER.length;
  const isThere = start >= SESSION.length && digits >= NUMBER.length;
  return {
    start,
    end: isThere ? line.indexOf(QUOTE, start) : start,
    line: isThere ? decimal(line, digits, line.indexOf(COMMA, digits)) : Number.NaN,
  };
}

function matters(line: Buffer, message: number): boolean {
  return ["statement: ", "execute ", "duration: ", "disconnection: ", "connection authorized: ", "AUDIT: "].some(
    (word) => startsWithAt(line, message, word),
  );
}

/** The value of the first field: the time. */
function jsonText(line: Buffer): string {
  return /^\{"timestamp":"([^"]*)"/u.exec(line.toString("latin1", 0, 60))?.[1] ?? "";
}

/** A line that was cut in the text of its message is closed: the message is longer than any that is looked into. */
function parse(text: string, cut: boolean): JsonLine | null {
  try {
    return JSON.parse(cut ? `${text.replace(/\\(?:u[\da-f]{0,3})?$/iu, "")}"}` : text) as JsonLine;
  } catch {
    return null; // Cut, or not JSON: counted as not understood.
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
