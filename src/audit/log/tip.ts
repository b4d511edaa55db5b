import { RolewrightError } from "../../base/error.ts";
import { readEntry } from "../entry/read.ts";
import { fault, isFault } from "../fault.ts";
import { type Checkpoint, parseCheckpointBody } from "../note/checkpoint.ts";
import { parseNote, verifyNote } from "../note/signed-note.ts";
import type { VerifierKey } from "../note/verifier-key.ts";
import { equalBytes } from "../tree/hashing.ts";
import { rangeHash } from "../tree/merkle.ts";
import { quotient } from "../tree/numbers.ts";
import { TILE_WIDTH } from "../tree/tiles.ts";
import { type AuthenticTree, openTree } from "../verify/authentic.ts";
import type { AuditStore, Head } from "./audit-store.ts";
import type { Tip } from "./batch.ts";

/** Where a writer goes on: nothing in it was taken unread. */
export interface OpenedTip extends Tip {
  readonly head: Head | null;
  /** The time of the last entry, in milliseconds; no later entry may be before it. */
  readonly lastTime: number;
  /** The checkpoint that is published, with its note; null where there is none that can be read. */
  readonly published: { readonly checkpoint: Checkpoint; readonly note: Uint8Array } | null;
}

/** What a writer needs to believe the stored end of a log. */
export interface TipOptions {
  readonly keys: readonly VerifierKey[];
  readonly origin: string;
  /** Checkpoints of this log that are kept elsewhere: none of them may be ahead of the log or beside it. */
  readonly known: readonly Checkpoint[];
}

/** Recovers a log, reads its end and compares all of it with what was signed. Throws RW604 where it does not fit, RW605 where the log is older than what is known of it. */
export async function readTip(store: AuditStore, options: TipOptions): Promise<OpenedTip> {
  // The checkpoint first: others may commit meanwhile, and what is published was committed before.
  const published = await readPublished(store, options);
  const head = await store.open();
  for (const { size } of options.known) {
    if (size > (head?.size ?? 0)) throw rolledBack(size, head?.size ?? 0);
  }
  if (head === null) {
    if (published !== null) throw damaged("it has a checkpoint, and nothing of what was committed");
    return { head, edge: { size: 0, levels: [] }, tail: [], lastTime: 0, published: null };
  }
  try {
    const tree = await openTree((path) => store.get(path), head);
    if (published !== null) await requireBeginning(tree, published.checkpoint, damaged);
    for (const known of options.known) await requireBeginning(tree, known, () => splitFrom(known.size));
    const width = head.size % TILE_WIDTH;
    const last = await tree.entries(quotient(head.size - 1, TILE_WIDTH));
    return { head, edge: tree.edge, tail: width === 0 ? [] : last, lastTime: timeOf(last.at(-1)), published };
  } catch (error) {
    if (isFault(error)) throw damaged(error.message, error);
    throw error;
  }
}

/** A checkpoint that a power loss cut short says nothing; one that reads but is not ours does. */
async function readPublished(store: AuditStore, options: TipOptions): Promise<OpenedTip["published"]> {
  const note = await store.get("checkpoint");
  if (note === null) return null;
  const parsed = parseNote(note);
  if (typeof parsed === "string") return null;
  const { by, failed } = verifyNote(parsed, options.keys);
  const checkpoint = parseCheckpointBody(parsed.body);
  if (by.length === 0 || failed.length > 0 || typeof checkpoint === "string" || checkpoint.origin !== options.origin) {
    throw damaged("its checkpoint is not signed by the log's own key");
  }
  return { checkpoint, note };
}

async function requireBeginning(
  tree: AuthenticTree,
  { size, root }: Checkpoint,
  error: (why: string) => Error,
): Promise<void> {
  if (size > tree.size) throw error(`its checkpoint covers ${size} entries, and ${tree.size} are committed`);
  if (equalBytes(await rangeHash(0, size, tree.subtree), root)) return;
  throw error(`what is committed does not begin with the ${size} entries of its checkpoint`);
}

function timeOf(bytes: Uint8Array | undefined): number {
  const entry = bytes === undefined ? "" : readEntry(bytes);
  return typeof entry === "string" ? 0 : Date.parse(entry.time);
}

const HELP = "nothing was written; `rolewright audit verify --full` says what is wrong where";

function damaged(why: string, cause?: unknown): RolewrightError {
  return new RolewrightError("RW604", `the audit log is damaged: ${why}`, {
    help: HELP,
    ...(cause === undefined ? {} : { cause }),
  });
}

function rolledBack(known: number, size: number): RolewrightError {
  return new RolewrightError(
    "RW605",
    `the audit log has ${size} entries, and a checkpoint that was remembered covers ${known}`,
    {
      help: "restore the missing part; `rolewright explain RW605` says what to do when it is lost",
      details: { known, size },
    },
  );
}

function splitFrom(size: number): RolewrightError {
  return new RolewrightError("RW605", `the first ${size} entries of the audit log are not those that were remembered`, {
    help: HELP,
    details: { size },
  });
}

/** Used where a log is only looked at, and there must be one. */
export function requireHead(head: Head | null): Head {
  if (head === null) throw fault("RW600", "nothing was recorded in this audit log yet");
  return head;
}
