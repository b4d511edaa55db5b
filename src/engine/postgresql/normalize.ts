import {
  type AccessEntry,
  type AccessList,
  NOBODY,
  normalAccessList,
  type Privilege,
} from "../../model/access-list.ts";
import { compareBy, compareText } from "../../base/order.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import { PRIVILEGES } from "./privileges.ts";

const KNOWN: ReadonlySet<string> = new Set(
  Object.values(PRIVILEGES).flatMap((spec) => spec.privileges.map((privilege) => privilege.name)),
);

/** What a name begins with that stands for a role that is gone: no real name can hold NUL. */
const GONE = "\0oid:";

/** The names of roles by their ids. Access lists may name roles that no longer exist; those get a name that nobody can bear. */
export class RoleNames {
  readonly #names: ReadonlyMap<string, RoleName>;
  readonly #gone: Set<string> = new Set();

  constructor(names: ReadonlyMap<string, RoleName>) {
    this.#names = names;
  }

  of(oid: string): RoleName {
    const name = this.#names.get(oid);
    if (name !== undefined) return name;
    this.#gone.add(oid);
    return GONE + oid;
  }

  /** The ids that were asked for and that no role has, sorted. */
  gone(): string[] {
    return [...this.#gone].sort((a, b) => Number(a) - Number(b));
  }
}

/** Whether this name stands for a role that no longer exists. */
export function isGone(role: RoleName): boolean {
  return role.startsWith(GONE);
}

const order = compareBy<AccessEntry>(
  (entry) => entry.grantee,
  (entry) => entry.grantor,
);

interface Item {
  readonly pair: string;
  readonly privilege: Privilege;
  readonly grantable: boolean;
}

/**
 * Turns access lists as the queries print them into normal form. Equal lists become the same value, and so do equal entries and equal sets of privileges: what is held in memory
 * follows what is distinct.
 */
export class AccessLists {
  readonly #names: RoleNames;
  readonly #byText: Map<string, AccessList> = new Map();
  readonly #byId: Map<string, AccessList> = new Map([[NOBODY.id, NOBODY]]);
  readonly #items: Map<string, Item> = new Map();
  readonly #entries: Map<string, AccessEntry> = new Map();
  readonly #unknown: Set<Privilege> = new Set();

  constructor(names: RoleNames) {
    this.#names = names;
  }

  /** The list that says `grantee grantor option privilege`, joined by commas; null says nothing. */
  of(text: string | null): AccessList {
    if (text === null) return NOBODY;
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const list = this.ofEntries(this.entriesOf(text));
    this.#byText.set(text, list);
    return list;
  }

  /** The list of these entries, which are distinct by grantee and grantor. */
  ofEntries(entries: AccessEntry[]): AccessList {
    const list = normalAccessList(entries.sort(order));
    const shared = this.#byId.get(list.id) ?? list;
    this.#byId.set(list.id, shared);
    return shared;
  }

  /** Privileges that were read and that this release does not know, sorted. They are kept as the server names them. */
  unknown(): Privilege[] {
    return [...this.#unknown].sort(compareText);
  }

  /** What a text of the same form says, one entry for each grantee and grantor. */
  entriesOf(text: string): AccessEntry[] {
    const pairs = new Map<string, { readonly all: Set<Privilege>; readonly grantable: Set<Privilege> }>();
    for (const part of text.split(",")) {
      const item = this.#item(part);
      const held = pairs.get(item.pair) ?? { all: new Set(), grantable: new Set() };
      held.all.add(item.privilege);
      if (item.grantable) held.grantable.add(item.privilege);
      pairs.set(item.pair, held);
    }
    return [...pairs].map(([pair, held]) => this.#entry(pair, [...held.all].sort(), [...held.grantable].sort()));
  }

  #item(text: string): Item {
    const known = this.#items.get(text);
    if (known !== undefined) return known;
    const [grantee = "", grantor = "", option, ...words] = text.split(" ");
    const privilege = words.join(" ");
    if (!KNOWN.has(privilege)) this.#unknown.add(privilege);
    const item = { pair: `${grantee} ${grantor}`, privilege, grantable: option === "*" };
    this.#items.set(text, item);
    return item;
  }

  #entry(pair: string, privileges: readonly Privilege[], grantable: readonly Privilege[]): AccessEntry {
    const key = `${pair} ${privileges.join(",")} ${grantable.join(",")}`;
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const [grantee = "0", grantor = "0"] = pair.split(" ");
    const entry = {
      grantee: grantee === "0" ? PUBLIC : this.#names.of(grantee),
      grantor: this.#names.of(grantor),
      privileges,
      grantable,
    };
    this.#entries.set(key, entry);
    return entry;
  }
}
