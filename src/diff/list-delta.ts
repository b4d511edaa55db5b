import { compareBy, compareParts, sortedText } from "../base/order.ts";
import { accessList, type AccessEntry, type AccessList, type Privilege } from "../model/access-list.ts";
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

/** What turns one list into another, sorted; empty exactly when they are equal. */
export function listDelta(before: AccessList, after: AccessList): readonly ListDelta[] {
  if (before.id === after.id) return [];
  const old = byHolder(before);
  const wanted = byHolder(after);
  const deltas: ListDelta[] = [];
  for (const [holder, entry] of wanted) pushEntryDelta(deltas, old.get(holder), entry);
  for (const [holder, entry] of old) if (!wanted.has(holder)) pushEntryDelta(deltas, entry, undefined);
  return deltas.sort(compareDeltas);
}

/** The list after changes that are made for it. Removing what is not there, or adding what is, changes nothing. */
export function applyDeltas(list: AccessList, deltas: Iterable<ListDelta>): AccessList {
  const entries = new Map<string, { privileges: Set<Privilege>; grantable: Set<Privilege>; entry: Holder }>();
  for (const entry of list.entries) {
    entries.set(holderKey(entry), {
      privileges: new Set(entry.privileges),
      grantable: new Set(entry.grantable),
      entry,
    });
  }
  for (const delta of deltas) {
    const key = holderKey(delta);
    let held = entries.get(key);
    if (held === undefined) {
      held = { privileges: new Set(), grantable: new Set(), entry: delta };
      entries.set(key, held);
    }
    for (const privilege of delta.privileges) applyOne(held, delta, privilege);
  }
  return accessList(
    [...entries.values()].map(({ privileges, grantable, entry }) => ({
      grantee: entry.grantee,
      grantor: entry.grantor,
      privileges: [...privileges],
      grantable: [...grantable],
    })),
  );
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

function byHolder(list: AccessList): Map<string, AccessEntry> {
  return new Map(list.entries.map((entry) => [holderKey(entry), entry]));
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
