import { canonicalJson, type Json } from "../base/digest.ts";
import { compareBy, sorted } from "../base/order.ts";
import { NOBODY, type AccessList } from "../model/access-list.ts";
import {
  defaultPrivilegeKey,
  rowPolicyKey,
  type AccessState,
  type DefaultPrivilege,
  type Holding,
  type RowPolicy,
} from "../model/access-state.ts";
import {
  isDefaultChange,
  isGrantChange,
  type Change,
  type ChangeOwner,
  type DefaultChange,
  type GrantChange,
} from "../model/change.ts";
import { resourceKey, type Resource, type ResourceKey, type ResourceKind } from "../model/resource.ts";
import { membershipKey, type Role, type RoleName, type RoleSetting } from "../model/role.ts";
import type { StateRules } from "../model/state-rules.ts";
import { compareChanges } from "./change-order.ts";
import { applyDeltas, editor, type ListDelta } from "./list-delta.ts";
import { ownerMoves, type OwnerMove } from "./owner-moves.ts";
import { renameInState, type Rename } from "./role-names.ts";

/**
 * The state that these changes lead to from `before`: what the server will hold, rewritten lists of new owners, vanished defaults and implied memberships included.
 * The order of `changes` does not matter. Cost follows the distinct lists that are touched.
 */
export function predict(before: AccessState, changes: readonly Change[], rules: StateRules): AccessState {
  if (changes.length === 0) return before;
  const renames: Rename[] = changes.filter((change) => change.kind === "rename-role");
  const named = renameInState(before, renames);
  const draft: Draft = {
    roles: new Map(named.roles),
    memberships: new Map(named.memberships),
    holdings: new Map(named.holdings),
    defaultPrivileges: new Map(named.defaultPrivileges),
    rowPolicies: new Map(named.rowPolicies),
  };
  const grants: GrantChange[] = [];
  const defaults: DefaultChange[] = [];
  const owners: ChangeOwner[] = [];
  for (const change of sorted(changes, compareChanges)) {
    if (isGrantChange(change)) grants.push(change);
    else if (isDefaultChange(change)) defaults.push(change);
    else if (change.kind === "change-owner") owners.push(change);
    else applySimple(draft, change, rules);
  }
  applyOwners(draft, owners, rules);
  applyGrants(draft, grants, rules);
  applyDefaults(draft, defaults, rules);
  return draft;
}

/** The list of a resource that has no holding: a column nobody was given, a parameter that the catalog has no row for. */
export function absentList(kind: ResourceKind, rules: StateRules): AccessList | undefined {
  return kind === "column" ? NOBODY : rules.unrecordedList(kind);
}

/** Default privileges that nothing is said about: the built-in list in every schema, nothing more in a single one. */
export function absentDefault(target: Omit<DefaultPrivilege, "list">, rules: StateRules): AccessList {
  return target.schema === null ? rules.builtinList(target.kind, target.creator) : NOBODY;
}

type Draft = {
  -readonly [K in keyof AccessState]: AccessState[K] extends ReadonlyMap<infer Key, infer Value>
    ? Map<Key, Value>
    : never;
};

type SimpleChange = Exclude<Change, ChangeOwner | GrantChange | DefaultChange>;

function applySimple(draft: Draft, change: SimpleChange, rules: StateRules): void {
  switch (change.kind) {
    case "rename-role":
    case "set-password":
      return;
    case "create-role":
      draft.roles.set(change.role.name, change.role);
      for (const membership of rules.impliedMemberships(change.role.name)) {
        draft.memberships.set(membershipKey(membership), membership);
      }
      addOwnResource(draft, change.role.name, rules);
      return;
    case "drop-role":
      draft.roles.delete(change.role.name);
      // Where a role is no resource of its own, what others hold on its name stays.
      if (rules.resourceOfRole(change.role.name) !== null) {
        draft.holdings.delete(resourceKey({ kind: "role", path: [change.role.name] }));
      }
      // The server forgets the memberships of a dropped role by itself, the implied ones above all.
      for (const [key, { role, member }] of draft.memberships) {
        if (role === change.role.name || member === change.role.name) draft.memberships.delete(key);
      }
      return;
    case "alter-role":
      editRole(draft, change.role, (role) => ({
        ...role,
        attributes: { ...role.attributes, ...Object.fromEntries(change.attributes.map((a) => [a.name, a.after])) },
      }));
      return;
    case "set-role-setting":
      editRole(draft, change.role, (role) => ({
        ...role,
        settings: withSetting(role.settings, change.database, change.name, change.after),
      }));
      return;
    case "add-membership":
      draft.memberships.set(membershipKey(change.membership), change.membership);
      return;
    case "remove-membership":
      draft.memberships.delete(membershipKey(change.membership));
      return;
    case "alter-membership":
      draft.memberships.delete(membershipKey(change.before));
      draft.memberships.set(membershipKey(change.after), change.after);
      return;
    case "create-policy":
      draft.rowPolicies.set(rowPolicyKey(change.policy), change.policy);
      return;
    case "drop-policy": {
      // A policy that is dropped and made again under its name is one that stays.
      const key = rowPolicyKey(change.policy);
      if (samePolicy(draft.rowPolicies.get(key), change.policy)) draft.rowPolicies.delete(key);
      return;
    }
    case "alter-policy":
      draft.rowPolicies.set(rowPolicyKey(change.after), change.after);
      return;
    case "set-row-security":
      editHolding(draft, resourceKey(change.table), ({ resource, owner, list }) =>
        change.after.enabled || change.after.forced
          ? { resource, owner, list, rowSecurity: change.after }
          : { resource, owner, list },
      );
      return;
  }
}

