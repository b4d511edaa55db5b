import { DEFAULT_LIMITS } from "../../../model/declared.ts";
import { describeName } from "../../../model/resource.ts";
import type { Check } from "../check.ts";
import type { SmallRoles } from "../usage.ts";

/** ADM-14. */
export const superuserForSmallTasks: Check = {
  id: "ADM-14",
  title: "a superuser is used for what a built-in role is enough for",
  why: "Monitoring, checkpoints, ending sessions and maintenance have roles of their own; a superuser can do all the rest too. It is told where all that was seen of it for the days of `limits.unused_days` would work the same with those roles; reading whole databases, as backups do, is not among them.",
  fix: "Make the login a member of `pg_monitor`, `pg_checkpoint`, `pg_signal_backend` or `pg_maintain`, and take SUPERUSER.",
  example: "roles:\n  exporter: { superuser: false, member_of: [pg_monitor] }",
  danger: "medium",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.9"],
  needs: ["usage"],
  *find({ declared, usage }) {
    const superusers = usage?.superusers ?? [];
    if (usage === null || superusers.length === 0) return;
    const days = declared?.limits.unusedDays ?? DEFAULT_LIMITS.unusedDays;
    if (usage.days < days) {
      yield {
        unknown: `superusers were watched for ${usage.days} days, and ${days} are asked for`,
        help: "collect more",
      };
      return;
    }
    for (const { role, statements, open, enough } of superusers) {
      const name = `\`${describeName(role)}\``;
      if (open > 0) {
        yield { unknown: `what ${open} of ${statements} statements of the superuser ${name} need is not known` };
      }
      if (enough === null) continue;
      const roles = enough.map((each) => `\`${describeName(each)}\``).join(", ");
      yield {
        message:
          enough.length === 0
            ? `the superuser ${name} did nothing in ${usage.days} days that needs one`
            : `the superuser ${name} did nothing in ${usage.days} days that ${roles} would not be enough for`,
        principals: [role],
        about: enough.join(),
        fix: {
          text:
            enough.length === 0
              ? `take SUPERUSER from ${name}`
              : `make ${name} a member of ${roles}, and take SUPERUSER from it`,
        },
      };
    }
  },
};

/** The roles that are enough for small tasks. Backups read everything, for which `pg_read_all_data` is found by ADM-15. */
export const SMALL_ROLES: SmallRoles = {
  roles: ["pg_checkpoint", "pg_maintain", "pg_signal_backend", "pg_monitor"],
  // Statistics and settings that others may not see are null, or rows that are not there.
  quiet: { role: "pg_monitor", asked: /\bpg_(?!terminate_backend|cancel_backend)|\bshow\b/iu },
  byArguments: { role: "pg_signal_backend", reason: /^`pg_(?:terminate|cancel)_backend` / },
};
