import type { Change } from "../model/change.ts";
import type { SourceLocation } from "../model/finding.ts";
import type { RoleName } from "../model/role.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Plan } from "../plan/plan.ts";
import type { AccessDelta } from "./access-delta.ts";
import type { AccessIndex } from "./access-index.ts";

/** What the lock-out guard judges. */
export interface LockoutInput {
  readonly plan: Plan;
  readonly live: Snapshot;
  readonly before: AccessIndex;
  readonly after: AccessIndex;
  readonly delta: AccessDelta;
  /** The roles that the manifest declares. */
  readonly managed: ReadonlySet<RoleName>;
}

/** Where the change that names one of these roles was asked for. */
export function location(plan: Plan, names: readonly RoleName[]): { readonly location?: SourceLocation } {
  for (const { change, origin } of plan.changes) {
    const at = origin.locations[0];
    if (at !== undefined && names.some((name) => rolesOf(change).includes(name))) return { location: at };
  }
  return {};
}

/** The roles that a change names. */
export function rolesOf(change: Change): readonly RoleName[] {
  if ("role" in change) return [typeof change.role === "string" ? change.role : change.role.name];
  if ("membership" in change) return [change.membership.role, change.membership.member];
  if (change.kind === "alter-membership") return [change.before.role, change.before.member];
  if (change.kind === "rename-role") return [change.from, change.to];
  if (change.kind === "change-owner") return [change.from, change.to];
  if ("target" in change) return [change.target.creator, change.grantee];
  if ("grantee" in change) return [change.grantee];
  return [];
}
