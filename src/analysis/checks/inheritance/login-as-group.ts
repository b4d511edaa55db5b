import { describeName } from "../../../model/resource.ts";
import type { Check } from "../check.ts";

/** INH-11. */
export const loginAsGroup: Check = {
  id: "INH-11",
  title: "a login is used as a group",
  why: "Whoever is a member has everything that this person or service has, now and later, and who did something can no longer be told.",
  fix: "Make a role that cannot log in, give it what both need, and make both members of it.",
  danger: "medium",
  principles: ["inheritance control", "traceability"],
  engines: "all",
  *find({ logins, index }) {
    const byRole = Map.groupBy(index.recorded.memberships.values(), (each) => each.role);
    for (const { name } of logins) {
      const members = (byRole.get(name) ?? []).filter((each) => !each.implied && (each.inherit || each.set));
      if (members.length === 0) continue;
      const named = members.map((each) => `\`${describeName(each.member)}\``).join(", ");
      yield {
        message: `the login \`${describeName(name)}\` has members: ${named}`,
        principals: [name],
        about: "members",
        fix: {
          text: `make a role that cannot log in for what ${named} and \`${describeName(name)}\` share`,
          changes: members.map((membership) => ({ kind: "remove-membership", membership })),
        },
      };
    }
  },
};
