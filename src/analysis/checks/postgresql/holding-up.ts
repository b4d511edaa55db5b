import type { Purpose } from "../../../model/declared.ts";
import { describeName } from "../../../model/resource.ts";
import type { Check, CheckContext, Hit } from "../check.ts";
import { givenOn, isFor, membersOf, placesOf, what, who } from "./given.ts";

/** PGE-28. UPDATE, DELETE and TRUNCATE let their holder LOCK TABLE too; the first two are what applications are for, and ADM-13 looks at the last. */
export const holdingUp: Check = {
  id: "PGE-28",
  title: "an application may end the sessions of others, lock their tables, or take the last connections",
  why: "Whoever takes over the application stops everybody else: it cancels what they do, holds the strongest lock on their tables, or leaves no connection for those who would end it.",
  fix: "Keep these for maintenance and administrators, and declare what such a role is for.",
  example: "roles:\n  vacuumer:\n    purpose: maintenance\n    presets: [{ preset: maintenance, schemas: [sales] }]",
  danger: "medium",
  principles: ["availability"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.9"],
  *find(context) {
    for (const [role, gets] of HOLDS_UP) yield* members(context, role, gets);
    for (const given of givenOn(context, placesOf(context, "table"), ["MAINTAIN"])) {
      if (isFor(context, given.grantee, MAY)) continue;
      yield {
        message: `${who(given.grantee)} holds maintain on ${what(given.resources)} and may lock it against everybody`,
        principals: [given.grantee],
        resources: given.resources,
        fix: { text: "revoke maintain, or declare the role's purpose: maintenance", changes: given.revoking },
      };
    }
  },
};

const MAY: ReadonlySet<Purpose> = new Set(["admin", "break-glass", "maintenance", "migration"]);

const HOLDS_UP: readonly (readonly [string, string])[] = [
  ["pg_maintain", "may lock every table"],
  ["pg_signal_autovacuum_worker", "may stop autovacuum"],
  ["pg_signal_backend", "may end the sessions of others"],
  ["pg_use_reserved_connections", "may take the connections that are kept for emergencies"],
];

function* members(context: CheckContext, role: string, gets: string): Generator<Hit> {
  for (const { member, removing } of membersOf(context, role)) {
    if (isFor(context, member, MAY)) continue;
    yield {
      message: `\`${describeName(member)}\` is a member of \`${role}\` and ${gets}`,
      principals: [member],
      about: role,
      fix: { text: "take the membership away, or declare the role's purpose: maintenance", changes: removing },
    };
  }
}
