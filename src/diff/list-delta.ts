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

/** The list after changes that are made for it; see `editor`. */
export function applyDeltas(list: AccessList, deltas: Iterable<ListDelta>): AccessList {
  return editor(deltas)(list);
}

/**
 * Makes the same changes for one list after the other. Removing what is not there, or adding what is, changes nothing. Entries that no change is about are shared with the old list, and those that become the
 * same with each other.
 */
export function editor(deltas: Iterable<ListDelta>): (list: AccessList) => AccessList {
  // The last holder first, so that the places of the others stay what they are while entries come and go.
  const edits = [...Map.groupBy(deltas, holderKey).values()]
    .map((own) => ({ own, holder: holderOf(own), known: new Map<AccessEntry, readonly AccessEntry[]>() }))
    .sort((a, b) => compareEntries(b.holder, a.holder));
  return (list) => {
    const entries = list.entries.slice();
    let changed = false;
    for (const { own, holder, known } of edits) {
      const place = placeOf(list.entries, holder);
      const there = list.entries[place];
      const old = there !== undefined && compareEntries(there, holder) === 0 ? there : null;
      const before = old ?? holder;
      let after = known.get(before);
      if (after === undefined) known.set(before, (after = edited(before, own)));
      if (after.length === 0 ? old === null : after[0] === old) continue;
      entries.splice(place, old === null ? 0 : 1, ...after);
      changed = true;
    }
    return changed ? normalAccessList(entries) : list;
  };
}

/** The place of the first entry that does not come before the holder. */
function placeOf(entries: readonly AccessEntry[], holder: AccessEntry): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareEntries(entries[middle] as AccessEntry, holder) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The entry after the changes for its holder: the same where nothing changes, none where nothing is left. */
function edited(entry: AccessEntry, deltas: readonly ListDelta[]): readonly AccessEntry[] {
  const held = { privileges: new Set(entry.privileges), grantable: new Set(entry.grantable) };
  for (const delta of deltas) for (const privilege of delta.privileges) applyOne(held, delta, privilege);
  if (held.privileges.size === 0) return [];
  const { grantee, grantor } = entry;
  const after = { grantee, grantor, privileges: sortedText(held.privileges), grantable: sortedText(held.grantable) };
  return [equalEntries(entry, after) ? entry : after];
}

function holderOf(deltas: readonly ListDelta[]): AccessEntry {
  const { grantee = "", grantor = "" } = deltas[0] ?? {};
  return { grantee, grantor, privileges: [], grantable: [] };
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
