import type { RoleName } from "../../../model/role.ts";
import type { AccessIndex } from "../../access-index.ts";
import { hasBit } from "../../bits.ts";
import type { Check } from "../check.ts";
import { leaving } from "../general/roles.ts";
import { joined, who } from "../general/telling.ts";

/** INH-01. */
export const cycles: Check = {
  id: "INH-01",
  title: "roles are members of each other in a circle",
  why: "Servers refuse it, so the plan fails half-way; and where it could stand, all of them would be one role.",
  fix: "Take one membership out of the circle.",
  example: "roles:\n  readers: { not_member_of: [writers] }",
  danger: "high",
  principles: ["inheritance control"],
  engines: "all",
  *find({ index }) {
    for (const circle of circlesOf(index)) {
      const [first = ""] = circle;
      const last = circle.at(-1) ?? first;
      const way = [...circle, first].map(who);
      yield {
        message:
          circle.length === 1
            ? `${who(first)} is a member of itself`
            : `${joined(circle.map(who))} are members of each other in a circle`,
        principals: circle,
        about: "circle",
        path: circle.map((_, at) => `${way[at]} is a member of ${way[at + 1]}`),
        fix: {
          text: `take ${who(last)} out of ${who(first)}`,
          changes: leaving(index, first, (member) => member === last),
        },
      };
    }
  },
};

/** Every circle once: a shortest one through the first name of each knot of roles that reach each other. */
function circlesOf(index: AccessIndex): readonly (readonly RoleName[])[] {
  const { graph } = index;
  const found: (readonly RoleName[])[] = [];
  const seen = new Set<number>();
  for (const id of graph.names.keys()) {
    const edges = graph.up[id] ?? [];
    if (seen.has(id) || !edges.some(({ to }) => hasBit(graph.members(id, null), to))) continue;
    for (const other of graph.names.keys())
      if (hasBit(graph.members(id, null), other) && hasBit(graph.members(other, null), id)) seen.add(other);
    found.push(shortest(index, id).map((each) => graph.names[each] as RoleName));
  }
  return found;
}

/** From a role up to itself. */
function shortest({ graph }: AccessIndex, start: number): readonly number[] {
  const came = new Map<number, number>();
  const queue = [start];
  for (const at of queue) {
    for (const { to } of graph.up[at] ?? []) {
      if (to === start) {
        const way = [at];
        for (let back = at; back !== start; way.unshift(back)) back = came.get(back) as number;
        return way;
      }
      if (came.has(to)) continue;
      came.set(to, at);
      queue.push(to);
    }
  }
  return [start];
}
