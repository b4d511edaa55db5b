import { RolewrightError } from "../../../../base/error.ts";
import type { ObservedField } from "../../../../model/workload.ts";
import type { LogFormat, ReadingOptions } from "../../../simulation.ts";
import { MOST_RECORD, textOf } from "../../../log-bytes.ts";
import { startsWithAt } from "./bytes.ts";
import { isFailure } from "./entry.ts";
import type { PostgresqlGrammar } from "./grammar.ts";
import { readLines } from "../../../log-lines.ts";
import { LogReading } from "./log-reading.ts";
import { type LinePrefix, linePrefix, type PrefixFields, suggestPrefix } from "./prefix.ts";
import { type LogTime, logTime, zoneLosses } from "./time.ts";

const TAB = 9;
const LOOKED_AT = 500;

/** The server's log as plain text. */
export function stderrLog(grammar: PostgresqlGrammar): LogFormat {
  return {
    kind: "stderr",
    summary:
      "PostgreSQL's plain log, with the server's `log_line_prefix` (`--line-prefix`); lines of pgAudit in it are read too",
    recognizes: (beginning) => /(?:^|[\]> :,\d-])(?:LOG|ERROR|FATAL|WARNING|STATEMENT):  \S/mu.test(beginning),
    async read(bytes, onUse, options) {
      await grammar.load();
      const reading = new LogReading(grammar, onUse, options);
      const time = logTime(options.timeZone);
      const log = new PlainLog({ reading, time, options });
      await readLines(bytes, options, (buffer, start, end, cut) => log.line(buffer, start, end, cut));
      log.end();
      return reading.end({ kind: "stderr", lacks: log.lacks(), losses: [...log.losses(), ...zoneLosses(time)] });
    },
  };
}

interface Draft {
  readonly fields: PrefixFields;
  readonly isError: boolean;
  readonly message: string[];
  detail: string[] | null;
  query: string[] | null;
  /** What lines that begin with a tab belong to. */
  current: string[] | null;
  length: number;
}

/** Puts lines together: a record is its first line, those behind it that begin with a tab, and the DETAIL and STATEMENT of the same process. */
class PlainLog {
  readonly #reading: LogReading;
  readonly #time: LogTime;
  readonly #prefix: LinePrefix;
  /** Records that were begun, by process: those of several mix, line by line only. */
  #draft: Draft | null = null;
  #lines = 0;
  #fitting = 0;
  #strays = 0;
  #cut = 0;
  #first: { readonly number: number; readonly text: string } | null = null;
  readonly #sample: string[] = [];
  /** `:  ` ends the severity, and stands nowhere before it. */
  readonly #quick: boolean;
  #passedOver = false;

  constructor(given: { readonly reading: LogReading; readonly time: LogTime; readonly options: ReadingOptions }) {
    this.#reading = given.reading;
    this.#time = given.time;
    const text = given.options.linePrefix;
    const prefix = text === undefined ? NO_PREFIX : linePrefix(text);
    if (prefix === null || (text !== undefined && !["m", "t", "n"].some((escape) => prefix.escapes.has(escape)))) {
      throw new RolewrightError(
        "RW542",
        `\`${text}\` is not a \`log_line_prefix\` that can be read: it has no time, or an escape that there is not`,
        {
          help: "give the server's own: `show log_line_prefix`; it needs `%m`, `%t` or `%n`",
        },
      );
    }
    this.#prefix = prefix;
    this.#quick = !prefix.text.includes(":  ");
  }

  line(bytes: Buffer, start: number, end: number, cut: boolean): void {
    this.#lines++;
    if (cut) this.#cut++;
    if (start === end) return;
    if (bytes[start] === TAB) return this.#continue(bytes, start + 1, end);
    if (this.#fitting >= LOOKED_AT && this.#quick && this.#isIdle(bytes, start, end)) {
      this.#flush();
      this.#passedOver = true;
      this.#reading.skip();
      return;
    }
    const text = textOf(bytes, start, end);
    const fields = this.#prefix.read(text);
    if (fields === null) return this.#stray(text);
    this.#fitting++;
    this.#passedOver = false;
    this.#take(fields, text.slice(fields.message));
  }

