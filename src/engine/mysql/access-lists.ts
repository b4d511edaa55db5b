import {
  type AccessEntry,
  type AccessList,
  accessList,
  compareEntries,
  NOBODY,
  normalAccessList,
  type Privilege,
} from "../../model/access-list.ts";
import type { Grantee, RoleName } from "../../model/role.ts";

/** Nobody remembers who gave what. */
export const NO_GRANTOR: RoleName = "";

/** The lists of the resources that something is granted on, by whatever names them. Equal entries and equal lists become the same value: what is held in memory follows what is distinct. */
export class AccessLists<Place> {
  readonly #places: Map<string, { readonly place: Place; readonly entries: number[] }> = new Map();
  readonly #entries: AccessEntry[] = [];
  readonly #numbers: Map<Grantee, Map<string, number>> = new Map();
  readonly #lists: SharedLists;

  constructor(lists: SharedLists) {
    this.#lists = lists;
  }

  /** Notes what a grantee holds at a place. `text` stands for the privileges: equal text, equal privileges. */
  add(
    key: string,
    place: () => Place,
    held: {
      readonly grantee: Grantee;
      readonly text: string;
      readonly privileges: () => readonly Privilege[];
      readonly grantable?: readonly Privilege[];
    },
  ): void {
    let known = this.#numbers.get(held.grantee);
    if (known === undefined) this.#numbers.set(held.grantee, (known = new Map()));
    let number = known.get(held.text);
    if (number === undefined) {
      number = this.#entries.length;
      known.set(held.text, number);
      const { grantee, grantable = [] } = held;
      this.#entries.push({ grantee, grantor: NO_GRANTOR, privileges: [...held.privileges()].sort(), grantable });
    }
    const found = this.#places.get(key);
    if (found === undefined) this.#places.set(key, { place: place(), entries: [number] });
    else found.entries.push(number);
  }

  /** Every place with its list, those whose entries give nothing too: the server looks such rows up. */
  *lists(): Generator<readonly [Place, AccessList]> {
    const order = this.#entries
      .map((entry, number) => ({ entry, number }))
      .sort((a, b) => compareEntries(a.entry, b.entry));
    const ranks = new Uint32Array(order.length);
    for (const [rank, { number }] of order.entries()) ranks[number] = rank;
    const known = new Map<string, AccessList>();
    for (const { place, entries } of this.#places.values()) {
      const sorted = new Uint32Array(entries.length);
      for (let at = 0; at < entries.length; at++) sorted[at] = ranks[entries[at] as number] as number;
      sorted.sort();
      const key = Buffer.from(sorted.buffer).toString("latin1"); // A sign for a byte.
      let list = known.get(key);
      if (list === undefined) {
        list = this.#lists.of(Array.from(sorted, (rank) => (order[rank] as { entry: AccessEntry }).entry));
        known.set(key, list);
      }
      yield [place, list];
    }
  }
}

/** One value for each distinct list. */
export class SharedLists {
  readonly #byId: Map<string, AccessList> = new Map([[NOBODY.id, NOBODY]]);

  /** The list of these entries, which are sorted. */
  of(entries: readonly AccessEntry[]): AccessList {
    const isNormal = entries.every(
      (entry, index) => entry.privileges.length > 0 && entries[index - 1]?.grantee !== entry.grantee,
    );
    const list = isNormal ? normalAccessList(entries) : accessList(entries);
    const known = this.#byId.get(list.id);
    if (known !== undefined) return known;
    this.#byId.set(list.id, list);
    return list;
  }
}
