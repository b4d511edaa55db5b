import { describeName } from "../../../model/resource.ts";
import { type Grantee, PUBLIC, type RoleName } from "../../../model/role.ts";
import type { Change } from "../../../model/change.ts";
import { heldMask } from "../../access-index.ts";
import { EVERYBODY } from "../../resource-class.ts";
import type { Check, CheckContext, Hit } from "../check.ts";
import { who, words } from "../postgresql/given.ts";
import { consumersOf } from "./consumers.ts";
import { creatorsOf } from "./creators.ts";
import { defaultChange, futureOf, type Making, promise, schemaResource } from "./future.ts";
import { type SchemaTables, tablesBySchema } from "./tables-by-schema.ts";

/** DEF-01. */
export const unreadableTables: Check = {
  id: "DEF-01",
  title: "a role that makes tables promises nothing to those who use the tables there",
  why: "The next table that it makes can be read by nobody but itself: the migration succeeds, and the application fails with `permission denied` in production.",
  fix: "Promise it for what each creator makes from now on: `future: { creators: [...] }`, or let migrations SET ROLE to the one creator that has promises.",
  example:
    'roles:\n  app_rw:\n    grants:\n      - privileges: [select, insert, update, delete]\n        on: { tables: "sales.*" }\n        future: { creators: [app_owner, deployer] }',
  danger: "high",
  principles: ["availability"],
  engines: ["postgresql"],
  *find(context) {
    for (const there of tablesBySchema(context.index)) {
      const consumers = consumersOf(context, there);
      if (consumers.size === 0) continue;
      const { known, possible } = creatorsOf(context, there);
      for (const creator of known) {
        const missing = leftOut(context, there, creator, consumers);
        if (missing.length > 0) yield { ...hit(there, creator, missing), ...(context.change === null ? {} : LATER) };
      }
      const others = possible.flatMap((creator) => {
        const missing = leftOut(context, there, creator, consumers);
        return missing.length === 0 ? [] : [{ creator, missing }];
      });
      if (others.length > 0) yield hitOfMany(there, others);
    }
  },
};

/** A plan that grants on what exists breaks nothing by itself: the next table is not its doing. */
const LATER = { danger: "medium" } as const;

interface Missing {
  readonly grantee: Grantee;
  readonly privileges: readonly string[];
}

/** What consumers would not have on a table that this role makes there now. */
function leftOut(
  { index }: CheckContext,
  { database, schema }: SchemaTables,
  creator: RoleName,
  consumers: ReadonlyMap<Grantee, number>,
): readonly Missing[] {
  const place = futureOf(index).class({ creator, database, schema, kind: "table" });
  return [...consumers.keys()].sort().flatMap((grantee): Missing[] => {
    if (grantee === creator) return [];
    const wanted = consumers.get(grantee) ?? 0;
    const id = grantee === PUBLIC ? EVERYBODY : index.graph.idOf(grantee);
    const lacks = wanted & ~heldMask(index, place, id, wanted, {});
    return lacks === 0 ? [] : [{ grantee, privileges: index.bits.names("table", lacks) }];
  });
}

function hit({ database, schema }: SchemaTables, creator: RoleName, missing: readonly Missing[]): Hit {
  const making: Making = { creator, database, schema, kind: "table" };
  const toRoles = missing.filter(({ grantee }) => grantee !== PUBLIC);
  return {
    message: `a table that \`${describeName(creator)}\` makes in schema \`${describeName(schema)}\` is closed to ${listed(missing)}`,
    principals: [creator],
    resources: [schemaResource(database, schema)],
    path: missing.map(({ grantee, privileges }) => `${who(grantee)} uses the tables there: ${words(privileges)}`),
    fix: {
      text: `promise it for what \`${describeName(creator)}\` makes there from now on`,
      get manifest() {
        return toRoles.flatMap(({ grantee, privileges }) => promise(making, grantee, privileges));
      },
      get changes() {
        return missing.map(
          ({ grantee, privileges }): Change => defaultChange("add-default", making, grantee, privileges),
        );
      },
    },
  };
}

function hitOfMany(
  { database, schema }: SchemaTables,
  creators: readonly { readonly creator: RoleName; readonly missing: readonly Missing[] }[],
): Hit {
  const names = creators.map(({ creator }) => creator);
  const shut = [...new Set(creators.flatMap(({ missing }) => missing.map(({ grantee }) => grantee)))].sort();
  return {
    message: `a table that ${few(names)} would make in schema \`${describeName(schema)}\` is closed to ${few(shut)}`,
    principals: names,
    resources: [schemaResource(database, schema)],
    about: `possible\0${database}\0${schema}`,
    danger: "medium",
    fix: {
      text: "take CREATE from those who make nothing there, let sessions start as the one creator that has promises (the setting `role`), or promise it for what they make",
      get changes() {
        return creators.flatMap(({ creator, missing }) =>
          missing.map(({ grantee, privileges }) => {
            return defaultChange("add-default", { creator, database, schema, kind: "table" }, grantee, privileges);
          }),
        );
      },
    },
  };
}

function listed(missing: readonly Missing[]): string {
  return few(missing.map(({ grantee }) => grantee));
}

/** Three names at most. */
function few(names: readonly Grantee[]): string {
  const shown = names.slice(0, 3).map(who).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
