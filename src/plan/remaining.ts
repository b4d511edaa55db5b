import { canonicalJson, type Json } from "../base/digest.ts";
import { renameInState } from "../diff/role-names.ts";
import { absentDefault, absentList, predict } from "../diff/predict.ts";
import type { AccessEntry, AccessList, Privilege } from "../model/access-list.ts";
import { defaultPrivilegeKey, rowPolicyKey, type AccessState } from "../model/access-state.ts";
import { isDefaultChange, isGrantChange, type Change, type DefaultChange, type GrantChange } from "../model/change.ts";
import { describeName, describeResource, resourceKey, type Resource } from "../model/resource.ts";
import {
  membershipKey,
  PUBLIC,
  type AttributeValue,
  type Membership,
  type Role,
  type RoleAttributes,
} from "../model/role.ts";
import type { StateRules } from "../model/state-rules.ts";
import { isInDoubt, NO_DOUBT, type Doubt } from "./doubt.ts";

/** What is left to do of changes, against a state that they were not made from. */
export interface Remaining {
  /** What can still be done: there the state is as the changes expect it. */
  readonly open: readonly Change[];
  /** For each of these the index of the change that it is left of. */
  readonly of: readonly number[];
  /** How many tuples already are as the changes would make them. */
  readonly done: number;
  /** Where the state is neither: somebody else changed it. In plain words, in the order of the changes. */
  readonly changed: readonly string[];
}

/** Sorts changes by whether they are still to do, tuple by tuple. What is in doubt may stand half-made by us, and is never taken for somebody else's change. */
export function remainingOf(
  changes: readonly Change[],
  state: AccessState,
  rules: StateRules,
  doubt: Doubt = NO_DOUBT,
): Remaining {
  const tally: Tally = { done: 0, changed: [] };
  const found: { readonly change: Change; readonly of: number }[] = [];
  const keep = (open: readonly Change[], of: number): void => {
    for (const change of open) found.push({ change, of });
  };
  for (const [of, change] of changes.entries()) {
    if (change.kind !== "rename-role") continue;
    const [old, present] = [state.roles.has(change.from), state.roles.has(change.to)];
    const standing = old === present ? "changed" : old ? "open" : "done";
    if (note(tally, standing, () => `role ${role(change.from)}`)) keep([change], of);
  }
  const named = renameInState(
    state,
    found.flatMap(({ change }) => (change.kind === "rename-role" ? [change] : [])),
  );
  for (const [of, change] of changes.entries()) {
    if (change.kind === "change-owner") keep(openOwners(change, named, tally), of);
  }
  const moved = predict(
    named,
    found.flatMap(({ change }) => (change.kind === "change-owner" ? [change] : [])),
    rules,
  );
  const roles = createdRoles(changes, moved);
  for (const [of, change] of changes.entries()) {
    if (change.kind === "rename-role" || change.kind === "change-owner") continue;
    if (isGrantChange(change)) keep(openGrants(change, { state: moved, roles, rules, tally }), of);
    else if (isDefaultChange(change)) keep(openDefaults(change, moved, rules, tally), of);
    else if (change.kind === "create-role") keep(openCreation(change, { state: moved, roles, doubt, tally }), of);
    else if (change.kind === "alter-role") {
      const attributes = (moved.roles.get(change.role) ?? roles.get(change.role)?.role)?.attributes;
      keep(openAttributes(change, attributes, isInDoubt(doubt, change), tally), of);
    } else keep(openSimple(change, moved, isInDoubt(doubt, change), tally), of);
  }
  return { open: found.map(({ change }) => change), of: found.map((one) => one.of), ...tally };
}

/** A role that changes create, and the values that its attributes get from later ones: a login comes closed, and is opened at the end. */
interface Creation {
  readonly role: Role;
  readonly later: ReadonlyMap<string, ReadonlySet<AttributeValue>>;
}

function createdRoles(changes: readonly Change[], state: AccessState): ReadonlyMap<string, Creation> {
  const created = new Map<string, Creation>();
  for (const change of changes) {
    if (change.kind !== "create-role") continue;
    const later = new Map<string, Set<AttributeValue>>();
    for (const other of changes) {
      if (other.kind !== "alter-role" || other.role !== change.role.name) continue;
      for (const { name, after } of other.attributes) later.set(name, (later.get(name) ?? new Set()).add(after));
    }
    if (!state.roles.has(change.role.name) || later.size > 0)
      created.set(change.role.name, { role: change.role, later });
  }
  return created;
}

/** A role that is there as it would be created is done; one that is only in part ours to finish gets what it lacks. */
function openCreation(
  change: Extract<Change, { kind: "create-role" }>,
  at: {
    readonly state: AccessState;
    readonly roles: ReadonlyMap<string, Creation>;
    readonly doubt: Doubt;
    readonly tally: Tally;
  },
): readonly Change[] {
  const { name } = change.role;
  const found = at.state.roles.get(name);
  if (found === undefined) return [change];
  const later = at.roles.get(name)?.later;
  const attributes = Object.entries(change.role.attributes).flatMap(([attribute, after]) => {
    const before = found.attributes[attribute] ?? null;
    return before === after || later?.get(attribute)?.has(before) === true ? [] : [{ name: attribute, before, after }];
  });
  const settings = between(found.settings, null, change.role.settings) === "done";
  const known = (attributes.length === 0 && settings) || isInDoubt(at.doubt, change);
  note(at.tally, known ? "done" : "changed", () => subject(change));
  return known && attributes.length > 0 ? [{ kind: "alter-role", role: name, attributes }] : [];
}

