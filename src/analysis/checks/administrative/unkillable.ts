import { resourceKey } from "../../../model/resource.ts";
import { hasBit } from "../../bits.ts";
import { holdersOf } from "../../access-index.ts";
import { administers } from "../../administrators.ts";
import type { Check } from "../check.ts";
import { who } from "../general/telling.ts";

/** ADM-16. */
export const unkillable: Check = {
  id: "ADM-16",
  title: "SYSTEM_USER is not where it belongs",
  why: "With it an account can only be changed or ended by others that have it. An administrator without it can be locked out by anybody with CREATE USER; an ordinary account with it cannot be stopped.",
  fix: "Grant SYSTEM_USER to administrators and take it from everybody else.",
  example: 'roles:\n  dba: { purpose: admin, grants: ["usage on dynamic-privilege SYSTEM_USER"] }',
  danger: "medium",
  principles: ["lock-out safety", "least privilege"],
  engines: ["mysql"],
  cis: ["CIS MySQL 5 dynamic privileges"],
  *find(context) {
    const { index, logins, people } = context;
    const { graph } = index;
    const place = index.classes.of(resourceKey({ kind: "dynamic-privilege", path: ["SYSTEM_USER"] }));
    const holders =
      place === undefined
        ? null
        : holdersOf(index, place, index.bits.bit("dynamic-privilege", "USAGE"), { reachable: true }).roles;
    for (const { name } of logins) {
      const isAdmin = people.administers(name) || administers(index, name);
      const holds = holders !== null && hasBit(holders, graph.idOf(name));
      if (isAdmin === holds) continue;
      yield {
        message: isAdmin
          ? `the administrator ${who(name)} has no SYSTEM_USER`
          : `${who(name)} has SYSTEM_USER, and is no administrator`,
        principals: [name],
        about: isAdmin ? "lacks" : "has",
        fix: {
          text: isAdmin
            ? `grant SYSTEM_USER to ${who(name)}`
            : `take SYSTEM_USER from ${who(name)} or from the role that gives it`,
        },
      };
    }
  },
};
