import type { Change } from "../../../model/change.ts";
import { type Resource, resourceKey } from "../../../model/resource.ts";
import type { Check } from "../check.ts";
import { type Granted, revoking } from "../general/granted.ts";
import { inYaml, revokeLines } from "../general/lines.ts";
import { reachedBy } from "../general/reached.ts";
import { bitsOf, machineLogins } from "../general/roles.ts";
import { several, what, who, words } from "../general/telling.ts";
import { grantsOf, isFor, taking } from "./judged.ts";

/** CSE-09. */
export const altersTables: Check = {
  id: "CSE-09",
  title: "an application may alter tables or keyspaces",
  why: "ALTER drops columns with what is in them, changes how many copies there are, and makes indexes and views: a mistake of a program takes the data away from everybody.",
  fix: "Give ALTER to a role for migrations that the application does not use.",
  example:
    "roles:\n  app: { revoke: [alter on schema shop] }\n  migrations: { purpose: migration, grants: [alter on schema shop] }",
  danger: "medium",
  principles: ["availability"],
  engines: ["cassandra"],
  needs: ["declared"],
  *find(context) {
    const { index } = context;
    const applications = machineLogins(context).filter(
      ({ name }) => !isFor(context, name, ["migration", "maintenance"]),
    );
    const kinds = new Set<string>(["schema", "schema-tables", "table"]);
    const reached = reachedBy(context, bitsOf(index, applications), ({ kind }) =>
      kinds.has(kind) ? index.bits.mask(kind, ["ALTER"]) : 0,
    );
    for (const { given, logins } of reached) {
      const others = logins.filter((each) => each !== given.grantee);
      const through = others.length === 0 ? "" : `, which gives it to ${several(others)}`;
      yield {
        message: `${who(given.grantee)} may alter ${what(given.resources)}${through}`,
        principals: [given.grantee],
        resources: given.resources,
        fix: taking(given, ", and give it to a role for migrations"),
      };
    }
  },
};

/** What applications and people are given on data; what covers a keyspace on purpose has a kind of its own. */
const USED_ON_DATA = ["MODIFY", "SELECT"] as const;

/** CSE-12. */
export const futureTables: Check = {
  id: "CSE-12",
  title: "a grant on a keyspace covers every table that will ever be made in it",
  why: "Whoever adds a table with something new in it gives it to all who hold the keyspace, and does not see that.",
  fix: "Grant on the tables that are needed, or on all tables of the keyspace where that is meant.",
  example: "roles:\n  app: { grants: [select on tables-of-schema shop] }",
  danger: "low",
  principles: ["least privilege"],
  engines: ["cassandra"],
  cis: ["CIS Cassandra review user-defined roles"],
  *find(context) {
    const holder = (name: string): boolean => !isFor(context, name, ["audit", "backup", "maintenance", "migration"]);
    // Tables of the server's own are made by its upgrades alone.
    const keep = (resource: Resource): boolean =>
      context.index.catalog.entries.get(resourceKey(resource))?.system !== true;
    for (const given of grantsOf(context, {
      kinds: ["all-schemas", "schema"],
      privileges: USED_ON_DATA,
      holder,
      keep,
    })) {
      yield {
        message: `${who(given.grantee)} holds ${words(given.privileges)} on ${what(given.resources)}, and so on every table made there later`,
        principals: [given.grantee],
        resources: given.resources,
        fix: {
          text: `grant ${who(given.grantee)} ${words(given.privileges)} on the tables that it needs, or on all tables of the keyspace where that is meant`,
          manifest: [...grantLines(given), ...revokeLines([given])],
          changes: [...onTables(given), ...revoking(given)],
        },
      };
    }
  },
};

/** The same on all tables of the keyspaces, as its own kind. */
function onTables(given: Granted): readonly Change[] {
  if (given.kind !== "schema") return [];
  return revoking(given).map((change) => ({
    ...change,
    kind: "add-grant",
    resourceKind: "schema-tables",
    resources: change.resources.map(({ path }): Resource => ({ kind: "schema-tables", path })),
  }));
}

function grantLines(given: Granted): readonly string[] {
  if (given.kind !== "schema") return [];
  const lines = given.resources.map(
    ({ path }) => `      - ${inYaml(`${words(given.privileges)} on tables-of-schema ${path[1] ?? ""}`)}`,
  );
  return ["roles:", `  ${inYaml(given.grantee)}:`, "    grants:", ...lines];
}

const PASSED_ON = [
  "all-schemas",
  "schema",
  "schema-tables",
  "table",
  "all-routines",
  "schema-routines",
  "routine",
] as const;

/** CSE-14. */
export const passesOn: Check = {
  id: "CSE-14",
  title: "somebody who is no administrator may pass rights on data on",
  why: "AUTHORIZE lets its holder give whatever it holds there to anybody, and take it from anybody: no file says who has it then.",
  fix: "Revoke AUTHORIZE; let rights be granted by those who administer roles.",
  example: "revoke authorize on keyspace shop from app;",
  danger: "high",
  principles: ["inheritance control"],
  engines: ["cassandra"],
  *find(context) {
    const holder = (name: string): boolean => !context.people.administers(name);
    for (const given of grantsOf(context, { kinds: PASSED_ON, privileges: ["AUTHORIZE"], holder })) {
      yield {
        message: `${who(given.grantee)} may pass on what it holds on ${what(given.resources)}, to anybody`,
        principals: [given.grantee],
        resources: given.resources,
        over: "escalable",
        fix: taking(given),
      };
    }
  },
};
