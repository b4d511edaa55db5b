import { type Resource, resourceKey, tableOf } from "../../../model/resource.ts";
import type { ResourceClass } from "../../resource-class.ts";
import type { Check, CheckContext } from "../check.ts";
import { type Given, givenOn, type Place, placesOf, what, who, words } from "./given.ts";

/** PGE-19. */
export const pastRowSecurity: Check = {
  id: "PGE-19",
  title: "TRUNCATE or REFERENCES is held on a table with row security",
  why: "Row policies do not apply to TRUNCATE, which removes the rows of everybody, nor to foreign keys, whose checks tell whether a row exists that the policies hide.",
  fix: "Take both from everybody but the owner. Who must empty the table for good reason does so by a function of the owner.",
  danger: "medium",
  principles: ["least privilege"],
  engines: ["postgresql"],
  *find(context) {
    const tables = rowSecured(context);
    if (tables.length === 0) return;
    const columns = columnsOf(context, tables);
    for (const given of givenOn(context, [...tables, ...columns], ["TRUNCATE", "REFERENCES"])) {
      if (isExempt(context, given)) continue;
      const held = words(given.privileges);
      yield {
        message: `${who(given.grantee)} holds ${held} on ${what(given.resources)} with row security, which does not apply to that`,
        principals: [given.grantee],
        resources: given.resources,
        fix: { text: `revoke ${held} from ${who(given.grantee)}`, changes: given.revoking },
      };
    }
  },
};

/** Tables whose policies apply, by class. */
function rowSecured({ index }: CheckContext): readonly Place[] {
  const found = new Map<ResourceClass, Resource[]>();
  for (const [key, { resource, rowSecurity }] of index.state.holdings) {
    if (rowSecurity?.enabled !== true) continue;
    const place = index.classes.of(key);
    if (place === undefined) continue;
    const tables = found.get(place);
    if (tables === undefined) found.set(place, [resource]);
    else tables.push(resource);
  }
  return [...found].map(([place, resources]) => ({ class: place, resources }));
}

/** Those of their columns that have a list of their own. */
function columnsOf(context: CheckContext, tables: readonly Place[]): readonly Place[] {
  const keys = new Set(tables.flatMap((each) => each.resources.map(resourceKey)));
  return placesOf(context, "column").map((each) => ({
    class: each.class,
    resources: each.resources.filter((column) => keys.has(resourceKey(tableOf(column)))),
  }));
}

/** Whom no policy applies to anyway. */
function isExempt({ index }: CheckContext, { grantee }: Given): boolean {
  return index.state.roles.get(grantee)?.attributes["bypassrls"] === true;
}
