import { expect, test } from "vitest";
import { EMPTY_EDGE, edgeRoot, growEdge } from "./edge.ts";
import { EMPTY_ROOT, leafHash, nodeHash } from "./hashing.ts";
import { consistencyProof, inclusionProof, rangeHash, rootOf, type SubtreeHash } from "./merkle.ts";
import { checkConsistency, checkInclusion } from "./proof.ts";

/* The test tree of Certificate Transparency (RFC 6962). */
const INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS: Readonly<Record<number, string>> = {
  0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function naive(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length < 2) return leaves[0] ?? EMPTY_ROOT;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(naive(leaves.slice(0, split)), naive(leaves.slice(split)));
}

function subtrees(leaves: readonly Uint8Array[]): SubtreeHash {
  return async (level, index) => {
    const width = 2 ** level;
    const part = leaves.slice(index * width, (index + 1) * width);
    if (part.length !== width) throw new Error("not a whole subtree");
    return naive(part);
  };
}

const many = Array.from({ length: 70 }, (_, at) => leafHash(Buffer.from(`entry ${at}`)));

test("the roots of the published test tree come out", () => {
  const leaves = INPUTS.map((text) => leafHash(Buffer.from(text, "hex")));
  for (const [size, root] of Object.entries(ROOTS)) expect(hex(rootOf(leaves.slice(0, Number(size))))).toBe(root);
});

test("three ways of computing a root agree", async () => {
  for (let size = 0; size <= many.length; size++) {
    const leaves = many.slice(0, size);
    expect(hex(rootOf(leaves))).toBe(hex(naive(leaves)));
    expect(hex(await rangeHash(0, size, subtrees(leaves)))).toBe(hex(naive(leaves)));
  }
});

test("an edge that grows in pieces has the root of the whole, across whole tiles", () => {
  const entries = Array.from({ length: 66_000 }, (_, at) => Buffer.from(`e${at}`));
  let edge = EMPTY_EDGE;
  for (const size of [0, 1, 2, 255, 256, 257, 1000, 65_535, 65_536, 65_537, 66_000]) {
    edge = growEdge(edge, entries.slice(edge.size, size)).edge;
    expect([size, hex(edgeRoot(edge))]).toEqual([size, hex(rootOf(entries.slice(0, size).map(leafHash)))]);
  }
}, 60_000);

test("every inclusion proof holds, and none of another index, size, leaf, root or length", async () => {
  for (const size of [1, 2, 3, 7, 8, 33, 70]) {
    const leaves = many.slice(0, size);
    const root = naive(leaves);
    for (let index = 0; index < size; index++) {
      const leaf = leaves[index] ?? EMPTY_ROOT;
      const proof = await inclusionProof(index, size, subtrees(leaves));
      const good = { leaf, index, size, root, proof };
      expect(checkInclusion(good)).toBeNull();
      const swapped = [...proof];
      if (swapped.length > 1) [swapped[0], swapped[1]] = [swapped[1] ?? root, swapped[0] ?? root];
      for (const bad of [
        { ...good, leaf: root === leaf ? EMPTY_ROOT : root },
        { ...good, root: leafHash(root) },
        { ...good, index: index + 1 },
        { ...good, index: size },
        { ...good, index: -1 },
        { ...good, size: size * 2 + 1 },
        { ...good, proof: proof.slice(1), size: size === 1 ? 0 : size },
        { ...good, proof: [...proof, root] },
        ...(swapped.length > 1 ? [{ ...good, proof: swapped }] : []),
        ...(proof.length > 0 ? [{ ...good, proof: proof.map((hash) => hash.subarray(1)) }] : []),
      ]) {
        expect(checkInclusion(bad)).not.toBeNull();
      }
    }
  }
});

test("every consistency proof holds, and none of other sizes, roots or lengths", async () => {
  for (const second of [1, 2, 7, 8, 37, 64, 70]) {
    const late = many.slice(0, second);
    for (let first = 0; first <= second; first++) {
      const proof = await consistencyProof(first, second, subtrees(late));
      const good = {
        first: { size: first, root: naive(many.slice(0, first)) },
        second: { size: second, root: naive(late) },
        proof,
      };
      expect([first, second, checkConsistency(good)]).toEqual([first, second, null]);
      const other = leafHash(good.second.root);
      for (const bad of [
        ...(first === 0 ? [] : [{ ...good, second: { size: second, root: other } }]), // From nothing, nothing is shown.
        { ...good, first: { size: first, root: other } },
        { ...good, proof: [...proof, other] },
        ...(proof.length > 0
          ? [
              { ...good, proof: proof.slice(1) },
              { ...good, proof: proof.slice(0, -1) },
            ]
          : []),
        { first: good.second, second: { size: second - 1, root: good.first.root }, proof },
      ]) {
        expect([first, second, bad, checkConsistency(bad)]).not.toEqual([first, second, bad, null]);
      }
    }
  }
});

test("indexes beyond 32 bits take their own way up", () => {
  const leaf = leafHash(Buffer.from("far"));
  for (const index of [2 ** 31, 2 ** 32 + 5, 2 ** 53 - 2]) {
    const size = index + 1;
    let root = leaf;
    const proof: Uint8Array[] = [];
    // The last leaf: every sibling is on its left, one for each binary one of its index.
    for (let bit = 0n; bit < 53n; bit++) {
      if ((BigInt(index) / 2n ** bit) % 2n === 0n) continue;
      const sibling = leafHash(Buffer.from(String(bit)));
      proof.push(sibling);
      root = nodeHash(sibling, root);
    }
    expect(checkInclusion({ leaf, index, size, root, proof })).toBeNull();
    expect(checkInclusion({ leaf, index: index - 2 ** 31, size, root, proof })).not.toBeNull();
  }
  expect(checkInclusion({ leaf, index: 2 ** 53, size: 2 ** 53 + 2, root: leaf, proof: [] })).not.toBeNull();
});
