import { fault } from "../fault.ts";
import { type Checkpoint, parseCheckpointBody } from "../note/checkpoint.ts";
import { parseNote, type VerifiedSignature, verifyNote } from "../note/signed-note.ts";
import { KEY_TYPE, type VerifierKey } from "../note/verifier-key.ts";
import type { TrustedKey } from "./trust.ts";

/** A checkpoint that its log signed. */
export interface TrustedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly note: Uint8Array;
  /** Of the log and of witnesses. */
  readonly by: readonly VerifiedSignature[];
}

/**
 * Believes a note only as a checkpoint that the log's own key signed. Throws RW610 for what is none, RW611 where no trusted key signed it or a signature fails, RW612 for another log's, RW624 where the key was not valid at this size.
 */
export function trustCheckpoint(
  note: Uint8Array,
  { keys, witnesses }: { readonly keys: readonly TrustedKey[]; readonly witnesses: readonly VerifierKey[] },
): TrustedCheckpoint {
  const parsed = parseNote(note);
  if (typeof parsed === "string") throw fault("RW610", `the checkpoint is not a signed note: ${parsed}`);
  const { by, failed } = verifyNote(parsed, [...keys.map(({ key }) => key), ...witnesses]);
  const [wrong] = failed;
  if (wrong !== undefined)
    throw fault("RW611", `the signature of \`${wrong.name}+${wrong.id}\` on the checkpoint fails`);
  const signers = by.filter(({ key }) => key.type === KEY_TYPE.ed25519 && keys.some((known) => known.key === key));
  if (signers.length === 0) throw fault("RW611", "no trusted key has signed the checkpoint");
  const checkpoint = parseCheckpointBody(parsed.body);
  if (typeof checkpoint === "string") throw fault("RW610", `the checkpoint is malformed: ${checkpoint}`);
  const named = signers.filter(({ key }) => key.name === checkpoint.origin);
  if (named.length === 0) {
    throw fault(
      "RW612",
      `the checkpoint is of the log \`${checkpoint.origin}\`, and its key is of \`${signers[0]?.key.name ?? ""}\``,
    );
  }
  if (
    !named.some(({ key }) =>
      isValidAt(
        keys.find((known) => known.key === key),
        checkpoint.size,
      ),
    )
  ) {
    throw fault("RW624", `the key that signed the checkpoint is not valid for ${checkpoint.size} entries`, {
      size: checkpoint.size,
    });
  }
  return { checkpoint, note, by };
}

function isValidAt(key: TrustedKey | undefined, size: number): boolean {
  if (key === undefined || size < key.firstSize) return false;
  return key.lastSize === null || size <= key.lastSize;
}
