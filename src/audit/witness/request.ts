import { HASH_BYTES } from "../tree/hashing.ts";
import { parseSize } from "../tree/numbers.ts";
import { decodeBase64, decodeUtf8, encodeBase64 } from "../note/base64.ts";

/** What a witness is asked (C2SP tlog-witness, add-checkpoint): to sign this checkpoint, which goes on from the one of `old` entries that it saw last. */
export interface WitnessRequest {
  readonly old: number;
  readonly proof: readonly Uint8Array[];
  /** The signed note, byte for byte. */
  readonly note: Uint8Array;
}

/** A tree has no more than 63 levels. */
const MAX_HASHES = 63;

/** The body of a request. */
export function formatWitnessRequest({ old, proof, note }: WitnessRequest): Uint8Array {
  const lines = [`old ${old}`, ...proof.map(encodeBase64), "", ""];
  return Buffer.concat([Buffer.from(lines.join("\n"), "utf8"), note]);
}

/** The request of a body, or in words why it is none. */
export function parseWitnessRequest(bytes: Uint8Array): WitnessRequest | string {
  const text = decodeUtf8(bytes);
  if (text === null) return "it is not UTF-8";
  const split = text.indexOf("\n\n");
  if (split < 0) return "no empty line parts the proof from the checkpoint";
  const [first = "", ...hashes] = text.slice(0, split).split("\n");
  const old = first.startsWith("old ") ? parseSize(first.slice("old ".length)) : null;
  if (old === null) return "its first line is not `old` and a size";
  if (hashes.length > MAX_HASHES) return `its proof has more than ${MAX_HASHES} lines`;
  const proof: Uint8Array[] = [];
  for (const line of hashes) {
    const hash = decodeBase64(line);
    if (hash === null || hash.length !== HASH_BYTES) return "a line of its proof is no hash";
    proof.push(hash);
  }
  return { old, proof, note: Buffer.from(text.slice(split + 2), "utf8") };
}
