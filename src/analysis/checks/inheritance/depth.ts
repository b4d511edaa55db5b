import { sortedText } from "../../../base/order.ts";
import { DEFAULT_LIMITS } from "../../../model/declared.ts";
import type { RoleName } from "../../../model/role.ts";
import type { AccessIndex } from "../../access-index.ts";
import type { Check } from "../check.ts";
import { several, who } from "../general/telling.ts";

/** INH-02. */
export const depth: Check = {
  id: "INH-02",
  title: "a chain of memberships is too long to follow",
  why: "Nobody can tell any more what a login at its end has, or whom a grant at its top reaches.",
  fix: "Make the roles in the middle what they are for, or leave them out: logins, business roles, and roles with rights are enough.",
  example: "limits: { depth: 4 }",
  danger: "medium",
  principles: ["inheritance control"],
  engines: "all",
  *find({ index, declared, logins }) {
    const most = declared?.limits.depth ?? DEFAULT_LIMITS.depth;
    const { graph } = index;
    const longest = longestUp(index);
    // Logins that go the same way from their first step on are one finding.
    const chains = new Map<number, RoleName[]>();
    for (const { name } of logins) {
      const next = longest(graph.idOf(name));
      if (next.length <= most) continue;
      const at = next.to;
      chains.set(at, [...(chains.get(at) ?? []), name]);
    }
    for (const first of [...chains.keys()].sort((a, b) => a - b)) {
      const names: RoleName[] = [];
      for (let at = first; at >= 0; at = longest(at).to) names.push(graph.names[at] as RoleName);
      const below = sortedText(chains.get(first) ?? []);
      const way = [below[0] ?? "", ...names];
      yield {
        message: `${several(below)} ${below.length === 1 ? "is" : "are"} ${names.length} memberships below ${who(names.at(-1) ?? "")}, where ${most} are allowed`,
        principals: [names[0] ?? ""],
        about: names.join("\0"),
        path: names.map((name, at) => `${who(way[at] ?? "")} is a member of ${who(name)}`),
        fix: { text: `shorten the way from ${who(names[0] ?? "")} to ${who(names.at(-1) ?? "")}` },
      };
    }
  },
};

/** For each role how many memberships its longest way up has, and the first step of it; -1: it is in nothing. */
function longestUp({ graph }: AccessIndex): (id: number) => { readonly length: number; readonly to: number } {
  const known = new Map<number, { readonly length: number; readonly to: number }>();
  const open = new Set<number>();
  const walk = (id: number): { readonly length: number; readonly to: number } => {
    const found = known.get(id);
    if (found !== undefined) return found;
    let best = { length: 0, to: -1 };
    open.add(id);
    for (const { to } of graph.up[id] ?? []) {
      // What lies on a circle is told as one.
      if (open.has(to)) continue;
      const length = walk(to).length + 1;
      if (length > best.length) best = { length, to };
    }
    open.delete(id);
    known.set(id, best);
    return best;
  };
  return walk;
}
