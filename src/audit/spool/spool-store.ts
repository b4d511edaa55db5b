import type { Digest } from "../../base/digest.ts";
import type { SpoolLine } from "./record.ts";

/** What is remembered of a spool elsewhere: so that one that was cut or removed is noticed. */
export interface RememberedSpool {
  readonly count: number;
  readonly digest: Digest;
}

/** A spool that is there, or was. */
export interface StoredSpool {
  readonly name: string;
  /** Null where it is gone. */
  readonly bytes: Uint8Array | null;
  readonly remembered: RememberedSpool | null;
}

/** One spool while it is written, by one process. */
export interface SpoolWriter extends AsyncDisposable {
  /** Adds lines; durable when it returns, in place and after those before. Throws RW607 where it cannot be, and then for ever: nobody knows what of them is there. */
  append(lines: readonly SpoolLine[]): Promise<void>;
}

/**
 * Keeps what could not be written to the log until it can. Contract: every spool has one writer, which lives as long as its process or until it is disposed; `claim` is given while nobody else has it, writer or not. What a crash leaves of an `append` is a prefix of it.
 */
export interface SpoolStore {
  /** Begins a spool; durable with its first line. Throws RW607. */
  begin(first: SpoolLine): Promise<SpoolWriter>;
  /** Oldest first. */
  list(): Promise<readonly StoredSpool[]>;
  /** Null where somebody else has it. */
  claim(name: string): Promise<AsyncDisposable | null>;
  /** It was absorbed: removes it and what was remembered of it. */
  remove(name: string): Promise<void>;
  /** Puts a damaged one where it is not in the way; gives its path. */
  setAside(name: string): Promise<string>;
}
