import { compareBy } from "../base/order.ts";
import type { Identity } from "../model/identity.ts";
import type { RoleName } from "../model/role.ts";
import type { Subject } from "./access-delta.ts";
import type { AccessIndex } from "./access-index.ts";
import type { Bits } from "./bits.ts";
import { addBit, addBits, emptyBits, hasBit, keepBits, listBits, removeBits } from "./bits.ts";
import { EVERYBODY } from "./resource-class.ts";

/** Whose access is compared: logins, and roles that no login can become. A role that logins are members of speaks through them. */
export interface Subjects {
  /** The roles that are subjects, before and after. */
  readonly before: Bits;
  readonly after: Bits;
  /** The same value for the same roles, so that lines can be grouped by it. */
  of(roles: readonly number[]): readonly Subject[];
  /** The roles of one identity with several logins on the target; undefined for everybody else. */
  siblings(role: number): readonly number[] | undefined;
}

export function subjectsOf(
  before: AccessIndex,
  after: AccessIndex,
  context: { readonly identities: readonly Identity[]; readonly target: string },
): Subjects {
  const names = before.graph.names;
  const loginsBefore = before.graph.logins;
  const loginsAfter = after.graph.logins;
  const lonely = emptyBits(names.length);
  for (let role = 0; role < names.length; role++) {
    if (!reachedBy(before, role, loginsBefore) && !reachedBy(after, role, loginsAfter)) addBit(lonely, role);
  }
  const { owner, siblings } = identityRoles(before, context);
  const known = new Map<string, readonly Subject[]>();
  const subject = (role: number): Subject => {
    if (role === EVERYBODY) return EVERYONE;
    const name = names[role] as RoleName;
    const identity = owner.get(role);
    if (identity !== undefined) return { kind: identity.kind, name: identity.name, login: name };
    const login = hasBit(loginsBefore, role) || hasBit(loginsAfter, role);
    return { kind: login ? "login" : "role", name, login: name };
  };
  return {
    before: union(loginsBefore, lonely, before.graph.existing),
    after: union(loginsAfter, lonely, after.graph.existing),
    siblings: (role) => siblings.get(role),
    of: (roles) => {
      const key = roles.join();
      let found = known.get(key);
      if (found === undefined) {
        found = roles.map(subject).sort(bySubject);
        known.set(key, found);
      }
      return found;
    },
  };
}

const EVERYONE: Subject = { kind: "public", name: "PUBLIC", login: "" };

/** Services break first and unseen; people can ask. */
export const SUBJECT_RANK: Readonly<Record<Subject["kind"], number>> = {
  service: 0,
  agent: 1,
  person: 2,
  login: 3,
  role: 4,
  public: 5,
};

const bySubject = compareBy<Subject>(
  (s) => SUBJECT_RANK[s.kind],
  (s) => s.name,
  (s) => s.login,
);

function reachedBy(index: AccessIndex, role: number, logins: Bits): boolean {
  const members = index.graph.members(role, null);
  for (let i = 0; i < members.length; i++) if (((members[i] as number) & (logins[i] as number)) !== 0) return true;
  return false;
}

function union(logins: Bits, lonely: Bits, existing: Bits): Bits {
  const result = lonely.slice();
  keepBits(result, existing);
  addBits(result, logins);
  return result;
}

function identityRoles(
  index: AccessIndex,
  context: { readonly identities: readonly Identity[]; readonly target: string },
): { owner: ReadonlyMap<number, Identity>; siblings: ReadonlyMap<number, readonly number[]> } {
  const owner = new Map<number, Identity>();
  const siblings = new Map<number, readonly number[]>();
  for (const identity of context.identities) {
    const names = identity.logins.get(context.target) ?? [];
    const roles = names.map((name) => index.graph.idOf(name)).filter((role) => role >= 0);
    for (const role of roles) {
      if (!owner.has(role)) owner.set(role, identity);
      if (roles.length > 1) siblings.set(role, roles);
    }
  }
  return { owner, siblings };
}

/** Who has an access: at once, and at once or after SET ROLE. `now` is part of `later`. Superusers are in both where they have it. */
export interface Reach {
  readonly now: Bits;
  readonly later: Bits;
}

export interface Drop {
  readonly role: number;
  /** It is still there after SET ROLE. */
  readonly weakened: boolean;
}

/** Who has less in `to` than in `from`, one role for each identity; ascending by role. */
export function drops(subjects: Subjects, from: Reach, to: Reach): Drop[] {
  const candidates = from.now.slice();
  removeBits(candidates, to.now);
  if (from.later !== from.now || to.later !== to.now) {
    const behind = from.later.slice();
    removeBits(behind, to.later);
    addBits(candidates, behind);
  }
  const found: Drop[] = [];
  const done = new Set<readonly number[]>();
  for (const role of listBits(candidates)) {
    const siblings = subjects.siblings(role);
    if (siblings === undefined) {
      if (level(from, role) > level(to, role)) found.push({ role, weakened: level(to, role) === 1 });
      continue;
    }
    if (done.has(siblings)) continue;
    done.add(siblings);
    const had = Math.max(...siblings.map((each) => level(from, each)));
    const has = Math.max(...siblings.map((each) => level(to, each)));
    if (had <= has) continue;
    found.push({ role: siblings.find((each) => level(from, each) === had) as number, weakened: has === 1 });
  }
  return found;
}

function level(reach: Reach, role: number): 0 | 1 | 2 {
  return hasBit(reach.now, role) ? 2 : hasBit(reach.later, role) ? 1 : 0;
}
