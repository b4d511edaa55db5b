import { PUBLIC } from "../../../model/role.ts";
import { makesAnything } from "../../escalation/postgresql-definers.ts";
import { isHeirOf } from "../../escalation/postgresql-users.ts";
import type { Check } from "../check.ts";
import { givenOn, placesOf, what, who } from "./given.ts";
import { named } from "./strength.ts";
import { ownersOf } from "./trigger-rights.ts";

/** PGE-11. */
export const referenceRights: Check = {
  id: "PGE-11",
  title: "REFERENCES on a table of another lets its holder run code as the owner",
  why: "The holder makes a type with an implicit cast of its own, a table with a column of that type, and a foreign key to the table. The check of the key, the cast in it included, runs as the owner of the table that is referred to, as soon as the holder inserts a row of its own.",
  fix: "Revoke REFERENCES, or grant it on the key's columns to roles that are trusted like the owner.",
  example: "revoke references on table sales.orders from app;",
  danger: "high",
  principles: ["least privilege"],
  engines: ["postgresql"],
  *find(context) {
    const { index } = context;
    const places = [...placesOf(context, "table"), ...placesOf(context, "column")];
    for (const given of givenOn(context, places, ["REFERENCES"])) {
      const { grantee, database } = given;
      // Whoever can make nothing anywhere can make neither the type nor the table.
      if (database === null || !(grantee === PUBLIC || makesAnything(index, grantee, database))) continue;
      const owners = ownersOf(context, given.resources).filter((owner) => !isHeirOf(index, grantee, owner));
      if (owners.length === 0) continue;
      yield {
        message: `${who(grantee)} holds references on ${what(given.resources)} and may create in the database, and so runs code as the owner: ${named(owners)}`,
        principals: [grantee],
        resources: given.resources,
        path: [
          `${who(grantee)} makes a foreign key to ${what(given.resources)} from a type of its own`,
          `the cast of that type runs as the owner: ${named(owners)}`,
        ],
        over: "escalable",
        fix: { text: `revoke references from ${who(grantee)}`, changes: given.revoking },
      };
    }
  },
};
