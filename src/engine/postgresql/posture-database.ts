import type {
  ChangedList,
  EventTriggerFacts,
  ExtensionFacts,
  ForeignServerFacts,
  IndexFacts,
  InitialPrivilege,
  RoutineFacts,
  TriggerFacts,
  UserMappingFacts,
  ViewFacts,
} from "../../model/posture/postgresql.ts";
import { type Resource, type ResourceKind, resourceKey } from "../../model/resource.ts";
import type { Session } from "./client.ts";
import * as sql from "./posture-queries.ts";

/** What one database adds; each part is null where it could not be read. */
export interface DatabasePosture {
  readonly routines: readonly RoutineFacts[] | null;
  readonly views: readonly ViewFacts[] | null;
  readonly triggers: readonly TriggerFacts[] | null;
  readonly eventTriggers: readonly EventTriggerFacts[] | null;
  readonly indexes: readonly IndexFacts[] | null;
  readonly foreignServers: readonly ForeignServerFacts[] | null;
  readonly userMappings: readonly UserMappingFacts[] | null;
  readonly extensions: readonly ExtensionFacts[] | null;
  readonly changedLists: readonly ChangedList[] | null;
  readonly inherits: readonly { readonly child: Resource; readonly parent: Resource }[] | null;
}

/** Asks for rows; null where we may not, which is noted under what it is about. */
export type Attempt = <Row extends readonly (string | null)[]>(
  session: Session,
  subject: string,
  query: string,
) => Promise<Row[] | null>;

/** Reads the code of one database, with a fixed number of queries. */
export async function readDatabasePosture(session: Session, major: number, attempt: Attempt): Promise<DatabasePosture> {
  const { database } = session;
  const ask = <Row extends readonly (string | null)[]>(what: string, query: string): Promise<Row[] | null> =>
    attempt<Row>(session, `${what} of database \`${database}\``, query);
  const at = places(database);
  const routines = await ask<sql.DefinedRoutineRow>(
    "routines",
    major >= 14 ? sql.DEFINED_ROUTINES : sql.DEFINED_ROUTINES_13,
  );
  const views = await ask<sql.ViewReadRow>("views", sql.VIEW_READS);
  const triggers = await ask<sql.TriggerRow>("triggers", sql.TRIGGERS);
  const eventTriggers = await ask<sql.EventTriggerRow>("event triggers", sql.EVENT_TRIGGERS);
  const indexes = await ask<sql.ExpressionIndexRow>("indexes", sql.EXPRESSION_INDEXES);
  const servers = await ask<sql.ForeignServerRow>("foreign servers", sql.FOREIGN_SERVERS);
  const mappings = await ask<sql.UserMappingRow>("user mappings", sql.USER_MAPPINGS);
  const extensions = await ask<sql.ExtensionRow>("extensions", sql.EXTENSIONS);
  const lists = await ask<sql.ChangedListRow>("initial access lists", sql.CHANGED_LISTS);
  const inherits = await ask<sql.InheritRow>("inheritance of tables", sql.INHERITS);
  return {
    routines: routines?.map((row) => routineFacts(row, at)) ?? null,
    views: views === null ? null : viewFacts(views, at),
    triggers:
      triggers?.map(([schema, table, name, inSchema, routine, inputs, routineOwner, enabled]) => ({
        table: at.table(schema, table),
        name,
        routine: at.routine(inSchema, routine, inputs),
        routineOwner,
        enabled: enabled === "t",
      })) ?? null,
    eventTriggers:
      eventTriggers?.map(([name, owner, event, schema, routine, inputs, routineOwner, enabled]) => ({
        database,
        name,
        owner,
        event,
        routine: at.routine(schema, routine, inputs),
        routineOwner,
        enabled: enabled === "t",
      })) ?? null,
    indexes: indexes === null ? null : indexFacts(indexes, at),
    foreignServers:
      servers?.map(([name, wrapper, options]) => ({
        server: at.server(name),
        wrapper,
        options: withoutSecrets(optionsOf(options)),
      })) ?? null,
    userMappings: mappings?.map((row) => mappingFacts(row, at)) ?? null,
    extensions: extensions?.map(([name, version, schema]) => ({ database, name, version, schema })) ?? null,
    changedLists: lists === null ? null : changedLists(lists, at),
    inherits:
      inherits?.map(([schema, child, parentSchema, parent]) => ({
        child: at.table(schema, child),
        parent: at.table(parentSchema, parent),
      })) ?? null,
  };
}

