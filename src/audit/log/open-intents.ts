import { type Entry, readEntry } from "../entry/read.ts";
import { quotient } from "../tree/numbers.ts";
import { TILE_WIDTH } from "../tree/tiles.ts";
import { openTree } from "../verify/authentic.ts";
import type { AuditStore } from "./audit-store.ts";

/** Something that was announced and has no outcome yet. */
export interface OpenIntent {
  readonly index: number;
  readonly entry: Entry;
}

/** The intents without an outcome among the newest entries, oldest first. Looks back as far as this time, but never at fewer than the last four bundles. */
export async function openIntents(store: AuditStore, since: Date | null): Promise<readonly OpenIntent[]> {
  const head = await store.open();
  if (head === null) return [];
  const tree = await openTree((path) => store.get(path), head);
  const closed = new Set<number>();
  const open: OpenIntent[] = [];
  const last = quotient(head.size - 1, TILE_WIDTH);
  for (let bundle = last; bundle >= 0; bundle--) {
    const entries = [...(await tree.entries(bundle)).entries()].reverse();
    let earliest = Number.POSITIVE_INFINITY;
    for (const [at, bytes] of entries) {
      const entry = readEntry(bytes);
      if (typeof entry === "string") continue;
      const index = bundle * TILE_WIDTH + at;
      earliest = Math.min(earliest, Date.parse(entry.time));
      if (entry.type === "change.outcome") closed.add(Number(entry.fields["intent"]));
      if (entry.type === "change.intent" && !closed.has(index)) open.push({ index, entry });
    }
    if (last - bundle >= 3 && (since === null || earliest < since.getTime())) break;
  }
  return open.reverse();
}
