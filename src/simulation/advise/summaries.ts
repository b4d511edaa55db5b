import type { AccessIndex } from "../../analysis/access-index.ts";
import { compareText, sorted, sortedText } from "../../base/order.ts";
import type { Declared } from "../../model/declared.ts";
import { resourceKey } from "../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import { type Actor, isKnown, type JudgedPair } from "./actors.ts";
import type { IdentityUse, RoleUse, Split, Unit } from "./advice.ts";
import type { Clauses } from "./clauses.ts";
import type { Obstacles } from "./obstacles.ts";
import { grantKey, memberKey } from "./ways.ts";

export interface SummaryInput {
  readonly index: AccessIndex;
  readonly actors: ReadonlyMap<RoleName, Actor>;
  readonly clauses: Clauses;
  readonly units: readonly Unit[];
  readonly declared: Declared;
  readonly target: string;
  readonly obstacles: Obstacles;
}

/** Of each role that people made: what it is granted against what was used. */
export function roleUses(input: SummaryInput): readonly RoleUse[] {
  const { index, clauses } = input;
  const own = grantsOf(index);
  const members = membersOf(index);
  return ordinary(index).map((role): RoleUse => {
    const grants = own.get(role) ?? [];
    const below = members.get(role) ?? [];
    const using = below.filter((member) => clauses.isUsed({ grants: [], members: [memberKey(member, role)] }));
    const seen = (name: RoleName): boolean => input.obstacles.holders(name).some((each) => input.actors.has(each));
    const idle = below.filter((member) => !using.includes(member));
    const pairs = pairsOf(role, input);
    return {
      role,
      login: index.recorded.roles.get(role)?.attributes["login"] === true,
      granted: grants.length,
      used: grants.filter((key) => clauses.isUsed({ grants: [key], members: [] })).length,
      members: below.length,
      usedBy: using.length,
      idle: sortedText(idle.filter((name) => seen(name) && isKnownOf(name, input))),
      unseen: sortedText(idle.filter((name) => !seen(name))),
      statements: new Set(pairs.map((each) => each.statement.fingerprint)).size,
      calls: pairs.reduce((sum, each) => sum + each.calls, 0),
      lastSeen: pairs.reduce<string | null>(
        (max, each) => (max === null || each.lastSeen > max ? each.lastSeen : max),
        null,
      ),
    };
  });
}

/** Whether all is known that a role, and whoever gets to it, needed. */
function isKnownOf(role: RoleName, { obstacles, actors }: SummaryInput): boolean {
  return obstacles.holders(role).every((each) => actors.get(each)?.pairs.every(isKnown) === true);
}

function pairsOf(role: RoleName, { actors, obstacles }: SummaryInput): readonly JudgedPair[] {
  const all = obstacles.holders(role).flatMap((each) => actors.get(each)?.pairs ?? []);
  return [...new Map(all.map((pair) => [pair.key, pair])).values()];
}

/** Of each identity: what its logins hold on this target against what they used. */
export function identityUses({ index, actors, clauses, declared, target }: SummaryInput): readonly IdentityUse[] {
  return declared.identities.flatMap((identity): IdentityUse[] => {
    const logins = (identity.logins.get(target) ?? []).filter((login) => index.recorded.roles.has(login));
    if (logins.length === 0) return [];
    const held = new Set<string>();
    const used = new Set<string>();
    for (const login of logins) {
      for (const access of index.accessOf(login) ?? []) {
        for (const resource of access.class.resources) {
          if (index.catalog.entries.get(resourceKey(resource))?.system === true) continue;
          for (const privilege of access.privileges) held.add(`${privilege}\0${resourceKey(resource)}`);
        }
      }
      for (const key of clauses.usedBy(index.graph.idOf(login))) used.add(key);
    }
    const pairs = logins.flatMap((login) => actors.get(login)?.pairs ?? []);
    const lastSeen = pairs.reduce<string | null>(
      (max, each) => (max === null || each.lastSeen > max ? each.lastSeen : max),
      null,
    );
    const calls = pairs.reduce((sum, each) => sum + each.calls, 0);
    return [
      {
        name: identity.name,
        kind: identity.kind,
        held: held.size,
        used: [...used].filter((key) => held.has(key)).length,
        calls,
        lastSeen,
      },
    ];
  });
}