function openSimple(
  change: Exclude<Simple, { readonly kind: "create-role" }>,
  state: AccessState,
  doubtful: boolean,
  tally: Tally,
): readonly Change[] {
  const found = standing(change, state);
  if (found === "changed" && doubtful) return finishing(change, state);
  return note(tally, found, () => subject(change)) ? [change] : [];
}

/** What is left of a change of a membership that was made in part. */
function finishing(change: Exclude<Simple, { readonly kind: "create-role" }>, state: AccessState): readonly Change[] {
  if (change.kind === "alter-membership") {
    const row = state.memberships.get(membershipKey(change.before));
    const { after } = change;
    return [row === undefined ? { kind: "add-membership", membership: after } : { ...change, before: row }];
  }
  if (change.kind !== "add-membership" && change.kind !== "remove-membership") return [];
  const row = state.memberships.get(membershipKey(change.membership));
  if (row === undefined) return [];
  if (change.kind === "remove-membership") return [{ ...change, membership: row }];
  return [{ kind: "alter-membership", before: row, after: change.membership }];
}

type Standing = "open" | "done" | "changed";

interface Tally {
  done: number;
  changed: string[];
}

function note(tally: Tally, standing: Standing, text: () => string): boolean {
  if (standing === "done") tally.done += 1;
  if (standing === "changed") tally.changed.push(text());
  return standing === "open";
}

/** Compares what is there with what the change starts from and what it leads to. */
function between(found: unknown, before: unknown, after: unknown): Standing {
  const text = canonicalJson(found as Json);
  if (text === canonicalJson(before as Json)) return "open";
  return text === canonicalJson(after as Json) ? "done" : "changed";
}

type Simple = Exclude<
  Change,
  GrantChange | DefaultChange | { readonly kind: "rename-role" | "change-owner" | "alter-role" }
>;

function standing(change: Exclude<Simple, { readonly kind: "create-role" }>, state: AccessState): Standing {
  let result: Standing;
  switch (change.kind) {
    case "drop-role":
      result = state.roles.has(change.role.name) ? "open" : "done";
      break;
    case "set-role-setting": {
      const { database, name } = change;
      const found = state.roles.get(change.role)?.settings.find((s) => s.database === database && s.name === name);
      result = between(found?.value ?? null, change.before, change.after);
      break;
    }
    case "set-password":
      result = "open";
      break;
    case "add-membership":
    case "remove-membership": {
      const found = options(state.memberships.get(membershipKey(change.membership)));
      const row = options(change.membership);
      result = change.kind === "add-membership" ? between(found, null, row) : between(found, row, null);
      break;
    }
    case "alter-membership": {
      const found = options(state.memberships.get(membershipKey(change.before)));
      result = between(found, options(change.before), options(change.after));
      break;
    }
    case "create-policy":
    case "drop-policy": {
      const found = state.rowPolicies.get(rowPolicyKey(change.policy)) ?? null;
      const { policy } = change;
      result = change.kind === "create-policy" ? between(found, null, policy) : between(found, policy, null);
      break;
    }
    case "alter-policy":
      result = between(state.rowPolicies.get(rowPolicyKey(change.after)) ?? null, change.before, change.after);
      break;
    case "set-row-security": {
      const found = state.holdings.get(resourceKey(change.table))?.rowSecurity ?? { enabled: false, forced: false };
      result = between(found, change.before, change.after);
      break;
    }
  }
  return result;
}

function options(row: Membership | undefined): unknown {
  return row === undefined ? null : [row.admin, row.inherit, row.set];
}

function openAttributes(
  change: Extract<Change, { kind: "alter-role" }>,
  found: RoleAttributes | undefined,
  doubtful: boolean,
  tally: Tally,
): readonly Change[] {
  const attributes = change.attributes.flatMap((attribute) => {
    const { name, before, after } = attribute;
    const now = found?.[name] ?? null;
    const standing = found === undefined ? "done" : between(now, before, after);
    if (standing === "changed" && doubtful) return [{ name, before: now, after }];
    return note(tally, standing, () => `${name} of role ${role(change.role)}`) ? [attribute] : [];
  });
  return attributes.length === 0 ? [] : [{ ...change, attributes }];
}

function openOwners(
  change: Extract<Change, { kind: "change-owner" }>,
  state: AccessState,
  tally: Tally,
): readonly Extract<Change, { kind: "change-owner" }>[] {
  const resources = change.resources.filter((resource) => {
    const owner = state.holdings.get(resourceKey(resource))?.owner;
    const found: Standing = owner === change.from ? "open" : owner === change.to ? "done" : "changed";
    return note(tally, owner === undefined ? "done" : found, () => `owner of ${describeResource(resource)}`);
  });
  return resources.length === 0 ? [] : [{ ...change, resources }];
}

