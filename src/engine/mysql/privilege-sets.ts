import type { Privilege } from "../../model/access-list.ts";
import { sortedText } from "../../base/order.ts";

/** A set of privileges by its number: equal sets have one number. */
export type SetId = number;

/** Nothing. */
export const EMPTY: SetId = 0;

/** Distinct sets of privileges, and what was worked out about them: there are few, whatever the number of grants. */
export class PrivilegeSets {
  readonly #names: (readonly Privilege[])[] = [[]];
  readonly #ids: Map<string, SetId> = new Map([["", EMPTY]]);
  readonly #unions: Map<string, SetId> = new Map();
  readonly #parts: Map<string, SetId> = new Map();

  of(names: Iterable<Privilege>): SetId {
    const sorted = sortedText(names);
    const key = sorted.join();
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#names.length;
      this.#ids.set(key, id);
      this.#names.push(sorted);
    }
    return id;
  }

  names(id: SetId): readonly Privilege[] {
    return this.#names[id] ?? [];
  }

  union(a: SetId, b: SetId): SetId {
    if (a === b || b === EMPTY) return a;
    if (a === EMPTY) return b;
    const key = a < b ? `${a} ${b}` : `${b} ${a}`;
    let id = this.#unions.get(key);
    if (id === undefined) this.#unions.set(key, (id = this.of([...this.names(a), ...this.names(b)])));
    return id;
  }

  /** What both have. */
  common(a: SetId, b: SetId): SetId {
    return a === b ? a : this.#part(a, b, true);
  }

  /** What the second does not have. */
  without(a: SetId, b: SetId): SetId {
    return b === EMPTY ? a : this.#part(a, b, false);
  }

  #part(a: SetId, b: SetId, kept: boolean): SetId {
    const key = `${a} ${b} ${kept ? 1 : 0}`;
    let id = this.#parts.get(key);
    if (id === undefined) {
      const other = new Set(this.names(b));
      this.#parts.set(key, (id = this.of(this.names(a).filter((name) => other.has(name) === kept))));
    }
    return id;
  }
}
