import { encodeEntry, prepareEntry } from "../../src/audit/entry/encode.ts";
import { newEntryId } from "../../src/audit/entry/entry-id.ts";
import type { AuditEvent } from "../../src/audit/entry/event.ts";
import { stageBatch, type Tip } from "../../src/audit/log/batch.ts";
import { checkpointBody } from "../../src/audit/note/checkpoint.ts";
import { signNote } from "../../src/audit/note/signed-note.ts";
import type { Signer } from "../../src/audit/note/signer.ts";
import { formatVerifierKey } from "../../src/audit/note/verifier-key.ts";
import { verifyLog, type VerifyOptions, type VerifyReport } from "../../src/audit/verify/verify.ts";
import { trustAlways } from "../../src/audit/verify/trust.ts";
import { digestText } from "../../src/base/digest.ts";
import { TESTER, sampleEvent } from "./audit-samples.ts";

/** The served files of a log, in memory, so that each can be changed. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** A log as it was at several sizes. */
export interface Corpus {
  readonly signer: Signer;
  /** By size: all files, with the checkpoint of that size. */
  readonly at: ReadonlyMap<number, Files>;
}

const START = Date.parse("2026-11-22T10:00:00.000Z");

/** Entries as they are written: an opening, then intents with their outcomes and other events. */
export function sampleEntries(signer: Signer, count: number, seed: number): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, index) => {
    const time = new Date(START + index * 10);
    const id = newEntryId(time, Buffer.alloc(10, (index * 7 + seed) % 251));
    return encodeEntry(
      prepareEntry(eventAt(signer, index, seed), id, (name) => digestText(name).slice(7, 39)),
      time,
    );
  });
}

function eventAt(signer: Signer, index: number, seed: number): AuditEvent {
  const { name } = signer.key;
  if (index === 0) return { type: "log.opened", actor: TESTER, log: name, key: formatVerifierKey(signer.key) };
  const plan = { digest: digestText(`plan ${index} of ${seed}`) };
  if (index % 3 === 1) {
    const stage = { index: 0, of: 1, name: "all" };
    return { type: "change.intent", actor: TESTER, plan, part: "apply", stage, statements: 1, changes: [] };
  }
  if (index % 3 === 2) {
    return {
      type: "change.outcome",
      actor: TESTER,
      plan,
      intent: index - 1,
      outcome: "success",
      error: null,
      reconciled: false,
    };
  }
  return sampleEvent(index + seed);
}

/** A log that grew to each of these sizes in turn. Other seeds give other histories. */
export async function makeCorpus(signer: Signer, sizes: readonly number[], seed = 0): Promise<Corpus> {
  const entries = sampleEntries(signer, Math.max(...sizes), seed);
  const files = new Map<string, Uint8Array>();
  const at = new Map<number, Files>();
  let tip: Tip = { edge: { size: 0, levels: [] }, tail: [] };
  for (const size of sizes) {
    const batch = stageBatch(tip, entries.slice(tip.edge.size, size));
    tip = batch.tip;
    for (const { path, bytes } of batch.files) files.set(path, bytes);
    files.set(
      "checkpoint",
      await signNote(checkpointBody({ origin: signer.key.name, size, root: batch.root }), [signer]),
    );
    at.set(size, new Map(files));
  }
  return { signer, at };
}

/** The files of one size; those that a later partial tile made superfluous are left out. */
export function filesAt(corpus: Corpus, size: number): Files {
  const files = corpus.at.get(size);
  if (files === undefined) throw new Error(`the corpus was never at ${size}`);
  return files;
}

/** Verifies files in memory, every entry and every file of them. */
export function verifyFiles(files: Files, signer: Signer, over: Partial<VerifyOptions> = {}): Promise<VerifyReport> {
  return verifyLog({
    get: (path) => Promise.resolve(files.get(path) ?? null),
    async *list() {
      yield* files.keys();
    },
    keys: trustAlways([signer.key]),
    now: new Date(START + 1_000_000),
    ...over,
  });
}

/** The same files with one of them changed; null removes it. */
export function changed(files: Files, path: string, bytes: Uint8Array | null): Files {
  const next = new Map(files);
  if (bytes === null) next.delete(path);
  else next.set(path, bytes);
  return next;
}

/** The same bytes with one bit turned. */
export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = (bit - (bit % 8)) / 8;
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit % 8));
  return copy;
}
