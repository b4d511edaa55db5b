import { sorted } from "../../../base/order.ts";
import { compareResources, type Resource } from "../../../model/resource.ts";
import type { Grantee, RoleName } from "../../../model/role.ts";
import { replacers } from "../../escalation/mysql.ts";
import type { Check, CheckContext } from "../check.ts";
import { concerned, ENGINES, isFor, revokingRecorded, said, saidPlaces, sure } from "./principals.ts";

/** MYE-11. */
export const replaceCode: Check = {
  id: "MYE-11",
  title: "code that others call can be replaced",
  why: "ALTER ROUTINE drops a routine and CREATE ROUTINE makes another one of its name: whoever calls it runs that code, with the rights of the caller where it says SQL SECURITY INVOKER.",
  fix: "Keep code in a schema of its own, where only who deploys it may make and drop routines.",
  danger: "high",
  principles: ["least privilege"],
  engines: ENGINES,
  cis: ["CIS MySQL 5 stored programs"],
  *find(context) {
    const { index } = context;
    const found = new Map<Grantee, Resource[]>();
    for (const [schema, definers] of definerRoutines(context)) {
      const place: Resource = { kind: "schema", path: ["def", schema] };
      const both = replacers(index, place);
      for (const name of both) {
        // Who has both from one of its roles is told with that role.
        const roles = (index.graph.up[index.graph.idOf(name)] ?? []).filter((edge) => edge.privileges);
        const isByRole = roles.some((edge) => both.includes(index.graph.names[edge.to] as RoleName));
        if (isByRole || [...definers].every((definer) => definer === name)) continue;
        if (!concerned(context, name) || isFor(context, name, ["migration"])) continue;
        found.set(name, [...(found.get(name) ?? []), place]);
      }
    }
    for (const [name, places] of found) {
      const wanted = places.map((resource) => ({ privilege: "ALTER ROUTINE", resource }));
      yield {
        message: `${said(name)} may replace routines of others in ${saidPlaces(places)}`,
        principals: [name],
        resources: sorted(places, compareResources),
        path: [`${said(name)} drops a routine and makes its own in its place`, "who calls it runs that"],
        over: "escalable",
        fix: {
          text: `revoke ALTER ROUTINE on ${saidPlaces(places)} from ${said(name)}`,
          changes: revokingRecorded(context, name, wanted),
        },
        ...sure(context),
      };
    }
  },
};

/** The definers of the routines of each schema that run as them. */
function definerRoutines({ index }: CheckContext): ReadonlyMap<string, ReadonlySet<RoleName>> {
  const found = new Map<string, Set<RoleName>>();
  for (const { resource, securityDefiner, definer } of index.catalog.entries.values()) {
    if (securityDefiner !== true || definer === undefined) continue;
    const schema = resource.path[1] ?? "";
    found.set(schema, (found.get(schema) ?? new Set()).add(definer));
  }
  return found;
}
