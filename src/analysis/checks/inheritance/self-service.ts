import { sortedText } from "../../../base/order.ts";
import type { RoleName } from "../../../model/role.ts";
import { hasBit } from "../../bits.ts";
import type { AlterMembership } from "../../../model/change.ts";
import type { Check, CheckContext } from "../check.ts";
import { recordedClasses } from "../general/granted.ts";
import { several, who } from "../general/telling.ts";

/** INH-14. */
export const selfService: Check = {
  id: "INH-14",
  title: "members of a role decide who else is in it",
  why: "Who has the rights of a role can hand them to anybody, and nobody else is asked.",
  fix: "Let a role of its own decide about members, one that has none of the role's rights.",
  example: "roles:\n  payroll: { members: [{ role: payroll_admin, admin: true, inherit: false, set: false }] }",
  danger: "high",
  principles: ["inheritance control", "separation of duties"],
  engines: "all",
  *find(context) {
    const { graph } = context.index;
    const deciding = new Map<number, Set<number>>();
    const add = (role: number, holder: number): void => {
      if (!decides(context, role, holder)) return;
      deciding.set(role, (deciding.get(role) ?? new Set()).add(holder));
    };
    for (const { role, member, admin, implied } of context.index.recorded.memberships.values())
      if (admin && !implied) add(graph.idOf(role), graph.idOf(member));
    passingOn(context, add);
    for (const id of [...deciding.keys()].sort((a, b) => a - b)) {
      const role = graph.names[id] as RoleName;
      const holders = sortedText([...(deciding.get(id) ?? [])].map((each) => graph.names[each] as RoleName));
      yield {
        message: `${several(holders)} ${holders.length === 1 ? "is in" : "are in"} ${who(role)}, and may put others into it`,
        principals: holders,
        about: role,
        fix: {
          text: `take the right to add members of ${who(role)} from ${several(holders)}`,
          changes: withoutAdmin(context, role, holders),
        },
      };
    }
  },
};

/** Whether a holder of ADMIN has the rights of the role that it decides about, by membership and not as a declared administrator. */
function decides({ index: { graph }, inScope, people }: CheckContext, role: number, holder: number): boolean {
  if (role < 0 || holder < 0 || role === holder || hasBit(graph.superReachers, holder)) return false;
  const name = graph.names[holder] as RoleName;
  if (!inScope(name) || people.administers(name)) return false;
  return hasBit(graph.heirs(role, null), holder) || hasBit(graph.setters(role, null), holder);
}

/** Where passing on is a privilege on the role itself. */
function passingOn({ index }: CheckContext, add: (role: number, holder: number) => void): void {
  const passing = index.passing("role");
  if (passing === 0) return;
  for (const { kind, resources, compiled } of recordedClasses(index)) {
    if (kind !== "role") continue;
    for (const [at, holder] of compiled.grantees.entries()) {
      if (((compiled.masks[at] as number) & passing) === 0) continue;
      for (const { path } of resources) add(index.graph.idOf(path[0] ?? ""), holder);
    }
  }
}

function withoutAdmin(
  { index }: CheckContext,
  role: RoleName,
  holders: readonly RoleName[],
): readonly AlterMembership[] {
  return [...index.recorded.memberships.values()]
    .filter((each) => each.role === role && each.admin && !each.implied && holders.includes(each.member))
    .map((before) => ({ kind: "alter-membership", before, after: { ...before, admin: false } }));
}
