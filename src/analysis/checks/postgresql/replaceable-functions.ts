import { listBits } from "../../bits.ts";
import type { Resource } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { inheritedOnly } from "../../escalation/postgresql-owners.ts";
import type { Check } from "../check.ts";
import { distinct, isJudged, placesOf, what } from "./given.ts";
import { named, said, strengthOf } from "./strength.ts";

/** PGE-09. */
export const replaceableFunctions: Check = {
  id: "PGE-09",
  title: "members who may not become a role can run code as it",
  why: "SET FALSE looks as if a member had the privileges of the role and could never act as it. Having its privileges is owning what it owns: the member replaces one of its functions, adds SECURITY DEFINER, and runs as the role, its attributes included.",
  fix: "Roles that own functions have no members. Give what is needed to another role, and make that one's members.",
  danger: "critical",
  principles: ["inheritance control"],
  engines: ["postgresql"],
  versions: ({ major }) => major >= 16,
  *find(context) {
    const { graph, recorded } = context.index;
    if (inheritedOnly(context.index).size === 0) return;
    const owned = new Map<number, Resource[]>();
    for (const { class: place, resources } of placesOf(context, "routine")) {
      owned.set(place.compiled.owner, [...(owned.get(place.compiled.owner) ?? []), ...resources]);
    }
    for (const [id, routines] of [...owned].sort(([a], [b]) => a - b)) {
      const owner = graph.names[id] as RoleName;
      const setters = new Set(listBits(graph.setters(id, null)));
      const members = listBits(graph.heirs(id, null))
        .filter((each) => !setters.has(each))
        .map((each) => graph.names[each] as RoleName)
        .filter((each) => isJudged(context, each));
      if (members.length === 0) continue;
      const resources = distinct(routines);
      const rows = [...recorded.memberships.values()].filter(
        (each) => each.role === owner && members.includes(each.member) && !each.implied,
      );
      const strength = strengthOf(context, owner);
      yield {
        message: `${named(members)} may not become ${said(owner)}${strength === null ? "" : `, which ${strength}`}, but can replace ${what(resources)} and run as it`,
        principals: members,
        resources,
        path: [
          `${named(members)} has the privileges of ${said(owner)}`,
          `${said(owner)} owns ${what(resources)}, which can be replaced and made SECURITY DEFINER`,
        ],
        over: "escalable",
        ...(strength === null ? { danger: "high" as const } : {}),
        fix: {
          text: `end the membership in ${said(owner)}`,
          changes: rows.map((membership) => ({ kind: "remove-membership", membership })),
        },
      };
    }
  },
};
