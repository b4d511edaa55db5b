import type { AccessState } from "../model/access-state.ts";
import type { Membership, RoleName } from "../model/role.ts";

/** Who is a member of whom, through any number of steps. */
export interface MembershipGraph {
  /** The role and everything that it is a member of. */
  above(role: RoleName): ReadonlySet<RoleName>;
  /** The role and everybody who is a member of it. */
  below(role: RoleName): ReadonlySet<RoleName>;
}

/** The graph of all memberships of these states together; with `when`, of those that pass it. */
export function membershipGraph(
  states: readonly AccessState[],
  when: (membership: Membership) => boolean = () => true,
): MembershipGraph {
  const up = new Map<RoleName, Set<RoleName>>();
  const down = new Map<RoleName, Set<RoleName>>();
  for (const state of states) {
    for (const membership of state.memberships.values()) {
      if (!when(membership)) continue;
      link(up, membership.member, membership.role);
      link(down, membership.role, membership.member);
    }
  }
  return { above: (role) => reach(up, role), below: (role) => reach(down, role) };
}

function link(edges: Map<RoleName, Set<RoleName>>, from: RoleName, to: RoleName): void {
  const known = edges.get(from);
  if (known === undefined) edges.set(from, new Set([to]));
  else known.add(to);
}

function reach(edges: ReadonlyMap<RoleName, ReadonlySet<RoleName>>, start: RoleName): ReadonlySet<RoleName> {
  const seen = new Set([start]);
  // A set that grows while it is walked visits what was added.
  for (const role of seen) for (const next of edges.get(role) ?? []) seen.add(next);
  return seen;
}
