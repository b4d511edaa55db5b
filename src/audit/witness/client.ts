import { RolewrightError } from "../../base/error.ts";
import { decodeUtf8 } from "../note/base64.ts";
import type { Checkpoint } from "../note/checkpoint.ts";
import { parseNote, verifyNote } from "../note/signed-note.ts";
import { KEY_TYPE, type VerifierKey } from "../note/verifier-key.ts";
import { consistencyProof, type SubtreeHash } from "../tree/merkle.ts";
import { parseSize } from "../tree/numbers.ts";
import { formatWitnessRequest } from "./request.ts";

/** Sends one request to a witness and gives its answer. Throws where there is none. */
export type AskWitness = (body: Uint8Array) => Promise<{ readonly status: number; readonly body: Uint8Array }>;

/** What a witness is to sign. */
export interface ToWitness {
  readonly checkpoint: Checkpoint;
  readonly note: Uint8Array;
  /** Of the tree under that checkpoint. */
  readonly subtree: SubtreeHash;
  /** Whose signatures count. Others are left out, as if they had not come. */
  readonly witnesses: readonly VerifierKey[];
}

/** Others may bring newer checkpoints while we ask. */
const ATTEMPTS = 5;
const MAX_SIGNATURES = 16;

/**
 * Has a checkpoint signed by one witness, and gives the lines that it signed with. A witness that has seen another size tells it, and is shown that the log goes on from there. Throws RW640 where it gives no usable answer, RW642 where it
 * has seen more of the log than there is, or another history.
 */
export async function collectCosignatures(ask: AskWitness, what: ToWitness): Promise<readonly string[]> {
  const { size } = what.checkpoint;
  let old = 0;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const proof = await consistencyProof(old, size, what.subtree);
    const { status, body } = await ask(formatWitnessRequest({ old, proof, note: what.note }));
    const text = decodeUtf8(body) ?? "";
    if (status === 200) return readLines(text, what);
    if (status === 409) {
      const seen = parseSize(text.replace(/\n$/u, ""));
      if (seen === null) throw noAnswer("it says that it saw another size, and not which");
      if (seen > size) throw behind(seen, size);
      old = seen;
    } else if (status === 422) {
      throw otherHistory(old);
    } else {
      throw noAnswer(REFUSALS[status] ?? `it answers with status ${status}`);
    }
  }
  throw noAnswer("it saw other sizes all the time");
}

const REFUSALS: Readonly<Record<number, string>> = {
  403: "it does not know the key that this log signs with",
  404: "it does not know this log, or its address is another one",
};

/** The note with these lines under it. */
export function withCosignatures(note: Uint8Array, lines: readonly string[]): Uint8Array {
  return Buffer.concat([note, Buffer.from(lines.join(""), "utf8")]);
}

function readLines(text: string, { note, witnesses }: ToWitness): readonly string[] {
  const lines = text.split("\n").slice(0, -1);
  if (!text.endsWith("\n") || lines.length > MAX_SIGNATURES) throw noAnswer("what it answers are no signatures");
  const keys = witnesses.filter(({ type }) => type === KEY_TYPE.cosignatureEd25519);
  const good: string[] = [];
  for (const line of lines) {
    const alone = parseNote(withCosignatures(unsigned(note), [`${line}\n`]));
    if (typeof alone === "string") throw noAnswer("what it answers are no signatures");
    const { by, failed } = verifyNote(alone, keys);
    if (failed.length > 0) throw noAnswer("its signature fails");
    if (by.length > 0) good.push(`${line}\n`);
  }
  if (good.length === 0) throw noAnswer("none of its signatures is by a witness that is trusted here");
  return good;
}

/** The text of a note with the empty line after it. */
function unsigned(note: Uint8Array): Uint8Array {
  const end = Buffer.from(note).lastIndexOf("\n\n");
  return note.subarray(0, end + 2);
}

function noAnswer(why: string): RolewrightError {
  return new RolewrightError("RW640", `the witness gave no usable answer: ${why}`);
}

function behind(seen: number, size: number): RolewrightError {
  return new RolewrightError(
    "RW642",
    `the witness has seen ${seen} entries of the log, and it has ${size}: it was rolled back`,
    {
      details: { seen, size },
    },
  );
}

function otherHistory(seen: number): RolewrightError {
  return new RolewrightError(
    "RW642",
    `the log does not go on from the ${seen} entries that the witness has seen: it has another history`,
    {
      details: { seen },
    },
  );
}
