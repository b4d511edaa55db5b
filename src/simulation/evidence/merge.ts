import { RolewrightError } from "../../base/error.ts";
import { sortedText } from "../../base/order.ts";
import type { Evidence, EvidenceWindow, Use } from "../../model/workload.ts";
import { compareUses, evidenceOf, plainer, useKey } from "./aggregate.ts";

/** One reading of one source. */
interface Reading {
  readonly window: EvidenceWindow;
  readonly uses: readonly Use[];
}

/**
 * Joins evidence of one target. Readings of one source are made one: where their windows overlap they saw the same calls, so the larger count is taken and never the sum; where they do not, counts are added and what
 * lies between is a gap. Different sources stay apart, whatever they overlap. The order of the files does not matter. Throws RW548 where they are of different engines or servers.
 */
export function mergeEvidence(files: readonly [Evidence, ...Evidence[]]): Evidence {
  const [first] = files;
  const servers = sortedText(files.flatMap(({ target }) => target?.server ?? []));
  if (files.some(({ engine }) => engine !== first.engine) || servers.length > 1) {
    throw new RolewrightError("RW548", "the files of evidence are of different servers", {
      help: "join files of one engine and one target",
    });
  }
  const targets = files.flatMap(({ target }) => target ?? []);
  const [target] = targets;
  const databases = sortedText(targets.flatMap((each) => each.databases));
  const merged = [...bySource(files).values()].map(mergeReadings);
  return evidenceOf(first.engine, target === undefined ? null : { ...target, databases }, {
    windows: merged.map(({ window }) => window),
    uses: merged.flatMap(({ uses }) => uses),
  });
}

function bySource(files: readonly Evidence[]): Map<string, Reading[]> {
  const readings = new Map<string, Reading[]>();
  for (const { windows, uses } of files) {
    const ofSource = Map.groupBy(uses, ({ source }) => source);
    for (const window of windows) {
      const reading = { window, uses: ofSource.get(window.source) ?? [] };
      readings.set(window.source, [...(readings.get(window.source) ?? []), reading]);
    }
  }
  return readings;
}

function mergeReadings(readings: readonly Reading[]): Reading {
  const ordered = readings.toSorted((a, b) => compareText(placeOf(a), placeOf(b)));
  return ordered.slice(1).reduce(join, ordered[0] as Reading);
}

/** A total order: by time, then by what was read. */
function placeOf({ window, uses }: Reading): string {
  return `${window.from} ${window.to} ${JSON.stringify([window, uses])}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function join(one: Reading, other: Reading): Reading {
  const [a, b] = [one.window, other.window];
  const overlap = b.from <= a.to && a.from <= b.to;
  const number = (x: number, y: number): number => (overlap ? Math.max(x, y) : x + y);
  const between = overlap ? [] : [{ from: a.to, to: b.from, reason: "nothing was collected" }];
  const gaps = [...a.gaps, ...b.gaps, ...between].filter((gap) => !isCovered(gap, overlap ? [a, b] : []));
  const window: EvidenceWindow = {
    source: a.source,
    kind: a.kind,
    from: a.from < b.from ? a.from : b.from,
    to: a.to > b.to ? a.to : b.to,
    gaps: distinct(gaps),
    lacks: [...new Set([...a.lacks, ...b.lacks])].toSorted(),
    losses: sortedText([...a.losses, ...b.losses]),
    records: number(a.records, b.records),
    unread: number(a.unread, b.unread),
  };
  const uses = new Map(one.uses.map((use) => [useKey(use), use]));
  for (const use of other.uses) {
    const known = uses.get(useKey(use));
    uses.set(useKey(use), known === undefined ? use : joinUses(known, use, number));
  }
  return { window, uses: [...uses.values()].toSorted(compareUses) };
}

/** A gap of one reading that the other one has read. */
function isCovered(gap: EvidenceWindow["gaps"][number], windows: readonly EvidenceWindow[]): boolean {
  return windows.some(
    (window) =>
      window.from <= gap.from &&
      gap.to <= window.to &&
      !window.gaps.some((own) => own.from < gap.to && gap.from < own.to),
  );
}

function distinct(gaps: EvidenceWindow["gaps"]): EvidenceWindow["gaps"] {
  const byText = new Map(gaps.map((gap) => [`${gap.from} ${gap.to} ${gap.reason}`, gap]));
  return [...byText.entries()].toSorted(([a], [b]) => compareText(a, b)).map(([, gap]) => gap);
}

function joinUses(a: Use, b: Use, number: (x: number, y: number) => number): Use {
  const { searchPathAssumed: assumedA, ...rest } = a;
  return {
    ...rest,
    statement: plainer(a.statement, b.statement),
    calls: number(a.calls, b.calls),
    firstSeen: a.firstSeen < b.firstSeen ? a.firstSeen : b.firstSeen,
    lastSeen: a.lastSeen > b.lastSeen ? a.lastSeen : b.lastSeen,
    days: sortedText([...a.days, ...b.days]),
    ...(assumedA === true && b.searchPathAssumed === true ? { searchPathAssumed: true } : {}),
  };
}
