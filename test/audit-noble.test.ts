import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { expect, test } from "vitest";
import { checkpointBody } from "../src/audit/note/checkpoint.ts";
import { parseNote, signNote } from "../src/audit/note/signed-note.ts";
import { newSigningKey, openSigningKey } from "../src/audit/note/signer.ts";
import { keyId, verifyEd25519 } from "../src/audit/note/verifier-key.ts";
import { leafHash, nodeHash } from "../src/audit/tree/hashing.ts";
import { inclusionProof, rootOf } from "../src/audit/tree/merkle.ts";
import { checkInclusion } from "../src/audit/tree/proof.ts";

/** RFC 6962, section 2.1, written anew on another implementation of the hash. */
function root(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return sha256(Uint8Array.of(0, ...only));
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return sha256(Uint8Array.of(1, ...root(leaves.slice(0, split)), ...root(leaves.slice(split))));
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const LEAVES = Array.from({ length: 70 }, (_, at) => utf8ToBytes(`entry ${at}`));

test("the roots of trees of every size are those of a second implementation", async () => {
  for (let size = 0; size <= LEAVES.length; size++) {
    const leaves = LEAVES.slice(0, size);
    expect(hex(rootOf(leaves.map(leafHash)))).toBe(hex(root(leaves)));
  }
});

test("the known root of the public test trees is ours", () => {
  // The inputs of Certificate Transparency's reference tests, and the root of all eight.
  const inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
  const leaves = inputs.map((text) => leafHash(Uint8Array.from(Buffer.from(text, "hex"))));
  expect(hex(rootOf(leaves))).toBe("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
  expect(hex(rootOf([]))).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
});

test("proofs lead to the root of the second implementation", async () => {
  const hashes = LEAVES.map(leafHash);
  const subtree = async (level: number, index: number): Promise<Uint8Array> => {
    if (level === 0) return hashes[index] as Uint8Array;
    return nodeHash(await subtree(level - 1, 2 * index), await subtree(level - 1, 2 * index + 1));
  };
  for (const index of [0, 1, 31, 32, 63, 64, 69]) {
    const proof = await inclusionProof(index, LEAVES.length, subtree);
    const leaf = hashes[index] as Uint8Array;
    expect(checkInclusion({ leaf, index, size: LEAVES.length, root: root(LEAVES), proof })).toBeNull();
    const wrong = root(LEAVES.slice(1));
    expect(checkInclusion({ leaf, index, size: LEAVES.length, root: wrong, proof })).not.toBeNull();
  }
});

test("signatures are verified by a second implementation, and ours takes its signatures", async () => {
  const signer = openSigningKey(newSigningKey("example.com/log"));
  if (signer === null) throw new Error("the key cannot be opened");
  const { publicKey, name, id, type } = signer.key;
  const body = checkpointBody({ origin: name, size: 70n, root: root(LEAVES) } as never);
  const note = parseNote(await signNote(body, [signer]));
  if (typeof note === "string") throw new Error(note);
  const [signature] = note.signatures;
  if (signature === undefined) throw new Error("nothing was signed");
  expect(ed25519.verify(signature.bytes, utf8ToBytes(body), publicKey)).toBe(true);
  expect(ed25519.verify(signature.bytes, utf8ToBytes(`${body} `), publicKey)).toBe(false);
  expect(keyId(name, type, publicKey)).toBe(id);
  const { secretKey, publicKey: other } = ed25519.keygen();
  const made = ed25519.sign(utf8ToBytes(body), secretKey);
  expect(verifyEd25519(other, utf8ToBytes(body), made)).toBe(true);
  expect(verifyEd25519(other, utf8ToBytes(`${body}.`), made)).toBe(false);
});
