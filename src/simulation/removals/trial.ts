import { diff } from "../../diff/diff.ts";
import { predict } from "../../diff/predict.ts";
import { accessList, NOBODY, type Privilege } from "../../model/access-list.ts";
import type { AccessState, Holding } from "../../model/access-state.ts";
import type { Change } from "../../model/change.ts";
import { describeName, describeTyped, resourceKey, type ResourceKey, tableOf } from "../../model/resource.ts";
import { membershipKey, type RoleName } from "../../model/role.ts";
import type { StateRules } from "../../model/state-rules.ts";
import { sortedText } from "../../base/order.ts";

/** What a plan takes, taken from one login alone. */
export type Trial =
  | { readonly kind: "trial"; readonly role: RoleName; readonly changes: readonly Change[] }
  /** Why it cannot be tried on one login, one sentence each. */
  | { readonly kind: "impossible"; readonly reasons: readonly string[] };

/**
 * The changes that put one login where a plan would put everybody: what goes from it by name goes, and each group that the plan takes something from is exchanged for a role of its own, which holds what is left of the
 * group. Everybody else keeps everything. Ownership, rights to pass on, row policies that name a group and memberships that must be activated do not lie in grants: with them it cannot be tried.
 */
export function trialOf(
  changes: readonly Change[],
  states: { readonly live: AccessState; readonly after: AccessState },
  login: RoleName,
  rules: StateRules,
): Trial {
  const { live, after } = states;
  const own = changes.filter(
    (change) =>
      (change.kind === "remove-grant" && change.grantee === login) ||
      (change.kind === "remove-membership" && change.membership.member === login),
  );
  const losing = losers(changes);
  const gone = new Set(own.flatMap((change) => (change.kind === "remove-membership" ? change.membership.role : [])));
  const groups = sortedText(
    [...live.memberships.values()].flatMap(({ member, role }) => (member === login && !gone.has(role) ? role : [])),
  ).filter((group) => [...reached(live, group)].some((role) => losing.has(role)));
  if (own.length + groups.length === 0) {
    return { kind: "impossible", reasons: [`the plan takes nothing from \`${describeName(login)}\``] };
  }
  const role = trialRole(login, rules);
  const left = new Set(groups.flatMap((group) => [...reached(after, group)]));
  const reasons = sortedText([
    ...groups.flatMap((group) => obstacles(live, group, login)),
    ...(live.roles.has(role)
      ? [
          `the role \`${role}\` is there already: an earlier trial was not taken back, or sessions were open when it was; drop it when nobody acts as it`,
        ]
      : []),
  ]);
  if (reasons.length > 0) return { kind: "impossible", reasons };
  const start = predict(live, own, rules);
  const desired = groups.length === 0 ? start : exchanged(start, { after, groups, left, login, role }, rules);
  return { kind: "trial", role, changes: diff(live, desired, { rules }) };
}

/** The role that stands for what a login's groups keep: a name that the server takes for a role, where names with an @ are logins or roles need a host. */
export function trialRole(login: RoleName, rules: Pick<StateRules, "refusesName" | "defaultAttributes">): RoleName {
  const whole = `rolewright_trial_${login}`.slice(0, 63);
  const plain = whole.replaceAll(/[^\p{L}\p{N}_]+/gu, "_").replace(/_$/u, "");
  const isRole = (name: RoleName): boolean =>
    rules.refusesName(name) === null && rules.defaultAttributes(name)["login"] !== true;
  return [whole, plain].find(isRole) ?? `${plain.slice(0, 32)}@%`;
}

/** Whom a plan takes something from by name. */
function losers(changes: readonly Change[]): ReadonlySet<RoleName> {
  return new Set(
    changes.flatMap((change) => {
      if (change.kind === "remove-grant") return change.grantee;
      return change.kind === "remove-membership" ? change.membership.member : [];
    }),
  );
}

/** A role and all that it is in. */
function reached({ memberships }: AccessState, start: RoleName): ReadonlySet<RoleName> {
  const found = new Set([start]);
  for (const each of found) {
    for (const { member, role } of memberships.values()) if (member === each) found.add(role);
  }
  return found;
}

