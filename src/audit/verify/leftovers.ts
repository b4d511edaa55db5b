import type { RolewrightError } from "../../base/error.ts";
import { fault } from "../fault.ts";
import { decodeBundle } from "../tree/bundle.ts";
import { equalBytes, leafHash } from "../tree/hashing.ts";
import { decodeTile, hashesAt, parseTilePath, TILE_WIDTH, type TileName } from "../tree/tiles.ts";
import type { AuthenticTree, GetFile } from "./authentic.ts";

/** What was found among the files that the signed tree does not need. */
export interface Leftovers {
  readonly faults: readonly RolewrightError[];
  /** Files of entries after the signed ones: a writer is at work, or was cut off before it signed. */
  readonly ahead: number;
}

/** Looks at every file: one that is no part of a tree is named, and a left-over partial one must be the beginning of the whole one. */
export async function checkLeftovers(
  tree: AuthenticTree,
  { get, list }: { readonly get: GetFile; readonly list: () => AsyncIterable<string> },
): Promise<Leftovers> {
  const faults: RolewrightError[] = [];
  let ahead = 0;
  for await (const path of list()) {
    if (path === "checkpoint") continue;
    const name = parseTilePath(path);
    if (name === null) {
      faults.push(fault("RW618", `the file \`${path}\` does not belong into a log`, { path }));
    } else if (reach(name) > hashesAt(name.level === "entries" ? 0 : name.level, tree.size)) {
      ahead += 1;
    } else {
      const wrong = await checkFile(tree, name, (await get(path)) ?? new Uint8Array(0));
      if (wrong !== null) faults.push(fault("RW618", `the file \`${path}\` ${wrong}`, { path }));
    }
  }
  return { faults, ahead };
}

function reach({ index, width }: TileName): number {
  return index * TILE_WIDTH + width;
}

async function checkFile(
  tree: AuthenticTree,
  { level, index, width }: TileName,
  bytes: Uint8Array,
): Promise<string | null> {
  if (level === "entries") {
    const bundle = decodeBundle(bytes, width);
    if (bundle === null || bundle.left > 0) return "does not hold exactly its entries";
    for (const [at, entry] of bundle.entries.entries()) {
      if (!equalBytes(leafHash(entry), await tree.subtree(0, index * TILE_WIDTH + at)))
        return "is not the beginning of the signed one";
    }
    return null;
  }
  const hashes = decodeTile(bytes, width);
  if (hashes === null) return "has the wrong length";
  for (const [at, hash] of hashes.entries()) {
    if (!equalBytes(hash, await tree.subtree(level * 8, index * TILE_WIDTH + at)))
      return "is not the beginning of the signed one";
  }
  return null;
}
