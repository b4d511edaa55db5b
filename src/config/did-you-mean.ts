import { compareText } from "../base/order.ts";

/**
 * The candidate that `input` was probably meant to be, or null when none is near. Near is at most one edit in three characters (insert, delete, replace, swap of neighbours), and a
 * different case alone is always near. Of equally near ones the first in text order.
 */
export function nearest(input: string, candidates: Iterable<string>): string | null {
  const limit = Math.max(1, Math.floor(input.length / 3));
  let best: string | null = null;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    if (candidate === input) continue;
    if (Math.abs(candidate.length - input.length) >= bestDistance + 1) continue;
    const distance = candidate.toLowerCase() === input.toLowerCase() ? 0 : editDistance(input, candidate, bestDistance);
    const better =
      distance < bestDistance ||
      (distance === bestDistance && distance <= limit && best !== null && compareText(candidate, best) < 0);
    if (!better) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** The sentence that goes into `help`, or undefined when nothing is near. */
export function didYouMean(input: string, candidates: Iterable<string>): string | undefined {
  const near = nearest(input, candidates);
  return near === null ? undefined : `did you mean \`${near}\`?`;
}

/** Optimal string alignment distance; gives up with `limit + 1` once no better result is possible. */
function editDistance(a: string, b: string, limit: number): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(at(previous, j) + 1, at(row, j - 1) + 1, at(previous, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, at(before, j - 2) + 1);
      row.push(cost);
      least = Math.min(least, cost);
    }
    if (least > limit) return limit + 1;
    before = previous;
    previous = row;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
