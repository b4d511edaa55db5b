import { describeName } from "../../../model/resource.ts";
import { PUBLIC } from "../../../model/role.ts";
import { granteesOf } from "../../escalation/mysql-held.ts";
import type { Check } from "../check.ts";
import { concerned, ENGINES, isStrong, revoking, said, sure } from "./principals.ts";

const ROLE_ADMIN = { kind: "dynamic-privilege", path: ["ROLE_ADMIN"] } as const;

/** MYE-09. */
export const roleAdmin: Check = {
  id: "MYE-09",
  title: "somebody who is no administrator may grant a strong role",
  why: "The admin option gives a role to anybody, on MariaDB to PUBLIC too. It counts whether or not the role is active, and through roles of roles; on MySQL ROLE_ADMIN counts for every role, and any account is one.",
  fix: "Keep the admin option with accounts that only administer roles.",
  danger: "high",
  principles: ["inheritance control"],
  engines: ENGINES,
  *find(context) {
    for (const membership of context.index.recorded.memberships.values()) {
      const { role, member, admin } = membership;
      if (!admin || member === PUBLIC || !concerned(context, member)) continue;
      if (context.people.administers(member) || !isStrong(context, role)) continue;
      yield {
        message: `${said(member)} may grant the strong role ${said(role)} to anybody`,
        principals: [member],
        resources: [{ kind: "role", path: [role] }],
        path: [`${said(member)} has the admin option on ${said(role)}`],
        over: "escalable",
        fix: {
          text: `revoke the admin option for \`${describeName(role)}\` from ${said(member)}, and leave it with somebody who administers roles`,
          changes: [{ kind: "alter-membership", before: membership, after: { ...membership, admin: false } }],
        },
        ...sure(context),
      };
    }
    for (const grantee of granteesOf(context.index, ROLE_ADMIN, "USAGE")) {
      if (!concerned(context, grantee) || context.people.administers(grantee)) continue;
      yield {
        message: `${said(grantee)} holds ROLE_ADMIN, so it can grant itself every role, and every account as one`,
        principals: [grantee],
        resources: [ROLE_ADMIN],
        over: "escalable",
        fix: revoking(grantee, [ROLE_ADMIN], ["USAGE"]),
        ...sure(context),
      };
    }
  },
};
