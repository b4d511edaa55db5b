import { compareBy, sorted } from "../../base/order.ts";
import type { LeftoverRow, LopsidedMembership, UnindexedGrant } from "../../model/posture/cassandra.ts";
import type { RoleName } from "../../model/role.ts";
import type { AuthRows } from "./normalize.ts";
import type { GrantIndexRow, RoleMemberRow } from "./queries-posture.ts";
import type { ResourceNames } from "./resource-names.ts";

/** All tables of roles and grants: what decides, and what the server goes by when it cleans up. */
export interface AllRows extends AuthRows {
  readonly members: readonly RoleMemberRow[];
  readonly grantIndex: readonly GrantIndexRow[];
}

/** Memberships of existing roles that stand in one of two tables only. */
export function lopsided({ roles, members }: AllRows): readonly LopsidedMembership[] {
  const names = new Set(roles.map(([name]) => name));
  const decides = new Set(
    roles.flatMap(([member, , , memberOf]) => (memberOf ?? []).map((role) => pair(role, member))),
  );
  const cleans = new Set(members.map(([role, member]) => pair(role, member)));
  const found: LopsidedMembership[] = [];
  for (const [member, , , memberOf] of roles) {
    for (const role of memberOf ?? []) {
      if (names.has(role) && !cleans.has(pair(role, member))) found.push({ role, member, only: "member_of" });
    }
  }
  for (const [role, member] of members) {
    const isThere = names.has(role) && names.has(member);
    if (isThere && !decides.has(pair(role, member))) found.push({ role, member, only: "role_members" });
  }
  return sorted(
    found,
    compareBy(
      (each) => each.role,
      (each) => each.member,
    ),
  );
}

/** Grants to existing roles without a row in the index: dropping what they are on leaves them behind. */
export function unindexed(
  { roles, permissions, grantIndex }: AllRows,
  names: ResourceNames,
): readonly UnindexedGrant[] {
  const existing = new Set(roles.map(([name]) => name));
  const index = new Set(grantIndex.map(([resource, role]) => pair(role, resource)));
  const found = permissions.flatMap(([role, stored, privileges]): UnindexedGrant[] => {
    if (!existing.has(role) || (privileges ?? []).length === 0 || index.has(pair(role, stored))) return [];
    const resource = names.parse(stored);
    return resource === null ? [] : [{ role, resource }];
  });
  return sorted(
    found,
    compareBy(
      (each) => each.role,
      (each) => each.resource.kind,
      (each) => each.resource.path.join("\0"),
    ),
  );
}

/** Rows of what is gone. Grants of existing roles on things that are gone stand in the state, as missing. */
export function leftovers(rows: AllRows): readonly LeftoverRow[] {
  const names = new Set(rows.roles.map(([name]) => name));
  const granted = new Set(rows.permissions.map(([role, stored]) => pair(role, stored)));
  const found: LeftoverRow[] = [];
  const ofRole = (table: LeftoverRow["table"], role: RoleName, about: string): boolean => {
    if (names.has(role)) return false;
    found.push({ table, role, about, missing: "role" });
    return true;
  };
  for (const [role, stored] of rows.permissions) ofRole("role_permissions", role, stored);
  for (const [stored, role] of rows.grantIndex) {
    if (ofRole("resource_role_permissons_index", role, stored) || granted.has(pair(role, stored))) continue;
    found.push({ table: "resource_role_permissons_index", role, about: stored, missing: "grant" });
  }
  for (const [role, member] of rows.members) {
    if (ofRole("role_members", role, member) || names.has(member)) continue;
    found.push({ table: "role_members", role, about: member, missing: "member" });
  }
  for (const [resource] of rows.dataCenters) ofRole("network_permissions", resource.replace(/^roles\//u, ""), "");
  for (const [role] of rows.cidrGroups ?? []) ofRole("cidr_permissions", role, "");
  for (const [identity, role] of rows.identities ?? []) ofRole("identity_to_role", role, identity);
  return sorted(
    found,
    compareBy(
      (each) => each.role,
      (each) => each.table,
      (each) => each.about,
    ),
  );
}

/** Names cannot hold NUL. */
function pair(role: RoleName, about: string): string {
  return `${role}\0${about}`;
}
