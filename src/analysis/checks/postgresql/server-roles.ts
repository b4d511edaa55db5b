import type { Reach } from "../../../model/check-finding.ts";
import type { RoleName } from "../../../model/role.ts";
import type { Check, CheckContext } from "../check.ts";
import { type MemberOf, membersOf } from "./given.ts";
import { said } from "./strength.ts";

/** What each built-in role gives on the machine of the server. */
const GIVES: readonly (readonly [RoleName, string])[] = [
  ["pg_execute_server_program", "runs programs as the account of the server"],
  ["pg_read_server_files", "reads every file that the server can, keys and hashes of passwords among them"],
  ["pg_write_server_files", "writes every file that the server can, its configuration among them"],
];

/** PGE-03. */
export const serverRoles: Check = {
  id: "PGE-03",
  title: "ordinary roles reach the files or programs of the server's machine",
  why: "Members of pg_execute_server_program, pg_write_server_files and pg_read_server_files act as the operating-system account that the server runs as. That account owns the data files, so they are superusers whenever they like.",
  fix: "Revoke the membership. What must be loaded or unloaded goes through the client (`\\copy`), or through a function of an administrator that takes no path.",
  example: "revoke pg_execute_server_program from etl;",
  danger: "critical",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.9"],
  *find(context) {
    for (const [role, gives] of GIVES) {
      for (const each of membersOf(context, role)) {
        const over = reachOf(context, each);
        if (over === null) continue;
        yield {
          message: `${said(each.member)} ${gives}: it is a member of ${said(role)}`,
          principals: [each.member],
          about: role,
          path: [`${said(each.member)} is a member of ${said(role)}`, `${said(role)} ${gives}`],
          over,
          fix: { text: `revoke ${said(role)} from ${said(each.member)}`, changes: each.removing },
        };
      }
    }
  },
};

/** How far a member must go; null: it has the ADMIN option alone, which another check is about. Until 14 the server asks for membership of any kind. */
function reachOf({ index, live }: CheckContext, { member, removing }: MemberOf): Reach | null {
  const role = index.state.roles.get(member);
  if (role === undefined) return null;
  const effects = removing.map(({ membership }) => index.rules.edge(membership, role));
  if (live.version.major <= 14 || effects.some((each) => each.privileges)) return "effective";
  return effects.some((each) => each.setRole) ? "reachable" : null;
}
