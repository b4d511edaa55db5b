import type { Check } from "../check.ts";

/** ADM-14. */
export const superuserForSmallTasks: Check = {
  id: "ADM-14",
  title: "a superuser is used for what a built-in role is enough for",
  why: "Monitoring, checkpoints, ending sessions, backup and maintenance have roles of their own; a superuser can do all the rest too.",
  fix: "Make the login a member of `pg_monitor`, `pg_checkpoint`, `pg_signal_backend` or `pg_maintain`, and take SUPERUSER.",
  example: "roles:\n  exporter: { superuser: false, member_of: [pg_monitor] }",
  danger: "medium",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.9"],
  needs: ["usage"],
  *find({ target, usage }) {
    const what =
      usage === null
        ? `what superusers did on \`${target}\` was not recorded`
        : "which built-in role is enough for what superusers did is not worked out yet";
    yield { unknown: what };
  },
};