interface Places {
  table(schema: string, name: string): Resource;
  routine(schema: string, name: string, inputs: string): Resource;
  server(name: string): Resource;
  other(kind: ResourceKind, ...path: readonly string[]): Resource;
}

function places(database: string): Places {
  const other = (kind: ResourceKind, ...path: readonly string[]): Resource => ({ kind, path: [database, ...path] });
  return {
    other,
    table: (schema, name) => other("table", schema, name),
    routine: (schema, name, inputs) => other("routine", schema, name, inputs),
    server: (name) => other("foreign-server", name),
  };
}

function routineFacts(row: sql.DefinedRoutineRow, at: Places): RoutineFacts {
  const [schema, name, inputs, owner, language, untrusted, definer, searchPath, dynamic, atomic, extension] = row;
  return {
    routine: at.routine(schema, name, inputs),
    owner,
    language,
    untrusted: untrusted === "t",
    definer: definer === "t",
    searchPath,
    dynamic: dynamic === "t",
    atomic: atomic === "t",
    extension,
  };
}

function viewFacts(rows: readonly sql.ViewReadRow[], at: Places): ViewFacts[] {
  const found = new Map<string, { view: Resource; reads: Resource[] }>();
  for (const [schema, name, readSchema, readName, relkind] of rows) {
    const view = at.table(schema, name);
    const facts = entry(found, resourceKey(view), () => ({ view, reads: [] }));
    facts.reads.push(at.other(relkind === "S" ? "sequence" : "table", readSchema, readName));
  }
  return [...found.values()];
}

function indexFacts(rows: readonly sql.ExpressionIndexRow[], at: Places): IndexFacts[] {
  const found = new Map<string, { table: Resource; name: string; routines: Resource[] }>();
  for (const [schema, table, name, inSchema, routine, inputs] of rows) {
    const on = at.table(schema, table);
    const facts = entry(found, `${resourceKey(on)}\0${name}`, () => ({ table: on, name, routines: [] }));
    if (inSchema !== null && routine !== null) facts.routines.push(at.routine(inSchema, routine, inputs ?? ""));
  }
  return [...found.values()];
}

function mappingFacts([server, role, options, hidden]: sql.UserMappingRow, at: Places): UserMappingFacts {
  const known = hidden === "t" ? null : optionsOf(options ?? "[]");
  return {
    server: at.server(server),
    role: role ?? "",
    options: known === null ? null : withoutSecrets(known),
    hasPassword: known === null ? null : known.has("password"),
    passwordRequired: known === null ? null : known.get("password_required") !== "false",
  };
}

function changedLists(rows: readonly sql.ChangedListRow[], at: Places): ChangedList[] {
  const found = new Map<string, { resource: Resource; extension: string | null; initial: InitialPrivilege[] }>();
  for (const [kind, schema, name, inputs, extension, grantee, privilege, grantable] of rows) {
    const path = kind === "schema" ? [name] : [schema, name, ...(kind === "routine" ? [inputs ?? ""] : [])];
    const resource = at.other(kind as ResourceKind, ...path);
    const list = entry(found, resourceKey(resource), () => ({ resource, extension, initial: [] }));
    if (grantee === null || privilege === null) continue;
    list.initial.push({ grantee, privilege, grantable: grantable === "t" });
  }
  return [...found.values()];
}

/** `name=value` texts by name. */
export function optionsOf(json: string): ReadonlyMap<string, string> {
  const texts = JSON.parse(json) as readonly string[];
  return new Map(
    texts.map((text) => {
      const end = text.indexOf("=");
      return end < 0 ? [text, ""] : [text.slice(0, end), text.slice(end + 1)];
    }),
  );
}

/** Options that are no passwords, tokens or keys. */
export function withoutSecrets(options: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...options].filter(([name]) => !SECRET.test(name) || name === "password_required"));
}

const SECRET = /pass|secret|token|api_?key|access_?key/i;

function entry<T>(found: Map<string, T>, key: string, make: () => T): T {
  let value = found.get(key);
  if (value === undefined) found.set(key, (value = make()));
  return value;
}
