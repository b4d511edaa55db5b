import type { RolewrightError } from "../../base/error.ts";
import { fault, isFault } from "../fault.ts";
import { decodeBundle } from "../tree/bundle.ts";
import { edgeRoot, EMPTY_EDGE, growEdge } from "../tree/edge.ts";
import { equalBytes, leafHash } from "../tree/hashing.ts";
import { decodeTile, edgeOf, TILE_WIDTH, tilePath } from "../tree/tiles.ts";
import type { GetFile } from "./authentic.ts";

/** Says where, after the right edge did not lead to the signed root: everything is computed anew from the entries, and compared with what is stored. Never empty, since something is wrong. */
export async function diagnoseEdge(
  get: GetFile,
  { size, root }: { readonly size: number; readonly root: Uint8Array },
  found: RolewrightError,
): Promise<readonly RolewrightError[]> {
  const faults: RolewrightError[] = [];
  let edge = EMPTY_EDGE;
  for (let index = 0; index * TILE_WIDTH < size; index++) {
    const width = Math.min(TILE_WIDTH, size - index * TILE_WIDTH);
    const entries = await readEntries(get, index, width);
    if (isFault(entries)) return [found, entries];
    edge = growEdge(edge, entries).edge;
    const hashes = decodeTile((await get(tilePath({ level: 0, index, width }))) ?? new Uint8Array(0), width);
    const at =
      hashes === null ? -1 : entries.findIndex((entry, place) => !equalBytes(leafHash(entry), hashes[place] ?? entry));
    const entry = index * TILE_WIDTH + at;
    if (at >= 0) faults.push(fault("RW617", `entry ${entry} and its hash in the tree differ`, { index: entry }));
  }
  for (const name of edgeOf(size)) {
    if (name.width === 0) continue;
    const path = tilePath(name);
    const wanted = edge.levels[name.level] ?? [];
    const stored = decodeTile((await get(path)) ?? new Uint8Array(0), name.width);
    const isSame = stored !== null && stored.every((hash, at) => equalBytes(hash, wanted[at] ?? new Uint8Array(0)));
    if (!isSame) faults.push(fault("RW616", `the tile \`${path}\` is not what the entries give`, { path }));
  }
  if (!equalBytes(edgeRoot(edge), root))
    faults.push(fault("RW615", `the ${size} entries do not give the signed root`, { size }));
  return faults.length === 0 ? [found] : faults;
}

async function readEntries(
  get: GetFile,
  index: number,
  width: number,
): Promise<readonly Uint8Array[] | RolewrightError> {
  for (const stored of new Set([width, TILE_WIDTH])) {
    const path = tilePath({ level: "entries", index, width: stored });
    const bytes = await get(path);
    if (bytes === null) continue;
    const bundle = decodeBundle(bytes, width);
    if (bundle === null || (stored === width && bundle.left > 0)) {
      return fault("RW614", `the bundle \`${path}\` does not hold exactly its entries`, { path });
    }
    return bundle.entries;
  }
  const path = tilePath({ level: "entries", index, width });
  return fault("RW613", `the file \`${path}\` is missing`, { path });
}
