import type { Purpose } from "../../../model/declared.ts";
import type { Check } from "../check.ts";
import { givenOn, isFor, placesOf, what, who } from "./given.ts";

const MAKERS: ReadonlySet<Purpose> = new Set<Purpose>(["admin", "migration"]);

/** PGE-14. */
export const databaseCreate: Check = {
  id: "PGE-14",
  title: "CREATE is held on a database",
  why: "Its holder makes schemas, also one called like another login, in which that login's sessions look up names first; and it installs trusted extensions, whose functions everybody may call.",
  fix: "Revoke CREATE on the database. Schemas are made by the role that migrates, or by an administrator.",
  example: "revoke create on database shop from app;",
  danger: "medium",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.10"],
  *find(context) {
    for (const given of givenOn(context, placesOf(context, "database"), ["CREATE"])) {
      if (isFor(context, given.grantee, MAKERS)) continue;
      for (const database of given.resources) {
        yield {
          message: `${who(given.grantee)} may make schemas in ${what([database])}`,
          principals: [given.grantee],
          resources: [database],
          fix: {
            text: `revoke create on it from ${who(given.grantee)}`,
            changes: given.revoking.map((each) => ({ ...each, resources: [database] })),
          },
        };
      }
    }
  },
};
