import { sortedText } from "../base/order.ts";
import {
  type AccessEntry,
  type AccessList,
  accessList,
  compareEntries,
  normalAccessList,
  type Privilege,
} from "../model/access-list.ts";
import type { Grantee, RoleName } from "../model/role.ts";
import type { GrantClaim } from "./claims.ts";

/** A claim on one class of resources, its privileges written out for the kind. */
export interface BoundClaim {
  readonly claim: GrantClaim;
  readonly privileges: readonly Privilege[];
  /** `weak`: gives way to a present claim (columns under a table that is revoked). `beside`: neither given nor taken away. */
  readonly strength: "full" | "weak" | "beside";
}

export interface ListContext {
  /** The owner after all changes of owners, who grants; null where there is none. */
  readonly owner: RoleName | null;
  /** The grantor that the server records for what we give. */
  readonly root: RoleName;
  /** Whether everything undeclared of this grantee is to go. */
  readonly authoritative: ((grantee: Grantee) => boolean) | null;
}

/** What a line asked for and cannot get, or contradicts. */
export type ListProblem =
  | {
      readonly kind: "contradiction";
      readonly present: GrantClaim;
      readonly absent: GrantClaim;
      readonly privilege: Privilege;
    }
  | { readonly kind: "owner"; readonly absent: GrantClaim; readonly owner: RoleName };

export interface ListResult {
  readonly list: AccessList;
  readonly problems: readonly ListProblem[];
}

/** What the claims make of a list. The same list comes back, by identity, when nothing has to change. */
export function applyClaims(list: AccessList, claims: readonly BoundClaim[], context: ListContext): ListResult {
  const wanted = wants(claims);
  const draft = new Draft(list);
  addPresent(draft, wanted.present, context);
  removeAbsent(draft, wanted, context);
  if (context.authoritative !== null) removeUndeclared(draft, wanted, context.authoritative, context);
  if (!draft.changed) return { list, problems: problemsOf(wanted, context) };
  draft.anchor(list, context);
  const result = draft.list();
  return { list: result.id === list.id ? list : result, problems: problemsOf(wanted, context) };
}

/** What is wanted of one privilege of one grantee. */
interface Want {
  /** `true` when some line wants it with the grant option; by grantor, null for any. */
  readonly by: Map<RoleName | null, { grantable: boolean; readonly claim: GrantClaim }>;
}

interface Wants {
  readonly present: ReadonlyMap<Grantee, ReadonlyMap<Privilege, Want>>;
  readonly absent: readonly BoundClaim[];
  readonly beside: ReadonlyMap<Grantee, ReadonlySet<Privilege>>;
}

function wants(claims: readonly BoundClaim[]): Wants {
  const present = new Map<Grantee, Map<Privilege, Want>>();
  const beside = new Map<Grantee, Set<Privilege>>();
  const absent: BoundClaim[] = [];
  for (const bound of claims) {
    const { claim, privileges } = bound;
    if (bound.strength === "beside") {
      const known = beside.get(claim.grantee) ?? new Set();
      for (const privilege of privileges) known.add(privilege);
      beside.set(claim.grantee, known);
    } else if (claim.present) {
      const known = present.get(claim.grantee) ?? new Map<Privilege, Want>();
      present.set(claim.grantee, known);
      for (const privilege of privileges) {
        const want = known.get(privilege) ?? { by: new Map() };
        known.set(privilege, want);
        const same = want.by.get(claim.by);
        if (same === undefined) want.by.set(claim.by, { grantable: claim.grantable, claim });
        else same.grantable ||= claim.grantable;
      }
    } else {
      absent.push(bound);
    }
  }
  return { present, absent, beside };
}

function addPresent(draft: Draft, present: Wants["present"], { root, authoritative }: ListContext): void {
  for (const [grantee, privileges] of present) {
    const whole = authoritative?.(grantee) === true;
    for (const [privilege, want] of privileges) {
      for (const [by, { grantable }] of want.by) {
        if (by !== null) draft.add(grantee, by, privilege, grantable);
        // Additive: any grantor's copy will do. Authoritative: the owner's own, since other copies are about to go; unless a line keeps one of those.
        else if (
          whole ? !keptBy(draft, want, grantee, privilege, grantable) : !draft.holds(grantee, privilege, grantable)
        ) {
          draft.add(grantee, root, privilege, grantable);
        }
      }
    }
  }
}

function keptBy(draft: Draft, want: Want, grantee: Grantee, privilege: Privilege, grantable: boolean): boolean {
  return [...want.by].some(
    ([by, kept]) => by !== null && (kept.grantable || !grantable) && draft.holdsFrom(grantee, by, privilege, grantable),
  );
}

function removeAbsent(draft: Draft, { present, absent }: Wants, { owner }: ListContext): void {
  for (const { claim, privileges, strength } of absent) {
    if (claim.grantee === owner) continue;
    for (const privilege of privileges) {
      const want = present.get(claim.grantee)?.get(privilege);
      if (want !== undefined && (strength === "weak" || contradicts(want, claim) !== null)) continue;
      draft.remove(claim.grantee, claim.by, privilege, claim.optionOnly);
    }
  }
}

