import { EMPTY_ROOT, equalBytes, HASH_BYTES, nodeHash } from "./hashing.ts";
import { differingBits, isSize, onesIn, quotient } from "./numbers.ts";

/** What an inclusion proof is about. */
export interface Inclusion {
  readonly leaf: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** Why a proof proves nothing, in words; null where it holds. The length follows from index and size alone, so no longer or shorter one is looked at. */
export function checkInclusion({ leaf, index, size, root, proof }: Inclusion): string | null {
  if (!isSize(index) || !isSize(size) || index >= size) return `there is no entry ${index} in a tree of ${size}`;
  if (proof.some((hash) => hash.length !== HASH_BYTES)) return "a hash is not 32 bytes long";
  const inner = differingBits(index, size - 1);
  const border = onesIn(quotient(index, 2 ** inner));
  if (proof.length !== inner + border) return `it has ${proof.length} hashes instead of ${inner + border}`;
  let at = index;
  let hash = leaf;
  for (const [step, sibling] of proof.entries()) {
    const isRight = step >= inner || at % 2 === 1;
    hash = isRight ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
    at = quotient(at, 2);
  }
  return equalBytes(hash, root) ? null : "it leads to another root";
}

/** What a consistency proof is about: that a later tree begins with an earlier one. */
export interface Consistency {
  readonly first: { readonly size: number; readonly root: Uint8Array };
  readonly second: { readonly size: number; readonly root: Uint8Array };
  readonly proof: readonly Uint8Array[];
}

/** Why a proof does not show that the second tree begins with the first (RFC 9162, 2.1.4.2); null where it does. */
export function checkConsistency({ first, second, proof }: Consistency): string | null {
  if (!isSize(first.size) || !isSize(second.size)) return "a size is not a whole number";
  if (first.size > second.size) return `the first size ${first.size} is above the second, ${second.size}`;
  if (proof.some((hash) => hash.length !== HASH_BYTES)) return "a hash is not 32 bytes long";
  if (first.size === second.size) {
    if (proof.length > 0) return "between equal sizes there is nothing to prove";
    return equalBytes(first.root, second.root) ? null : "two roots for one size";
  }
  if (first.size === 0) {
    if (proof.length > 0) return "from an empty tree there is nothing to prove";
    return equalBytes(first.root, EMPTY_ROOT) ? null : "the root of an empty tree is another one";
  }
  return climb({ first, second, proof });
}

function climb({ first, second, proof }: Consistency): string | null {
  const isWhole = onesIn(first.size) === 1;
  const [start, ...rest] = isWhole ? [first.root, ...proof] : proof;
  if (start === undefined) return "it is empty";
  let [early, late] = [first.size - 1, second.size - 1];
  while (early % 2 === 1) [early, late] = [quotient(early, 2), quotient(late, 2)];
  let [firstHash, secondHash] = [start, start];
  for (const hash of rest) {
    if (late === 0) return "it has too many hashes";
    if (early % 2 === 1 || early === late) {
      firstHash = nodeHash(hash, firstHash);
      secondHash = nodeHash(hash, secondHash);
      while (early % 2 === 0 && early !== 0) [early, late] = [quotient(early, 2), quotient(late, 2)];
    } else {
      secondHash = nodeHash(secondHash, hash);
    }
    [early, late] = [quotient(early, 2), quotient(late, 2)];
  }
  if (late !== 0) return "it has too few hashes";
  if (!equalBytes(firstHash, first.root)) return "it leads to another first root";
  return equalBytes(secondHash, second.root) ? null : "it leads to another second root";
}
