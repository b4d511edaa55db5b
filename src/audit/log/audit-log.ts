import type { Clock } from "../../base/clock.ts";
import { RolewrightError } from "../../base/error.ts";
import { encodeEntry, namesIn, prepareEntry, type PreparedEntry } from "../entry/encode.ts";
import { newEntryId } from "../entry/entry-id.ts";
import type { AuditEvent } from "../entry/event.ts";
import { type Checkpoint, checkpointBody } from "../note/checkpoint.ts";
import type { Signer } from "../note/signer.ts";
import { formatVerifierKey, type VerifierKey } from "../note/verifier-key.ts";
import { equalBytes, leafHash } from "../tree/hashing.ts";
import { TILE_WIDTH } from "../tree/tiles.ts";
import type { AuditStore, CollectPolicy, Head } from "./audit-store.ts";
import { recheckBatch, stageBatch } from "./batch.ts";
import { findEntries } from "./find-entries.ts";
import { sealFrame } from "./frame.ts";
import { isSignedByAll, signWith } from "./sign-checkpoint.ts";
import { type OpenedTip, readTip } from "./tip.ts";

/** How a log is opened for writing. */
export interface AuditLogOptions {
  readonly store: AuditStore;
  /** All keys of the same name; each signs every checkpoint. Several while a key is being replaced. */
  readonly signers: readonly [Signer, ...Signer[]];
  readonly clock: Clock;
  /** Keys that signed before and do not any more. @default none */
  readonly formerKeys?: readonly VerifierKey[];
  /** Checkpoints of this log that are kept elsewhere: a log that is behind one is not written to. @default none */
  readonly known?: readonly Checkpoint[];
  /** Milliseconds that never go backwards. After a minute without a write, the log is read anew first. @default performance.now */
  readonly monotonic?: () => number;
  /** Who is named where the log speaks about itself. */
  readonly actor: AuditEvent["actor"];
  readonly collect?: CollectPolicy;
}

/** A checkpoint with its note, signatures included. */
export interface SignedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly note: Uint8Array;
}

/** What stands in the log for an event: it is durable, and this signed checkpoint covers it. */
export interface Receipt extends SignedCheckpoint {
  readonly id: string;
  readonly index: number;
  readonly leaf: Uint8Array;
}

/** A log that is open for writing. Any number of processes may have the same one open. */
export interface AuditLog extends AsyncDisposable {
  readonly origin: string;
  /** Writes one event; when it resolves, the entry outlives any crash. An event that is appended again under its id is written once. */
  append(event: AuditEvent, options?: { readonly id?: string }): Promise<Receipt>;
  /** Writes several, in their order and one after the other; in batches of at most 256. With ids of their own, nothing is looked for: who gives them knows that they are not there. */
  appendAll(events: readonly AuditEvent[], options?: { readonly ids?: readonly string[] }): Promise<readonly Receipt[]>;
  /** The newest signed checkpoint with its note; null before the first entry. */
  head(): Promise<SignedCheckpoint | null>;
  /** Waits until everything that was written is readable by others, under a checkpoint that they can read; gives that. Throws RW601 where that cannot be. */
  published(): Promise<SignedCheckpoint | null>;
  /** Waits until everything that was written is readable by others. Throws RW601 where that cannot be. */
  close(): Promise<void>;
}

const MAX_BATCH = 256;
const MAX_BATCH_BYTES = 512 * 1024;
const MAX_WAITING = 4096;
const ATTEMPTS = 40;
const IDLE_MS = 60_000;
/** Clocks are corrected by less than this all the time. */
const SKEW_MS = 1000;
const DEFAULT_COLLECT: CollectPolicy = { frames: 64, ageMs: 24 * 3600 * 1000 };
/** How many commits there are between two clean-ups. */
const COLLECT_EVERY = 256;

interface Waiting {
  readonly entry: PreparedEntry;
  readonly bytes: number;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: unknown) => void;
}