/** Roles whose members use parts of it that have nothing in common: each part could be a role. */
export function splitsOf({ index, clauses, obstacles }: SummaryInput): readonly Split[] {
  const own = grantsOf(index);
  const splits: Split[] = [];
  for (const [role, members] of membersOf(index)) {
    const used = members.map((member) => {
      const holders = new Set(obstacles.holders(member));
      const keys = (own.get(role) ?? []).filter((key) =>
        [...clauses.using(key)].some(
          (pair) => holders.has(pair.role) || (pair.login !== null && holders.has(pair.login)),
        ),
      );
      return { member, keys };
    });
    const parts = components(used.filter((each) => each.keys.length > 0));
    if (parts.length > 1) splits.push({ role, parts });
  }
  return sorted(splits, (a, b) => compareText(a.role, b.role));
}

function components(used: readonly { readonly member: RoleName; readonly keys: readonly string[] }[]): Split["parts"] {
  let parts: { members: RoleName[]; keys: Set<string> }[] = [];
  for (const { member, keys } of used) {
    const joined = parts.filter((part) => keys.some((key) => part.keys.has(key)));
    const merged = {
      members: [...joined.flatMap((part) => part.members), member],
      keys: new Set([...joined.flatMap((part) => [...part.keys]), ...keys]),
    };
    parts = [...parts.filter((part) => !joined.includes(part)), merged];
  }
  return sorted(
    parts.map((part) => ({ members: sortedText(part.members), grants: part.keys.size })),
    (a, b) => compareText(a.members[0] ?? "", b.members[0] ?? ""),
  );
}

/** Roles that cannot log in, that give something or have members, and that nothing observed leans on. */
export function unusedRolesOf(input: SummaryInput): readonly RoleName[] {
  const { index, clauses } = input;
  const own = grantsOf(index);
  const members = membersOf(index);
  const owners = new Set([...index.recorded.holdings.values()].map(({ owner }) => owner));
  return ordinary(index).filter((role) => {
    if (index.recorded.roles.get(role)?.attributes["login"] === true || owners.has(role)) return false;
    if (!isKnownOf(role, input)) return false;
    const grants = own.get(role) ?? [];
    const edges = (members.get(role) ?? []).map((member) => memberKey(member, role));
    return grants.length + edges.length > 0 && !clauses.isUsed({ grants, members: edges });
  });
}

function ordinary(index: AccessIndex): readonly RoleName[] {
  const roles = [...index.recorded.roles.values()].filter(
    (role) => role.origin === "user" && !index.rules.superuser(role),
  );
  return sortedText(roles.map((role) => role.name));
}

function grantsOf(index: AccessIndex): ReadonlyMap<RoleName, readonly string[]> {
  const found = new Map<RoleName, Set<string>>();
  for (const { resource, owner, list } of index.recorded.holdings.values()) {
    if (index.catalog.entries.get(resourceKey(resource))?.system === true) continue;
    for (const { grantee, privileges } of list.entries) {
      if (grantee === PUBLIC || grantee === owner) continue;
      const own = found.get(grantee) ?? new Set();
      for (const privilege of privileges) own.add(grantKey(grantee, privilege, resource));
      found.set(grantee, own);
    }
  }
  return new Map([...found].map(([role, keys]) => [role, sortedText(keys)]));
}

function membersOf(index: AccessIndex): ReadonlyMap<RoleName, readonly RoleName[]> {
  const found = new Map<RoleName, Set<RoleName>>();
  for (const { role, member } of index.recorded.memberships.values()) {
    if (index.recorded.roles.get(role)?.origin !== "user") continue;
    found.set(role, (found.get(role) ?? new Set()).add(member));
  }
  return new Map([...found].map(([role, members]) => [role, sortedText(members)]));
}
