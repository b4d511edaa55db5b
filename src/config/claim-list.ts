import {
  type AccessEntry,
  type AccessList,
  accessList,
  accessListId,
  normalAccessList,
  type Privilege,
} from "../model/access-list.ts";
import type { Grantee, RoleName } from "../model/role.ts";
import type { ClaimsByGrantee, GranteeClaims } from "./claim-sets.ts";
import type { GrantClaim } from "./claims.ts";
import { Draft } from "./list-draft.ts";

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
export function applyClaims(list: AccessList, claims: ClaimsByGrantee, decisions: Decisions): ListResult {
  const problems = problemsOf(claims, decisions.context);
  const entries = decideAll(list.entries, claims.parts, decisions);
  return { list: entries === null ? list : normalAccessList(entries), problems };
}

// One walk over the list and the claims, both in the order of grantees. Null: nothing changes.
function decideAll(
  before: readonly AccessEntry[],
  claims: readonly GranteeClaims[],
  decisions: Decisions,
): readonly AccessEntry[] | null {
  const pieces: (readonly AccessEntry[])[] = [];
  let taken = 0;
  let loses = false;
  let at = 0;
  let next = 0;
  while (at < before.length || next < claims.length) {
    const start = at;
    const first = before[start];
    let part = claims[next];
    if (first !== undefined && (part === undefined || first.grantee <= part.grantee)) {
      for (at++; at < before.length && before[at]?.grantee === first.grantee; ) at++;
      if (part?.grantee === first.grantee) next++;
      else part = undefined;
    } else next++;
    const decision = decisions.of(part, before, start, at);
    if (decision === "as it is") continue;
    pieces.push(before.slice(taken, start), decision.entries);
    taken = at;
    loses ||= decision.loses;
  }
  if (pieces.length === 0) return null;
  const after = new Array<AccessEntry>().concat(...pieces, before.slice(taken));
  if (!loses) return after;
  const draft = new Draft(after);
  draft.anchor(before, decisions.context);
  return draft.entries();
}

/** What becomes of the entries of one grantee. `loses`: the right to pass something on, so that what was passed on may need another grantor. */
type Decision = "as it is" | { readonly entries: readonly AccessEntry[]; readonly loses: boolean };

interface DecisionNode {
  decision?: Decision;
  readonly next: Map<AccessEntry, DecisionNode>;
}

/**
 * What is decided about grantees. What becomes of one grantee's entries depends on these and on the claims about that grantee alone, and thousands of lists share both: so it is decided once for all of them.
 */
export class Decisions {
  readonly context: ListContext;
  readonly #byClaims = new Map<GranteeClaims | undefined, DecisionNode>();

  constructor(context: ListContext) {
    this.context = context;
  }

  /** About the entries from `start` up to `end`, which are those of one grantee. */
  of(claims: GranteeClaims | undefined, list: readonly AccessEntry[], start: number, end: number): Decision {
    if (claims === undefined && this.context.authoritative === null) return "as it is";
    let node = follow(this.#byClaims, claims);
    for (let at = start; at < end; at++) node = follow(node.next, list[at] as AccessEntry);
    return (node.decision ??= decide(claims, list.slice(start, end), this.context));
  }
}

function follow<Step>(nodes: Map<Step, DecisionNode>, step: Step): DecisionNode {
  let node = nodes.get(step);
  if (node === undefined) {
    node = { next: new Map() };
    nodes.set(step, node);
  }
  return node;
}

function decide(claims: GranteeClaims | undefined, before: readonly AccessEntry[], context: ListContext): Decision {
  const wanted = wants(claims?.claims ?? []);
  const draft = new Draft(before);
  const grantee = claims?.grantee ?? before[0]?.grantee;
  if (grantee === undefined) return "as it is";
  const whole = context.authoritative?.(grantee) === true;
  addPresent(draft, wanted, { grantee, root: context.root, whole });
  if (grantee !== context.owner) {
    removeAbsent(draft, wanted);
    if (whole) removeUndeclared(draft, wanted, context.root);
  }
  const entries = draft.entries();
  if (equalEntries(before, entries)) return "as it is";
  const left = new Set(entries.flatMap((entry) => entry.grantable));
  return { entries, loses: before.some((entry) => entry.grantable.some((privilege) => !left.has(privilege))) };
}

function equalEntries(a: readonly AccessEntry[], b: readonly AccessEntry[]): boolean {
  return a.length === b.length && accessListId(a) === accessListId(b);
}

/** What is wanted of one privilege of one grantee. */
interface Want {
  /** `true` when some line wants it with the grant option; by grantor, null for any. */
  readonly by: Map<RoleName | null, { grantable: boolean; readonly claim: GrantClaim }>;
}

/** What is wanted of one grantee. */
interface Wants {
  readonly present: ReadonlyMap<Privilege, Want>;
  readonly absent: readonly BoundClaim[];
  readonly beside: ReadonlySet<Privilege>;
}

function wants(claims: readonly BoundClaim[]): Wants {
  const present = new Map<Privilege, Want>();
  const beside = new Set<Privilege>();
  const absent: BoundClaim[] = [];
  for (const bound of claims) {
    const { claim, privileges } = bound;
    if (bound.strength === "beside") {
      for (const privilege of privileges) beside.add(privilege);
    } else if (claim.present) {
      for (const privilege of privileges) {
        const want = present.get(privilege) ?? { by: new Map() };
        present.set(privilege, want);
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

function addPresent(
  draft: Draft,
  { present }: Wants,
  { grantee, root, whole }: { readonly grantee: Grantee; readonly root: RoleName; readonly whole: boolean },
): void {
  for (const [privilege, want] of present) {
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

function keptBy(draft: Draft, want: Want, grantee: Grantee, privilege: Privilege, grantable: boolean): boolean {
  return [...want.by].some(
    ([by, kept]) => by !== null && (kept.grantable || !grantable) && draft.holdsFrom(grantee, by, privilege, grantable),
  );
}

function removeAbsent(draft: Draft, { present, absent }: Wants): void {
  for (const { claim, privileges, strength } of absent) {
    for (const privilege of privileges) {
      const want = present.get(privilege);
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

function removeUndeclared(draft: Draft, { present, beside }: Wants, root: RoleName): void {
  for (const { grantee, grantor, privileges, grantable } of draft.all()) {
    for (const privilege of privileges) {
      const want = present.get(privilege);
      if (want === undefined) {
        if (!beside.has(privilege)) draft.remove(grantee, grantor, privilege, false);
        continue;
      }
      const said = want.by.get(grantor) ?? (grantor === root ? want.by.get(null) : undefined);
      if (said === undefined) draft.remove(grantee, grantor, privilege, false);
      else if (!said.grantable && grantable.has(privilege)) draft.remove(grantee, grantor, privilege, true);
    }
  }
}

function problemsOf({ parts, absent }: ClaimsByGrantee, { owner }: ListContext): readonly ListProblem[] {
  const problems: ListProblem[] = [];
  for (const { claim, privileges, strength } of absent) {
    if (strength === "weak") continue;
    if (claim.grantee === owner) problems.push({ kind: "owner", absent: claim, owner });
    const { present } = wants(parts.find(({ grantee }) => grantee === claim.grantee)?.claims ?? []);
    for (const privilege of privileges) {
      const want = present.get(privilege);
      const other = want === undefined ? null : contradicts(want, claim);
      if (other !== null) problems.push({ kind: "contradiction", present: other, absent: claim, privilege });
    }
  }
  return problems;
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
