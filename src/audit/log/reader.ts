import { fault } from "../fault.ts";
import { openRow, type LogRow } from "../export/row.ts";
import { readEntry } from "../entry/read.ts";
import type { Checkpoint } from "../note/checkpoint.ts";
import { inclusionProof } from "../tree/merkle.ts";
import { quotient } from "../tree/numbers.ts";
import { TILE_WIDTH } from "../tree/tiles.ts";
import { openTree } from "../verify/authentic.ts";
import type { TrustedCheckpoint } from "../verify/checkpoint-rules.ts";
import type { AuditStore } from "./audit-store.ts";

/** A log as it stood under one signed checkpoint. */
export interface LogView {
  readonly checkpoint: Checkpoint;
  /** The signed note. */
  readonly note: Uint8Array;
  /** The entries from one index to before another, oldest first, each found under the signed root, with what opens it. */
  rows(from: number, to: number): AsyncIterable<LogRow>;
  /** One entry. Throws RW630 where there is none of this index. */
  row(index: number): Promise<LogRow>;
  /** The hashes that lead from an entry to the root. */
  prove(index: number): Promise<readonly Uint8Array[]>;
}

/** Opens a log under a checkpoint that was believed. */
export async function openLogView(store: AuditStore, { checkpoint, note }: TrustedCheckpoint): Promise<LogView> {
  const tree = await openTree((path) => store.get(path), checkpoint);
  async function* rows(from: number, to: number): AsyncIterable<LogRow> {
    const end = Math.min(to, checkpoint.size);
    for (let bundle = quotient(from, TILE_WIDTH); bundle * TILE_WIDTH < end; bundle++) {
      const first = bundle * TILE_WIDTH;
      const wanted = [...(await tree.entries(bundle)).entries()]
        .map(([at, bytes]) => ({ index: first + at, bytes }))
        .filter(({ index }) => index >= from && index < end);
      const ids = wanted
        .map(({ bytes }) => readEntry(bytes))
        .flatMap((entry) => (typeof entry === "string" ? [] : [entry.id]));
      const openings = await store.openings.find(new Set(ids));
      for (const { index, bytes } of wanted) {
        const entry = readEntry(bytes);
        yield openRow(index, bytes, typeof entry === "string" ? [] : (openings.get(entry.id) ?? []));
      }
    }
  }
  const require = (index: number): void => {
    if (index >= checkpoint.size)
      throw fault("RW630", `there is no entry ${index}: the log has ${checkpoint.size}`, { index });
  };
  return {
    checkpoint,
    note,
    rows,
    async row(index) {
      require(index);
      for await (const row of rows(index, index + 1)) return row;
      throw fault("RW630", `there is no entry ${index}`, { index });
    },
    async prove(index) {
      require(index);
      return await inclusionProof(index, checkpoint.size, tree.subtree);
    },
  };
}

/** The published checkpoint. Throws RW610 where there is none. */
export async function requireHeadNote(store: AuditStore): Promise<Uint8Array> {
  const note = await store.get("checkpoint");
  if (note === null) throw fault("RW610", "the log has no checkpoint");
  return note;
}
