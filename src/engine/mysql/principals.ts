import { sorted } from "../../base/order.ts";
import type { AccessState } from "../../model/access-state.ts";
import { type Grantee, PUBLIC, type RoleName } from "../../model/role.ts";
import { type Client, clientsOf, letsIn } from "./clients.ts";
import { type Account, accountOf } from "./names.ts";
import type { EvaluationSettings } from "./evaluated.ts";
import { compareAccounts, compareRanks, hostRank, type Rank } from "./specificity.ts";

/** What is looked up for one sort of clients of an account, the most specific host first. */
export interface LookedUp {
  /** The names with the same user whose hosts let the client in. */
  readonly own: readonly RoleName[];
  /** The same for routines: there the server takes the host of the account, as it is written, for the name that the client has. So `10.0.0._` stands for an account of `10.0.0.%`, whatever its address. */
  readonly onRoutines: readonly RoleName[];
  /** The same as `own` with the anonymous ones: their rows for schemas count for everybody. */
  readonly withAnonymous: readonly RoleName[];
}

/**
 * Whom the server looks up in place of whom. A login is not looked up by its account but by its user name and where it comes from; so it gets what stands for that name at other hosts that let it in. An account that
 * only one name can stand for is in none of these.
 */
export interface Principals {
  /** By account: one for each sort of clients that it can have. */
  readonly shadowed: ReadonlyMap<RoleName, readonly LookedUp[]>;
  /** The shadowed accounts by the names whose rows they may get. */
  readonly shadows: ReadonlyMap<RoleName, readonly RoleName[]>;
  /** Anonymous names that also stand for roles and PUBLIC where these have no row of their own. */
  readonly anonymousOfRoles: readonly RoleName[];
  /** Members below each role, itself first: what is in force with it. PUBLIC too. */
  closure(role: Grantee): readonly Grantee[];
}

export function principalsOf(state: AccessState, settings: EvaluationSettings): Principals {
  const named = granteesOf(state);
  const anonymous = [...named.onSchemas].filter((name) => accountOf(name)?.user === "");
  const byUser = new Map<string, Set<RoleName>>();
  for (const name of [...named.all, ...state.roles.keys()]) {
    const user = settings.product.rolesAreAccounts || name.includes("@") ? accountOf(name)?.user : undefined;
    if (user === undefined) continue;
    const names = byUser.get(user) ?? new Set();
    names.add(name);
    byUser.set(user, names);
  }
  const shadowed = new Map<RoleName, readonly LookedUp[]>();
  const shadows = new Map<RoleName, RoleName[]>();
  for (const [user, names] of byUser) {
    const others = user === "" ? [] : anonymous;
    if (names.size + others.length < 2) continue;
    // The server asks accounts, named or not, who it is; and grants, whose account may be gone, what it may.
    const rivals = [...names, ...(byUser.get("") ?? [])].filter((name) => state.roles.has(name));
    for (const account of names) {
      if (!state.roles.has(account)) continue;
      const looked = lookedUp(account, { names: [...names], anonymous: others, rivals, settings });
      shadowed.set(account, looked);
      for (const name of new Set(looked.flatMap((each) => [...each.withAnonymous, ...each.onRoutines]))) {
        const list = shadows.get(name) ?? [];
        list.push(account);
        shadows.set(name, list);
      }
    }
  }
  const anonymousOfRoles = anonymous.filter((name) => /^%*$/u.test(accountOf(name)?.host ?? "x"));
  return { shadowed, shadows, anonymousOfRoles, closure: closures(state, settings) };
}

interface Looking {
  readonly names: readonly RoleName[];
  readonly anonymous: readonly RoleName[];
  readonly rivals: readonly RoleName[];
  readonly settings: EvaluationSettings;
}

