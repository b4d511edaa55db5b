import type { AccessRules } from "../../../model/access-rules.ts";
import type { Purpose } from "../../../model/declared.ts";
import type { RoleName } from "../../../model/role.ts";
import { hasBit } from "../../bits.ts";
import type { Check } from "../check.ts";
import { leaveLines } from "../general/lines.ts";
import { leaving, purposesOf } from "../general/roles.ts";
import { sortedText } from "../../../base/order.ts";
import { several, who } from "../general/telling.ts";

const READERS: ReadonlySet<Purpose> = new Set<Purpose>(["backup", "audit"]);
const NOBODY: ReadonlySet<Purpose> = new Set();

/** ADM-15. */
export const builtInReaders: Check = {
  id: "ADM-15",
  title: "a role reads or writes everything by a role that is built in",
  why: "`pg_read_all_data` and `pg_write_all_data` reach every table there is and will be, in every schema, catalogs of secrets included.",
  fix: "Grant on the schemas that are needed, and end the membership. A backup may keep it: declare its purpose.",
  example:
    "roles:\n  reports: { not_member_of: [pg_read_all_data], presets: [{ preset: read-only, schemas: [sales] }] }",
  danger: "high",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.6"],
  *find(context) {
    const { index } = context;
    const { graph } = index;
    for (const [role, what] of wideRoles(index.rules)) {
      const kept = what === "read" ? READERS : NOBODY;
      const members = [...index.recorded.memberships.values()]
        .filter((each) => each.role === role)
        .map((each) => each.member);
      for (const member of sortedText(members)) {
        const id = graph.idOf(member);
        if (!context.inScope(member) || hasBit(graph.superReachers, id)) continue;
        if (context.people.administers(member) || [...purposesOf(context, member)].some((each) => kept.has(each)))
          continue;
        const logins = context.logins
          .map(({ name }) => name)
          .filter((name) => name !== member && hasBit(graph.reachers(id, null), graph.idOf(name)));
        const with_ = logins.length === 0 ? "" : `, and ${several(logins)} with it`;
        yield {
          message: `${who(member)} ${what === "read" ? "reads" : "changes"} every table by ${who(role)}${with_}`,
          principals: [member],
          about: role,
          fix: {
            text: `grant ${who(member)} what it needs by schema, and end its membership in ${who(role)}`,
            manifest: leaveLines(member, [role]),
            changes: leaving(index, role, (each) => each === member),
          },
        };
      }
    }
  },
};

/** Built-in roles that give rows of every table. */
function wideRoles(rules: AccessRules): ReadonlyMap<RoleName, "read" | "write"> {
  const found = new Map<RoleName, "read" | "write">();
  for (const { role, kind, privileges } of rules.builtinRights) {
    if (kind !== "table") continue;
    const classes = privileges.map((each) => rules.privilegeClass("table", each));
    if (classes.includes("write")) found.set(role, "write");
    else if (classes.includes("read")) found.set(role, "read");
  }
  return found;
}
