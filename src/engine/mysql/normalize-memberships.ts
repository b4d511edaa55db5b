import { type Membership, type MembershipKey, membershipKey, PUBLIC, type RoleName } from "../../model/role.ts";
import { NO_GRANTOR } from "./access-lists.ts";
import { accountName, bareRoleName } from "./names.ts";
import type * as sql from "./queries.ts";

export type Memberships = ReadonlyMap<MembershipKey, Membership>;

/** MariaDB: an account may activate each of its roles, one of which is active when it logs in; what roles and PUBLIC are members of is always in force. */
export function mariadbMemberships(
  rows: readonly sql.RolesMappingRow[],
  known: { readonly defaultRoles: ReadonlyMap<RoleName, RoleName>; readonly actor: RoleName },
): Memberships {
  return byKey(
    rows.map(([user, host, roleText, adminText]) => {
      const ofRole = host === "";
      const member = ofRole ? bareRoleName(user) : accountName(user, host);
      const role = bareRoleName(roleText);
      const admin = adminText === "Y";
      return {
        role,
        member,
        grantor: NO_GRANTOR,
        admin,
        inherit: ofRole || known.defaultRoles.get(member) === role,
        set: !ofRole,
        // CREATE ROLE makes this row for whoever runs it. Nobody else's is told from one that was granted.
        implied: admin && member === known.actor,
      };
    }),
  );
}

/** What MySQL's settings say about roles. */
export interface RoleSettings {
  /** `mandatory_roles`: everybody is a member. */
  readonly mandatory: readonly RoleName[];
  /** `activate_all_roles_on_login`. */
  readonly allActive: boolean;
}

/** MySQL: an account may activate any of its roles, and any number of them is active when it logs in. What an active role is a member of is in force with it. */
export function mysqlMemberships(
  edges: readonly sql.RoleEdgeRow[],
  defaults: readonly sql.DefaultRoleRow[],
  { mandatory, allActive }: RoleSettings,
): Memberships {
  const isDefault = new Set(
    defaults.map(([user, host, role, roleHost]) => pair(accountName(role, roleHost), accountName(user, host))),
  );
  const recorded = edges.map(([role, roleHost, user, host, admin]): Membership => {
    const [name, member] = [accountName(role, roleHost), accountName(user, host)];
    const inherit = allActive || isDefault.has(pair(name, member));
    return { role: name, member, grantor: NO_GRANTOR, admin: admin === "Y", inherit, set: true, implied: false };
  });
  const known = new Set(recorded.map(({ role, member }) => pair(role, member)));
  const option = { grantor: NO_GRANTOR, admin: false, set: true, implied: true };
  const ofEverybody = mandatory.map((role) => ({ ...option, role, member: PUBLIC, inherit: allActive }));
  const chosen = defaults
    .map(([user, host, role, roleHost]) => ({ role: accountName(role, roleHost), member: accountName(user, host) }))
    .filter(({ role, member }) => mandatory.includes(role) && !known.has(pair(role, member)))
    .map(({ role, member }) => ({ ...option, role, member, inherit: true }));
  return byKey([...recorded, ...ofEverybody, ...chosen]);
}

/** The accounts that `mandatory_roles` names: `'app'@'%', reader`. A name alone is one at any host. */
export function mandatoryRoles(text: string): RoleName[] {
  const part = String.raw`(?:'((?:[^']|'')*)'|"((?:[^"]|"")*)"|${"`"}((?:[^${"`"}]|${"``"})*)${"`"}|([^\s@,'"${"`"}]+))`;
  const account = new RegExp(String.raw`${part}(?:@${part})?`, "gu");
  return Array.from(text.matchAll(account), (match) => {
    const [user = "", host = "%"] = [match.slice(1, 5), match.slice(5, 9)].map((forms) =>
      forms.find((form) => form !== undefined)?.replaceAll(/(['"`])\1/gu, "$1"),
    );
    return accountName(user, host.toLowerCase());
  });
}

function pair(role: RoleName, member: RoleName): string {
  return `${role}\0${member}`;
}

function byKey(memberships: readonly Membership[]): Memberships {
  return new Map(memberships.map((membership) => [membershipKey(membership), membership]));
}
