import { compareText } from "../base/order.ts";
import type { ResourceKey } from "../model/resource.ts";
import type { Grantee } from "../model/role.ts";
import type { BoundClaim } from "./claim-list.ts";

/** What a set of claims says of one grantee, in the order of the lines. Sets that say the same of somebody share the value. */
export interface GranteeClaims {
  readonly grantee: Grantee;
  readonly claims: readonly BoundClaim[];
}

/** A set of claims taken apart by whom it is about. */
export interface ClaimsByGrantee {
  /** Sorted by grantee. */
  readonly parts: readonly GranteeClaims[];
  /** Those that something is not to be held, in the order of the lines. */
  readonly absent: readonly BoundClaim[];
}

/** Claims by grantee. */
export function claimsByGrantee(claims: readonly BoundClaim[]): ClaimsByGrantee {
  const parts = [...Map.groupBy(claims, ({ claim }) => claim.grantee)].map(([grantee, own]) => ({
    grantee,
    claims: own,
  }));
  return { parts: parts.sort((a, b) => compareText(a.grantee, b.grantee)), absent: claims.filter(isAbsent) };
}

function isAbsent({ claim, strength }: BoundClaim): boolean {
  return !claim.present && strength !== "beside";
}

interface ClaimGroup {
  readonly claims: readonly BoundClaim[];
  readonly byGrantee: ClaimsByGrantee;
  /** What a part becomes together with the group's part of the same grantee. */
  readonly joined: Map<GranteeClaims, GranteeClaims>;
}

/**
 * Which claims are made on which resources, as classes: resources with equal claims share one set. Claims with the same selector enter as one group, so the cost follows
 * distinct selectors times what they match, not grantees times resources.
 */
export class ClaimSets {
  readonly #setOf = new Map<ResourceKey, number>();
  /** Each set is another one and one group more; set 0 is the empty one. */
  readonly #sets: { readonly from: number; readonly group: number }[] = [{ from: 0, group: -1 }];
  readonly #groups: ClaimGroup[] = [];
  /** Of the sets that others are made of. */
  readonly #byGrantee = new Map<number, ClaimsByGrantee>([[0, claimsByGrantee([])]]);

  addGroup(claims: readonly BoundClaim[], keys: Iterable<ResourceKey>): void {
    const group = this.#groups.push({ claims, byGrantee: claimsByGrantee(claims), joined: new Map() }) - 1;
    const extended = new Map<number, number>();
    for (const key of keys) {
      const from = this.#setOf.get(key) ?? 0;
      let to = extended.get(from);
      if (to === undefined) {
        to = this.#sets.push({ from, group }) - 1;
        extended.set(from, to);
      }
      this.#setOf.set(key, to);
    }
  }

  setOf(key: ResourceKey): number {
    return this.#setOf.get(key) ?? 0;
  }

  /** The distinct claims of some sets. */
  claimsOf(sets: Iterable<number>): readonly BoundClaim[] {
    const seen = new Set<number>();
    const groups = new Set<number>();
    for (const set of sets) {
      for (let at = set; at !== 0 && !seen.has(at); at = this.#sets[at]?.from ?? 0) {
        seen.add(at);
        groups.add(this.#sets[at]?.group ?? 0);
      }
    }
    return [...groups].sort((a, b) => a - b).flatMap((group) => this.#groups[group]?.claims ?? []);
  }

  /** The claims of a set by grantee, made of those of the set that it extends. */
  byGrantee(set: number): ClaimsByGrantee {
    const known = this.#byGrantee.get(set);
    if (known !== undefined) return known;
    const { from = 0, group = 0 } = this.#sets[set] ?? {};
    const before = this.byGrantee(from);
    this.#byGrantee.set(from, before);
    const more = this.#groups[group];
    return more === undefined ? before : extend(before, more);
  }

  keys(): IterableIterator<ResourceKey> {
    return this.#setOf.keys();
  }
}

function extend({ parts, absent }: ClaimsByGrantee, { byGrantee, joined }: ClaimGroup): ClaimsByGrantee {
  const all: GranteeClaims[] = [];
  let at = 0;
  for (const more of byGrantee.parts) {
    for (let part = parts[at]; part !== undefined && part.grantee < more.grantee; part = parts[++at]) all.push(part);
    const same = parts[at];
    if (same?.grantee === more.grantee) {
      at++;
      let both = joined.get(same);
      if (both === undefined) {
        both = { grantee: more.grantee, claims: [...same.claims, ...more.claims] };
        joined.set(same, both);
      }
      all.push(both);
    } else all.push(more);
  }
  for (; at < parts.length; at++) all.push(parts[at] as GranteeClaims);
  return { parts: all, absent: byGrantee.absent.length === 0 ? absent : [...absent, ...byGrantee.absent] };
}
