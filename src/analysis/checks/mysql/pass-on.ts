import type { Resource, ResourceKind } from "../../../model/resource.ts";
import type { Grantee } from "../../../model/role.ts";
import { givenTo } from "../../escalation/mysql-held.ts";
import type { Check } from "../check.ts";
import { concerned, ENGINES, revoking, said, saidPlaces, sure } from "./principals.ts";

/** MYE-07. */
export const passOn: Check = {
  id: "MYE-07",
  title: "somebody who is no administrator may pass privileges on",
  why: "GRANT OPTION counts for everything that is held at its place and below, now and later: its holder gives that to anybody, PUBLIC too; two who hold it in part make each other whole.",
  fix: "Revoke GRANT OPTION; let roles be granted by those who administer them.",
  danger: "high",
  principles: ["inheritance control", "least privilege"],
  engines: ENGINES,
  cis: ["CIS MySQL 5 GRANT OPTION"],
  *find(context) {
    const others = holdersByPlace(givenTo(context.index));
    for (const [grantee, all] of givenTo(context.index)) {
      if (!concerned(context, grantee) || context.people.administers(grantee)) continue;
      const byKind = new Map<ResourceKind, Resource[]>();
      for (const { kind, privileges, resources, grantable } of all) {
        const passes = kind === "dynamic-privilege" ? grantable.length > 0 : privileges.has("GRANT OPTION");
        if (passes) byKind.set(kind, [...(byKind.get(kind) ?? []), ...resources]);
      }
      for (const [kind, resources] of byKind) {
        const privilege = kind === "dynamic-privilege" ? "USAGE" : "GRANT OPTION";
        const partners = [...new Set(resources.flatMap((each) => [...(others.get(each) ?? [])]))];
        const fix = revoking(grantee, resources, [privilege]);
        yield {
          message: `${said(grantee)} may pass on what it holds on ${saidPlaces(resources)}, to anybody`,
          principals: [grantee],
          resources,
          path: partners
            .filter((name) => name !== grantee)
            .slice(0, 3)
            .map((name) => `${said(name)} may too: each can give the other what it lacks there`),
          over: "escalable",
          fix,
          ...sure(context),
        };
      }
    }
  },
};

/** Who holds GRANT OPTION on one and the same thing. */
function holdersByPlace(given: ReturnType<typeof givenTo>): ReadonlyMap<Resource, ReadonlySet<Grantee>> {
  const found = new Map<Resource, Set<Grantee>>();
  for (const [grantee, all] of given) {
    for (const { privileges, resources } of all) {
      if (!privileges.has("GRANT OPTION")) continue;
      for (const each of resources) found.set(each, (found.get(each) ?? new Set()).add(grantee));
    }
  }
  return found;
}
