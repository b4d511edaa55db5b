import { PUBLIC } from "../../../model/role.ts";
import { givenTo } from "../../escalation/mysql-held.ts";
import type { Check } from "../check.ts";
import { concerned, ENGINES, isFor, revoking, said, saidPlaces, sure } from "./principals.ts";

const RENAMING = ["ALTER", "CREATE", "DROP", "INSERT"];

/** MYE-12. */
export const swapTables: Check = {
  id: "MYE-12",
  title: "tables can be swapped around the grants on them",
  why: "Grants go by the names of tables. Who may rename them puts another table under a name that somebody may read, or what is protected under a name that is not.",
  fix: "Take ALTER, CREATE and DROP from what runs; leave them to the account that deploys.",
  danger: "medium",
  principles: ["least privilege"],
  engines: ENGINES,
  cis: ["CIS MySQL 5 DML/DDL"],
  *find(context) {
    for (const [grantee, given] of givenTo(context.index)) {
      if (grantee === PUBLIC || !concerned(context, grantee) || isFor(context, grantee, ["migration"])) continue;
      for (const kind of ["schema", "schema-pattern"] as const) {
        const resources = given.flatMap((one) =>
          one.kind === kind && RENAMING.every((privilege) => one.privileges.has(privilege)) ? one.resources : [],
        );
        if (resources.length === 0) continue;
        yield {
          message: `${said(grantee)} may rename tables in ${saidPlaces(resources)}, and so move them from under the grants on them`,
          principals: [grantee],
          resources,
          over: "escalable",
          fix: revoking(grantee, resources, ["ALTER", "CREATE", "DROP"]),
          ...sure(context),
        };
      }
    }
  },
};