  end(): void {
    if (this.#fitting < this.#strays) throw this.#wrongPrefix();
    this.#flush();
  }

  lacks(): readonly ObservedField[] {
    const { escapes } = this.#prefix;
    const lacks: ObservedField[] = [];
    if (!escapes.has("u")) lacks.push("login");
    if (!escapes.has("d")) lacks.push("database");
    if (!escapes.has("a")) lacks.push("application");
    return lacks;
  }

  losses(): readonly string[] {
    return this.#cut === 0
      ? []
      : [`${this.#cut} records were too long to keep: of their statements only the command is known`];
  }

  #take(fields: PrefixFields, message: string): void {
    const draft = this.#draft;
    const isSame = draft !== null && draft.fields.session === fields.session;
    switch (fields.severity) {
      case "DETAIL":
      case "STATEMENT": {
        const lines = [message];
        if (draft === null || !isSame) return;
        if (fields.severity === "DETAIL") draft.detail = lines;
        else draft.query = lines;
        draft.current = lines;
        return;
      }
      case "HINT":
      case "CONTEXT":
      case "QUERY":
      case "LOCATION":
      case "BACKTRACE":
        if (draft !== null) draft.current = null;
        return;
      default:
        this.#flush();
        this.#draft = begin(fields, message);
    }
  }

  #continue(bytes: Buffer, start: number, end: number): void {
    const draft = this.#draft;
    if (this.#passedOver || draft === null || draft.current === null || draft.length > MOST_RECORD) return;
    draft.length += end - start;
    draft.current.push(textOf(bytes, start, end));
  }

  #flush(): void {
    const draft = this.#draft;
    this.#draft = null;
    if (draft === null) return;
    const { fields } = draft;
    const time = this.#time.read(fields.time);
    if (time === null) return this.#reading.unread();
    const message = draft.message.join("\n");
    const isFirst = fields.line === null ? message.startsWith("connection received: ") : fields.line === "1";
    this.#reading.entry({
      time,
      user: fields.user,
      database: fields.database,
      session: fields.session,
      first: isFirst,
      code: fields.code,
      failed: draft.isError || (fields.code !== null && isFailure(fields.code)),
      message,
      detail: draft.detail?.join("\n") ?? null,
      query: draft.query?.join("\n") ?? null,
      application: fields.application,
    });
  }

  #stray(text: string): void {
    this.#reading.unread();
    this.#strays++;
    if (this.#draft !== null) this.#draft.current = null;
    this.#first ??= { number: this.#lines, text };
    if (this.#sample.length < LOOKED_AT) this.#sample.push(text);
    if (this.#fitting === 0 && this.#lines >= LOOKED_AT) throw this.#wrongPrefix();
  }

  #wrongPrefix(): RolewrightError {
    const { number, text } = this.#first ?? { number: 1, text: "" };
    const beginning =
      /^.{0,80}?(?=(?:LOG|ERROR|FATAL|WARNING|STATEMENT|DETAIL):  )/u.exec(text)?.[0] ?? text.slice(0, 30);
    const better = suggestPrefix(this.#sample);
    const given =
      this.#prefix === NO_PREFIX
        ? "no `--line-prefix` is given"
        : `the prefix \`${this.#prefix.text}\` fits too few lines`;
    return new RolewrightError("RW542", `${given}; line ${number} begins with \`${beginning}\``, {
      help:
        better === null
          ? "ask the server for it: `show log_line_prefix`, and give it with `--line-prefix`"
          : `lines begin as \`--line-prefix '${better}'\` says; the server's own is told by \`show log_line_prefix\``,
    });
  }

  /** A record that says nothing here, told by its bytes alone. */
  #isIdle(bytes: Buffer, start: number, end: number): boolean {
    const colon = bytes.indexOf(":  ", start, "latin1");
    if (colon === -1 || colon >= end) return false;
    // Only LOG can be passed over; of all others the failure, or what belongs to it, matters.
    if (!startsWithAt(bytes, colon - 3, "LOG")) return false;
    return !["statement: ", "execute ", "duration: ", "disconnection: ", "connection ", "AUDIT: "].some((word) =>
      startsWithAt(bytes, colon + 3, word),
    );
  }
}

const NO_PREFIX: LinePrefix = { text: "", escapes: new Set(), read: () => null };

function begin(fields: PrefixFields, message: string): Draft {
  const lines = [message];
  const isError = fields.severity === "ERROR" || fields.severity === "FATAL" || fields.severity === "PANIC";
  return { fields, isError, message: lines, detail: null, query: null, current: lines, length: message.length };
}
