import { compareText } from "../../base/order.ts";
import type { CatalogEntry, Form } from "../../model/catalog.ts";
import { type Resource, type ResourceKey, resourceKey } from "../../model/resource.ts";
import type { Session, Value } from "./client.ts";
import * as sql from "./queries.ts";
import { DATABASE, ResourceNames, type RoutineName, routineResource, SYSTEM_KEYSPACES } from "./resource-names.ts";
import type { MadeTypes } from "./type-classes.ts";

/** What exists, without what is part of the server. */
export interface CatalogFound {
  readonly entries: Map<ResourceKey, CatalogEntry>;
  /** How the resources that exist are stored. */
  readonly names: ResourceNames;
}

/** Reads what exists with a fixed number of queries. Every node has it all. */
export async function readCatalog(session: Session): Promise<CatalogFound> {
  const read = async <Row extends readonly [string, ...Value[]]>(query: string): Promise<Row[]> =>
    (await session.rows<Row>(query, { consistency: "localOne" })).filter(
      ([keyspace]) => !SYSTEM_KEYSPACES.has(keyspace),
    );
  // All at once: the less time it takes, the less can change meanwhile.
  const [keyspaces, tables, views, columns, types, functions, aggregates] = await Promise.all([
    read<sql.KeyspaceRow>(sql.KEYSPACES),
    read<sql.TableRow>(sql.TABLES),
    read<sql.ViewRow>(sql.VIEWS),
    read<sql.ColumnRow>(sql.COLUMNS),
    read<sql.TypeRow>(sql.TYPES),
    read<sql.RoutineRow>(sql.FUNCTIONS),
    read<sql.RoutineRow>(sql.AGGREGATES),
  ]);
  const entries = new Map<ResourceKey, CatalogEntry>();
  const add = (entry: CatalogEntry): void => void entries.set(resourceKey(entry.resource), entry);
  for (const [keyspace] of keyspaces) {
    const path = [DATABASE, keyspace];
    for (const kind of ["schema", "schema-tables", "schema-routines"] as const) add({ resource: { kind, path } });
  }
  const columnsByTable = columnsOf(columns);
  const addTable = (keyspace: string, name: string, more: { form: Form; readThrough?: Resource }): void => {
    const resource: Resource = { kind: "table", path: [DATABASE, keyspace, name] };
    add({ resource, columns: columnsByTable.get(`${keyspace}\0${name}`) ?? [], ...more });
  };
  for (const [keyspace, name] of tables) addTable(keyspace, name, { form: "table" });
  for (const [keyspace, name, base] of views) {
    const readThrough: Resource = { kind: "table", path: [DATABASE, keyspace, base] };
    addTable(keyspace, name, { form: "materialized-view", readThrough });
  }
  const routines: RoutineName[] = [];
  const addRoutines = (rows: readonly sql.RoutineRow[], form: Form): void => {
    for (const [keyspace, name, argumentTypes] of rows) {
      const routine = { keyspace, name, argumentTypes: argumentTypes ?? [] };
      routines.push(routine);
      add({ resource: routineResource(routine), form });
    }
  };
  addRoutines(functions, "function");
  addRoutines(aggregates, "aggregate");
  return { entries, names: new ResourceNames(routines, typesOf(types)) };
}

const COLUMN_ORDER: Readonly<Record<string, number>> = { partition_key: 0, clustering: 1, static: 2, regular: 3 };

/** The columns of each table: its key first, then the others by name, as the server itself shows them. Tables of one pattern share one array. */
function columnsOf(rows: readonly sql.ColumnRow[]): ReadonlyMap<string, readonly string[]> {
  const byTable = new Map<string, sql.ColumnRow[]>();
  for (const row of rows) {
    const key = `${row[0]}\0${row[1]}`;
    const known = byTable.get(key);
    if (known === undefined) byTable.set(key, [row]);
    else known.push(row);
  }
  const shared = new Map<string, readonly string[]>();
  const order = (row: sql.ColumnRow): number => COLUMN_ORDER[row[3]] ?? 4;
  return new Map(
    Array.from(byTable, ([key, found]) => {
      found.sort((a, b) => order(a) - order(b) || a[4] - b[4] || compareText(a[2], b[2]));
      const names = found.map((row) => row[2]);
      const text = names.join("\0");
      const known = shared.get(text) ?? names;
      shared.set(text, known);
      return [key, known];
    }),
  );
}

/** The types that people made, as functions name them in their arguments. */
export function typesOf(rows: readonly sql.TypeRow[]): MadeTypes {
  return new Map(
    rows.map(([keyspace, name, fields, types]) => [
      `${keyspace}\0${name}`,
      (fields ?? []).map((field, index) => [field, types?.[index] ?? ""] as const),
    ]),
  );
}
