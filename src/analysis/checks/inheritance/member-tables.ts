import type { Check } from "../check.ts";

/** INH-08. */
export const memberTables: Check = {
  id: "INH-08",
  title: "the two tables of memberships do not say the same",
  why: "`roles.member_of` decides who may do what, `role_members` is what LIST ROLES and DROP ROLE go by. Where they differ, access is there that no list shows, or stays after its role is gone.",
  fix: "Grant the membership again, then revoke it by a statement: both tables are written then.",
  example: "grant readers to ann;\nrevoke readers from ann;",
  danger: "medium",
  principles: ["inheritance control", "traceability"],
  engines: ["cassandra"],
  needs: ["posture"],
  *find({ target }) {
    yield {
      unknown: `\`system_auth.role_members\` of \`${target}\` was not read`,
      help: "compare it with `member_of` in `system_auth.roles`",
    };
  },
};
