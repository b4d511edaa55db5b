import type { Resource } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { WRITES } from "../../escalation/postgresql-code.ts";
import { isHeirOf, usersOf } from "../../escalation/postgresql-users.ts";
import type { Check, CheckContext } from "../check.ts";
import { givenOn, placesOf, what, who } from "./given.ts";
import { named } from "./strength.ts";

/** PGE-10. */
export const triggerRights: Check = {
  id: "PGE-10",
  title: "TRIGGER is held on a table of another",
  why: "Its holder puts a trigger on the table, with a function of its own. That function runs as whoever writes to the table next: the application, a migration, an administrator, the owner.",
  fix: "Revoke TRIGGER. The owner makes triggers.",
  example: "revoke trigger on table sales.orders from app;",
  danger: "critical",
  principles: ["least privilege"],
  engines: ["postgresql"],
  *find(context) {
    for (const given of givenOn(context, placesOf(context, "table"), ["TRIGGER"])) {
      const owners = ownersOf(context, given.resources).filter(
        (owner) => !isHeirOf(context.index, given.grantee, owner),
      );
      if (owners.length === 0) continue;
      const victims = victimsOf(context, given.resources).filter((each) => each !== given.grantee);
      yield {
        message: `${who(given.grantee)} holds trigger on ${what(given.resources)}, and so runs code as whoever writes there: ${named(victims.length === 0 ? owners : victims)}`,
        principals: [given.grantee],
        resources: given.resources,
        over: "escalable",
        fix: { text: `revoke trigger from ${who(given.grantee)}`, changes: given.revoking },
      };
    }
  },
};

/** The owners of some things, sorted. */
export function ownersOf({ index }: CheckContext, resources: readonly Resource[]): readonly RoleName[] {
  const owners = new Set(resources.map((each) => index.classOf(each)?.owner ?? ""));
  return [...owners].filter((each) => each !== "").sort();
}

function victimsOf({ index }: CheckContext, resources: readonly Resource[]): readonly RoleName[] {
  const classes = new Set(resources.map((each) => index.classOf(each)));
  const found = new Set<RoleName>();
  for (const place of classes) if (place !== null) for (const user of usersOf(index, place, WRITES)) found.add(user);
  return [...found].sort();
}
