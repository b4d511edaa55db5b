import type { EvidenceWindow, Observation, ObservedField } from "../../../../model/workload.ts";
import { textOf } from "../../../log-bytes.ts";
import { readLines } from "../../../log-lines.ts";
import type { LogFormat, ReadingOptions } from "../../../simulation.ts";
import { zonedTimes } from "../../../zoned-time.ts";
import { bareRoleName } from "../../names.ts";
import { DATABASE } from "../../normalize.ts";
import { GRAMMAR, roleSetBy } from "../grammar/grammar.ts";
import { Reading } from "./window.ts";

/** What is written before a statement runs, so that nobody learns how it ended. */
export const GENERAL_LOG_LACKS: readonly ObservedField[] = ["application", "failures"];

/** The general query log of both products. */
export const GENERAL_LOG: LogFormat = {
  kind: "general_log",
  summary: "the general query log: who sent which statement, and not how it ended",
  recognizes: (beginning) => beginning.split("\n", 12).some((line) => HEADER.test(line) || RECORD.test(line)),
  read: readGeneralLog,
};

const HEADER = /^Time\s+Id Command\s+Argument\s*$/u;
const COMMANDS =
  "Sleep|Quit|Init DB|Query|Field List|Create DB|Drop DB|Refresh|Shutdown|Statistics|Processlist|Connect|Kill|Debug|Ping|Time|Delayed insert|Change user|Binlog Dump|Table Dump|Connect Out|Register Slave|Prepare|Execute|Long Data|Close stmt|Reset stmt|Set option|Fetch|Daemon|Error|Slave_worker|Reset connection|Binlog Dump GTID|Bulk_execute|Multi";
/** MariaDB writes a time where the second is another than that of the line before; MySQL writes it always. */
const RECORD = new RegExp(
  `^(?:(\\d{6})\\s+(\\d{1,2}):(\\d\\d):(\\d\\d)|(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?(?:Z|[-+]\\d\\d:\\d\\d)))?\\s+(\\d+) (${COMMANDS})(?:\\t(.*))?$`,
  "u",
);
const MARIADB_START = /, Version: .* started with:$|^Tcp port: |^(?:Named pipe|TCP Port): /u;
const CONNECT = /^(.*) on (.*?)(?: (?:as \S+ ?|using \S+))*$/su;

/** What is known of one connection. */
export interface LoggedSession {
  login: string | null;
  role: string | null;
  searchPath: readonly string[] | null;
}

/** A record of the general log, from its file or its table. */
export interface LoggedCommand {
  readonly time: string;
  readonly connection: string;
  readonly command: string;
  readonly argument: string;
}

interface OpenRecord {
  readonly connection: string;
  readonly command: string;
  readonly lines: string[];
}

/** The record that most lines of MariaDB are: no time, and a query. Null: any other. */
function commonRecord(text: string): OpenRecord | null {
  if (!text.startsWith("\t\t")) return null;
  let at = 2;
  while (text.charCodeAt(at) === 32) at++;
  const from = at;
  while (text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57) at++;
  if (at === from) return null;
  for (const command of ["Query", "Execute"]) {
    if (!text.startsWith(command, at + 1) || text[at] !== " " || text[at + 1 + command.length] !== "\t") continue;
    return { connection: text.slice(from, at), command, lines: [text.slice(at + 2 + command.length)] };
  }
  return null;
}

