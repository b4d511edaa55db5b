import { describeName, describeTyped } from "../../../model/resource.ts";
import type { Check } from "../check.ts";

/** LPV-05. */
export const unusedPrivileges: Check = {
  id: "LPV-05",
  title: "a privilege was not used for a long time",
  why: "What nobody uses can only be misused. It is told apart from what could not be seen: without evidence for the whole time nothing is called unused.",
  fix: "Take it away first from one login, for a time, with a way back; then from the role.",
  danger: "medium",
  principles: ["least privilege"],
  engines: "all",
  cis: ["CIS PostgreSQL 4.6"],
  needs: ["usage"],
  *find({ target, usage }) {
    if (usage === null) {
      yield { unknown: `what was used on \`${target}\` was not recorded`, help: "collect a workload" };
      return;
    }
    for (const { grantees, privileges, resources } of usage.unused) {
      const [first] = resources;
      const on =
        first === undefined
          ? "nothing"
          : resources.length === 1
            ? `\`${describeTyped(first)}\``
            : `${resources.length} resources`;
      yield {
        message: `${privileges.join(", ")} on ${on} was not used by ${grantees.map((each) => `\`${describeName(each)}\``).join(", ")} in ${usage.days} days`,
        principals: [...grantees],
        resources,
        about: privileges.join(),
        fix: {
          text: "`rolewright advise --evidence FILE` writes the manifest without it; announce it before: `rolewright removals announce PLAN`",
        },
      };
    }
    for (const { count, why } of usage.unclear) {
      yield {
        unknown: `${count} grants or memberships were not seen in use: ${why}`,
        help: "rolewright advise --evidence FILE --detail",
      };
    }
  },
};
