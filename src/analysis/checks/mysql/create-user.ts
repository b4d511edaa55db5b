import { describeName } from "../../../model/resource.ts";
import { anybody } from "../../escalation/mysql.ts";
import { granteesOf, SERVER } from "../../escalation/mysql-held.ts";
import type { Check } from "../check.ts";
import { concerned, ENGINES, revoking, said, sure } from "./principals.ts";

/** MYE-01. */
export const createUser: Check = {
  id: "MYE-01",
  title: "CREATE USER takes over any account",
  why: "Who holds CREATE USER sets the password of any account, root too, and logs in as it. MySQL keeps accounts with SYSTEM_USER from that.",
  fix: "Revoke it, and let a routine that runs as its own locked definer make the accounts that are needed.",
  example: "revoke create user on *.* from 'app'@'%';",
  danger: "critical",
  principles: ["least privilege"],
  engines: ENGINES,
  cis: ["CIS MySQL 5 CREATE USER"],
  *find(context) {
    for (const grantee of granteesOf(context.index, SERVER, "CREATE USER")) {
      if (!concerned(context, grantee)) continue;
      const goals = anybody(context.index, grantee);
      if (goals.length === 0) continue;
      const roles = goals.flatMap((goal) => (goal.kind === "role" ? [goal.role] : []));
      const whose =
        roles.length === 0 ? "any account" : `${roles.length} accounts, \`${describeName(roles[0] ?? "")}\` first`;
      yield {
        message: `${said(grantee)} holds CREATE USER, so it can set the password of ${roles.length === 0 ? whose : "every account without SYSTEM_USER"} and log in as it`,
        principals: [grantee],
        resources: [SERVER],
        path: [`${said(grantee)} sets the password of ${whose} by ALTER USER`, `${said(grantee)} logs in as it`],
        over: "escalable",
        fix: revoking(grantee, [SERVER], ["CREATE USER"]),
        ...sure(context),
      };
    }
  },
};
