import type { Json } from "../../base/digest.ts";
import type { Checkpoint } from "../note/checkpoint.ts";
import { decodeBase64, encodeBase64 } from "../note/base64.ts";
import { formatVerifierKey, parseVerifierKey, type VerifierKey } from "../note/verifier-key.ts";
import { isSize } from "../tree/numbers.ts";

/** A key that a log may sign with, and for which sizes: a key that was retired signs nothing after its end. */
export interface TrustedKey {
  readonly key: VerifierKey;
  readonly firstSize: number;
  /** Null while it is in use. */
  readonly lastSize: number | null;
}

/** What is remembered of a log that was verified: kept where whoever writes the log cannot reach it, it is what makes a rollback seen. */
export interface Trust {
  readonly keys: readonly TrustedKey[];
  readonly checkpoint: Checkpoint;
  /** When it was verified, RFC 3339. */
  readonly at: string;
  /** What checking further entries needs of those before. */
  readonly entries: EntryTrace;
}

/** What entries have to do with those before them. */
export interface EntryTrace {
  /** The time of the last one; empty before the first. */
  readonly lastTime: string;
  /** Intents that have no outcome yet, by their indexes. */
  readonly openIntents: readonly number[];
}

export const NO_ENTRIES: EntryTrace = { lastTime: "", openIntents: [] };

/** Keys that may sign at any size. */
export function trustAlways(keys: readonly VerifierKey[]): readonly TrustedKey[] {
  return keys.map((key) => ({ key, firstSize: 0, lastSize: null }));
}

/** The keys as they are kept beside a log: `[{vkey, first_size, last_size}]`. */
export function keysJson(keys: readonly TrustedKey[]): Json {
  return keys.map(({ key, firstSize, lastSize }) => ({
    vkey: formatVerifierKey(key),
    first_size: firstSize,
    last_size: lastSize,
  }));
}

/** The keys of such a list; null where it is none. */
export function readKeys(value: unknown): readonly TrustedKey[] | null {
  if (!Array.isArray(value)) return null;
  const keys: TrustedKey[] = [];
  for (const each of value as readonly unknown[]) {
    if (typeof each !== "object" || each === null) return null;
    const { vkey, first_size: firstSize, last_size: lastSize } = each as Readonly<Record<string, unknown>>;
    const key = typeof vkey === "string" ? parseVerifierKey(vkey) : null;
    if (key === null || typeof firstSize !== "number" || !isSize(firstSize)) return null;
    if (lastSize !== null && (typeof lastSize !== "number" || !isSize(lastSize))) return null;
    keys.push({ key, firstSize, lastSize });
  }
  return keys;
}

/** What is remembered, as plain data. */
export function trustJson({ keys, checkpoint, at, entries }: Trust): Json {
  const { origin, size, root } = checkpoint;
  return {
    v: 1,
    origin,
    size,
    root: encodeBase64(root),
    at,
    keys: keysJson(keys),
    last_time: entries.lastTime,
    open_intents: entries.openIntents,
  };
}

/** What was remembered; null where it cannot be read, which must be said and never be passed over. */
export function readTrust(value: unknown): Trust | null {
  if (typeof value !== "object" || value === null) return null;
  const {
    v,
    origin,
    size,
    root,
    at,
    keys,
    last_time: lastTime,
    open_intents: open,
  } = value as Readonly<Record<string, unknown>>;
  const trusted = readKeys(keys);
  const bytes = typeof root === "string" ? decodeBase64(root) : null;
  if (v !== 1 || typeof origin !== "string" || typeof size !== "number" || !isSize(size)) return null;
  if (trusted === null || bytes === null || typeof at !== "string" || typeof lastTime !== "string") return null;
  if (!Array.isArray(open) || !open.every((index) => typeof index === "number" && isSize(index))) return null;
  return { keys: trusted, checkpoint: { origin, size, root: bytes }, at, entries: { lastTime, openIntents: open } };
}
