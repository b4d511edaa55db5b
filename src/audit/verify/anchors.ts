import { RolewrightError } from "../../base/error.ts";
import { fault } from "../fault.ts";
import type { Checkpoint } from "../note/checkpoint.ts";
import type { VerifierKey } from "../note/verifier-key.ts";
import { equalBytes } from "../tree/hashing.ts";
import { rangeHash } from "../tree/merkle.ts";
import type { AuthenticTree } from "./authentic.ts";
import { trustCheckpoint } from "./checkpoint-rules.ts";
import type { TrustedKey } from "./trust.ts";

/** A checkpoint that was kept elsewhere. */
export interface Anchor {
  /** Where it was kept, for whoever reads the report. */
  readonly name: string;
  readonly note: Uint8Array;
}

/** Reads what was kept elsewhere. It must be a checkpoint of this very log, or it says nothing: RW622. */
export function readAnchor(
  anchor: Anchor,
  trusted: {
    readonly keys: readonly TrustedKey[];
    readonly witnesses: readonly VerifierKey[];
    readonly origin: string;
  },
): Checkpoint {
  try {
    const { checkpoint } = trustCheckpoint(anchor.note, trusted);
    if (checkpoint.origin !== trusted.origin) throw fault("RW612", `it is of the log \`${checkpoint.origin}\``);
    return checkpoint;
  } catch (error) {
    if (!(error instanceof RolewrightError)) throw error;
    throw fault("RW622", `the anchor \`${anchor.name}\` cannot be used: ${error.message}`, { anchor: anchor.name });
  }
}

/** Compares a log with a checkpoint that was kept elsewhere. Throws RW620 where the log is behind it, RW621 where the log does not begin with it. */
export async function compareWithKnown(tree: AuthenticTree, known: Checkpoint, name: string): Promise<void> {
  const { size, root } = known;
  if (size > tree.size) {
    throw fault("RW620", `the log was rolled back: \`${name}\` covers ${size} entries, and the log has ${tree.size}`, {
      anchor: name,
      size,
    });
  }
  if (!equalBytes(await rangeHash(0, size, tree.subtree), root)) {
    throw fault("RW621", `the log shows two histories: its first ${size} entries are not those of \`${name}\``, {
      anchor: name,
      size,
    });
  }
}
