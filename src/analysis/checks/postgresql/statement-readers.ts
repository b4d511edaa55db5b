import type { Purpose } from "../../../model/declared.ts";
import { describeName } from "../../../model/resource.ts";
import type { Check } from "../check.ts";
import { isFor, membersOf } from "./given.ts";

/** PGE-29. */
export const statementReaders: Check = {
  id: "PGE-29",
  title: "an application reads the statements of everybody",
  why: "The texts of statements hold values: names, card numbers, tokens that stand in a WHERE.",
  fix: "Give an application a view or function with the figures that it needs; keep these roles for monitoring, and declare that purpose.",
  example: "roles:\n  exporter:\n    purpose: monitoring\n    member_of: [pg_monitor]",
  danger: "low",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.9"],
  *find(context) {
    for (const role of ["pg_monitor", "pg_read_all_stats"]) {
      for (const { member, removing } of membersOf(context, role)) {
        if (isFor(context, member, MONITORS)) continue;
        yield {
          message: `\`${describeName(member)}\` is a member of \`${role}\` and reads the statements of all sessions`,
          principals: [member],
          about: role,
          fix: { text: "take the membership away, or declare the role's purpose: monitoring", changes: removing },
        };
      }
    }
  },
};

const MONITORS: ReadonlySet<Purpose> = new Set(["admin", "break-glass", "monitoring", "maintenance"]);