function lookedUp(account: RoleName, { names, anonymous, rivals, settings }: Looking): LookedUp[] {
  const candidates = [...new Set([...names, ...anonymous, ...rivals])].map(named);
  const hosts = [...new Set(candidates.map(({ host }) => host))];
  const skipNameResolve = settings.limits["skip_name_resolve"] === 1;
  const clients = settings.clients ?? clientsOf(hosts, { skipNameResolve });
  const me = named(account);
  const mine = clients.filter((client) => letsIn(me.host, client));
  const chosen = mine.filter((client) => accountFor(client, rivals) === account);
  // An account that no client of ours gets: rather too much than nothing.
  const asked = chosen.length > 0 ? chosen : mine;
  const found = new Map<string, LookedUp>();
  for (const client of asked) {
    const own = matching(names, client);
    const withAnonymous = matching([...names, ...anonymous], client);
    const onRoutines = matching(names, { name: me.host, address: client.address });
    found.set([...withAnonymous, ...onRoutines].join("\0"), { own, onRoutines, withAnonymous });
  }
  if (found.size === 0) found.set("", { own: [account], onRoutines: [account], withAnonymous: [account] });
  return [...found.values()];
}

/** Of names in order those that decide: the first that has a row, and whatever has one and is as specific, of which the server takes the one that it finds first. */
export function deciding(names: readonly RoleName[], has: (name: RoleName) => boolean): readonly RoleName[] {
  const present = names.filter(has);
  const rank = (name: RoleName | undefined): Rank => hostRank(accountOf(name ?? "")?.host ?? "");
  return present.filter((name) => compareRanks(rank(name), rank(present[0])) === 0);
}

/** The account of these, those of one user and the anonymous, that the server chooses for a client; undefined: it lets nobody in. */
export function accountFor(client: Client, accounts: readonly RoleName[]): RoleName | undefined {
  return matching(accounts, client)[0];
}

function matching(names: readonly RoleName[], client: Client): RoleName[] {
  const letting = names.map(named).filter(({ host }) => letsIn(host, client));
  return sorted(letting, compareAccounts).map(({ name }) => name);
}

function named(name: RoleName): Account & { readonly name: RoleName } {
  const { user, host } = accountOf(name) ?? { user: name, host: "" };
  return { name, user, host };
}

/** Everybody whom something is granted to, and to whom on schemas. */
function granteesOf(state: AccessState): {
  readonly all: ReadonlySet<RoleName>;
  readonly onSchemas: ReadonlySet<RoleName>;
} {
  const all = new Set<RoleName>();
  const onSchemas = new Set<RoleName>();
  const seen = new Set<string>();
  for (const { resource, list } of state.holdings.values()) {
    const ofSchema = resource.kind === "schema" || resource.kind === "schema-pattern";
    const key = `${list.id}${ofSchema ? " schema" : ""}`;
    if (seen.has(key)) continue;
    seen.add(key);
    for (const { grantee } of list.entries) {
      if (resource.kind !== "role") all.add(grantee);
      if (ofSchema) onSchemas.add(grantee);
    }
  }
  for (const { member } of state.memberships.values()) all.add(member);
  all.delete(PUBLIC);
  return { all, onSchemas };
}

/** Only memberships of roles and of PUBLIC that are always in force count. */
function closures(state: AccessState, { product }: EvaluationSettings): (role: Grantee) => readonly Grantee[] {
  const below = new Map<Grantee, Grantee[]>();
  for (const { role, member, inherit, set } of state.memberships.values()) {
    // MySQL: what an active role is a member of is active with it, whatever its own default roles.
    if (member === PUBLIC ? !inherit : !product.rolesAreAccounts && (set || !inherit)) continue;
    const list = below.get(member) ?? [];
    list.push(role);
    below.set(member, list);
  }
  const known = new Map<Grantee, readonly Grantee[]>();
  return (role) => {
    let found = known.get(role);
    if (found === undefined) {
      const reached = new Set([role]);
      for (const name of reached) for (const next of below.get(name) ?? []) reached.add(next);
      known.set(role, (found = [...reached]));
    }
    return found;
  };
}
