import { decodeBundle, encodeBundle } from "../tree/bundle.ts";
import { type Edge, edgeRoot, growEdge } from "../tree/edge.ts";
import { equalBytes, leafHash } from "../tree/hashing.ts";
import { rootOf } from "../tree/merkle.ts";
import { quotient } from "../tree/numbers.ts";
import { decodeTile, encodeTile, parseTilePath, TILE_WIDTH, tilePath } from "../tree/tiles.ts";
import type { Frame, FrameFile } from "./frame.ts";

/** What a writer knows of the end of the tree: all that it needs to go on. */
export interface Tip {
  readonly edge: Edge;
  /** The entries of the last bundle, where it is not whole. */
  readonly tail: readonly Uint8Array[];
}

/** What a batch brings. */
export interface Batch {
  readonly tip: Tip;
  readonly root: Uint8Array;
  readonly files: readonly FrameFile[];
}

/** The files that more entries bring: bundles first, then tiles, each whole or as far as it goes. */
export function stageBatch(before: Tip, entries: readonly Uint8Array[]): Batch {
  const { edge, whole } = growEdge(before.edge, entries);
  const all = [...before.tail, ...entries];
  const files: FrameFile[] = [];
  const firstBundle = quotient(before.edge.size, TILE_WIDTH);
  for (let at = 0; at < all.length; at += TILE_WIDTH) {
    const part = all.slice(at, at + TILE_WIDTH);
    const path = tilePath({ level: "entries", index: firstBundle + at / TILE_WIDTH, width: part.length });
    files.push({ path, bytes: encodeBundle(part) });
  }
  for (const { level, index, hashes } of whole) {
    files.push({ path: tilePath({ level, index, width: TILE_WIDTH }), bytes: encodeTile(hashes) });
  }
  for (const [level, hashes] of edge.levels.entries()) {
    const known = before.edge.levels[level] ?? [];
    const first = edge.size / TILE_WIDTH ** (level + 1);
    const last = known.at(-1);
    const isKnown = known.length === hashes.length && last !== undefined && hashes.at(-1) === last;
    if (hashes.length === 0 || isKnown) continue;
    files.push({
      path: tilePath({ level, index: Math.floor(first), width: hashes.length }),
      bytes: encodeTile(hashes),
    });
  }
  const tail = all.slice(all.length - (all.length % TILE_WIDTH));
  return { tip: { edge, tail }, root: edgeRoot(edge), files };
}

/**
 * Computes the root a second time, from the bytes that are about to be written and the edge before them, by another way than the first: a bit that flipped in memory must not be signed. Null where all fits, else what does not.
 */
export function recheckBatch(before: Tip, frame: Frame): string | null {
  const tiles = new Map<string, readonly Uint8Array[]>();
  const leaves: Uint8Array[] = [];
  for (const { path, bytes } of frame.files) {
    const name = parseTilePath(path);
    if (name === null) return `\`${path}\` is no file of a tree`;
    if (name.level === "entries") {
      const bundle = decodeBundle(bytes, name.width);
      if (bundle === null || bundle.left > 0) return `the bundle \`${path}\` is malformed`;
      leaves.push(...bundle.entries.map(leafHash));
    } else {
      const hashes = decodeTile(bytes, name.width);
      if (hashes === null) return `the tile \`${path}\` is malformed`;
      tiles.set(path, hashes);
    }
  }
  if (leaves.length !== before.tail.length + frame.size - frame.sizeBefore) return "the number of entries is wrong";
  // Level by level: the row that begins where the old edge's does, which is what the staged tiles must hold.
  const levels: Uint8Array[][] = [];
  let row = leaves;
  for (let level = 0; row.length > 0 || level < before.edge.levels.length; level++) {
    const old = before.edge.levels[level] ?? [];
    if (old.some((hash, at) => row[at] === undefined || !equalBytes(hash, row[at]))) return `level ${level} changed`;
    const first = Math.floor(before.edge.size / TILE_WIDTH ** (level + 1));
    const above: Uint8Array[] = [];
    for (let at = 0; at < row.length; at += TILE_WIDTH) {
      const part = row.slice(at, at + TILE_WIDTH);
      const path = tilePath({ level, index: first + at / TILE_WIDTH, width: part.length });
      const staged = tiles.get(path);
      const isNew = part.length > old.length || at > 0;
      if (isNew && (staged === undefined || !sameHashes(staged, part))) return `the tile \`${path}\` is wrong`;
      if (part.length === TILE_WIDTH) above.push(rootOf(part));
    }
    levels.push(row.slice(row.length - (row.length % TILE_WIDTH)));
    row = [...(before.edge.levels[level + 1] ?? []), ...above];
  }
  return equalBytes(edgeRoot({ levels }), frame.root) ? null : "the root is wrong";
}

function sameHashes(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((hash, at) => equalBytes(hash, b[at] ?? new Uint8Array(0)));
}
