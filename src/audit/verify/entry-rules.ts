import type { RolewrightError } from "../../base/error.ts";
import { readEntry, type Entry } from "../entry/read.ts";
import { fault } from "../fault.ts";
import { formatVerifierKey, parseVerifierKey } from "../note/verifier-key.ts";
import type { EntryTrace, TrustedKey } from "./trust.ts";

/** Follows the entries in their order and says where one contradicts those before it. */
export interface EntryRules {
  /** What is wrong with the entry at this index; null where nothing is. */
  check(bytes: Uint8Array, index: number): RolewrightError | null;
  readonly trace: EntryTrace;
  /** The keys that were given, with what the entries say of new and retired ones: these were signed by a key that was trusted. */
  readonly keys: readonly TrustedKey[];
}

/** Begins where an earlier verification ended. `origin` is the log's name. */
export function entryRules(before: EntryTrace, origin: string, trusted: readonly TrustedKey[]): EntryRules {
  let keys = trusted;
  let lastTime = before.lastTime;
  const open = new Set(before.openIntents);
  const contradiction = (entry: Entry, index: number): string | null => {
    if (index === 0 && (entry.type !== "log.opened" || entry.fields["log"] !== origin))
      return "the log does not begin with its own opening";
    if (entry.time < lastTime) return `its time ${entry.time} is before ${lastTime}, that of the one before it`;
    if (entry.type !== "change.outcome") return null;
    const { intent } = entry.fields;
    if (typeof intent !== "number" || !open.has(intent))
      return "it is an outcome of nothing that was announced and is still open";
    return null;
  };
  return {
    check(bytes, index) {
      const entry = readEntry(bytes);
      if (typeof entry === "string") return fault("RW619", `entry ${index} is no entry: ${entry}`, { index });
      const why = contradiction(entry, index);
      if (entry.time > lastTime) lastTime = entry.time;
      if (entry.type === "change.intent") open.add(index);
      if (entry.type === "change.outcome") open.delete(Number(entry.fields["intent"]));
      if (why === null) keys = keysAfter(keys, entry, index);
      return why === null ? null : fault("RW619", `entry ${index}: ${why}`, { index });
    },
    get keys() {
      return keys;
    },
    get trace() {
      return { lastTime, openIntents: [...open].sort((a, b) => a - b) };
    },
  };
}

function keysAfter(keys: readonly TrustedKey[], { type, fields }: Entry, index: number): readonly TrustedKey[] {
  if (type === "log.key.rotated") {
    const key = typeof fields["key"] === "string" ? parseVerifierKey(fields["key"]) : null;
    const isKnown = key === null || keys.some((each) => formatVerifierKey(each.key) === formatVerifierKey(key));
    return isKnown || key.name !== keys[0]?.key.name ? keys : [...keys, { key, firstSize: index + 1, lastSize: null }];
  }
  const lastSize = fields["last_size"];
  if (type !== "log.key.retired" || typeof lastSize !== "number") return keys;
  return keys.map((each) =>
    each.key.id === fields["key_id"] && each.lastSize === null ? { ...each, lastSize } : each,
  );
}
