import { compareText, sorted } from "../../../base/order.ts";
import { describeTyped, type Resource, type ResourceKind, resourceKey } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { isHeirOf } from "../../escalation/postgresql-users.ts";
import type { Check, CheckContext } from "../check.ts";
import { distinct, isJudged } from "./given.ts";
import { bySchema, named, said } from "./strength.ts";

const KINDS: ReadonlySet<ResourceKind> = new Set<ResourceKind>(["routine", "sequence", "table"]);

/** PGE-15. */
export const schemaOwners: Check = {
  id: "PGE-15",
  title: "the owner of a schema is not the owner of what is in it",
  why: "The owner of a schema may drop everything in it, whoever owns that, and make its own in the place of it: its code then runs as those who use the name.",
  fix: "Let one role own the schema and what is in it.",
  example: "alter schema sales owner to sales_owner;",
  danger: "medium",
  principles: ["least privilege"],
  engines: ["postgresql"],
  *find(context) {
    for (const [, { schema, owner, others, resources, mixed }] of sorted(foreignIn(context), ([a], [b]) =>
      compareText(a, b),
    )) {
      const owners = [...others].sort(compareText);
      const [only] = owners;
      yield {
        message: `${said(owner)} owns \`${describeTyped(schema)}\` and may drop and replace ${resources.length === 1 ? "one thing" : `${resources.length} things`} there of ${named(owners)}`,
        principals: [owner],
        resources: distinct(resources),
        about: resourceKey(schema),
        over: "escalable",
        fix: {
          text: "let one role own the schema and what is in it",
          ...(owners.length === 1 && only !== undefined && !mixed
            ? {
                changes: [
                  {
                    kind: "change-owner",
                    resourceKind: "schema",
                    database: schema.path[0] ?? null,
                    resources: [schema],
                    from: owner,
                    to: only,
                  },
                ],
              }
            : {}),
        },
      };
    }
  },
};

interface Foreign {
  readonly schema: Resource;
  readonly owner: RoleName;
  readonly others: Set<RoleName>;
  readonly resources: Resource[];
}

/** By schema: what others own there, and whether its owner has something there too. What extensions made is theirs. */
function foreignIn(context: CheckContext): ReadonlyMap<string, Foreign & { readonly mixed: boolean }> {
  const { index } = context;
  const found = new Map<string, Foreign>();
  const mixed = new Set<string>();
  for (const place of index.classes.all) {
    if (!KINDS.has(place.kind) || place.owner === null) continue;
    for (const [name, there] of bySchema(place.resources)) {
      const schema: Resource = { kind: "schema", path: [place.database ?? "", name] };
      const key = resourceKey(schema);
      const owner = index.state.holdings.get(key)?.owner ?? null;
      if (owner === place.owner) mixed.add(key);
      if (owner === null || !isJudged(context, owner) || isHeirOf(index, owner, place.owner)) continue;
      const own = there.filter((each) => index.catalog.entries.get(resourceKey(each))?.extension === undefined);
      if (own.length === 0) continue;
      const group = found.get(key) ?? { schema, owner, others: new Set(), resources: [] };
      group.others.add(place.owner);
      for (const each of own) group.resources.push(each);
      found.set(key, group);
    }
  }
  return new Map([...found].map(([key, each]) => [key, { ...each, mixed: mixed.has(key) }]));
}
