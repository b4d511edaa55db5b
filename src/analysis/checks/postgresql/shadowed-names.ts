import { sortedText } from "../../../base/order.ts";
import { describeResource, type Resource } from "../../../model/resource.ts";
import type { Grantee } from "../../../model/role.ts";
import { loginsLookingIn } from "../../escalation/postgresql-search-paths.ts";
import { isHeirOf } from "../../escalation/postgresql-users.ts";
import type { Check, CheckContext, Hit } from "../check.ts";
import { givenOn, isJudged, placesOf, what, who } from "./given.ts";
import { named, said, trustIn } from "./strength.ts";

/** PGE-13. */
export const shadowedNames: Check = {
  id: "PGE-13",
  title: "weaker roles may create where stronger ones look up names",
  why: "A name without a schema is looked up in every schema of the search_path. Who may create in one of them makes a function that fits a call better, or a table of the same name, and the stronger role runs it (CVE-2018-1058). Databases from before 15 let everybody create in `public`, which is in the path of everybody.",
  fix: "Revoke CREATE on the schema, or take the schema out of the search_path of the stronger roles.",
  example: "revoke create on schema public from public;",
  danger: "high",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.10"],
  *find(context) {
    for (const given of givenOn(context, placesOf(context, "schema"), ["CREATE"])) {
      for (const schema of given.resources) {
        const hit = shadowing(context, given.grantee, schema, "may create in");
        if (hit === null) continue;
        const changes = given.revoking.map((each) => ({ ...each, resources: [schema] }));
        yield { ...hit, fix: { text: `revoke create on it from ${who(given.grantee)}`, changes } };
      }
    }
    for (const { class: place, resources } of placesOf(context, "schema")) {
      if (place.owner === null || !isJudged(context, place.owner)) continue;
      for (const schema of resources) {
        const hit = shadowing(context, place.owner, schema, "owns");
        if (hit === null) continue;
        yield {
          ...hit,
          fix: { text: "take the schema out of their search_path, or give it to a role that nobody logs in as" },
        };
      }
    }
    if (context.posture?.postgresql?.databaseSettings == null) {
      yield { unknown: "the search_path that databases set was not read" };
    }
  },
};

function shadowing(context: CheckContext, grantee: Grantee, schema: Resource, does: string): Omit<Hit, "fix"> | null {
  const posture = context.posture?.postgresql ?? null;
  const victims = sortedText(
    loginsLookingIn(context.index, posture, schema).filter(
      (each) => trustIn(context, each) !== null && !isHeirOf(context.index, grantee, each),
    ),
  );
  if (victims.length === 0 || trustIn(context, grantee) !== null) return null;
  const [first = ""] = victims;
  return {
    message: `${who(grantee)} ${does} ${what([schema])}, where ${named(victims)} ${victims.length === 1 ? "looks" : "look"} up names`,
    principals: [grantee],
    resources: [schema],
    about: does,
    path: [
      `${who(grantee)} ${does} \`${describeResource(schema)}\``,
      `\`${describeResource(schema)}\` is in the search_path of ${said(first)}, which ${trustIn(context, first) ?? "is trusted"}`,
    ],
    over: "escalable",
  };
}
