import { sortedText } from "../../../base/order.ts";
import type { Privilege } from "../../../model/access-list.ts";
import type { Change } from "../../../model/change.ts";
import { describeName, type Resource } from "../../../model/resource.ts";
import type { Grantee } from "../../../model/role.ts";
import { givenTo, GRANT_TABLES_IN } from "../../escalation/mysql-held.ts";
import type { Check, CheckContext } from "../check.ts";
import { concerned, ENGINES, revoke, said, saidPlaces, sure } from "../mysql/principals.ts";
import { isTestSchema } from "./test-schemas.ts";

/** HID-01. */
export const patterns: Check = {
  id: "HID-01",
  title: "a grant on a schema is a pattern, and covers others",
  why: "In `grant ... on shop_eu.*` the character `_` stands for any one and `%` for any number: the grant counts for every schema whose name fits, now and later, and mysql is one.",
  fix: "Write a backslash before `_` and `%`, or grant on each schema by its name.",
  example: "grant select on `shop\\_eu`.* to 'app'@'%';",
  danger: "high",
  principles: ["least privilege"],
  engines: ENGINES,
  cis: ["CIS MySQL 5 DML/DDL"],
  *find(context) {
    const schemas = liveSchemas(context);
    for (const [grantee, given] of givenTo(context.index)) {
      if (!concerned(context, grantee)) continue;
      for (const { kind, privileges, resources } of given) {
        if (kind !== "schema-pattern") continue;
        for (const place of resources.filter((each) => !isTestSchema(each))) {
          const text = place.path[1] ?? "";
          const covered = schemas.filter((schema) => covers(context, text, schema));
          // Without a `%` the one that is meant is the one that is written.
          const isOne = !/%/u.test(text.replaceAll(/\\[\s\S]/gu, ""));
          const literal = text.replaceAll(/\\([\s\S])/gu, "$1");
          const others = isOne ? covered.filter((schema) => schema !== literal) : covered;
          const meant = isOne ? [literal] : covered.filter((schema) => schema !== GRANT_TABLES_IN);
          const now = others.length === 0 ? "whatever will fit it" : `now ${named(others)}`;
          yield {
            message: `what ${said(grantee)} holds on ${saidPlaces([place])} covers ${isOne ? `not only \`${describeName(literal)}\`: ` : ""}${now}`,
            principals: [grantee],
            resources: [place],
            danger: others.length === 0 ? "medium" : "high",
            fix: {
              text: `grant ${said(grantee)} ${meant.length === 0 ? "what it needs by name" : `the same on ${named(meant)}`}, and revoke it on the pattern`,
              changes: [
                ...(meant.length === 0 ? [] : [grantOn(grantee, meant, [...privileges])]),
                revoke(grantee, [place], [...privileges]),
              ],
            },
            ...sure(context),
          };
        }
      }
    }
  },
};

/** The names of the schemas that exist, the one of the grant tables too, sorted. */
export function liveSchemas({ index }: CheckContext): readonly string[] {
  const names = [...index.catalog.entries.values()]
    .filter(({ resource, missing }) => resource.kind === "schema" && missing !== true)
    .map(({ resource }) => resource.path[1] ?? "");
  return sortedText([...names, GRANT_TABLES_IN]);
}

/** Whether the text of a grant on schemas covers one of this name. */
export function covers({ index }: CheckContext, pattern: string, schema: string): boolean {
  return index.rules.accounts?.covers(pattern, schema) === true;
}

const NAMED = 3;

function named(schemas: readonly string[]): string {
  const more = schemas.length > NAMED ? ` and ${schemas.length - NAMED} more` : "";
  return `${schemas
    .slice(0, NAMED)
    .map((schema) => `\`${describeName(schema)}\``)
    .join(", ")}${more}`;
}

function grantOn(grantee: Grantee, schemas: readonly string[], privileges: readonly Privilege[]): Change {
  const resources = schemas.map((schema): Resource => ({ kind: "schema", path: ["def", schema] }));
  return { ...revoke(grantee, resources, privileges), kind: "add-grant" };
}