/** The present line that an absent one cannot stand beside; null when both can be true. */
function contradicts(want: Want, absent: GrantClaim): GrantClaim | null {
  for (const [by, { grantable, claim }] of want.by) {
    if (by !== null && absent.by !== null && by !== absent.by) continue;
    // "Any copy" beside "not this one's copy" is one wish: somebody else's.
    if (by === null && absent.by !== null) continue;
    if (absent.optionOnly && !grantable) continue;
    return claim;
  }
  return null;
}

function removeUndeclared(
  draft: Draft,
  { present, beside }: Wants,
  authoritative: (grantee: Grantee) => boolean,
  { owner, root }: ListContext,
): void {
  for (const { grantee, grantor, privileges, grantable } of draft.all()) {
    if (grantee === owner || !authoritative(grantee)) continue;
    for (const privilege of privileges) {
      const want = present.get(grantee)?.get(privilege);
      if (want === undefined) {
        if (beside.get(grantee)?.has(privilege) !== true) draft.remove(grantee, grantor, privilege, false);
        continue;
      }
      const said = want.by.get(grantor) ?? (grantor === root ? want.by.get(null) : undefined);
      if (said === undefined) draft.remove(grantee, grantor, privilege, false);
      else if (!said.grantable && grantable.has(privilege)) draft.remove(grantee, grantor, privilege, true);
    }
  }
}

function problemsOf({ present, absent }: Wants, { owner }: ListContext): readonly ListProblem[] {
  const problems: ListProblem[] = [];
  for (const { claim, privileges, strength } of absent) {
    if (strength === "weak") continue;
    if (claim.grantee === owner) problems.push({ kind: "owner", absent: claim, owner });
    for (const privilege of privileges) {
      const want = present.get(claim.grantee)?.get(privilege);
      const other = want === undefined ? null : contradicts(want, claim);
      if (other !== null) problems.push({ kind: "contradiction", present: other, absent: claim, privilege });
    }
  }
  return problems;
}

interface DraftEntry {
  readonly grantee: Grantee;
  readonly grantor: RoleName;
  /** Sets are replaced and never changed in place: most are shared with other drafts. */
  privileges: ReadonlySet<Privilege>;
  grantable: ReadonlySet<Privilege>;
  /** The entry that it was made of, as long as nothing has changed in it. */
  untouched: AccessEntry | null;
}

/** Lists share entries, and so do drafts of them. */
const sets = new WeakMap<AccessEntry, Pick<DraftEntry, "privileges" | "grantable">>();

function setsOf(entry: AccessEntry): Pick<DraftEntry, "privileges" | "grantable"> {
  let known = sets.get(entry);
  if (known === undefined) {
    known = { privileges: new Set(entry.privileges), grantable: new Set(entry.grantable) };
    sets.set(entry, known);
  }
  return known;
}

/** A list that is being changed, by grantee. */
class Draft {
  readonly #entries = new Map<Grantee, DraftEntry[]>();
  changed = false;

  constructor(list: AccessList) {
    for (const entry of list.entries) {
      const { privileges, grantable } = setsOf(entry);
      const { grantee, grantor } = entry;
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

  /** The list as it has become; entries that nothing has changed are those of the old one. */
  list(): AccessList {
    const entries: AccessEntry[] = [];
    for (const { untouched, grantee, grantor, privileges, grantable } of Array.from(this.#entries.values()).flat()) {
      if (untouched !== null) entries.push(untouched);
      else if (privileges.size > 0) {
        entries.push({ grantee, grantor, privileges: sortedText(privileges), grantable: sortedText(grantable) });
      }
    }
    return normalAccessList(entries.sort(compareEntries));
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
    this.changed = true;
  }

  /** From one grantor, or from all of them for null. */
  remove(grantee: Grantee, grantor: RoleName | null, privilege: Privilege, optionOnly: boolean): void {
    for (const entry of this.#entries.get(grantee) ?? []) {
      if (grantor !== null && entry.grantor !== grantor) continue;
      const had = optionOnly ? entry.grantable.has(privilege) : entry.privileges.has(privilege);
      if (!had) continue;
      take(entry, privilege, optionOnly);
      this.changed = true;
    }
  }

  /**
   * Gives anew, as the owner, what was held from a grantor who has lost the right to give it: the server would take it along (CASCADE), and nobody asked for that.
   * Only where the grantor had the right before.
   */
  anchor(before: AccessList, { owner, root }: ListContext): void {
    const could = grantRights(before.entries);
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
function grantRights(entries: AccessList["entries"]): ReadonlyMap<Grantee, ReadonlySet<Privilege>> {
  const rights = new Map<Grantee, Set<Privilege>>();
  for (const { grantee, grantable } of entries) {
    if (grantable.length === 0) continue;
    const known = rights.get(grantee) ?? new Set();
    for (const privilege of grantable) known.add(privilege);
    rights.set(grantee, known);
  }
  return rights;
}

/** The list without these roles: what they held is gone, what they gave is given anew by the owner. */
export function withoutRoles(list: AccessList, gone: ReadonlySet<RoleName>, context: ListContext): AccessList {
  if (!list.entries.some((entry) => gone.has(entry.grantee) || gone.has(entry.grantor))) return list;
  return accessList(
    list.entries
      .filter((entry) => !gone.has(entry.grantee))
      .map((entry) => (gone.has(entry.grantor) ? { ...entry, grantor: context.root } : entry)),
  );
}
