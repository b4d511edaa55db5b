import type { Opening } from "../entry/commitment.ts";
import type { SealedFrame } from "./frame.ts";

/** The committed end of a log. */
export interface Head {
  readonly generation: number;
  readonly size: number;
  readonly root: Uint8Array;
  /** The digest of the frame that made it. */
  readonly digest: Uint8Array;
}

/**
 * Where a log is kept. The contract:
 *
 * - `commit` is a compare-and-swap: of all frames made for one head, one wins. When it says `won`, the frame is durable. When it throws, it is unknown whether it won: only `open` tells.
 * - What a won frame holds becomes readable by `apply`, which may be done again at any time and by anybody; `open` does it for all frames that may not be readable yet.
 * - Nothing is read back without being compared with a signed root by the caller, so `get` may give anything.
 */
export interface AuditStore {
  /** Recovers what a crash left, makes every committed frame readable, and gives the committed end; null for a log that has not begun. Throws RW604 where that cannot be told. */
  open(): Promise<Head | null>;
  commit(before: Head | null, frame: SealedFrame): Promise<"won" | "lost">;
  apply(frame: SealedFrame): Promise<void>;
  /** The newest generation that is committed, by anybody; 0 for none. */
  newest(): Promise<number>;
  /** Puts the signed checkpoint in its place, unless one of more entries is there. */
  publish(checkpoint: Uint8Array): Promise<void>;
  /** A file of the served tree: `checkpoint`, a tile or a bundle; null where there is none. */
  get(path: string): Promise<Uint8Array | null>;
  /** The paths of everything in the served tree, in no order. */
  list(): AsyncIterable<string>;
  /** Removes what is not needed any more: old frames, and partial tiles whose whole one is durable. */
  collect(policy: CollectPolicy): Promise<void>;
  readonly openings: OpeningStore;
  readonly blobs: BlobStore;
  /** Absent where the storage has no room of its own to keep. */
  readonly reserve?: SpaceReserve;
  /** What makes the storage less than it should be, as sentences: told to whoever writes. Absent where nothing can. */
  warnings?(): Promise<readonly string[]>;
}

/** Room that is kept for what must be written when there is no other: how something ended, and what takes access away. */
export interface SpaceReserve {
  /** Makes it whole; false where there is no room for it. */
  ensure(): Promise<boolean>;
  /** Gives it to whoever writes next. */
  release(): Promise<void>;
}

/** What is kept although it is not needed any more. */
export interface CollectPolicy {
  /** A writer that was stopped for a long time must find the frame that it built on gone, and never another in its place. @default 64 */
  readonly frames: number;
  /** @default 24 hours */
  readonly ageMs: number;
}

/** Keeps what the log itself must not hold: who is behind a reference, and what opens a commitment. Everything in it can be erased. */
export interface OpeningStore {
  /** The reference of a name: the one it has, or a new one, durable when this returns. */
  refer(name: string): Promise<string>;
  /** Durable when this returns. */
  keep(openings: readonly Opening[]): Promise<void>;
  /** What opens these entries, by their ids. What was erased is left out. */
  find(entries: ReadonlySet<string>): Promise<ReadonlyMap<string, readonly Opening[]>>;
  /** Erases a name and everything about it (`isAbout`); null where there is no such name, and nothing names it. The reference is null where it had none. */
  erase(name: string): Promise<{ readonly reference: string | null; readonly openings: number } | null>;
}

/** Keeps long content beside the log, under the digest that an entry names. */
export interface BlobStore {
  /** Durable when this returns. The address is the SHA-256 of random bytes and the content, in hexadecimal. */
  put(content: Uint8Array): Promise<string>;
  get(address: string): Promise<Uint8Array | null>;
  remove(address: string): Promise<void>;
}
