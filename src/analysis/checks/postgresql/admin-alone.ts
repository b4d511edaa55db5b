import { compareText, sorted } from "../../../base/order.ts";
import type { Membership, RoleName } from "../../../model/role.ts";
import { hasBit } from "../../bits.ts";
import type { Check } from "../check.ts";
import { isJudged } from "./given.ts";
import { named, said } from "./strength.ts";

/** PGE-01. */
export const adminAlone: Check = {
  id: "PGE-01",
  title: "ADMIN is held on a role without its privileges, which its holder can give itself",
  why: "ADMIN with INHERIT FALSE and SET FALSE looks like managing members only. Its holder can make itself a member with both options at any time, and then has everything that the role has. Upgrades to 16, and CREATE ROLE by who is no superuser, leave such rows behind.",
  fix: "Leave ADMIN to roles that only manage members and hold no data; take it from everybody else.",
  example: "revoke admin option for payroll from support;",
  danger: "high",
  principles: ["inheritance control", "separation of duties"],
  engines: ["postgresql"],
  versions: ({ major }) => major >= 16,
  *find(context) {
    const { index, dialect } = context;
    const byMember = Map.groupBy(index.recorded.memberships.values(), (each) => each.member);
    for (const [member, rows] of sorted(byMember, ([a], [b]) => compareText(a, b))) {
      if (!isJudged(context, member)) continue;
      const alone = adminOnly(rows).filter(
        (each) => !hasBit(index.graph.superuserRoles, index.graph.idOf(each.role)) && index.state.roles.has(each.role),
      );
      if (alone.length === 0) continue;
      const roles = [...new Set(alone.map((each) => each.role))].sort(compareText);
      const planned = alone.filter((each) => !each.implied);
      const quote = (name: RoleName): string => dialect.quoteIdentifier(name);
      yield {
        message: `${said(member)} holds ADMIN without INHERIT and SET on ${named(roles)}, and can give itself both`,
        principals: [member],
        about: roles.join("\0"),
        path: roles.map((role) => `${said(member)} holds ADMIN on ${said(role)}`),
        over: "escalable",
        fix: {
          text: `take ADMIN on ${named(roles)} from ${said(member)}`,
          ...(planned.length === 0
            ? {}
            : { changes: planned.map((membership) => ({ kind: "remove-membership", membership })) }),
          sql: alone.map(
            ({ role, grantor }) =>
              `revoke admin option for ${quote(role)} from ${quote(member)} granted by ${quote(grantor)}`,
          ),
        },
      };
    }
  },
};

/** The rows with ADMIN on roles whose privileges no row gives the member; options of several rows add up. */
function adminOnly(rows: readonly Membership[]): readonly Membership[] {
  const had = new Set(rows.filter((each) => each.inherit || each.set).map((each) => each.role));
  return rows.filter((each) => each.admin && !had.has(each.role));
}