async function readGeneralLog(
  bytes: AsyncIterable<Uint8Array>,
  onUse: (use: Observation) => void,
  options: ReadingOptions,
): Promise<EvidenceWindow> {
  const reading = new Reading(options, onUse);
  const toUtc = zonedTimes(options.timeZone);
  const sessions = new Sessions(reading);
  let time: string | null = null;
  let open: OpenRecord | null = null;
  let size = 0;
  const finish = (): void => {
    if (open === null) return;
    const { connection, command, lines: parts } = open;
    if (time === null) reading.unread++;
    else sessions.take({ time, connection, command, argument: parts.join("\n") });
    open = null;
  };
  const line = (text: string, cut: boolean): void => {
    const common = cut ? null : commonRecord(text);
    if (common !== null) {
      finish();
      reading.records++;
      size = common.lines[0]?.length ?? 0;
      open = common;
      return;
    }
    const match = RECORD.exec(text);
    if (match === null) {
      if (HEADER.test(text) || MARIADB_START.test(text)) finish();
      else if (open === null) {
        if (text !== "") {
          reading.records++;
          reading.unread++;
        }
      } else if ((size += text.length) < LONGEST) open.lines.push(cut ? `${text}'` : text);
      return;
    }
    finish();
    reading.records++;
    const [, day, hour, minute, second, stamp, connection = "", command = "", argument = ""] = match;
    if (day !== undefined) {
      const [year, month, date] = [day.slice(0, 2), day.slice(2, 4), day.slice(4, 6)].map(Number);
      time = toUtc({
        year: 2000 + (year ?? 0),
        month: month ?? 1,
        day: date ?? 1,
        hour: Number(hour),
        minute: Number(minute),
        second: Number(second),
      });
    } else if (stamp !== undefined) time = new Date(stamp).toISOString();
    size = argument.length;
    open = { connection, command, lines: [cut ? `${argument}'` : argument] };
  };
  await readLines(bytes, options, (chunk, start, end, cut) => {
    line(textOf(chunk, start, cut ? Math.min(end, start + LONGEST) : end), cut);
  });
  finish();
  sessions.tell();
  return reading.window("general_log", GENERAL_LOG_LACKS);
}

/** What is kept of a statement over many lines, in characters. */
const LONGEST = 4_194_304;
const MOST_SESSIONS = 50_000;

/** Whose each connection is, and which role and schema it has set. */
export class Sessions {
  readonly #reading: Reading;
  readonly #known: Map<string, LoggedSession> = new Map();
  readonly #unknown: Set<string> = new Set();

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  take({ time, connection, command, argument }: LoggedCommand, account?: string): void {
    if (command === "Connect" || command === "Change user") return this.#connected(connection, argument);
    if (command === "Quit") return void this.#known.delete(connection);
    let session = this.#known.get(connection);
    if (session === undefined) {
      if (account === undefined) this.#unknown.add(connection);
      session = { login: account ?? null, role: null, searchPath: null };
      this.#known.set(connection, session);
    }
    if (command === "Init DB") session.searchPath = [argument];
    if (command !== "Query" && command !== "Execute") return;
    const covered = this.#reading.covers(time);
    for (const statement of GRAMMAR.read(argument)) {
      const { login, role, searchPath } = session;
      const who = { login, role: role === NOT_KNOWN ? null : (role ?? login), searchPath };
      const seen = { calls: 1, firstSeen: time, lastSeen: time, result: { kind: "ok" } as const };
      if (covered) this.#reading.use({ statement, database: DATABASE, ...who, application: null, ...seen });
      const [, schema] =
        statement.command !== "USE"
          ? []
          : (/^use (?:`((?:[^`]|``)+)`|(\S+))$/u.exec(statement.text)?.filter((part) => part !== undefined) ?? []);
      if (schema !== undefined) session.searchPath = [schema.replaceAll("``", "`")];
      const set = statement.command === "SET" ? roleSetBy(statement.text) : undefined;
      if (set !== undefined) session.role = set === null ? null : bareRoleName(set);
    }
  }

  /** Says what is missing. */
  tell(): void {
    if (this.#unknown.size === 0) return;
    this.#reading.losses.add(
      `the beginning of ${this.#unknown.size} connections is not in it: whose they are is not known`,
    );
  }

  /** `app@127.0.0.2 on shop using TCP/IP`; a connection that was refused says `Access denied for user` afterwards. */
  #connected(connection: string, argument: string): void {
    if (argument.startsWith("Access denied")) return void this.#known.delete(connection);
    const [, login, schema] = CONNECT.exec(argument) ?? [];
    const searchPath = schema === undefined ? null : schema === "" ? [] : [schema];
    this.#known.set(connection, { login: login ?? null, role: null, searchPath });
    if (this.#known.size <= MOST_SESSIONS) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

const NOT_KNOWN = "";
