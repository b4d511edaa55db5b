import { compareText, sorted } from "../../../base/order.ts";
import { describeName, type Resource, resourceKey, schemaOf, tableOf } from "../../../model/resource.ts";
import { type Grantee, PUBLIC, type RoleName } from "../../../model/role.ts";
import type { Change, GrantChange } from "../../../model/change.ts";
import { heldMask } from "../../access-index.ts";
import { EVERYBODY, type ResourceClass } from "../../resource-class.ts";
import type { Check, CheckContext, Hit } from "../check.ts";
import { isJudged, who } from "../postgresql/given.ts";
import { defaultChange, futureOf, type Making, promise, schemaResource } from "./future.ts";
import { tablesBySchema } from "./tables-by-schema.ts";

/** DEF-07. Types need no USAGE to be read or written, only to make columns of them: they are not looked at. */
export const halfPromises: Check = {
  id: "DEF-07",
  title: "new tables are promised, but not what is needed to use them",
  why: "Without USAGE on the schema no table in it can be named; without USAGE on the sequence behind a serial column no row can be inserted.",
  fix: "Grant USAGE on the schema, and promise USAGE on sequences together with INSERT on tables; or use identity columns, which need no grant.",
  danger: "medium",
  principles: ["availability"],
  engines: ["postgresql"],
  *find(context) {
    const serial = serialOwners(context);
    for (const making of promises(context)) {
      const schema = context.index.classes.of(resourceKey(schemaResource(making.database, making.schema)));
      for (const [grantee, names] of promisedTo(context, making)) {
        if (schema !== undefined && !holds(context, schema, grantee, "USAGE"))
          yield noSchema(making, schema.owner, grantee);
        const inserts = names.has("INSERT") && serial.has(placeKey(making));
        if (inserts && !holdsSequence(context, making, grantee)) yield noSequence(making, grantee);
      }
    }
  },
};

function noSchema({ creator, database, schema }: Making, owner: RoleName | null, grantee: Grantee): Hit {
  const resource = schemaResource(database, schema);
  const change: Omit<GrantChange, "grantor"> = {
    kind: "add-grant",
    resourceKind: "schema",
    database,
    resources: [resource],
    privileges: ["USAGE"],
    grantee,
    grantable: false,
  };
  return {
    message: `${who(grantee)} is promised tables of \`${describeName(creator)}\` in schema \`${describeName(schema)}\`, but may not use the schema`,
    principals: [grantee],
    resources: [resource],
    about: `schema\0${database}\0${schema}\0${creator}`,
    fix: {
      text: `grant usage on schema ${describeName(schema)} to ${who(grantee)}`,
      ...(grantee === PUBLIC ? {} : { manifest: usageOf(grantee, schema) }),
      changes: owner === null ? [] : [{ ...change, grantor: owner }],
    },
  };
}

function usageOf(grantee: RoleName, schema: string): readonly string[] {
  return [
    "roles:",
    `  ${JSON.stringify(grantee)}:`,
    "    grants:",
    `      - ${JSON.stringify(`usage on schema ${describeName(schema)}`)}`,
  ];
}

function noSequence(making: Making, grantee: Grantee): Hit {
  const { creator, database, schema } = making;
  const sequences: Making = { ...making, kind: "sequence" };
  const change: Change = defaultChange("add-default", sequences, grantee, ["USAGE"]);
  return {
    message: `${who(grantee)} is promised insert on tables of \`${describeName(creator)}\` in schema \`${describeName(schema)}\`, but not the sequences behind their serial columns`,
    principals: [grantee],
    resources: [schemaResource(database, schema)],
    about: `sequences\0${database}\0${schema}\0${creator}`,
    fix: {
      text: "promise usage on sequences too",
      ...(grantee === PUBLIC ? {} : { manifest: promise(sequences, grantee, ["USAGE"]) }),
      changes: [change],
    },
  };
}

/** The schemas that a promise for tables is about: its own, or for one that holds everywhere those where its creator owns some; sorted. */
function promises({ index }: CheckContext): readonly Making[] {
  const found = new Map<string, Making>();
  const add = (creator: RoleName, database: string, schema: string): void => {
    const making: Making = { creator, database, schema, kind: "table" };
    found.set(placeKey(making), making);
  };
  const everywhere = new Set<string>();
  for (const { creator, database, schema, kind } of index.state.defaultPrivileges.values()) {
    if (kind !== "table") continue;
    if (schema === null) everywhere.add(`${creator}\0${database}`);
    else add(creator, database, schema);
  }
  if (everywhere.size > 0) {
    for (const { database, schema, tables } of tablesBySchema(index)) {
      for (const { owner } of tables.keys())
        if (owner !== null && everywhere.has(`${owner}\0${database}`)) add(owner, database, schema);
    }
  }
  return sorted(found, ([a], [b]) => compareText(a, b)).map(([, making]) => making);
}

function placeKey({ creator, database, schema }: Pick<Making, "creator" | "database" | "schema">): string {
  return `${database}\0${schema}\0${creator}`;
}

/** Whom tables are promised to, and what: roles in scope and everybody, the creator left out. */
function promisedTo(context: CheckContext, making: Making): ReadonlyMap<Grantee, ReadonlySet<string>> {
  const found = new Map<Grantee, Set<string>>();
  for (const { grantee, privileges } of futureOf(context.index).list(making).entries) {
    if (grantee === making.creator || !isJudged(context, grantee)) continue;
    const names = found.get(grantee) ?? new Set();
    found.set(grantee, names);
    for (const each of privileges) names.add(each);
  }
  return found;
}

function holds({ index }: CheckContext, place: ResourceClass, grantee: Grantee, privilege: string): boolean {
  const id = grantee === PUBLIC ? EVERYBODY : index.graph.idOf(grantee);
  return heldMask(index, place, id, index.bits.bit(place.kind, privilege), {}) !== 0;
}

function holdsSequence(context: CheckContext, making: Making, grantee: Grantee): boolean {
  const place = futureOf(context.index).class({ ...making, kind: "sequence" });
  return holds(context, place, grantee, "USAGE") || holds(context, place, grantee, "UPDATE");
}

/** Who makes tables with serial columns, and where. */
function serialOwners({ index }: CheckContext): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { serves } of index.catalog.entries.values()) {
    if (serves?.by !== "serial") continue;
    const table: Resource = tableOf(serves.column);
    const creator = index.state.holdings.get(resourceKey(table))?.owner ?? null;
    const [database = ""] = table.path;
    if (creator !== null) found.add(placeKey({ creator, database, schema: schemaOf(table) ?? "" }));
  }
  return found;
}
