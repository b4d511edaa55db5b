import { compareText } from "../../base/order.ts";
import type { Evidence, EvidenceWindow, Observation, ObservedStatement, Use } from "../../model/workload.ts";
import type { TargetIdentity } from "../../model/snapshot.ts";

/** Sums up observations by what tells them apart. Memory follows what is distinct, and stops at `most`. */
export class Aggregate {
  readonly #source: string;
  readonly #most: number;
  readonly #sums: Map<string, Sum> = new Map();
  #left = 0;

  constructor(options: {
    /** The window that the observations are of. */
    readonly source: string;
    /** How many distinct uses are kept; later ones are counted as lost. @default 200,000 */
    readonly most?: number;
  }) {
    this.#source = options.source;
    this.#most = options.most ?? 200_000;
  }

  add(seen: Observation): void {
    const key = useKey(seen);
    const known = this.#sums.get(key);
    if (known !== undefined) return addTo(known, seen);
    if (this.#sums.size >= this.#most) {
      this.#left += seen.calls;
      return;
    }
    const first = seen.firstSeen.slice(0, 10);
    this.#sums.set(key, {
      seen,
      statement: seen.statement,
      calls: seen.calls,
      firstSeen: seen.firstSeen,
      lastSeen: seen.lastSeen,
      lastDay: first,
      days: daysOf(seen),
    });
  }

  /** The uses, sorted, and a sentence where some were left out. */
  end(): { readonly uses: readonly Use[]; readonly losses: readonly string[] } {
    const uses = [...this.#sums.values()].map((sum): Use => useOf(sum, this.#source)).toSorted(compareUses);
    const losses =
      this.#left === 0
        ? []
        : [`${this.#left} calls of statements were left out: there are more than ${this.#most} distinct ones`];
    return { uses, losses };
  }
}

interface Sum {
  readonly seen: Observation;
  /** Statements that are alike may be written in several ways: the same one is kept whatever their order. */
  statement: ObservedStatement;
  calls: number;
  firstSeen: string;
  lastSeen: string;
  /** The last day that was noted: most observations are of the same one. */
  lastDay: string;
  readonly days: Set<string>;
}

function addTo(sum: Sum, seen: Observation): void {
  sum.calls += seen.calls;
  if (seen.statement !== sum.statement) sum.statement = plainer(seen.statement, sum.statement);
  if (seen.firstSeen < sum.firstSeen) sum.firstSeen = seen.firstSeen;
  if (seen.lastSeen > sum.lastSeen) sum.lastSeen = seen.lastSeen;
  if (seen.firstSeen.startsWith(sum.lastDay) && seen.lastSeen.startsWith(sum.lastDay)) return;
  for (const day of daysOf(seen)) sum.days.add(day);
  sum.lastDay = seen.lastSeen.slice(0, 10);
}

/** A counter's difference says that it was used in between, not on each of the days: the first and the last are noted. */
function daysOf(seen: Observation): Set<string> {
  return new Set([seen.firstSeen.slice(0, 10), seen.lastSeen.slice(0, 10)]);
}

/** The shorter text. */
export function plainer(a: ObservedStatement, b: ObservedStatement): ObservedStatement {
  const order = a.text.length - b.text.length || compareText(a.text, b.text);
  return order < 0 ? a : b;
}

function useOf({ seen, statement, calls, firstSeen, lastSeen, days }: Sum, source: string): Use {
  return { ...seen, statement, calls, firstSeen, lastSeen, days: [...days].toSorted(compareText), source };
}

/** What makes two observations one use, without their source. */
export function useKey(seen: Observation): string {
  const path = seen.searchPath === null ? "" : seen.searchPath.join("\u0001");
  const result = seen.result.kind === "ok" ? "" : `${seen.result.kind}:${seen.result.code}`;
  return `${seen.database ?? "\u0002"}\0${seen.login ?? "\u0002"}\0${seen.role ?? "\u0002"}\0${seen.searchPath === null ? "\u0002" : path}\0${seen.application ?? "\u0002"}\0${result}\0${seen.statement.fingerprint}`;
}

/** The order of uses in a file. */
export function compareUses(a: Use, b: Use): number {
  return compareText(a.source, b.source) || compareText(useKey(a), useKey(b));
}

/** Evidence of windows and their uses, sorted. */
export function evidenceOf(
  engine: string,
  target: TargetIdentity | null,
  parts: { readonly windows: readonly EvidenceWindow[]; readonly uses: readonly Use[] },
): Evidence {
  return {
    format_version: "1.0",
    engine,
    target,
    windows: parts.windows.toSorted((a, b) => compareText(a.source, b.source)),
    uses: parts.uses.toSorted(compareUses),
  };
}