/** How a privilege is held: not at all, plainly, or with the grant option. */
type Held = 0 | 1 | 2;

const STEPS: Readonly<Record<string, (grantable: boolean) => readonly [Held, Held]>> = {
  "add-grant": (grantable) => [0, grantable ? 2 : 1],
  "remove-grant": (grantable) => [grantable ? 2 : 1, 0],
  "add-grant-option": () => [1, 2],
  "remove-grant-option": () => [2, 1],
  "add-default": (grantable) => [0, grantable ? 2 : 1],
  "remove-default": (grantable) => [grantable ? 2 : 1, 0],
  "add-default-option": () => [1, 2],
  "remove-default-option": () => [2, 1],
};

function openPrivileges(
  list: AccessList,
  change: GrantChange | DefaultChange,
  grantor: string,
  tally: Tally,
  place: () => string,
): readonly Privilege[] {
  const entry = list.entries.find((e) => e.grantee === change.grantee && e.grantor === grantor);
  const [before, after] = STEPS[change.kind]?.(change.grantable) ?? [0, 0];
  return change.privileges.filter((privilege) =>
    note(tally, between(held(entry, privilege), before, after), () => {
      const who = change.grantee === PUBLIC ? "PUBLIC" : `\`${describeName(change.grantee)}\``;
      return `${privilege} on ${place()} of ${who} from \`${describeName(grantor)}\``;
    }),
  );
}

function held(entry: AccessEntry | undefined, privilege: Privilege): Held {
  if (entry === undefined || !entry.privileges.includes(privilege)) return 0;
  return entry.grantable.includes(privilege) ? 2 : 1;
}

function openGrants(change: GrantChange, { state, roles, rules, tally }: GrantContext): readonly Change[] {
  const groups = new Map<string, { readonly privileges: readonly Privilege[]; readonly resources: Resource[] }>();
  for (const resource of change.resources) {
    const list =
      state.holdings.get(resourceKey(resource))?.list ??
      absentList(resource.kind, rules) ??
      (change.kind === "add-grant" ? listOfComing(resource, roles, rules) : undefined);
    if (list === undefined) {
      // The object is gone, and with it whatever was granted on it.
      tally.done += change.privileges.length;
      continue;
    }
    const privileges = openPrivileges(list, change, change.grantor, tally, () => describeResource(resource));
    if (privileges.length === 0) continue;
    const key = privileges.join(",");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { privileges, resources: [resource] });
    else group.resources.push(resource);
  }
  return [...groups.values()].map(({ privileges, resources }) => ({ ...change, privileges, resources }));
}

interface GrantContext {
  readonly state: AccessState;
  readonly roles: ReadonlyMap<string, Creation>;
  readonly rules: StateRules;
  readonly tally: Tally;
}

/** What is held on a role from the start that these changes are still to make. */
function listOfComing(
  { kind, path }: Resource,
  roles: ReadonlyMap<string, Creation>,
  rules: StateRules,
): AccessList | undefined {
  const name = path[0] ?? "";
  return kind === "role" && roles.has(name) ? rules.resourceOfRole(name)?.list : undefined;
}

function openDefaults(change: DefaultChange, state: AccessState, rules: StateRules, tally: Tally): readonly Change[] {
  const { target } = change;
  const list = state.defaultPrivileges.get(defaultPrivilegeKey(target))?.list ?? absentDefault(target, rules);
  const privileges = openPrivileges(list, change, target.creator, tally, () => {
    const where = target.schema === null ? "" : ` in ${describeName(target.schema)}`;
    return `future objects of kind ${target.kind}${where}`;
  });
  return privileges.length === 0 ? [] : [{ ...change, privileges }];
}

function role(name: string): string {
  return `\`${describeName(name)}\``;
}

function subject(change: Simple): string {
  let text: string;
  switch (change.kind) {
    case "create-role":
    case "drop-role":
      text = `role ${role(change.role.name)}`;
      break;
    case "set-role-setting":
      text = `setting ${describeName(change.name)} of role ${role(change.role)}`;
      break;
    case "set-password":
      text = `password of role ${role(change.role)}`;
      break;
    case "add-membership":
    case "remove-membership":
      text = `membership of ${role(change.membership.member)} in ${role(change.membership.role)}`;
      break;
    case "alter-membership":
      text = `membership of ${role(change.after.member)} in ${role(change.after.role)}`;
      break;
    case "create-policy":
    case "drop-policy":
      text = `row policy ${describeName(change.policy.name)} on ${describeResource(change.policy.table)}`;
      break;
    case "alter-policy":
      text = `row policy ${describeName(change.after.name)} on ${describeResource(change.after.table)}`;
      break;
    case "set-row-security":
      text = `row security of ${describeResource(change.table)}`;
      break;
  }
  return text;
}
