import type { AccessState } from "../model/access-state.ts";
import type { Change } from "../model/change.ts";
import type { RoleName } from "../model/role.ts";

/**
 * The removals of memberships that must come before the additions, by index: those that would close a circle with what is added. No server accepts one, not even for a
 * moment; where a membership is turned around, the old direction has to go first.
 */
export function circularRemovals(before: AccessState, changes: readonly Change[]): ReadonlySet<number> {
  const added = changes.filter((change) => change.kind === "add-membership");
  if (added.length === 0 || !changes.some((change) => change.kind === "remove-membership")) return new Set();
  const roles = new Map<RoleName, Set<RoleName>>();
  const edge = (member: RoleName, role: RoleName): void => {
    roles.set(member, (roles.get(member) ?? new Set()).add(role));
  };
  for (const { member, role } of before.memberships.values()) edge(member, role);
  for (const { membership } of added) edge(membership.member, membership.role);
  const blocked = new Set<number>();
  for (const [index, change] of changes.entries()) {
    if (change.kind !== "remove-membership") continue;
    const { role, member } = change.membership;
    if (leadsTo(roles, role, member)) blocked.add(index);
  }
  return blocked;
}

function leadsTo(roles: ReadonlyMap<RoleName, ReadonlySet<RoleName>>, from: RoleName, to: RoleName): boolean {
  const reached = new Set([from]);
  for (const role of reached) {
    if (role === to) return true;
    for (const next of roles.get(role) ?? []) reached.add(next);
  }
  return false;
}
