import type { EvidenceWindow } from "../../../../model/workload.ts";

type Gap = EvidenceWindow["gaps"][number];

interface Followed {
  line: number;
  /** The time of the log when it was read, or shortly before. */
  at: string;
}

interface Found {
  from: string;
  to: string;
  lines: number;
}

/** Sessions that are followed at once; the ones that began first are forgotten. */
const MOST_SESSIONS = 200_000;
/** Gaps that are told apart in one file; what is missing behind them makes the last one longer. */
const MOST_GAPS = 500;
/** Process numbers are smaller on every system that PostgreSQL runs on; with the seconds of a session's start they fit in one number. */
const MOST_PROCESSES = 4_194_304;

/** Where a line tells its session, and which line of that it is. */
export interface LineNumber {
  /** The session's id, `65f1c0aa.4e2`: its first byte, and the one behind its last. */
  readonly start: number;
  readonly end: number;
  /** NaN: it is none. */
  readonly line: number;
}

/** When a line was written. `now`: the time that was last read of the log, its own at best, empty where none was; `time`: its own. */
export interface LineTime {
  readonly now: string;
  time(): string | null;
}

/**
 * Finds what is missing in a log: PostgreSQL numbers the lines of each session (process), so a number that was left out is a line that is not there. It was lost between two lines of its session; lines of several sessions that can have been lost
 * at once are one gap, as short as all of them allow.
 */
export class Continuity {
  readonly #sessions = new Map<number, Followed>();
  readonly #gaps: Found[] = [];
  #first: number | null = null;
  #told = 0;

  line(bytes: Uint8Array, { start, end, line }: LineNumber, when: LineTime): void {
    let dot = start;
    while (dot < end && bytes[dot] !== DOT) dot++;
    const [seconds, process] = [hexadecimal(bytes, start, dot), hexadecimal(bytes, dot + 1, end)];
    if (!(process < MOST_PROCESSES && line > 0)) return;
    const key = seconds * MOST_PROCESSES + process;
    const known = this.#sessions.get(key);
    if (known === undefined) {
      this.#begin(key, { seconds, line }, when);
      return;
    }
    // Fewer: the same file was given twice.
    if (line > known.line + 1) this.#lost(line - known.line - 1, known.at, when.time());
    if (line > known.line) known.line = line;
    if (when.now !== "") known.at = when.now;
  }

  /** The gaps that were found since it was last asked, in no order. */
  take(): readonly Gap[] {
    const found = this.#gaps.slice(this.#told).map(({ from, to, lines }) => ({
      from,
      to,
      reason: lines === 1 ? "a line of the log is missing" : `${lines} lines of the log are missing`,
    }));
    this.#told = this.#gaps.length;
    return found;
  }

  #begin(key: number, { seconds, line }: { readonly seconds: number; readonly line: number }, when: LineTime): void {
    const at = when.now === "" ? when.time() : when.now;
    if (at === null) return;
    this.#first ??= Date.parse(at);
    // What a session said before the log began is not of this log.
    const start = seconds * 1000;
    if (line > 1 && start > this.#first) this.#lost(line - 1, new Date(start).toISOString(), when.time());
    if (this.#sessions.size >= MOST_SESSIONS) {
      const [oldest] = this.#sessions.keys();
      if (oldest !== undefined) this.#sessions.delete(oldest);
    }
    this.#sessions.set(key, { line, at });
  }

  #lost(lines: number, after: string, to: string | null): void {
    if (to === null) return;
    const from = after < to ? after : to;
    const index = this.#gaps.findLastIndex((gap) => from <= gap.to && gap.from <= to);
    const gap = this.#gaps[index];
    if (gap === undefined) {
      const last = this.#gaps.at(-1);
      if (last === undefined || this.#gaps.length - this.#told < MOST_GAPS) this.#gaps.push({ from, to, lines });
      else Object.assign(last, { to: last.to < to ? to : last.to, lines: last.lines + lines });
    } else if (index >= this.#told) {
      // It may be shorter than was known; what was told already explains this line too.
      gap.from = from > gap.from ? from : gap.from;
      gap.to = to < gap.to ? to : gap.to;
      gap.lines += lines;
    }
  }
}

const DOT = 46;

/** NaN where it is none. */
function hexadecimal(bytes: Uint8Array, from: number, to: number): number {
  let value = from < to && to - from <= 10 ? 0 : Number.NaN;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    value = value * 16 + (byte >= 48 && byte <= 57 ? byte - 48 : byte >= 97 && byte <= 102 ? byte - 87 : Number.NaN);
  }
  return value;
}

/** A number of digits; NaN where it is none. */
export function decimal(bytes: Uint8Array, from: number, to: number): number {
  let value = from < to && to - from <= 15 ? 0 : Number.NaN;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    value = value * 10 + (byte >= 48 && byte <= 57 ? byte - 48 : Number.NaN);
  }
  return value;
}
