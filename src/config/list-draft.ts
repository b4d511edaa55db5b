import { sortedText } from "../base/order.ts";
import { type AccessEntry, compareEntries, type Privilege } from "../model/access-list.ts";
import type { Grantee, RoleName } from "../model/role.ts";

interface DraftEntry {
  readonly grantee: Grantee;
  readonly grantor: RoleName;
  privileges: ReadonlySet<Privilege>;
  grantable: ReadonlySet<Privilege>;
  /** The entry that it was made of, as long as nothing has changed in it. */
  untouched: AccessEntry | null;
}

/** Access entries that are being changed, by grantee. */
export class Draft {
  readonly #entries = new Map<Grantee, DraftEntry[]>();

  constructor(entries: readonly AccessEntry[]) {
    for (const entry of entries) {
      const { grantee, grantor } = entry;
      const [privileges, grantable] = [new Set(entry.privileges), new Set(entry.grantable)];
      this.#of(grantee).push({ grantee, grantor, privileges, grantable, untouched: entry });
    }
  }

  #of(grantee: Grantee): DraftEntry[] {
    const known = this.#entries.get(grantee);
    if (known !== undefined) return known;
    const made: DraftEntry[] = [];
    this.#entries.set(grantee, made);
    return made;
  }

  /** A copy, so that it can be walked while entries change. */
  all(): readonly DraftEntry[] {
    return Array.from(this.#entries.values())
      .flat()
      .map((entry) => ({ ...entry }));
  }

  /** The entries as they have become, sorted; those that nothing has changed are the old ones. */
  entries(): AccessEntry[] {
    const entries: AccessEntry[] = [];
    for (const { untouched, grantee, grantor, privileges, grantable } of Array.from(this.#entries.values()).flat()) {
      if (untouched !== null) entries.push(untouched);
      else if (privileges.size > 0) {
        entries.push({ grantee, grantor, privileges: sortedText(privileges), grantable: sortedText(grantable) });
      }
    }
    return entries.sort(compareEntries);
  }

  holds(grantee: Grantee, privilege: Privilege, grantable: boolean): boolean {
    return (this.#entries.get(grantee) ?? []).some((entry) =>
      (grantable ? entry.grantable : entry.privileges).has(privilege),
    );
  }

  holdsFrom(grantee: Grantee, grantor: RoleName, privilege: Privilege, grantable: boolean): boolean {
    return (this.#entries.get(grantee) ?? []).some(
      (entry) => entry.grantor === grantor && (grantable ? entry.grantable : entry.privileges).has(privilege),
    );
  }

  add(grantee: Grantee, grantor: RoleName, privilege: Privilege, grantable: boolean): void {
    if (this.holdsFrom(grantee, grantor, privilege, grantable)) return;
    const entries = this.#of(grantee);
    let entry = entries.find((one) => one.grantor === grantor);
    if (entry === undefined) {
      entry = { grantee, grantor, privileges: new Set(), grantable: new Set(), untouched: null };
      entries.push(entry);
    }
    entry.privileges = new Set([...entry.privileges, privilege]);
    if (grantable) entry.grantable = new Set([...entry.grantable, privilege]);
    entry.untouched = null;
  }

  /** From one grantor, or from all of them for null. */
  remove(grantee: Grantee, grantor: RoleName | null, privilege: Privilege, optionOnly: boolean): void {
    for (const entry of this.#entries.get(grantee) ?? []) {
      if (grantor !== null && entry.grantor !== grantor) continue;
      const had = optionOnly ? entry.grantable.has(privilege) : entry.privileges.has(privilege);
      if (!had) continue;
      take(entry, privilege, optionOnly);
    }
  }

  /**
   * Gives anew, as the owner, what was held from a grantor who has lost the right to give it: the server would take it along (CASCADE), and nobody asked for that.
   * Only where the grantor had the right before.
   */
  anchor(
    before: readonly AccessEntry[],
    { owner, root }: { readonly owner: RoleName | null; readonly root: RoleName },
  ): void {
    const could = grantRights(before);
    for (let moved = true; moved; ) {
      moved = false;
      for (const entries of Array.from(this.#entries.values())) {
        for (const entry of entries.slice()) {
          if (entry.grantor === owner || entry.grantor === root) continue;
          for (const privilege of entry.privileges) {
            if (this.holds(entry.grantor, privilege, true) || could.get(entry.grantor)?.has(privilege) !== true)
              continue;
            const grantable = entry.grantable.has(privilege);
            take(entry, privilege, false);
            this.add(entry.grantee, root, privilege, grantable);
            moved = true;
          }
        }
      }
    }
  }
}

function take(entry: DraftEntry, privilege: Privilege, optionOnly: boolean): void {
  const without = (set: ReadonlySet<Privilege>): ReadonlySet<Privilege> => set.difference(new Set([privilege]));
  entry.grantable = without(entry.grantable);
  if (!optionOnly) entry.privileges = without(entry.privileges);
  entry.untouched = null;
}

/** Who could pass on what. */
function grantRights(entries: readonly AccessEntry[]): ReadonlyMap<Grantee, ReadonlySet<Privilege>> {
  const rights = new Map<Grantee, Set<Privilege>>();
  for (const { grantee, grantable } of entries) {
    if (grantable.length === 0) continue;
    const known = rights.get(grantee) ?? new Set();
    for (const privilege of grantable) known.add(privilege);
    rights.set(grantee, known);
  }
  return rights;
}
