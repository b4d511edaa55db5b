import { HASH_BYTES } from "./hashing.ts";
import { quotient } from "./numbers.ts";
import { rootOf } from "./merkle.ts";

/** How many hashes a whole tile has, and entries a whole bundle. */
export const TILE_WIDTH = 256;

/** One tile of C2SP tlog-tiles: the hashes of `width` subtrees of `256^level` leaves, beginning with the one at `256 * index`. */
export interface TileName {
  /** `entries` for a bundle of entries. */
  readonly level: number | "entries";
  readonly index: number;
  /** 1 to 256; below 256 it is a partial one. */
  readonly width: number;
}

/** Where a tile lies below the log's root: `tile/0/x001/234.p/7`. */
export function tilePath({ level, index, width }: TileName): string {
  const partial = width < TILE_WIDTH ? `.p/${width}` : "";
  return `tile/${level}/${indexPath(index)}${partial}`;
}

/** 1234067 is `x001/x234/067`. */
function indexPath(index: number): string {
  const last = String(index % 1000).padStart(3, "0");
  let path = last;
  for (let rest = quotient(index, 1000); rest > 0; rest = quotient(rest, 1000)) {
    path = `x${String(rest % 1000).padStart(3, "0")}/${path}`;
  }
  return path;
}

const PATH = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** Levels go from 0 to 63. */
const MAX_LEVEL = 63;

/** The tile of a path; null for every path that no tile has. */
export function parseTilePath(path: string): TileName | null {
  const found = PATH.exec(path);
  if (found === null) return null;
  const [, level = "", index = "", width] = found;
  const name: TileName = {
    level: level === "entries" ? level : Number(level),
    index: Number(index.replaceAll(/[x/]/g, "")),
    width: width === undefined ? TILE_WIDTH : Number(width),
  };
  // Whatever is not the one way of writing it is no path of a tile.
  if (name.level !== "entries" && name.level > MAX_LEVEL) return null;
  return Number.isSafeInteger(name.index) && tilePath(name) === path ? name : null;
}

/** The tile at the right end of each level that has hashes, lowest first; `width` 0 where the level ends with a whole tile, which is then not there. */
export function edgeOf(size: number): readonly (TileName & { readonly level: number })[] {
  const edge: (TileName & { readonly level: number })[] = [];
  for (let level = 0, count = size; count > 0; level++, count = quotient(count, TILE_WIDTH)) {
    edge.push({ level, index: quotient(count, TILE_WIDTH), width: count % TILE_WIDTH });
  }
  return edge;
}

/** How many hashes a level has in a tree of this size. */
export function hashesAt(level: number, size: number): number {
  let count = size;
  for (let at = 0; at < level; at++) count = quotient(count, TILE_WIDTH);
  return count;
}

/** The bytes of a tile. */
export function encodeTile(hashes: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(hashes);
}

/** The hashes of a tile of this width; null where the bytes have another length. */
export function decodeTile(bytes: Uint8Array, width: number): readonly Uint8Array[] | null {
  if (bytes.length !== width * HASH_BYTES) return null;
  return Array.from({ length: width }, (_, at) => bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));
}

/** The hash of a whole tile, which its parent holds. */
export function tileRoot(hashes: readonly Uint8Array[]): Uint8Array {
  return rootOf(hashes);
}
