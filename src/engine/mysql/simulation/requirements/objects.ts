import type { Snapshot } from "../../../../model/snapshot.ts";
import { type Resource, resourceKey } from "../../../../model/resource.ts";
import type { RoleName } from "../../../../model/role.ts";
import type { Session } from "../../client.ts";
import { readingError } from "../../errors.ts";
import { definerName } from "../../names.ts";
import { DATABASE } from "../../normalize.ts";

const SYSTEM = "('information_schema', 'mysql', 'performance_schema', 'sys')";

const VIEWS = `select table_schema, table_name, view_definition from information_schema.views where table_schema not in ${SYSTEM}`;
type ViewRow = readonly [schema: string, name: string, definition: string | null];

const TRIGGERS: string = `
  select event_object_schema, event_object_table, trigger_name, event_manipulation, definer, action_statement
  from information_schema.triggers where trigger_schema not in ${SYSTEM} order by action_order`;
type TriggerRow = readonly [
  ...[schema: string, table: string, name: string],
  ...[event: string, definer: string | null, body: string | null],
];

const ROUTINES: string = `
  select routine_schema, routine_name, routine_type, routine_definition from information_schema.routines where routine_schema not in ${SYSTEM}`;
type RoutineRow = readonly [schema: string, name: string, type: string, body: string | null];
const PARAMETERS: string = `
  select specific_schema, specific_name, parameter_name from information_schema.parameters where parameter_name is not null and specific_schema not in ${SYSTEM}`;
type ParameterRow = readonly [schema: string, name: string, parameter: string];

const DEFAULTS: string = `
  select table_schema, table_name, column_name, column_default from information_schema.columns
  where table_schema not in ${SYSTEM} and (column_default like '%nextval(%' or column_default like '%lastval(%')`;
type DefaultRow = readonly [schema: string, table: string, column: string, value: string];

const SEQUENCES = "select table_schema, table_name from information_schema.tables where table_type = 'SEQUENCE'";
type SequenceRow = readonly [schema: string, name: string];

/** A table, a view or a sequence. */
export interface Relation {
  readonly resource: Resource;
  readonly columns: readonly string[];
  readonly view: ViewFacts | null;
  readonly triggers: readonly TriggerCode[];
  /** Columns whose default runs something, and what. */
  readonly defaults: ReadonlyMap<string, string>;
}

export interface ViewFacts {
  /** Null: we may not see it. */
  readonly definition: string | null;
  /** Null: it runs with the rights of who uses it. */
  readonly definer: RoleName | null;
}

export interface TriggerCode {
  readonly name: string;
  /** `INSERT`, `UPDATE` or `DELETE`. */
  readonly event: string;
  /** Null: we may not see who it is. */
  readonly definer: RoleName | null;
  readonly body: string | null;
}

export interface Routine {
  readonly resource: Resource;
  readonly definer: RoleName | null;
  /** Null: it is not shown to us. */
  readonly body: string | null;
  readonly parameters: readonly string[];
}

/** What there is on a server, as its statements name it. */
export interface Objects {
  relation(schema: string, name: string): Relation | null;
  /** `function` or `procedure`. */
  routine(schema: string, name: string, type: string): Routine | null;
  /** What something is granted on by a name that nothing has. */
  missing(schema: string, name: string): Resource | null;
  inSchema(schema: string): readonly Relation[];
  /** The routines of a schema. */
  routinesIn(schema: string): readonly Routine[];
}

