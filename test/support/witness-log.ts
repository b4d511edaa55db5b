import { leafHash } from "../../src/audit/tree/hashing.ts";
import { consistencyProof, rangeHash, rootOf, type SubtreeHash } from "../../src/audit/tree/merkle.ts";
import { type Checkpoint, checkpointBody } from "../../src/audit/note/checkpoint.ts";
import { signNote } from "../../src/audit/note/signed-note.ts";
import type { Signer } from "../../src/audit/note/signer.ts";
import { formatWitnessRequest } from "../../src/audit/witness/request.ts";

/** A log of which only the hashes are there: what a witness gets to see. */
export interface HashedLog {
  readonly signer: Signer;
  readonly subtree: SubtreeHash;
  checkpoint(size: number): Promise<Checkpoint>;
  note(size: number): Promise<Uint8Array>;
  /** The request of an honest log. */
  request(old: number, size: number): Promise<Uint8Array>;
}

/** A log whose entries are `honest 0`, `honest 1`, ... and from `forkedAt` on those of another history. */
export function hashedLog(signer: Signer, name: string, forkedAt = 0, count = 300): HashedLog {
  const leaves = Array.from({ length: count }, (_, at) =>
    leafHash(Buffer.from(at < forkedAt ? `honest ${at}` : `${name} ${at}`, "utf8")),
  );
  const subtree: SubtreeHash = (level, index) => {
    const width = 2 ** level;
    return Promise.resolve(rootOf(leaves.slice(index * width, (index + 1) * width)));
  };
  const checkpoint = async (size: number): Promise<Checkpoint> => ({
    origin: signer.key.name,
    size,
    root: await rangeHash(0, size, subtree),
  });
  const note = async (size: number): Promise<Uint8Array> => signNote(checkpointBody(await checkpoint(size)), [signer]);
  return {
    signer,
    subtree,
    checkpoint,
    note,
    request: async (old, size) =>
      formatWitnessRequest({ old, proof: await consistencyProof(old, size, subtree), note: await note(size) }),
  };
}
