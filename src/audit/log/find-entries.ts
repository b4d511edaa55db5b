import { readEntry } from "../entry/read.ts";
import { leafHash } from "../tree/hashing.ts";
import { quotient } from "../tree/numbers.ts";
import { TILE_WIDTH } from "../tree/tiles.ts";
import { openTree } from "../verify/authentic.ts";
import type { AuditStore, Head } from "./audit-store.ts";

/** Looks for entries by their ids in what is committed, from about this index on. */
export async function findEntries(
  store: AuditStore,
  head: Head,
  from: number,
  ids: ReadonlySet<string>,
): Promise<ReadonlyMap<string, FoundEntry>> {
  const found = new Map<string, FoundEntry>();
  const tree = await openTree((path) => store.get(path), head);
  for (let bundle = quotient(from, TILE_WIDTH); bundle * TILE_WIDTH < head.size; bundle++) {
    for (const [at, bytes] of (await tree.entries(bundle)).entries()) {
      const entry = readEntry(bytes);
      if (typeof entry === "string" || !ids.has(entry.id)) continue;
      found.set(entry.id, { index: bundle * TILE_WIDTH + at, leaf: leafHash(bytes) });
    }
  }
  return found;
}

/** The same, back to the first entry that is older than this time. */
export async function findEntriesSince(
  store: AuditStore,
  since: Date,
  ids: ReadonlySet<string>,
): Promise<ReadonlyMap<string, FoundEntry>> {
  const head = await store.open();
  if (head === null) return new Map();
  const tree = await openTree((path) => store.get(path), head);
  let bundle = quotient(head.size - 1, TILE_WIDTH);
  for (; bundle > 0; bundle--) {
    const entry = readEntry((await tree.entries(bundle))[0] ?? new Uint8Array(0));
    if (typeof entry !== "string" && Date.parse(entry.time) < since.getTime()) break;
  }
  return await findEntries(store, head, bundle * TILE_WIDTH, ids);
}

/** Where an entry is, and its hash. */
export interface FoundEntry {
  readonly index: number;
  readonly leaf: Uint8Array;
}
