import { type Digest, digestBytes, digestText } from "../base/digest.ts";
import { compareText, sortedText } from "../base/order.ts";
import type { Grantee, RoleName } from "./role.ts";

/** A privilege by its full upper-case name: `SELECT`, `USAGE`, `ALTER SYSTEM`. */
export type Privilege = string;

/** What one grantor gave one grantee: the privileges, and those of them that may be passed on. Both sorted and distinct; `grantable` is a subset. */
export interface AccessEntry {
  readonly grantee: Grantee;
  readonly grantor: RoleName;
  readonly privileges: readonly Privilege[];
  readonly grantable: readonly Privilege[];
}

/**
 * Who holds what on one resource, in normal form: one entry per (grantee, grantor), none empty, sorted by both. The list that an engine implies when the catalog
 * holds nothing is written out; an empty list means nobody. Two lists are equal exactly when their `id` is. Thousands of resources share one AccessList value.
 */
export interface AccessList {
  readonly id: string;
  readonly entries: readonly AccessEntry[];
}

/** The order of entries in a list: by grantee, PUBLIC first, then by grantor. */
export function compareEntries(a: AccessEntry, b: AccessEntry): number {
  return a === b ? 0 : compareText(a.grantee, b.grantee) || compareText(a.grantor, b.grantor);
}

/** Normal form of any entries: merges those of equal grantee and grantor, drops empty ones, sorts. Entries that are in normal form themselves are kept as they are. */
export function accessList(entries: Iterable<AccessEntry>): AccessList {
  const normal: AccessEntry[] = [];
  for (const entry of [...entries].sort(compareEntries)) {
    if (entry.privileges.length === 0) continue;
    const last = normal.at(-1);
    if (last === undefined || compareEntries(last, entry) !== 0) normal.push(normalEntry(entry));
    else normal[normal.length - 1] = merged(last, entry);
  }
  return normalAccessList(normal);
}

function normalEntry(entry: AccessEntry): AccessEntry {
  return isSet(entry.privileges) && isSet(entry.grantable) ? entry : merged(entry, entry);
}

function isSet(names: readonly string[]): boolean {
  return names.every((name, index) => index === 0 || (names[index - 1] as string) < name);
}

function merged({ grantee, grantor, ...a }: AccessEntry, b: AccessEntry): AccessEntry {
  return {
    grantee,
    grantor,
    privileges: sortedText([...a.privileges, ...b.privileges]),
    grantable: sortedText([...a.grantable, ...b.grantable]),
  };
}

/**
 * The list of entries that are in normal form already, which is not checked: for readers of large catalogs, who share entries between lists.
 * Anything else goes through `accessList`.
 */
export function normalAccessList(entries: readonly AccessEntry[]): AccessList {
  return { id: accessListId(entries), entries };
}

/** How many bytes of a digest tell entries and lists apart. */
const ID_BYTES = 16;

/** The id of entries that are in normal form already: 32 hexadecimal digits of the digest of their digests, the same on every machine. */
export function accessListId(entries: readonly AccessEntry[]): string {
  const words = new Uint32Array(entries.length * WORDS);
  let at = 0;
  for (const entry of entries) {
    const digest = entryDigest(entry);
    for (let word = 0; word < WORDS; word++) words[at++] = digest[word] as number;
  }
  return idOf(digestBytes(new Uint8Array(words.buffer)));
}

function idOf(digest: Digest): string {
  return digest.slice("sha256:".length, "sha256:".length + 2 * ID_BYTES);
}

/** Bytes are copied four at a time, in the order in which they stand in memory: what order that is does not matter. */
const WORDS = ID_BYTES / Uint32Array.BYTES_PER_ELEMENT;

/** Large catalogs share entries between lists: each is digested once. */
const digests = new WeakMap<AccessEntry, Uint32Array>();

function entryDigest(entry: AccessEntry): Uint32Array {
  let digest = digests.get(entry);
  if (digest === undefined) {
    const { grantee, grantor, privileges, grantable } = entry;
    const text = `${grantee}\0${grantor}\0${privileges.join(",")}\0${grantable.join(",")}`;
    digest = new Uint32Array(Uint8Array.from(Buffer.from(idOf(digestText(text)), "hex")).buffer);
    digests.set(entry, digest);
  }
  return digest;
}

export const NOBODY: AccessList = accessList([]);
