import type { Change } from "../model/change.ts";
import { membershipKey, type MembershipKey, type RoleName } from "../model/role.ts";

/** What may stand half-made, because the statements that carry it out were cut off. A single grant is never half there. */
export interface Doubt {
  readonly roles: ReadonlySet<RoleName>;
  readonly memberships: ReadonlySet<MembershipKey>;
}

export const NO_DOUBT: Doubt = { roles: new Set(), memberships: new Set() };

/** What is in doubt when it is not known how the statements for these changes ended. */
export function doubtAbout(changes: readonly Change[]): Doubt {
  const roles = new Set<RoleName>();
  const memberships = new Set<MembershipKey>();
  for (const change of changes) {
    const role = roleOf(change);
    const membership = membershipOf(change);
    if (role !== null) roles.add(role);
    if (membership !== null) memberships.add(membership);
  }
  return { roles, memberships };
}

export function isInDoubt(doubt: Doubt, change: Change): boolean {
  const role = roleOf(change);
  const membership = membershipOf(change);
  return (role !== null && doubt.roles.has(role)) || (membership !== null && doubt.memberships.has(membership));
}

function roleOf(change: Change): RoleName | null {
  if (change.kind === "create-role" || change.kind === "drop-role") return change.role.name;
  return change.kind === "alter-role" ? change.role : null;
}

function membershipOf(change: Change): MembershipKey | null {
  if (change.kind === "add-membership" || change.kind === "remove-membership") return membershipKey(change.membership);
  return change.kind === "alter-membership" ? membershipKey(change.after) : null;
}
