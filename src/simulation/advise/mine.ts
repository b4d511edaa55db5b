import type { AccessIndex } from "../../analysis/access-index.ts";
import { compareText, sorted, sortedText } from "../../base/order.ts";
import type { Privilege } from "../../model/access-list.ts";
import type { Change } from "../../model/change.ts";
import type { Declared } from "../../model/declared.ts";
import { compareResources, databaseOf, type Resource, resourceKey, schemaOf, tableOf } from "../../model/resource.ts";
import { type Membership, PUBLIC, type RoleName } from "../../model/role.ts";
import type { StateRules } from "../../model/state-rules.ts";
import { grantKey } from "./ways.ts";

/** One grant that a shared role would give. */
export interface MinedGrant {
  readonly privilege: Privilege;
  readonly resource: Resource;
}

/** A role that many logins would share in place of grants of their own. */
export interface SharedRole {
  readonly name: RoleName;
  /** It is there already. */
  readonly exists: boolean;
  /** What it gives: of a role that exists, what it gives today. Sorted. */
  readonly grants: readonly MinedGrant[];
  /** The logins that would become members. Sorted. */
  readonly members: readonly RoleName[];
  /** Grants and memberships to write now, and then. */
  readonly linesBefore: number;
  readonly linesAfter: number;
  /** What members would gain; empty unless that was allowed, and never anything sensitive. */
  readonly extra: readonly (MinedGrant & { readonly login: RoleName })[];
}

export interface MineOptions {
  /** Logins that must share at least this many. @default 2 */
  readonly minMembers?: number;
  /** How many grants a login may gain by becoming a member. @default 0: nobody gains anything */
  readonly extra?: number;
}

export interface MineInput {
  readonly index: AccessIndex;
  readonly declared: Declared;
  readonly rules: StateRules;
}

/** Of more kinds of logins than this, those that most logins share are looked at. */
const MOST_KINDS = 400;

/**
 * Proposes shared roles: the existing ones first, then what logins hold alike, then the sets of grants that shorten the whole description most (a role, its grants, its members), one after the other until none
 * shortens it.
 */
export function mineRoles(input: MineInput, options: MineOptions = {}): readonly SharedRole[] {
  const { minMembers = 2, extra = 0 } = options;
  const miner = new Miner(input, extra);
  const found = [...miner.existing(minMembers)];
  for (;;) {
    const best = miner.best(minMembers);
    if (best === null) return found;
    found.push(miner.take(best));
  }
}

interface Proposal {
  readonly items: ReadonlySet<string>;
  readonly members: readonly RoleName[];
  readonly gain: number;
}

class Miner {
  readonly #in: MineInput;
  readonly #extra: number;
  /** What each login holds by grants of its own that a role could give instead. */
  readonly #own: Map<RoleName, Set<string>>;
  readonly #grants = new Map<string, MinedGrant>();
  readonly #sensitive: ReadonlySet<string>;
  readonly #names: Set<RoleName>;

  constructor(input: MineInput, extra: number) {
    this.#in = input;
    this.#extra = extra;
    this.#names = new Set(input.index.recorded.roles.keys());
    this.#sensitive = new Set(input.declared.sensitive.flatMap((each) => each.resources.map(resourceKey)));
    this.#own = this.#directGrants();
  }

  #directGrants(): Map<RoleName, Set<string>> {
    const { index } = this.#in;
    const own = new Map<RoleName, Set<string>>();
    for (const { resource, owner, list } of index.recorded.holdings.values()) {
      if (index.catalog.entries.get(resourceKey(resource))?.system === true) continue;
      for (const { grantee, grantor, privileges, grantable } of list.entries) {
        const giver = owner ?? index.recorded.holdings.get(resourceKey(tableOf(resource)))?.owner ?? null;
        if (grantee === PUBLIC || grantee === owner || (giver !== null && grantor !== giver) || !this.#canJoin(grantee))
          continue;
        const mine = own.get(grantee) ?? new Set();
        own.set(grantee, mine);
        for (const privilege of privileges) {
          // The right to pass on stays where it is.
          if (grantable.includes(privilege)) continue;
          const key = grantKey(PUBLIC, privilege, resource);
          this.#grants.set(key, { privilege, resource });
          mine.add(key);
        }
      }
    }
    return own;
  }

