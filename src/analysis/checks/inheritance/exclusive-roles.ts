import { hasBit } from "../../bits.ts";
import { sortedText } from "../../../base/order.ts";
import type { Check } from "../check.ts";
import { several, who } from "../general/telling.ts";

/** INH-17. */
export const exclusiveRoles: Check = {
  id: "INH-17",
  title: "an account has several roles that are never active together",
  why: "MariaDB activates one role at a time. Whoever counts on the rights of both finds out when a statement fails.",
  fix: "Make one role that is a member of both, and grant that one.",
  example: "roles:\n  sales_all: { member_of: [sales_ro, sales_rw] }\n  app@%: { member_of: [sales_all] }",
  danger: "low",
  principles: ["inheritance control"],
  engines: ["mariadb"],
  *find({ index, logins }) {
    const { graph } = index;
    const byMember = Map.groupBy(index.recorded.memberships.values(), (each) => each.member);
    for (const { name } of logins) {
      const groups = sortedText((byMember.get(name) ?? []).map((each) => each.role));
      const apart = groups.filter((role) => !groups.some((other) => other !== role && isIn(other, role)));
      if (apart.length < 2) continue;
      yield {
        message: `${who(name)} has ${several(apart)}, of which one is active at a time`,
        principals: [name],
        about: apart.join("\0"),
        fix: { text: `make a role that is a member of ${several(apart)}, and grant that one to ${who(name)}` },
      };
    }
    function isIn(member: string, role: string): boolean {
      return hasBit(graph.members(graph.idOf(role), null), graph.idOf(member));
    }
  },
};
