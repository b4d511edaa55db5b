import {
  type AccessEntry,
  type AccessList,
  compareEntries,
  NOBODY,
  normalAccessList,
  type Privilege,
} from "../../model/access-list.ts";
import { compareText } from "../../base/order.ts";
import { PUBLIC, type Grantee, type RoleName } from "../../model/role.ts";
import { PRIVILEGES } from "./privileges.ts";
import { ITEM_SEPARATOR } from "./queries.ts";

/** A letter means the same privilege on every kind. */
const BY_LETTER: ReadonlyMap<string, Privilege> = new Map(
  Object.values(PRIVILEGES).flatMap((spec) => spec.privileges.map(({ letter, name }) => [letter, name])),
);
const KNOWN: ReadonlySet<Privilege> = new Set(BY_LETTER.values());

/** What a name begins with that stands for a role that is gone: no real name can hold NUL. */
const GONE = "\0oid:";

/** The names of roles by their ids. Access lists may name roles that no longer exist; those get a name that nobody can bear. */
export class RoleNames {
  readonly #names: ReadonlyMap<string, RoleName>;
  readonly #known: ReadonlyMap<string, RoleName>;
  readonly #gone: Set<string> = new Set();

  constructor(names: ReadonlyMap<string, RoleName>) {
    this.#names = names;
    this.#known = new Map(Array.from(names.values(), (name) => [name, name]));
  }

  of(oid: string): RoleName {
    const name = this.#names.get(oid);
    if (name !== undefined) return name;
    this.#gone.add(oid);
    return GONE + oid;
  }

  /** Whom the text of an item means: a role by its name, one that is gone by its number. Null where that cannot be told: a role is called like a number, or was not there when the roles were read. */
  ofText(text: string): RoleName | null {
    const known = this.#known.get(text) ?? null;
    if (!/^\d+$/u.test(text)) return known;
    return known === null ? this.of(text) : null;
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

/** An item as the server prints it, `grantee=privileges/grantor`: a letter for each privilege, a star behind those that may be passed on. Names are quoted as in SQL, where they need to be. */
const ITEM = /^(?<grantee>"(?:[^"]|"")*"|[^"=/]*)=(?<letters>[^"=/]*)\/(?<grantor>"(?:[^"]|"")*"|[^"=/]+)$/su;

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
  /** By the server's text of an item; null: it gives nothing. */
  readonly #printed: Map<string, AccessEntry | null> = new Map();
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
    const list = this.#shared(this.#entriesOf(text));
    this.#byText.set(text, list);
    return list;
  }

  /** The list of these items as the server prints them, in any order; undefined where a text can mean two things, or something that we do not know: then it has to be asked for by oid. */
  ofItems(text: string): AccessList | undefined {
    const entries: AccessEntry[] = [];
    if (text !== "") {
      for (const item of text.split(ITEM_SEPARATOR)) {
        const entry = this.#printed.get(item) ?? this.#read(item);
        if (entry === undefined) return undefined;
        if (entry !== null) entries.push(entry);
      }
    }
    return this.#shared(entries);
  }

  // INVARIANT: entries are distinct by grantee and grantor, as the server keeps them.
  #shared(entries: AccessEntry[]): AccessList {
    const list = normalAccessList(entries.sort(compareEntries));
    const known = this.#byId.get(list.id);
    if (known !== undefined) return known;
    this.#byId.set(list.id, list);
    return list;
  }

  #read(text: string): AccessEntry | null | undefined {
    const { grantee = "", letters = "", grantor = "" } = ITEM.exec(text)?.groups ?? {};
    const privileges: Privilege[] = [];
    const grantable: Privilege[] = [];
    for (const [, letter = "", star] of letters.matchAll(/(.)(\*?)/gu)) {
      const privilege = BY_LETTER.get(letter);
      if (privilege === undefined) return undefined;
      privileges.push(privilege);
      if (star === "*") grantable.push(privilege);
    }
    const from = this.#names.ofText(unquoted(grantor));
    const to = grantee === "" ? PUBLIC : this.#names.ofText(unquoted(grantee));
    if (from === null || to === null) return undefined;
    const entry = privileges.length === 0 ? null : this.#entry(to, from, privileges.sort(), grantable.sort());
    // Put together anew: a piece of a longer text would keep all of that in memory.
    this.#printed.set(`${grantee}=${letters}/${grantor}`, entry);
    return entry;
  }

  /** Privileges that were read and that this release does not know, sorted. They are kept as the server names them. */
  unknown(): Privilege[] {
    return [...this.#unknown].sort(compareText);
  }

  #entriesOf(text: string): AccessEntry[] {
    const pairs = new Map<string, { readonly all: Set<Privilege>; readonly grantable: Set<Privilege> }>();
    for (const part of text.split(",")) {
      const item = this.#item(part);
      const held = pairs.get(item.pair) ?? { all: new Set(), grantable: new Set() };
      held.all.add(item.privilege);
      if (item.grantable) held.grantable.add(item.privilege);
      pairs.set(item.pair, held);
    }
    return Array.from(pairs, ([pair, held]) => {
      const [grantee = "0", grantor = "0"] = pair.split(" ");
      const to = grantee === "0" ? PUBLIC : this.#names.of(grantee);
      return this.#entry(to, this.#names.of(grantor), [...held.all].sort(), [...held.grantable].sort());
    });
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

  #entry(
    grantee: Grantee,
    grantor: RoleName,
    privileges: readonly Privilege[],
    grantable: readonly Privilege[],
  ): AccessEntry {
    const key = `${grantee}\0${grantor}\0${privileges.join(",")}\0${grantable.join(",")}`;
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry = { grantee, grantor, privileges, grantable };
    this.#entries.set(key, entry);
    return entry;
  }
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
