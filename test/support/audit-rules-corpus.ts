import { stageBatch } from "../../src/audit/log/batch.ts";
import { checkpointBody } from "../../src/audit/note/checkpoint.ts";
import { signNote } from "../../src/audit/note/signed-note.ts";
import type { Signer } from "../../src/audit/note/signer.ts";
import type { Files } from "./audit-corpus.ts";

/** A log of exactly these entries, signed, whatever they say. */
export async function logOf(
  signer: Signer,
  entries: readonly Uint8Array[],
  origin: string = signer.key.name,
): Promise<Files> {
  const { root, files } = stageBatch({ edge: { size: 0, levels: [] }, tail: [] }, entries);
  const note = await signNote(checkpointBody({ origin, size: entries.length, root }), [signer]);
  return new Map([["checkpoint", note], ...files.map(({ path, bytes }) => [path, bytes] as const)]);
}
