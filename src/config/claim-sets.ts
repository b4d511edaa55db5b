import type { ResourceKey } from "../model/resource.ts";
import type { BoundClaim } from "./claim-list.ts";

/**
 * Which claims are made on which resources, as classes: resources with equal claims share one set. Claims with the same selector enter as one group, so the cost follows
 * distinct selectors times what they match, not grantees times resources.
 */
export class ClaimSets {
  readonly #setOf = new Map<ResourceKey, number>();
  /** Each set is another one and one group more; set 0 is the empty one. */
  readonly #sets: { readonly from: number; readonly group: number }[] = [{ from: 0, group: -1 }];
  readonly #groups: (readonly BoundClaim[])[] = [];
  readonly #claims = new Map<number, readonly BoundClaim[]>();

  addGroup(claims: readonly BoundClaim[], keys: Iterable<ResourceKey>): void {
    const group = this.#groups.push(claims) - 1;
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

  claimsOf(set: number): readonly BoundClaim[] {
    const known = this.#claims.get(set);
    if (known !== undefined) return known;
    const groups: number[] = [];
    for (let at = set; at !== 0; at = this.#sets[at]?.from ?? 0) groups.unshift(this.#sets[at]?.group ?? 0);
    const claims = groups.flatMap((group) => this.#groups[group] ?? []);
    this.#claims.set(set, claims);
    return claims;
  }

  keys(): IterableIterator<ResourceKey> {
    return this.#setOf.keys();
  }
}