/** Opens a log, recovering what a crash left of it. Throws RW604 or RW605 where it must not be written to. */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  const { store, signers, clock } = options;
  const origin = signers[0].key.name;
  const keys = [...signers.map(({ key }) => key), ...(options.formerKeys ?? [])];
  const monotonic = options.monotonic ?? (() => performance.now());
  const collect = options.collect ?? DEFAULT_COLLECT;
  const references = new Map<string, string>();
  const waiting: Waiting[] = [];
  let signed: SignedCheckpoint | null = null;
  let state: OpenedTip | null = null;
  let usedAt = monotonic();
  let working: Promise<void> | null = null;
  let isClosed = false;

  /** Never two roots for one size, and never back: whatever else goes wrong. */
  const sign = async (size: number, root: Uint8Array): Promise<SignedCheckpoint> => {
    if (signed !== null && size === signed.checkpoint.size && equalBytes(root, signed.checkpoint.root)) return signed;
    if (signed !== null && size <= signed.checkpoint.size) {
      throw new RolewrightError(
        "RW605",
        `a root for ${size} entries was to be signed after one for ${signed.checkpoint.size}`,
      );
    }
    const checkpoint: Checkpoint = { origin, size, root };
    signed = { checkpoint, note: await signWith(signers, checkpointBody(checkpoint)) };
    return signed;
  };

  const load = async (): Promise<OpenedTip> => {
    const known = [...(options.known ?? []), ...(signed === null ? [] : [signed.checkpoint])];
    const tip = await readTip(store, { keys, origin, known });
    usedAt = monotonic();
    const { head, published } = tip;
    if (head !== null) {
      if (published !== null && published.checkpoint.size === head.size && isSignedByAll(published.note, signers)) {
        signed = published;
      } else {
        await store.publish((await sign(head.size, head.root)).note);
      }
    }
    return tip;
  };

  const current = async (): Promise<OpenedTip> => {
    if (state !== null && monotonic() - usedAt > IDLE_MS) state = null;
    state ??= await load();
    return state;
  };

  /** One batch, once. `lost` when somebody else was faster. */
  const commitOnce = async (batch: readonly Waiting[]): Promise<"lost" | Settled> => {
    const before = await current();
    const { head } = before;
    const { times, skew } = sequence(clock.now().getTime(), before.lastTime);
    const own: PreparedEntry[] = [];
    if (head === null) own.push(await prepared(openedEvent(origin, signers[0].key, options.actor)));
    if (skew > SKEW_MS) own.push(await prepared({ type: "clock.skew", actor: options.actor, behind_ms: skew }));
    const all = [...own, ...batch.map(({ entry }) => entry)];
    const bytes = all.map((entry) => encodeEntry(entry, new Date(times)));
    const sizeBefore = head?.size ?? 0;
    const staged = stageBatch(before, bytes);
    const size = sizeBefore + bytes.length;
    const frame = sealFrame({
      generation: (head?.generation ?? 0) + 1,
      previous: head?.digest ?? null,
      sizeBefore,
      size,
      root: staged.root,
      files: staged.files,
    });
    const wrong = recheckBatch(before, frame);
    if (wrong !== null) throw new RolewrightError("RW601", `a batch was computed twice with two results: ${wrong}`);
    state = null; // Until it is known how the commit ended.
    const openings = all.flatMap((entry) => entry.openings);
    await store.openings.keep(openings);
    const result = await store.commit(head, frame);
    if (result === "lost") return "lost";
    usedAt = monotonic();
    const committed: OpenedTip = {
      ...staged.tip,
      lastTime: times,
      published: before.published,
      head: { generation: frame.generation, size, root: frame.root, digest: frame.digest },
    };
    const note = await sign(size, frame.root);
    return {
      receipt(at, id) {
        const place = own.length + at;
        return { id, index: sizeBefore + place, leaf: leafHash(bytes[place] ?? new Uint8Array(0)), ...note };
      },
      async finish() {
        await store.apply(frame);
        await store.publish(note.note);
        // Somebody else's newer commit is published by them or by the next load, but never hidden by ours.
        if ((await store.newest()) === frame.generation) state = committed;
        else await current();
        if (frame.generation % COLLECT_EVERY === 0) await store.collect(collect);
      },
    };
  };

  const commitBatch = async (batch: readonly Waiting[]): Promise<void> => {
    let left = batch;
    for (let attempt = 1; left.length > 0; attempt++) {
      let settled: "lost" | Settled;
      const sizeBefore = state?.head?.size ?? signed?.checkpoint.size ?? 0;
      try {
        settled = await commitOnce(left);
      } catch (error) {
        // Nobody knows how it ended: the storage is asked anew, and what is found there is acknowledged.
        state = null;
        left = await acknowledgeFound(left, sizeBefore, error);
        for (const each of left) each.reject(error);
        return;
      }
      if (settled !== "lost") {
        for (const [at, each] of left.entries()) each.resolve(settled.receipt(at, each.entry.id));
        try {
          await settled.finish();
        } catch {
          state = null; // What is committed is readable after the next load, which `close` makes sure of.
        }
        return;
      }
      if (attempt >= ATTEMPTS) {
        const error = new RolewrightError(
          "RW606",
          `the audit log was written to by others ${attempt} times in between`,
          {
            help: "nothing was written; run it again",
          },
        );
        for (const each of left) each.reject(error);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(attempt, 10) * 4));
    }
  };

  /** After a commit whose ending is unknown. Gives back those that are not in the log. */
  const acknowledgeFound = async (
    batch: readonly Waiting[],
    sizeBefore: number,
    cause: unknown,
  ): Promise<readonly Waiting[]> => {
    let head: Head | null;
    try {
      head = (await current()).head;
    } catch {
      return batch;
    }
    if (head === null || signed === null || !mayHaveCommitted(cause)) return batch;
    const found = await findEntries(store, head, sizeBefore, new Set(batch.map(({ entry }) => entry.id)));
    const note = signed;
    return batch.filter((each) => {
      const at = found.get(each.entry.id);
      if (at === undefined) return true;
      each.resolve({ id: each.entry.id, ...at, ...note });
      return false;
    });
  };

  const work = async (): Promise<void> => {
    try {
      while (waiting.length > 0) {
        let bytes = 0;
        let count = 0;
        for (const each of waiting.slice(0, MAX_BATCH)) {
          bytes += each.bytes;
          if (count > 0 && bytes > MAX_BATCH_BYTES) break;
          count += 1;
        }
        await commitBatch(waiting.splice(0, count));
      }
    } finally {
      // At once: what is appended between the last look and a later callback would wait for ever.
      working = null;
    }
  };

  const prepared = async (event: AuditEvent, id?: string): Promise<PreparedEntry> => {
    for (const name of namesIn(event)) {
      if (!references.has(name)) references.set(name, await store.openings.refer(name));
    }
    return prepareEntry(event, id ?? newEntryId(clock.now()), (name) => references.get(name) ?? "");
  };

  const enqueue = (entry: PreparedEntry): Promise<Receipt> => {
    if (isClosed) throw new RolewrightError("RW601", "the audit log was closed already");
    const bytes = encodeEntry(entry, new Date(0)).length; // One that is too long is refused before it waits.
    return new Promise((resolve, reject) => {
      waiting.push({ entry, bytes, resolve, reject });
      working ??= work();
    });
  };

  const append = async (event: AuditEvent, id?: string): Promise<Receipt> => {
    if (waiting.length >= MAX_WAITING)
      throw new RolewrightError("RW601", `${MAX_WAITING} entries wait for the audit log already`);
    if (id !== undefined) {
      const { head } = await current();
      const known = head === null ? null : await findEntries(store, head, recent(head.size), new Set([id]));
      const at = known?.get(id);
      if (at !== undefined && signed !== null) return { id, ...at, ...signed };
    }
    return await enqueue(await prepared(event, id));
  };

  const close = async (): Promise<void> => {
    isClosed = true;
    if (working !== null) await working;
    if (state === null && signed !== null) await current();
  };

  state = await load();
  return {
    origin,
    append: (event, given) => append(event, given?.id),
    async appendAll(events, given) {
      const entries: PreparedEntry[] = [];
      for (const [at, event] of events.entries()) entries.push(await prepared(event, given?.ids?.[at]));
      return await Promise.all(entries.map(enqueue));
    },
    async head() {
      await current();
      return signed;
    },
    async published() {
      if (working !== null) await working;
      await current();
      if (signed !== null) await store.publish(signed.note);
      return signed;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Settled {
  receipt(at: number, id: string): Receipt;
  finish(): Promise<void>;
}

/** All entries of a batch have one time, which is never before the last one's. */
function sequence(now: number, last: number): { readonly times: number; readonly skew: number } {
  return { times: Math.max(now, last), skew: Math.max(0, last - now) };
}

/** What was refused before anything was sent cannot be in the log. */
function mayHaveCommitted(error: unknown): boolean {
  return !(error instanceof RolewrightError && ["RW602", "RW604", "RW605"].includes(error.code));
}

/** An id that is given again is looked for among so many of the last entries. */
function recent(size: number): number {
  return Math.max(0, size - 4 * TILE_WIDTH);
}

function openedEvent(log: string, key: VerifierKey, actor: AuditEvent["actor"]): AuditEvent {
  return { type: "log.opened", actor, log, key: formatVerifierKey(key) };
}
