import { decodeBundle } from "../tree/bundle.ts";
import { type Edge, edgeRoot } from "../tree/edge.ts";
import { equalBytes, leafHash } from "../tree/hashing.ts";
import type { SubtreeHash } from "../tree/merkle.ts";
import { rootOf } from "../tree/merkle.ts";
import { quotient } from "../tree/numbers.ts";
import { decodeTile, edgeOf, hashesAt, TILE_WIDTH, tilePath, tileRoot, type TileName } from "../tree/tiles.ts";
import { fault } from "../fault.ts";

/** Gives the bytes of a file of the tree; null where there is none. */
export type GetFile = (path: string) => Promise<Uint8Array | null>;

/** A tree of which no hash is given out before it was found under the signed root. */
export interface AuthenticTree {
  readonly size: number;
  readonly root: Uint8Array;
  readonly edge: Edge;
  readonly subtree: SubtreeHash;
  /** The entries of one bundle, each compared with its hash in the tree. */
  entries(bundle: number): Promise<readonly Uint8Array[]>;
}

/** How many tiles are kept in memory: 8 KiB each. */
const KEPT = 1024;

/**
 * Opens a tree under a root that somebody signed. The right edge is folded first and must give the root; every whole tile is compared with its hash in the tile above, which was compared before it. Throws RW613 for a missing
 * file, RW614 for a wrong length, RW615 for a wrong edge, RW616 for a wrong tile, RW617 for a wrong entry.
 */
export async function openTree(
  get: GetFile,
  { size, root }: { readonly size: number; readonly root: Uint8Array },
): Promise<AuthenticTree> {
  const edge = await readEdge(get, size);
  if (!equalBytes(edgeRoot(edge), root)) {
    throw fault("RW615", `the right edge of the tree does not lead to the signed root of ${size} entries`, { size });
  }
  const known = new Map<string, readonly Uint8Array[]>();
  const tile = async (level: number, index: number): Promise<readonly Uint8Array[]> => {
    const atEdge = index === quotient(hashesAt(level, size), TILE_WIDTH);
    if (atEdge) return edge.levels[level] ?? [];
    const name: TileName = { level, index, width: TILE_WIDTH };
    const path = tilePath(name);
    const kept = known.get(path);
    if (kept !== undefined) return kept;
    const hashes = await readTile(get, name);
    const above = (await tile(level + 1, quotient(index, TILE_WIDTH)))[index % TILE_WIDTH];
    if (above === undefined || !equalBytes(tileRoot(hashes), above)) {
      throw fault("RW616", `the tile \`${path}\` is not the one under the signed root`, { path });
    }
    const [oldest] = known.keys();
    if (known.size >= KEPT && oldest !== undefined) known.delete(oldest);
    known.set(path, hashes);
    return hashes;
  };
  return {
    size,
    root,
    edge,
    async subtree(level, index) {
      const tileLevel = quotient(level, 8);
      const width = 2 ** (level % 8);
      const first = index * width;
      const hashes = await tile(tileLevel, quotient(first, TILE_WIDTH));
      const at = first % TILE_WIDTH;
      const part = hashes.slice(at, at + width);
      if (part.length !== width) throw new RangeError("a subtree beyond the end of the tree");
      return rootOf(part);
    },
    async entries(bundle) {
      const width = Math.min(TILE_WIDTH, size - bundle * TILE_WIDTH);
      const entries = await readBundle(get, { level: "entries", index: bundle, width });
      const hashes = await tile(0, bundle);
      for (const [at, entry] of entries.entries()) {
        const hash = hashes[at];
        if (hash === undefined || !equalBytes(leafHash(entry), hash)) throw wrongEntry(bundle * TILE_WIDTH + at);
      }
      return entries;
    },
  };
}

function wrongEntry(index: number): Error {
  return fault("RW617", `entry ${index} is not the one under the signed root`, { index });
}

async function readEdge(get: GetFile, size: number): Promise<Edge> {
  const levels: (readonly Uint8Array[])[] = [];
  for (const name of edgeOf(size)) levels.push(name.width === 0 ? [] : await readTile(get, name));
  return { size, levels };
}

/** A partial tile may be gone once the whole one is there, whose first hashes are then the same. */
async function readTile(get: GetFile, name: TileName): Promise<readonly Uint8Array[]> {
  const { path, bytes, width } = await readEither(get, name);
  const hashes = decodeTile(bytes, width);
  if (hashes === null) throw fault("RW614", `the tile \`${path}\` is ${bytes.length} bytes long`, { path });
  return hashes.slice(0, name.width);
}

/** A bundle of exactly this width must hold nothing else. */
async function readBundle(get: GetFile, name: TileName): Promise<readonly Uint8Array[]> {
  const { path, bytes, width } = await readEither(get, name);
  const bundle = decodeBundle(bytes, width);
  if (bundle === null) throw fault("RW614", `the bundle \`${path}\` ends before its last entry`, { path });
  if (bundle.left > 0) throw fault("RW614", `the bundle \`${path}\` goes on after its last entry`, { path });
  return bundle.entries.slice(0, name.width);
}

async function readEither(
  get: GetFile,
  name: TileName,
): Promise<{ readonly path: string; readonly bytes: Uint8Array; readonly width: number }> {
  for (const width of new Set([name.width, TILE_WIDTH])) {
    const path = tilePath({ ...name, width });
    const bytes = await get(path);
    if (bytes !== null) return { path, bytes, width };
  }
  const path = tilePath(name);
  throw fault("RW613", `the file \`${path}\` is missing`, { path });
}
