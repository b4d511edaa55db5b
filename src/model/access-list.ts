import { digestText } from "../base/digest.ts";
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

/** Normal form of any entries: merges those of equal grantee and grantor, drops empty ones, sorts. */
export function accessList(entries: Iterable<AccessEntry>): AccessList {
  const merged = new Map<string, AccessEntry>();
  for (const entry of entries) {
    if (entry.privileges.length === 0) continue;
    const key = `${entry.grantee}\0${entry.grantor}`;
    const seen = merged.get(key);
    merged.set(key, {
      grantee: entry.grantee,
      grantor: entry.grantor,
      privileges: sortedText([...(seen?.privileges ?? []), ...entry.privileges]),
      grantable: sortedText([...(seen?.grantable ?? []), ...entry.grantable]),
    });
  }
  const normal = [...merged.values()].sort(compareEntries);
  return { id: accessListId(normal), entries: normal };
}

/**
 * The list of entries that are in normal form already, which is not checked: for readers of large catalogs, who share entries between lists.
 * Anything else goes through `accessList`.
 */
export function normalAccessList(entries: readonly AccessEntry[]): AccessList {
  return { id: accessListId(entries), entries };
}

/** The id of entries that are in normal form already: 32 hexadecimal digits of a digest, the same on every machine. */
export function accessListId(entries: readonly AccessEntry[]): string {
  let text = "";
  for (const entry of entries) text += text === "" ? entryText(entry) : `\n\0${entryText(entry)}`;
  return digestText(text).slice("sha256:".length, "sha256:".length + 32);
}

/** Large catalogs share entries between lists: each is written out once. */
const texts = new WeakMap<AccessEntry, string>();

function entryText(entry: AccessEntry): string {
  let text = texts.get(entry);
  if (text === undefined) {
    text = `${entry.grantee}\0${entry.grantor}\0${entry.privileges.join(",")}\0${entry.grantable.join(",")}`;
    texts.set(entry, text);
  }
  return text;
}

export const NOBODY: AccessList = accessList([]);