/** A role that privileges are held on is there with the list that the server gives it. */
function addOwnResource(draft: Draft, name: RoleName, rules: StateRules): void {
  const holding = rules.resourceOfRole(name);
  if (holding !== null) draft.holdings.set(resourceKey(holding.resource), holding);
}

function samePolicy(a: RowPolicy | undefined, b: RowPolicy): boolean {
  return a !== undefined && canonicalJson({ ...a } as unknown as Json) === canonicalJson({ ...b } as unknown as Json);
}

function editRole(draft: Draft, name: RoleName, edit: (role: Role) => Role): void {
  const role = draft.roles.get(name);
  if (role !== undefined) draft.roles.set(name, edit(role));
}

function editHolding(draft: Draft, key: ResourceKey, edit: (holding: Holding) => Holding): void {
  const holding = draft.holdings.get(key);
  if (holding !== undefined) draft.holdings.set(key, edit(holding));
}

const settingOrder = compareBy<RoleSetting>(
  (setting) => setting.database,
  (setting) => setting.name,
);

function withSetting(
  settings: readonly RoleSetting[],
  database: string | null,
  name: string,
  value: string | null,
): readonly RoleSetting[] {
  const others = settings.filter((setting) => setting.database !== database || setting.name !== name);
  return value === null ? others : [...others, { database, name, value }].sort(settingOrder);
}

function applyOwners(draft: Draft, changes: readonly ChangeOwner[], rules: StateRules): void {
  if (changes.length === 0) return;
  const moves = new Map<ResourceKey, OwnerMove>();
  for (const { resources, from, to } of changes) {
    for (const resource of resources) moves.set(resourceKey(resource), { from, to });
  }
  const moved = ownerMoves(draft, moves, rules);
  for (const [key, move] of moved) {
    editHolding(draft, key, (holding) => ({
      ...holding,
      owner: holding.owner === null ? null : move.to,
      list: rules.transferOwnership(holding.list, move.from, move.to),
    }));
  }
}

function applyGrants(draft: Draft, changes: readonly GrantChange[], rules: StateRules): void {
  // Changes often share one array of resources: their union is applied once to each distinct list.
  const bySet = new Map<readonly Resource[], GrantChange[]>();
  for (const change of changes) {
    const group = bySet.get(change.resources);
    if (group === undefined) bySet.set(change.resources, [change]);
    else group.push(change);
  }
  for (const [resources, group] of bySet) {
    const results = new Map<string, AccessList>();
    const edit = editor(group);
    const edited = (list: AccessList): AccessList => {
      let result = results.get(list.id);
      if (result === undefined) results.set(list.id, (result = edit(list)));
      return result;
    };
    for (const resource of resources) editOne(draft, resource, edited, rules);
  }
}

function editOne(draft: Draft, resource: Resource, edit: (list: AccessList) => AccessList, rules: StateRules): void {
  const key = resourceKey(resource);
  const holding = draft.holdings.get(key);
  const absent = absentList(resource.kind, rules);
  const before = holding?.list ?? absent;
  if (before === undefined) return;
  const list = edit(before);
  if (absent !== undefined && list.id === absent.id) draft.holdings.delete(key);
  else draft.holdings.set(key, holding === undefined ? { resource, owner: null, list } : { ...holding, list });
}

function applyDefaults(draft: Draft, changes: readonly DefaultChange[], rules: StateRules): void {
  const byTarget = new Map<string, DefaultChange[]>();
  for (const change of changes) {
    const key = defaultPrivilegeKey(change.target);
    byTarget.set(key, [...(byTarget.get(key) ?? []), change]);
  }
  for (const group of byTarget.values()) {
    const [first] = group;
    if (first === undefined) continue;
    const { target } = first;
    const key = defaultPrivilegeKey(target);
    const list = draft.defaultPrivileges.get(key)?.list ?? absentDefault(target, rules);
    const deltas = group.map(
      (change): ListDelta => ({
        kind: DEFAULT_KINDS[change.kind],
        grantee: change.grantee,
        grantor: target.creator,
        privileges: change.privileges,
        grantable: change.grantable,
      }),
    );
    const normal = rules.normalizeDefault({ ...target, list: applyDeltas(list, deltas) });
    if (normal === null) draft.defaultPrivileges.delete(key);
    else draft.defaultPrivileges.set(key, normal);
  }
}

const DEFAULT_KINDS: Readonly<Record<DefaultChange["kind"], GrantChange["kind"]>> = {
  "add-default": "add-grant",
  "remove-default": "remove-grant",
  "add-default-option": "add-grant-option",
  "remove-default-option": "remove-grant-option",
};