  /** A login that people made, and to which a membership gives what the role holds without a further statement. */
  #canJoin(name: RoleName): boolean {
    const { index } = this.#in;
    const role = index.recorded.roles.get(name);
    if (role?.origin !== "user" || role.attributes["login"] !== true || index.rules.superuser(role)) return false;
    return index.rules.edge(membershipOf("", name), role).privileges;
  }

  /** Roles that give only what logins hold themselves: these could be members. */
  *existing(minMembers: number): Generator<SharedRole> {
    const { index } = this.#in;
    for (const name of sortedText(index.recorded.roles.keys())) {
      const role = index.recorded.roles.get(name);
      if (role?.origin !== "user" || role.attributes["login"] === true) continue;
      const given = this.#givenBy(name);
      if (given === null || given.size < 2) continue;
      const members = [...this.#own].flatMap(([login, own]) => (isWithin(given, own) ? [login] : []));
      if (members.length < minMembers) continue;
      const joined = sortedText(members);
      for (const login of joined) for (const key of given) this.#own.get(login)?.delete(key);
      yield this.#shared(name, { exists: true, items: given, members: joined, extra: [] });
    }
  }

  /** Everything that having this role gives; null where it is more than grants that can be looked at. */
  #givenBy(name: RoleName): ReadonlySet<string> | null {
    const { index } = this.#in;
    if ((index.graph.up[index.graph.idOf(name)] ?? []).length > 0) return null;
    const given = new Set<string>();
    for (const access of index.accessOf(name) ?? []) {
      for (const resource of access.class.resources) {
        for (const privilege of access.privileges) {
          const isOwn = (index.recorded.holdings.get(resourceKey(resource))?.list.entries ?? []).some(
            (entry) =>
              entry.grantee === name && entry.privileges.includes(privilege) && !entry.grantable.includes(privilege),
          );
          if (isOwn) given.add(grantKey(PUBLIC, privilege, resource));
          else if (index.can(PUBLIC, privilege, resource) !== true) return null;
        }
      }
    }
    // A row policy may be about being in the role.
    const named = [...index.recorded.rowPolicies.values()].some(({ roles }) => roles.includes(name));
    return named ? null : given;
  }

  /** The set of grants that shortens the description most, or null. */
  best(minMembers: number): Proposal | null {
    let best: Proposal | null = null;
    for (const items of this.#candidates()) {
      const members = [...this.#own].flatMap(([login, own]) => (this.#mayJoin(items, own) ? [login] : []));
      if (members.length < minMembers) continue;
      // Each member's lines go, save those it did not have; a role, its lines and its members come.
      const saved = members.reduce((sum, login) => sum + shared(items, this.#own.get(login)), 0);
      const gain = saved - items.size - members.length - 1;
      if (gain <= 0 || (best !== null && gain <= best.gain)) continue;
      best = { items, members: sortedText(members), gain };
    }
    return best;
  }

  #mayJoin(items: ReadonlySet<string>, own: ReadonlySet<string>): boolean {
    let missing = 0;
    for (const key of items) {
      if (own.has(key)) continue;
      if (++missing > this.#extra || this.#isSensitive(key)) return false;
    }
    return missing < items.size;
  }

  #isSensitive(key: string): boolean {
    const { resource } = this.#grants.get(key) as MinedGrant;
    const within = resource.kind === "column" ? [resource, tableOf(resource)] : [resource];
    if (within.some((each) => this.#sensitive.has(resourceKey(each)))) return true;
    // A table holds its sensitive columns.
    const inTable = `column\0${resource.path.join("\0")}\0`;
    return resource.kind === "table" && [...this.#sensitive].some((each) => each.startsWith(inTable));
  }

  /** What kinds of logins hold, and what any two kinds hold both: every set that is closed under two of them. */
  *#candidates(): Generator<ReadonlySet<string>> {
    const kinds = new Map<string, { readonly items: ReadonlySet<string>; logins: number }>();
    for (const own of this.#own.values()) {
      if (own.size === 0) continue;
      const id = sortedText(own).join("\n");
      const known = kinds.get(id) ?? { items: own, logins: 0 };
      known.logins++;
      kinds.set(id, known);
    }
    const all = sorted(kinds, ([a, x], [b, y]) => y.logins - x.logins || compareText(a, b)).slice(0, MOST_KINDS);
    const seen = new Set<string>();
    for (const [at, [id, { items }]] of all.entries()) {
      if (!seen.has(id)) yield new Set(items);
      seen.add(id);
      for (const [, other] of all.slice(at + 1)) {
        const both = new Set([...items].filter((key) => other.items.has(key)));
        const bothId = sortedText(both).join("\n");
        if (both.size < 2 || seen.has(bothId)) continue;
        seen.add(bothId);
        yield both;
      }
    }
  }

  take({ items, members }: Proposal): SharedRole {
    const extra = members.flatMap((login) =>
      [...items]
        .filter((key) => this.#own.get(login)?.has(key) !== true)
        .map((key) => ({ login, ...(this.#grants.get(key) as MinedGrant) })),
    );
    for (const login of members) for (const key of items) this.#own.get(login)?.delete(key);
    const made = this.#shared(this.#nameFor(items), { exists: false, items, members, extra });
    this.#names.add(made.name);
    return made;
  }

  #shared(
    name: RoleName,
    of: {
      readonly exists: boolean;
      readonly items: ReadonlySet<string>;
      readonly members: readonly RoleName[];
      readonly extra: SharedRole["extra"];
    },
  ): SharedRole {
    const { exists, items, members, extra } = of;
    const grants = [...items].map((key) => this.#grants.get(key) as MinedGrant);
    return {
      name,
      exists,
      members,
      extra,
      grants: sorted(
        grants,
        (a, b) => compareResources(a.resource, b.resource) || compareText(a.privilege, b.privilege),
      ),
      linesBefore: members.length * items.size - extra.length,
      linesAfter: members.length + (exists ? 0 : items.size),
    };
  }

  /** From what it gives; a person will find a better one. */
  #nameFor(items: ReadonlySet<string>): RoleName {
    const { index, rules } = this.#in;
    const grants = [...items].map((key) => this.#grants.get(key) as MinedGrant);
    const classes = grants.map(({ privilege, resource }) => index.rules.privilegeClass(resource.kind, privilege));
    const [schema = "shared", ...others] = sortedText(grants.flatMap(({ resource }) => schemaOf(resource) ?? []));
    const place = others.length === 0 ? schema.toLowerCase().replaceAll(/[^a-z0-9_]/gu, "_") : "shared";
    const word = classes.some((each) => each !== "read" && each !== "use")
      ? "write"
      : classes.includes("read")
        ? "read"
        : "use";
    for (let number = 1; ; number++) {
      const name = `${place}_${word}${number === 1 ? "" : `_${number}`}`;
      if (!this.#names.has(name) && rules.refusesName(name) === null) return name;
      if (number > 10_000) throw new RangeError(`no name is free for a role of ${place}`);
    }
  }
}

/** The changes that make proposals true. */
export function changesForRoles(
  proposals: readonly SharedRole[],
  { index, rules }: Pick<MineInput, "index" | "rules">,
): readonly Change[] {
  const changes: Change[] = [];
  for (const { name, exists, grants, members, extra } of proposals) {
    if (!exists) {
      changes.push({
        kind: "create-role",
        role: { name, origin: "user", attributes: rules.defaultAttributes(name), settings: [] },
      });
    }
    const gained = new Set(extra.map((each) => grantKey(each.login, each.privilege, each.resource)));
    for (const { privilege, resource } of grants) {
      const owner = index.recorded.holdings.get(resourceKey(resource))?.owner;
      const change = {
        resourceKind: resource.kind,
        database: databaseOf(resource),
        resources: [resource],
        privileges: [privilege],
        grantable: false,
      };
      const grantor = owner ?? index.recorded.holdings.get(resourceKey(tableOf(resource)))?.owner ?? "";
      if (!exists) changes.push({ kind: "add-grant", ...change, grantee: name, grantor });
      for (const grantee of members) {
        if (gained.has(grantKey(grantee, privilege, resource))) continue;
        changes.push({ kind: "remove-grant", ...change, grantee, grantor });
      }
    }
    for (const member of members)
      changes.push({
        kind: "add-membership",
        membership: { ...membershipOf(name, member), grantor: rules.membershipGrantor(name) },
      });
  }
  return changes;
}

function membershipOf(role: RoleName, member: RoleName): Membership {
  return { role, member, grantor: "", admin: false, inherit: true, set: true, implied: false };
}

function isWithin(items: ReadonlySet<string>, own: ReadonlySet<string>): boolean {
  return items.size <= own.size && [...items].every((key) => own.has(key));
}

function shared(items: ReadonlySet<string>, own: ReadonlySet<string> | undefined): number {
  return [...items].filter((key) => own?.has(key) === true).length;
}
