import { accessList, type Privilege } from "../model/access-list.ts";
import type { AccessState, Holding } from "../model/access-state.ts";
import { resourceKey } from "../model/resource.ts";
import { membershipKey, type Membership, type Role, type RoleName } from "../model/role.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { StateRules } from "../model/state-rules.ts";
import type { ConformanceTarget } from "./conformance-target.ts";

/** A way to go from a live state to another one. */
export interface Step {
  readonly name: string;
  wish(live: Snapshot, target: ConformanceTarget): AccessState;
}

/** What each engine is led through, from the live state and back. */
export const steps: readonly Step[] = [
  { name: "a role with a hostile name", wish: (live, t) => withRoles(live, t, [[t.role, false]]) },
  { name: "a login", wish: (live, t) => withRoles(live, t, [[t.login, true]]) },
  { name: "a role that holds all that it can on one thing, and a login in it", wish: withNewRoles },
];

/** A role that holds everything on the table, and a login that is a member of it. */
export function withNewRoles(live: Snapshot, target: ConformanceTarget): AccessState {
  const { role, login, table, engine } = target;
  const { rules } = engine.dialect(live);
  const access = withRoles(live, target, [
    [role, false],
    [login, true],
  ]);
  const membership = rules.normalMembership(membershipOf(role, login, rules));
  return withGrant(
    { ...access, memberships: new Map([...access.memberships, [membershipKey(membership), membership]]) },
    role,
    { table, privileges: grantable(rules.privilegesOf(table.kind)), rules },
  );
}

function membershipOf(role: RoleName, member: RoleName, rules: StateRules): Membership {
  const grantor = rules.membershipGrantor(role);
  return { role, member, grantor, admin: false, inherit: true, set: true, implied: false };
}

/** What `all` stands for: a refusal (`NOT SELECT`) is none that one would wish for. */
function grantable(privileges: readonly Privilege[]): readonly Privilege[] {
  return privileges.filter((privilege) => privilege !== "GRANT OPTION" && !privilege.startsWith("NOT "));
}

/** The state with new roles, as the server makes them: their own resource, and what their creator gets. */
function withRoles(
  { access, ...live }: Snapshot,
  { engine }: ConformanceTarget,
  names: readonly (readonly [name: RoleName, login: boolean])[],
): AccessState {
  const { rules } = engine.dialect({ access, ...live });
  const roles = new Map(access.roles);
  const memberships = new Map(access.memberships);
  const holdings = new Map(access.holdings);
  for (const [name, login] of names) {
    const role: Role = { name, origin: "user", attributes: { ...rules.defaultAttributes(name), login }, settings: [] };
    roles.set(name, role);
    for (const implied of rules.impliedMemberships(name)) memberships.set(membershipKey(implied), implied);
    const own = rules.resourceOfRole(name);
    if (own !== null) holdings.set(resourceKey(own.resource), own);
  }
  return { ...access, roles, memberships, holdings };
}

function withGrant(
  access: AccessState,
  grantee: RoleName,
  {
    table,
    privileges,
    rules,
  }: Pick<ConformanceTarget, "table"> & {
    readonly privileges: readonly Privilege[];
    readonly rules: StateRules;
  },
): AccessState {
  const key = resourceKey(table);
  const holding: Holding | undefined = access.holdings.get(key);
  if (holding === undefined) throw new TypeError("the table of the conformance target was not read");
  const entry = { grantee, grantor: rules.grantorFor(holding.owner), privileges, grantable: [] };
  const list = accessList([...holding.list.entries, entry]);
  return { ...access, holdings: new Map([...access.holdings, [key, { ...holding, list }]]) };
}