/** Attributes that a member gets by becoming the role. */
const POWER = new Set(["superuser", "createrole", "createdb", "replication", "bypassrls"]);

function obstacles(live: AccessState, group: RoleName, login: RoleName): readonly string[] {
  const inside = reached(live, group);
  const name = `\`${describeName(group)}\``;
  const found: string[] = [];
  for (const { member, role, inherit, admin } of live.memberships.values()) {
    if (!inside.has(member) && (member !== login || role !== group)) continue;
    const who = member === login ? `\`${describeName(login)}\`` : name;
    if (!inherit) found.push(`${who} has \`${describeName(role)}\` only after SET ROLE`);
    if (admin) found.push(`${who} may make others members of \`${describeName(role)}\``);
  }
  for (const { resource, owner, list } of live.holdings.values()) {
    if (owner !== null && inside.has(owner)) found.push(`${name} owns ${describeTyped(resource)}`);
    if (list.entries.some(({ grantee, grantable }) => inside.has(grantee) && grantable.length > 0)) {
      found.push(`${name} may pass on rights on ${describeTyped(resource)}`);
    }
  }
  for (const each of inside) {
    const held = Object.entries(live.roles.get(each)?.attributes ?? {}).filter(
      ([name, value]) => POWER.has(name) && value === true,
    );
    for (const [name] of held) found.push(`\`${describeName(each)}\` has the attribute ${name}`);
  }
  for (const { roles, table } of live.rowPolicies.values()) {
    if (roles.some((role) => inside.has(role))) found.push(`a row policy of ${describeTyped(table)} names ${name}`);
  }
  return found;
}

interface Exchange {
  readonly after: AccessState;
  readonly groups: readonly RoleName[];
  /** The roles whose grants the login keeps. */
  readonly left: ReadonlySet<RoleName>;
  readonly login: RoleName;
  readonly role: RoleName;
}

/** The state with the groups exchanged for the trial's role, which holds what is left of them. Roles that are built in stay roles. */
function exchanged(state: AccessState, { after, groups, left, login, role }: Exchange, rules: StateRules): AccessState {
  const memberships = new Map(
    [...state.memberships].filter(([, each]) => each.member !== login || !groups.includes(each.role)),
  );
  const join = (member: RoleName, into: RoleName): void => {
    const row = rules.normalMembership({
      role: into,
      member,
      grantor: rules.membershipGrantor(into),
      admin: false,
      inherit: true,
      set: true,
      implied: false,
    });
    memberships.set(membershipKey(row), row);
  };
  join(login, role);
  for (const each of left) if (state.roles.get(each)?.origin !== "user") join(role, each);
  const holdings = new Map<ResourceKey, Holding>(state.holdings);
  for (const [key, { resource, owner, list }] of after.holdings) {
    const privileges = new Set<Privilege>();
    for (const entry of list.entries) {
      if (!left.has(entry.grantee) || state.roles.get(entry.grantee)?.origin !== "user") continue;
      for (const privilege of entry.privileges) privileges.add(privilege);
    }
    if (privileges.size === 0) continue;
    // A column that the plan grants on has no list of its own before it.
    const holding = state.holdings.get(key) ?? { resource, owner, list: NOBODY };
    const table = resource.kind === "column" ? state.holdings.get(resourceKey(tableOf(resource))) : undefined;
    const entry = {
      grantee: role,
      grantor: rules.grantorFor(holding.owner ?? table?.owner ?? null),
      privileges: sortedText(privileges),
      grantable: [],
    };
    holdings.set(key, { ...holding, list: accessList([...holding.list.entries, entry]) });
  }
  const usual = rules.defaultAttributes(role);
  const attributes = "login" in usual ? { ...usual, login: false } : usual;
  const roles = new Map(state.roles).set(role, { name: role, origin: "user", attributes, settings: [] });
  return { ...state, roles, memberships, holdings };
}
