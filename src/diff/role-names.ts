import { sortedText } from "../base/order.ts";
import { accessList, type AccessEntry, type AccessList, normalAccessList } from "../model/access-list.ts";
import {
  defaultPrivilegeKey,
  rowPolicyKey,
  type AccessState,
  type DefaultPrivilege,
  type RowPolicy,
} from "../model/access-state.ts";
import { membershipKey, type Membership, type RoleName } from "../model/role.ts";

export interface Rename {
  readonly from: RoleName;
  readonly to: RoleName;
}

/** The state under new role names, all renamed at once. */
export function renameInState(state: AccessState, renames: readonly Rename[]): AccessState {
  if (renames.length === 0) return state;
  const name = naming(renames);
  const list = listNaming(name);
  return {
    roles: new Map(
      [...state.roles.values()].map((role) => [name(role.name), { ...role, name: name(role.name) }] as const),
    ),
    memberships: keyed(
      [...state.memberships.values()].map((m) => renameMembership(m, name)),
      membershipKey,
    ),
    holdings: new Map(
      // What others hold on the role itself stays with the old name: MariaDB and MySQL, where it can be, do not move it.
      [...state.holdings].map(([key, holding]) => [
        key,
        { ...holding, owner: holding.owner === null ? null : name(holding.owner), list: list(holding.list) },
      ]),
    ),
    defaultPrivileges: keyed(
      [...state.defaultPrivileges.values()].map((entry) => ({
        ...entry,
        creator: name(entry.creator),
        list: list(entry.list),
      })),
      defaultPrivilegeKey,
    ),
    rowPolicies: keyed(
      [...state.rowPolicies.values()].map((policy) => renamePolicy(policy, name)),
      rowPolicyKey,
    ),
  };
}

/**
 * The state without any mention of these roles: no entry to or from them, no membership, no default privilege of or for them. A row policy that names nobody else goes
 * too. What they own stays theirs: only an explicit new owner can solve that.
 */
export function forgetRoles(state: AccessState, gone: ReadonlySet<RoleName>): AccessState {
  if (gone.size === 0) return state;
  const lists = new Map<string, AccessList>();
  const list = (value: AccessList): AccessList => {
    const known = lists.get(value.id);
    if (known !== undefined) return known;
    const entries = value.entries.filter((entry) => !gone.has(entry.grantee) && !gone.has(entry.grantor));
    const kept = entries.length === value.entries.length ? value : normalAccessList(entries);
    lists.set(value.id, kept);
    return kept;
  };
  return {
    roles: new Map([...state.roles].filter(([role]) => !gone.has(role))),
    memberships: new Map(
      [...state.memberships].filter(([, m]) => !gone.has(m.role) && !gone.has(m.member) && !gone.has(m.grantor)),
    ),
    holdings: new Map(
      [...state.holdings].map(([key, holding]) => {
        const kept = list(holding.list);
        return [key, kept === holding.list ? holding : { ...holding, list: kept }];
      }),
    ),
    defaultPrivileges: new Map(
      [...state.defaultPrivileges]
        .filter(([, entry]) => !gone.has(entry.creator))
        .map(([key, entry]): [typeof key, DefaultPrivilege] => [key, { ...entry, list: list(entry.list) }]),
    ),
    rowPolicies: new Map(
      [...state.rowPolicies]
        .map(([key, policy]): [typeof key, RowPolicy] => [
          key,
          { ...policy, roles: policy.roles.filter((role) => !gone.has(role)) },
        ])
        .filter(([, policy]) => policy.roles.length > 0),
    ),
  };
}

type Naming = (name: RoleName) => RoleName;

function naming(renames: readonly Rename[]): Naming {
  const names = new Map(renames.map(({ from, to }) => [from, to]));
  return (name) => names.get(name) ?? name;
}

function listNaming(name: Naming): (list: AccessList) => AccessList {
  const known = new Map<string, AccessList>();
  const entries = new Map<AccessEntry, AccessEntry>();
  const entry = (old: AccessEntry): AccessEntry => {
    let renamed = entries.get(old);
    if (renamed === undefined) {
      const [grantee, grantor] = [name(old.grantee), name(old.grantor)];
      renamed = grantee === old.grantee && grantor === old.grantor ? old : { ...old, grantee, grantor };
      entries.set(old, renamed);
    }
    return renamed;
  };
  return (list) => {
    const seen = known.get(list.id);
    if (seen !== undefined) return seen;
    const renamed = accessList(list.entries.map(entry));
    known.set(list.id, renamed);
    return renamed;
  };
}

function renameMembership(m: Membership, name: Naming): Membership {
  return { ...m, role: name(m.role), member: name(m.member), grantor: name(m.grantor) };
}

function renamePolicy(policy: RowPolicy, name: Naming): RowPolicy {
  return { ...policy, roles: sortedText(policy.roles.map(name)) };
}

function keyed<K extends string, V>(values: readonly V[], key: (value: V) => K): Map<K, V> {
  return new Map(values.map((value) => [key(value), value]));
}
