import { describeTyped, type Resource, resourceKey } from "../../../model/resource.ts";
import type { Check } from "../check.ts";
import { isJudged, placesOf, what } from "./given.ts";
import { handsOf, named, said } from "./strength.ts";

/** PGE-16. */
export const databaseOwners: Check = {
  id: "PGE-16",
  title: "ordinary logins own the schema `public` by owning the database",
  why: "From 15 on `public` belongs to pg_database_owner, whose one member is the owner of the database: no membership is recorded, and no list shows it. Whoever acts as that owner may drop and replace everything in `public`, and puts functions where everybody looks up names.",
  fix: "Let a role own the database that cannot log in and has no members but administrators.",
  example: "alter database shop owner to shop_owner;",
  danger: "high",
  principles: ["inheritance control"],
  engines: ["postgresql"],
  versions: ({ major }) => major >= 15,
  cis: ["CIS PostgreSQL 4.10"],
  *find(context) {
    for (const { class: place, resources } of placesOf(context, "database")) {
      const { owner } = place;
      if (owner === null || !isJudged(context, owner)) continue;
      const hands = handsOf(context, owner);
      if (hands.length === 0) continue;
      for (const database of resources) {
        const schema: Resource = { kind: "schema", path: [database.path[0] ?? "", "public"] };
        if (context.index.state.holdings.get(resourceKey(schema))?.owner !== "pg_database_owner") continue;
        yield {
          message: `${named(hands)} ${hands.length === 1 ? "owns" : "own"} \`${describeTyped(schema)}\` of ${what([database])}, by acting as its owner ${said(owner)}`,
          principals: hands,
          resources: [database, schema],
          path: [
            `${said(owner)} owns ${what([database])}`,
            `${said(owner)} is the member of \`pg_database_owner\` there`,
            `\`pg_database_owner\` owns \`${describeTyped(schema)}\``,
          ],
          fix: { text: "let a role own the database that nobody logs in as" },
        };
      }
    }
  },
};
