import { EMPTY_ROOT, nodeHash } from "./hashing.ts";
import { bitLength, splitPoint } from "./numbers.ts";

/** Gives the hash of a whole subtree: `level` 0 are leaves, and the one of `level` and `index` covers the leaves from `index * 2^level` on, `2^level` of them. */
export type SubtreeHash = (level: number, index: number) => Promise<Uint8Array>;

/** The root over hashes of equally large whole subtrees in their order. */
export function rootOf(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 0) return EMPTY_ROOT;
  let row: Uint8Array[] = [...hashes];
  while (row.length > 1) {
    // One that is left over goes up unpaired: the same as splitting at the largest power of two below.
    const next: Uint8Array[] = [];
    for (let at = 0; at < row.length; at += 2) {
      const [left, right] = [row[at], row[at + 1]];
      if (left !== undefined) next.push(right === undefined ? left : nodeHash(left, right));
    }
    row = next;
  }
  return row[0] ?? EMPTY_ROOT;
}

/** The hash over the leaves from `from` to before `to`, where `from` is where a subtree of that size begins. */
export async function rangeHash(from: number, to: number, subtree: SubtreeHash): Promise<Uint8Array> {
  const size = to - from;
  if (size === 0) return EMPTY_ROOT;
  const level = bitLength(size) - 1;
  const power = 2 ** level;
  if (size === power) return await subtree(level, from / power);
  const split = from + splitPoint(size);
  return nodeHash(await rangeHash(from, split, subtree), await rangeHash(split, to, subtree));
}

/** The hashes that lead from one leaf to the root of a tree of this size, those next to the leaf first (RFC 6962, 2.1.1). */
export async function inclusionProof(index: number, size: number, subtree: SubtreeHash): Promise<Uint8Array[]> {
  const path = async (from: number, to: number): Promise<Uint8Array[]> => {
    if (to - from <= 1) return [];
    const split = from + splitPoint(to - from);
    return index < split
      ? [...(await path(from, split)), await rangeHash(split, to, subtree)]
      : [...(await path(split, to)), await rangeHash(from, split, subtree)];
  };
  return await path(0, size);
}

/** The hashes that show that a tree of `second` leaves begins with the one of `first` (RFC 6962, 2.1.2); none from nothing, and none between equal ones. */
export async function consistencyProof(first: number, second: number, subtree: SubtreeHash): Promise<Uint8Array[]> {
  const path = async (from: number, to: number, known: boolean): Promise<Uint8Array[]> => {
    if (first === to) return known ? [] : [await rangeHash(from, to, subtree)];
    const split = from + splitPoint(to - from);
    return first <= split
      ? [...(await path(from, split, known)), await rangeHash(split, to, subtree)]
      : [...(await path(split, to, false)), await rangeHash(from, split, subtree)];
  };
  return first === 0 || first === second ? [] : await path(0, second, true);
}
