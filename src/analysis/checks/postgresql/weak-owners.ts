import type { Resource } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { isEmpty, keepBits, listBits } from "../../bits.ts";
import { userBits } from "../../escalation/postgresql-users.ts";
import type { Check, CheckContext } from "../check.ts";
import { distinct, isJudged, placesOf, what } from "./given.ts";
import { bySchema, handsOf, named, said, trustedRoles, trustIn } from "./strength.ts";

const USES = ["DELETE", "INSERT", "MAINTAIN", "SELECT", "TRUNCATE", "UPDATE"];

/** PGE-12. */
export const weakOwners: Check = {
  id: "PGE-12",
  title: "strong roles use tables or views that belong to weaker ones",
  why: "Defaults, checks, triggers, index expressions, policies and the functions in a view run as whoever uses or maintains the table. Its owner writes that code: who owns what a stronger role uses can act as that role.",
  fix: "Let a role own it that nobody logs in as and that has no members but administrators.",
  danger: "high",
  principles: ["least privilege", "separation of duties"],
  engines: ["postgresql"],
  *find(context) {
    for (const found of usedByStronger(context)) {
      const { owner, users, hands } = found;
      const resources = distinct(found.resources);
      const [first = ""] = users;
      yield {
        message: `${named(users)} ${trustIn(context, first) ?? "is trusted"} and uses ${what(resources)}, whose code ${named(hands)} can change`,
        principals: hands,
        resources,
        about: users.join("\0"),
        path: [
          `${named(hands)} acts with the rights of ${said(owner)}, which owns ${what(resources)}`,
          `its code runs as its user ${named(users)}`,
        ],
        over: "escalable",
        fix: {
          text: "let a role own it that cannot log in and that only administrators are members of",
        },
      };
    }
  },
};

interface Used {
  readonly owner: RoleName;
  readonly hands: readonly RoleName[];
  readonly users: readonly RoleName[];
  readonly resources: Resource[];
}

/** Tables of one owner in one schema that the same stronger roles use by a grant. */
function usedByStronger(context: CheckContext): Iterable<Used> {
  const found = new Map<string, Used>();
  const handsOfOwner = new Map<RoleName, readonly RoleName[]>();
  for (const { class: place, resources } of placesOf(context, "table")) {
    const { owner } = place;
    if (owner === null || !isJudged(context, owner)) continue;
    let hands = handsOfOwner.get(owner);
    if (hands === undefined) handsOfOwner.set(owner, (hands = handsOf(context, owner)));
    if (hands.length === 0) continue;
    const bits = userBits(context.index, place, USES);
    keepBits(bits, trustedRoles(context));
    if (isEmpty(bits)) continue;
    const users = listBits(bits).map((id) => context.index.graph.names[id] as RoleName);
    for (const [schema, there] of bySchema(resources)) {
      const key = [place.database, schema, owner, ...users].join("\0");
      const group = found.get(key);
      if (group === undefined) found.set(key, { owner, hands, users, resources: [...there] });
      else for (const each of there) group.resources.push(each);
    }
  }
  return found.values();
}
