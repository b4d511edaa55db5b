import { compareText } from "../../../base/order.ts";
import type { Membership } from "../../../model/role.ts";
import type { Check, CheckContext } from "../check.ts";
import { several, who } from "../general/telling.ts";

/** INH-09. */
export const severalRows: Check = {
  id: "INH-09",
  title: "one membership was granted several times, by others or with other options",
  why: "What any of the rows allows counts, and each can only be taken by who gave it: ending one of them leaves the rest.",
  fix: "Keep one row from one grantor with the options that are meant.",
  example: "roles:\n  ann: { member_of: [{ role: readers, inherit: true, set: false, by: postgres }] }",
  danger: "medium",
  principles: ["inheritance control"],
  engines: ["postgresql"],
  versions: ({ major }) => major >= 16,
  *find(context) {
    for (const rows of membershipRows(context)) {
      const [first] = rows;
      if (first === undefined || rows.length < 2) continue;
      const grantors = rows.map((each) => each.grantor);
      const differ = OPTIONS.filter((name) => rows.some((each) => each[name] !== first[name]));
      const how = differ.length === 0 ? "" : `, with different ${differ.join(", ")}`;
      yield {
        message: `${who(first.member)} was made a member of ${who(first.role)} by ${several(grantors)}${how}`,
        principals: [first.member, first.role],
        about: [...grantors].sort().join("\0"),
        fix: {
          text: `keep the row of one of ${several(grantors)}`,
          changes: rows.slice(1).map((membership) => ({ kind: "remove-membership", membership })),
        },
      };
    }
  },
};

const OPTIONS = ["admin", "inherit", "set"] as const;

/** Rows of the same role and member, without those that the server made by itself; each group by grantor. */
function membershipRows({ index, inScope }: CheckContext): Iterable<readonly Membership[]> {
  const rows = [...index.recorded.memberships.values()].filter((each) => !each.implied && inScope(each.member));
  const groups = Map.groupBy(rows, (each) => `${each.member}\0${each.role}`);
  return [...groups]
    .sort(([a], [b]) => compareText(a, b))
    .map(([, group]) => group.sort((a, b) => compareText(a.grantor, b.grantor)));
}

/** INH-10. */
export const inheritAttribute: Check = {
  id: "INH-10",
  title: "a role is NOINHERIT, and its memberships do not say the same",
  why: "From PostgreSQL 16 on each membership says whether it is inherited, and the attribute of the role counts for new ones only. Who reads NOINHERIT believes that nothing is inherited.",
  fix: "Say `inherit` of each membership.",
  example: "roles:\n  ann: { member_of: [{ role: readers, inherit: false, set: true }] }",
  danger: "medium",
  principles: ["inheritance control"],
  engines: ["postgresql"],
  *find(context) {
    const { index, live, roles } = context;
    const byMember = Map.groupBy(index.recorded.memberships.values(), (each) => each.member);
    const isOld = live.version.major < 16;
    for (const { name, attributes } of roles) {
      if (attributes["inherit"] !== false) continue;
      const rows = (byMember.get(name) ?? []).filter((each) => each.inherit && !each.implied);
      if (rows.length === 0) continue;
      const groups = rows.map((each) => each.role);
      yield {
        message: isOld
          ? `${who(name)} is NOINHERIT; from PostgreSQL 16 on that no longer decides about its memberships in ${several(groups)}`
          : `${who(name)} is NOINHERIT, and inherits from ${several(groups)}`,
        principals: [name],
        about: [...new Set(groups)].sort().join("\0"),
        danger: isOld ? "info" : "medium",
        fix: {
          text: `say \`inherit\` of each membership of ${who(name)}`,
          ...(isOld
            ? {}
            : {
                changes: rows.map((before) => ({
                  kind: "alter-membership" as const,
                  before,
                  after: { ...before, inherit: false },
                })),
              }),
        },
      };
    }
  },
};
