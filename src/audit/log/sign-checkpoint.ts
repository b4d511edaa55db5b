import { RolewrightError } from "../../base/error.ts";
import { parseCheckpointBody } from "../note/checkpoint.ts";
import { parseNote, signNote } from "../note/signed-note.ts";
import type { Signer } from "../note/signer.ts";

/** Signs the text of a checkpoint. Throws RW603 where a signer does not. */
export async function signWith(signers: readonly Signer[], body: string): Promise<Uint8Array> {
  try {
    return await signNote(body, signers);
  } catch (cause) {
    throw new RolewrightError("RW603", "the checkpoint of the audit log could not be signed", {
      cause,
      help: "the entry stands and is signed by the next writer, but it does not count as written: nothing was changed",
    });
  }
}

/** True for a checkpoint that already bears a signature of each of them. */
export function isSignedByAll(note: Uint8Array, signers: readonly Signer[]): boolean {
  const parsed = parseNote(note);
  if (typeof parsed === "string" || typeof parseCheckpointBody(parsed.body) === "string") return false;
  return signers.every(({ key }) => parsed.signatures.some(({ name, id }) => name === key.name && id === key.id));
}