/** Reads the code that runs beneath statements, with six queries, and joins it to what introspection found. */
export async function readObjects(session: Session, { catalog, limits }: Snapshot): Promise<Objects> {
  // Where the server folds names of tables, so do we.
  const folds = (limits["lower_case_table_names"] ?? 0) > 0;
  const key = (schema: string, name: string): string =>
    folds ? `${schema}\0${name}`.toLowerCase() : `${schema}\0${name}`;
  const read = await rowsOf(session);
  const views = new Map(read.views.map(([schema, name, text]) => [key(schema, name), text === "" ? null : text]));
  const triggers = grouped(read.triggers, ([schema, table]) => key(schema, table));
  const defaults = grouped(read.defaults, ([schema, table]) => key(schema, table));
  const parameters = grouped(read.parameters, ([schema, name]) => `${schema}\0${name.toLowerCase()}`);
  const bodies = new Map(read.routines.map(([schema, name, type, body]) => [routineKey(schema, name, type), body]));
  const relations = new Map<string, Relation>();
  const routines = new Map<string, Routine>();
  const absent = new Map<string, Resource>();
  const bySchema = new Map<string, Relation[]>();
  for (const { resource, form, columns, definer, securityInvoker, missing } of catalog.entries.values()) {
    const [, schema = "", name = "", type = ""] = resource.path;
    if (missing === true && resource.kind === "table") absent.set(key(schema, name), resource);
    if (missing === true) continue;
    if (resource.kind === "routine") {
      const own = parameters.get(`${schema}\0${name.toLowerCase()}`) ?? [];
      const body = bodies.get(routineKey(schema, name, type)) ?? null;
      routines.set(routineKey(schema, name, type), {
        resource,
        definer: definer ?? null,
        body,
        parameters: own.map(([, , parameter]) => parameter),
      });
    }
    if (resource.kind !== "table") continue;
    const at = key(schema, name);
    const view: ViewFacts = {
      definition: views.get(at) ?? null,
      definer: securityInvoker === true ? null : (definer ?? null),
    };
    relations.set(at, {
      resource,
      columns: columns ?? [],
      view: form === "view" ? view : null,
      triggers: (triggers.get(at) ?? []).map(([, , trigger, event, by, body]) => {
        return { name: trigger, event, definer: by === null || by === "" ? null : definerName(by), body };
      }),
      defaults: new Map((defaults.get(at) ?? []).map(([, , column, value]) => [column.toLowerCase(), value])),
    });
  }
  for (const [schema, name] of read.sequences) {
    const at = key(schema, name);
    if (relations.has(at)) continue;
    const resource: Resource = { kind: "table", path: [DATABASE, schema, name] };
    if (!catalog.entries.has(resourceKey(resource))) continue;
    relations.set(at, { resource, columns: [], view: null, triggers: [], defaults: new Map() });
  }
  for (const relation of relations.values()) {
    const schema = key(relation.resource.path[1] ?? "", "");
    bySchema.set(schema, [...(bySchema.get(schema) ?? []), relation]);
  }
  return {
    relation: (schema, name) => relations.get(key(schema, name)) ?? null,
    routine: (schema, name, type) => routines.get(routineKey(schema, name, type)) ?? null,
    missing: (schema, name) => absent.get(key(schema, name)) ?? null,
    routinesIn: (schema) => [...routines.values()].filter(({ resource }) => resource.path[1] === schema),
    inSchema: (schema) => bySchema.get(key(schema, "")) ?? [],
  };
}

async function rowsOf(session: Session) {
  try {
    return {
      views: await session.rows<ViewRow>(VIEWS),
      triggers: await session.rows<TriggerRow>(TRIGGERS),
      routines: await session.rows<RoutineRow>(ROUTINES),
      parameters: await session.rows<ParameterRow>(PARAMETERS),
      defaults: await session.rows<DefaultRow>(DEFAULTS),
      sequences: await session.rows<SequenceRow>(SEQUENCES),
    };
  } catch (error) {
    throw readingError(error, "views, triggers and routines");
  }
}

/** Names of routines are folded whatever the server does with those of tables. */
function routineKey(schema: string, name: string, type: string): string {
  return `${schema}\0${name.toLowerCase()}\0${type.toLowerCase()}`;
}

function grouped<Row>(rows: readonly Row[], keyOf: (row: Row) => string): ReadonlyMap<string, readonly Row[]> {
  const found = new Map<string, Row[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const list = found.get(key);
    if (list === undefined) found.set(key, [row]);
    else list.push(row);
  }
  return found;
}
