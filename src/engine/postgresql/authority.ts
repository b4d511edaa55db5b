import type { AccessState } from "../../model/access-state.ts";
import { isDefaultChange, isGrantChange, type Change } from "../../model/change.ts";
import type { Finding } from "../../model/finding.ts";
import { membershipKey } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { StateRules } from "../../model/state-rules.ts";
import type { RenderRequest } from "../engine.ts";
import { grantObstacles } from "./authority-grants.ts";
import { ownerObstacles, policyObstacles } from "./authority-owners.ts";
import { defaultObstacles, membershipObstacles, roleObstacles } from "./authority-roles.ts";
import { dropObstacles } from "./drop-obstacles.ts";
import type { Missing } from "../missing-rights.ts";
import { missingFindings } from "./missing.ts";
import { reach, type Reach } from "./reach.ts";

/** Who asks, and what that role can reach when the changes begin: roles that the plan creates are its own from then on. */
export interface Authority {
  readonly snapshot: Snapshot;
  readonly rules: StateRules;
  readonly request: RenderRequest;
  readonly state: AccessState;
  readonly reach: Reach;
  readonly me: string;
  readonly major: number;
}

/**
 * What the connection's role may not do of the changes, from the snapshot alone: semantics-postgresql.md, sections 4, 5, 8, 10 and 11. What depends on the values of settings or on
 * hooks of a managed service is not known here.
 */
export function obstacles(request: RenderRequest, snapshot: Snapshot, rules: StateRules): readonly Finding[] {
  const { actor, version } = snapshot;
  const state = withImplied(request, rules);
  const authority: Authority = {
    snapshot,
    rules,
    request,
    state,
    reach: reach(state, version.major),
    me: actor.role,
    major: version.major,
  };
  const missing: Missing[] = [];
  for (const change of request.all) missing.push(...missingFor(change, authority));
  return [...missingFindings(missing, snapshot), ...dropObstacles(request, snapshot)];
}

function withImplied({ all, moved }: RenderRequest, rules: StateRules): AccessState {
  const created = all.flatMap((change) => (change.kind === "create-role" ? [change.role] : []));
  if (created.length === 0) return moved;
  const implied = created.flatMap(({ name }) => rules.impliedMemberships(name));
  return {
    ...moved,
    roles: new Map([...moved.roles, ...created.map((role) => [role.name, role] as const)]),
    memberships: new Map([...moved.memberships, ...implied.map((row) => [membershipKey(row), row] as const)]),
  };
}

function missingFor(change: Change, authority: Authority): readonly Missing[] {
  if (isGrantChange(change)) return grantObstacles(change, authority);
  if (authority.snapshot.actor.superuser) return [];
  if (isDefaultChange(change)) return defaultObstacles(change, authority);
  let missing: readonly Missing[];
  switch (change.kind) {
    case "create-role":
    case "drop-role":
    case "rename-role":
    case "alter-role":
    case "set-role-setting":
    case "set-password":
      missing = roleObstacles(change, authority);
      break;
    case "add-membership":
    case "remove-membership":
    case "alter-membership":
      missing = membershipObstacles(change, authority);
      break;
    case "change-owner":
      missing = ownerObstacles(change, authority);
      break;
    case "create-policy":
    case "drop-policy":
    case "alter-policy":
    case "set-row-security":
      missing = policyObstacles(change, authority);
      break;
  }
  return missing;
}
