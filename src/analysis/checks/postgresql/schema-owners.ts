import { compareText, sorted } from "../../../base/order.ts";
import { describeTyped, type Resource, type ResourceKind, resourceKey } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { isHeirOf } from "../../escalation/postgresql-users.ts";
import type { Check, CheckContext } from "../check.ts";
import { distinct, isJudged, placesOf } from "./given.ts";
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
  const owners = judgedOwners(context);
  const found = new Map<string, Foreign>();
  for (const place of index.classes.all) {
    const here = owners.get(place.database ?? "");
    if (!KINDS.has(place.kind) || place.owner === null || here === undefined) continue;
    const foreign = new Set([...here.owners].filter((owner) => !isHeirOf(index, owner, place.owner ?? "")));
    if (foreign.size === 0) continue;
    for (const [name, there] of bySchema(place.resources)) {
      const owner = here.bySchema.get(name);
      if (owner === undefined || !foreign.has(owner)) continue;
      const schema: Resource = { kind: "schema", path: [place.database ?? "", name] };
      const own = there.filter((each) => index.catalog.entries.get(resourceKey(each))?.extension === undefined);
      if (own.length === 0) continue;
      const group = found.get(resourceKey(schema)) ?? { schema, owner, others: new Set(), resources: [] };
      group.others.add(place.owner);
      for (const each of own) group.resources.push(each);
      found.set(resourceKey(schema), group);
    }
  }
  return new Map([...found].map(([key, each]) => [key, { ...each, mixed: hasOwn(context, each) }]));
}

interface SchemaOwners {
  readonly owners: Set<RoleName>;
  readonly bySchema: Map<string, RoleName>;
}

/** The schemas whose owners are judged, by database. */
function judgedOwners(context: CheckContext): ReadonlyMap<string, SchemaOwners> {
  const found = new Map<string, SchemaOwners>();
  for (const { class: place, resources } of placesOf(context, "schema")) {
    if (place.owner === null || !isJudged(context, place.owner)) continue;
    const here = found.get(place.database ?? "") ?? { owners: new Set(), bySchema: new Map() };
    here.owners.add(place.owner);
    for (const { path } of resources) here.bySchema.set(path[1] ?? "", place.owner);
    found.set(place.database ?? "", here);
  }
  return found;
}

function hasOwn({ index }: CheckContext, { schema, owner }: Foreign): boolean {
  const [database, name] = schema.path;
  return index.classes.all.some(
    (place) =>
      KINDS.has(place.kind) &&
      place.owner === owner &&
      place.database === database &&
      place.resources.some((each) => each.path[1] === name),
  );
}
