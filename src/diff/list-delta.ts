import { compareBy, compareParts, sortedText } from "../base/order.ts";
import {
  type AccessEntry,
  type AccessList,
  compareEntries,
  normalAccessList,
  type Privilege,
} from "../model/access-list.ts";
import type { GrantChange } from "../model/change.ts";
import type { Grantee, RoleName } from "../model/role.ts";

/** A GrantChange without its place: what happens to one list. */
export interface ListDelta {
  readonly kind: GrantChange["kind"];
  readonly grantee: Grantee;
  readonly grantor: RoleName;
  readonly privileges: readonly Privilege[];
  readonly grantable: boolean;
}

/** What turns one list into another, sorted; empty exactly when they are equal. Both are in normal form, so one walk over both is enough, and entries that they share cost nothing. */
export function listDelta(before: AccessList, after: AccessList): readonly ListDelta[] {
  if (before.id === after.id) return [];
  const deltas: ListDelta[] = [];
  let at = 0;
  for (const entry of after.entries) {
    for (; at < before.entries.length; at++) {
      const old = before.entries[at];
      if (old === undefined || compareEntries(old, entry) >= 0) break;
      pushEntryDelta(deltas, old, undefined);
    }
    const old = before.entries[at];
    const same = old !== undefined && compareEntries(old, entry) === 0;
    if (same) at++;
    if (!same) pushEntryDelta(deltas, undefined, entry);
    else if (old !== entry && !equalEntries(old, entry)) pushEntryDelta(deltas, old, entry);
  }
  for (const old of before.entries.slice(at)) pushEntryDelta(deltas, old, undefined);
  return deltas.sort(compareDeltas);
}

function equalEntries(a: AccessEntry, b: AccessEntry): boolean {
  return compareParts(a.privileges, b.privileges) === 0 && compareParts(a.grantable, b.grantable) === 0;
}

/** The list after changes that are made for it. Removing what is not there, or adding what is, changes nothing. Entries that no change is about are shared with the old list. */
export function applyDeltas(list: AccessList, deltas: Iterable<ListDelta>): AccessList {
  const edits = new Map<string, ListDelta[]>();
  for (const delta of deltas) {
    const key = holderKey(delta);
    const same = edits.get(key);
    if (same === undefined) edits.set(key, [delta]);
    else same.push(delta);
  }
  const grantees = new Set(Array.from(edits.values(), ([delta]) => delta?.grantee));
  const entries: AccessEntry[] = [];
  for (const entry of list.entries) {
    const own = grantees.has(entry.grantee) ? edits.get(holderKey(entry)) : undefined;
    if (own === undefined) {
      entries.push(entry);
    } else {
      entries.push(...edited(entry, own));
      edits.delete(holderKey(entry));
    }
  }
  if (edits.size === 0) return normalAccessList(entries);
  for (const own of edits.values()) {
    const [first] = own;
    if (first !== undefined) entries.push(...edited({ ...holderOf(first), privileges: [], grantable: [] }, own));
  }
  return normalAccessList(entries.sort(compareEntries));
}

/** The entry after the changes for its holder: none where nothing is left. */
function edited(entry: AccessEntry, deltas: readonly ListDelta[]): AccessEntry[] {
  const held = { privileges: new Set(entry.privileges), grantable: new Set(entry.grantable) };
  for (const delta of deltas) for (const privilege of delta.privileges) applyOne(held, delta, privilege);
  if (held.privileges.size === 0) return [];
  const { grantee, grantor } = entry;
  return [{ grantee, grantor, privileges: sortedText(held.privileges), grantable: sortedText(held.grantable) }];
}

function holderOf({ grantee, grantor }: Holder): Holder {
  return { grantee, grantor };
}

/** A total order of deltas and of GrantChanges: additions first, then by holder, privileges and grant option. */
export function compareDeltas(a: ListDelta, b: ListDelta): number {
  return holderOrder(a, b) || compareParts(a.privileges, b.privileges);
}

type Holder = Pick<AccessEntry, "grantee" | "grantor">;

const KINDS: Readonly<Record<GrantChange["kind"], number>> = {
  "add-grant": 0,
  "add-grant-option": 1,
  "remove-grant-option": 2,
  "remove-grant": 3,
};

const holderOrder = compareBy<ListDelta>(
  (delta) => KINDS[delta.kind],
  (delta) => delta.grantee,
  (delta) => delta.grantor,
  (delta) => delta.grantable,
);

function holderKey(holder: Holder): string {
  return `${holder.grantee}\0${holder.grantor}`;
}

function pushEntryDelta(deltas: ListDelta[], before: AccessEntry | undefined, after: AccessEntry | undefined): void {
  const holder = after ?? before;
  if (holder === undefined) return;
  const had = new Set(before?.privileges);
  const has = new Set(after?.privileges);
  const couldGive = new Set(before?.grantable);
  const canGive = new Set(after?.grantable);
  const added = has.difference(had);
  const removed = had.difference(has);
  const kept = had.intersection(has);
  const push = (kind: GrantChange["kind"], privileges: Set<Privilege>, grantable: boolean): void => {
    if (privileges.size === 0) return;
    const { grantee, grantor } = holder;
    deltas.push({ kind, grantee, grantor, privileges: sortedText(privileges), grantable });
  };
  push("add-grant", added.difference(canGive), false);
  push("add-grant", added.intersection(canGive), true);
  push("remove-grant", removed.difference(couldGive), false);
  push("remove-grant", removed.intersection(couldGive), true);
  push("add-grant-option", kept.intersection(canGive.difference(couldGive)), true);
  push("remove-grant-option", kept.intersection(couldGive.difference(canGive)), true);
}

function applyOne(
  held: { readonly privileges: Set<Privilege>; readonly grantable: Set<Privilege> },
  delta: ListDelta,
  privilege: Privilege,
): void {
  switch (delta.kind) {
    case "add-grant":
      held.privileges.add(privilege);
      if (delta.grantable) held.grantable.add(privilege);
      return;
    case "remove-grant":
      held.privileges.delete(privilege);
      held.grantable.delete(privilege);
      return;
    case "add-grant-option":
      if (held.privileges.has(privilege)) held.grantable.add(privilege);
      return;
    case "remove-grant-option":
      held.grantable.delete(privilege);
      return;
  }
}
