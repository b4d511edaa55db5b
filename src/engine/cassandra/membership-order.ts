import type { RoleName } from "../../model/role.ts";

/** Who is a member of what, by member. */
export type Edges = Map<RoleName, Set<RoleName>>;

export interface Edge {
  readonly role: RoleName;
  readonly member: RoleName;
}

export function edgesOf(memberships: Iterable<Edge>): Edges {
  const edges: Edges = new Map();
  for (const membership of memberships) addEdge(edges, membership);
  return edges;
}

export function addEdge(edges: Edges, { role, member }: Edge): void {
  edges.set(member, (edges.get(member) ?? new Set()).add(role));
}

/** Everything that a role is a member of, itself included. */
export function closureOf(edges: Edges, role: RoleName): ReadonlySet<RoleName> {
  const reached = new Set([role]);
  for (const each of reached) for (const next of edges.get(each) ?? []) reached.add(next);
  return reached;
}

/** The direct memberships through which `member` has `role` without being a direct member of it, in no order. */
export function waysTo(edges: Edges, { role, member }: Edge): readonly RoleName[] {
  return [...(edges.get(member) ?? [])].filter((next) => next !== role && closureOf(edges, next).has(role));
}

/**
 * The length of the longest way from a member to a role. The server refuses a membership that is implied by others already; added by falling length, none is, unless it was so from the start: whatever implies it
 * is a way of shorter steps.
 */
export function longestWay(edges: Edges): (edge: Edge) => number {
  const known = new Map<string, number>();
  const longest = (member: RoleName, role: RoleName): number => {
    if (member === role) return 0;
    const key = `${member}\0${role}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    known.set(key, Number.NEGATIVE_INFINITY);
    let length = Number.NEGATIVE_INFINITY;
    for (const next of edges.get(member) ?? []) length = Math.max(length, 1 + longest(next, role));
    known.set(key, length);
    return length;
  };
  return ({ role, member }) => longest(member, role);
}
