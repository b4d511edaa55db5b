import type { AccessIndex } from "../../analysis/access-index.ts";
import { compareText, sorted } from "../../base/order.ts";
import { describeTyped, resourceKey } from "../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import type { Unit } from "./advice.ts";
import { grantKey, memberKey } from "./ways.ts";

/** A bundle that somebody else makes of grants and memberships: one place of the manifest. */
export type Bundle = Unit;

/**
 * Everything that could be taken: the bundles first, then each grant and membership that stands in none of them by itself. What owners hold of their own, what everybody holds, and what belongs to the server is not.
 */
export function unitsOf(index: AccessIndex, bundles: readonly Bundle[]): readonly Unit[] {
  const inBundle = new Set(bundles.flatMap((each) => [...each.grants, ...each.members]));
  const single: Unit[] = [];
  for (const { resource, owner, list } of index.recorded.holdings.values()) {
    if (index.catalog.entries.get(resourceKey(resource))?.system === true) continue;
    for (const { grantee, privileges } of list.entries) {
      if (grantee === PUBLIC || grantee === owner || !isOrdinary(index, grantee)) continue;
      for (const privilege of privileges) {
        const key = grantKey(grantee, privilege, resource);
        if (inBundle.has(key)) continue;
        inBundle.add(key);
        const what = { kind: "grant" as const, grantees: [grantee], privileges: [privilege], resources: [resource] };
        single.push({
          id: `grant ${grantee} ${privilege} ${describeTyped(resource)} ${resource.path[0] ?? ""}`,
          what,
          grants: [key],
          members: [],
          fixed: null,
        });
      }
    }
  }
  for (const { member, role } of index.recorded.memberships.values()) {
    const key = memberKey(member, role);
    if (inBundle.has(key) || !isOrdinary(index, member)) continue;
    inBundle.add(key);
    single.push({
      id: `member ${member} ${role}`,
      what: { kind: "membership", members: [member], role },
      grants: [],
      members: [key],
      fixed: null,
    });
  }
  return sorted([...bundles, ...single], (a, b) => compareText(a.id, b.id));
}

/** Made by people, and no superuser: superusers need no grants, so nothing about theirs is told by use. */
function isOrdinary(index: AccessIndex, name: RoleName): boolean {
  const role = index.recorded.roles.get(name);
  return role?.origin === "user" && !index.rules.superuser(role);
}
