import type { EvidenceWindow, Observation, ObservedField } from "../../../../model/workload.ts";
import type { ReadingOptions } from "../../../simulation.ts";

const EPOCH = "1970-01-01T00:00:00.000Z";

/** Counts what one reading saw, and passes on what lies within its time. */
export class Reading {
  records = 0;
  unread = 0;
  readonly losses: Set<string> = new Set();
  readonly #options: ReadingOptions;
  readonly #onUse: (use: Observation) => void;
  #first: string | null = null;
  #last: string | null = null;

  constructor(options: ReadingOptions, onUse: (use: Observation) => void) {
    this.#options = options;
    this.#onUse = onUse;
  }

  /** A record of this time was seen. False: it lies outside of what is asked for. */
  covers(time: string): boolean {
    const { since, until } = this.#options;
    if ((since !== undefined && time < since) || (until !== undefined && time > until)) return false;
    if (this.#first === null || time < this.#first) this.#first = time;
    if (this.#last === null || time > this.#last) this.#last = time;
    return true;
  }

  use(use: Observation): void {
    this.#onUse(use);
  }

  window(kind: string, lacks: readonly ObservedField[]): EvidenceWindow {
    const from = this.#first ?? this.#options.since ?? EPOCH;
    return {
      source: this.#options.source,
      kind,
      from,
      to: this.#last ?? from,
      gaps: [],
      lacks,
      losses: [...this.losses].sort(),
      records: this.records,
      unread: this.unread,
    };
  }
}

/** The server's numbers for want of a right: on a schema, a table, a column, a routine, the server; of who defined a view; to sign in as, to pass on, to activate a role. */
const DENIED: ReadonlySet<number> = new Set([1044, 1045, 1142, 1143, 1227, 1356, 1370, 1410, 1698, 1959]);

/** How a statement ended, by the server's number. */
export function resultOf(errno: number): Observation["result"] {
  if (errno === 0) return { kind: "ok" };
  return { kind: DENIED.has(errno) ? "denied" : "failed", code: String(errno) };
}
