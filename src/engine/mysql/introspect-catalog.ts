import { compareParts, compareText } from "../../base/order.ts";
import type { CatalogEntry, DefinedCode, Form } from "../../model/catalog.ts";
import { type ResourceKey, resourceKey } from "../../model/resource.ts";
import type { Session } from "./client.ts";
import { definerName } from "./names.ts";
import { DATABASE, routineResource } from "./normalize.ts";
import type { Product } from "./product.ts";
import * as sql from "./queries.ts";

/** What exists, as far as it is shown to us, without what is part of the server. */
export interface CatalogFound {
  readonly entries: Map<ResourceKey, CatalogEntry>;
  readonly definedCode: readonly DefinedCode[];
}

/** Views that have no rows of their own; sequences are granted as tables and are no form of them. */
const FORMS: Readonly<Record<string, Form>> = { "BASE TABLE": "table", "SYSTEM VERSIONED": "table", VIEW: "view" };
const ROUTINE_FORMS: Readonly<Record<string, Form>> = { FUNCTION: "function", PROCEDURE: "procedure" };

/** Reads what exists with a fixed number of queries. */
export async function readCatalog(session: Session, product: Product): Promise<CatalogFound> {
  const found = new Map<ResourceKey, CatalogEntry>();
  const add = (entry: CatalogEntry): void => void found.set(resourceKey(entry.resource), entry);
  for (const [schema] of await session.rows<sql.SchemaRow>(sql.SCHEMATA)) {
    add({ resource: { kind: "schema", path: [DATABASE, schema] } });
  }
  const tables = await session.rows<sql.TableRow>(sql.TABLES);
  const columns = await readColumns(session);
  const views = new Map<string, sql.ViewRow>();
  // The server opens every table to tell which are views; where there is none, nobody has to ask.
  if (tables.some(([, , type]) => FORMS[type] === "view")) {
    for (const row of await session.rows<sql.ViewRow>(sql.VIEWS)) views.set(`${row[0]}\0${row[1]}`, row);
  }
  for (const [schema, name, type] of tables) {
    const key = `${schema}\0${name}`;
    const form = FORMS[type];
    const view = views.get(key);
    add({
      resource: { kind: "table", path: [DATABASE, schema, name] },
      ...(form === undefined ? {} : { form }),
      columns: columns.get(key) ?? [],
      ...(view === undefined ? {} : definition(view[2], view[3])),
    });
  }
  const routines = await session.rows<sql.RoutineRow>(product.engine === "mariadb" ? sql.PROC : sql.ROUTINES);
  for (const [schema, name, type, definer, security] of routines) {
    const form = ROUTINE_FORMS[type];
    const resource = routineResource(schema, name, type);
    const runs = security === "DEFINER" ? { securityDefiner: true, definer: definerName(definer) } : {};
    add({ resource, ...(form === undefined ? {} : { form }), ...runs });
  }
  const triggers = await session.rows<sql.DefinedRow>(sql.TRIGGERS);
  const events = await session.rows<sql.DefinedRow>(product.engine === "mariadb" ? sql.EVENT : sql.EVENTS);
  return { entries: found, definedCode: [...defined("event", events), ...defined("trigger", triggers)] };
}

/** Whether the view checks its caller or runs as its definer. */
function definition(definer: string, security: "DEFINER" | "INVOKER"): Partial<CatalogEntry> {
  return security === "INVOKER" ? { securityInvoker: true } : { definer: definerName(definer) };
}

/** Tables made from one pattern have the same columns: thousands of them share one array. */
async function readColumns(session: Session): Promise<ReadonlyMap<string, readonly string[]>> {
  const names = new Map<string, string[]>();
  await session.each(sql.COLUMNS, (row) => {
    const [schema, table, column] = row as sql.ColumnRow;
    const key = `${schema}\0${table}`;
    const known = names.get(key);
    if (known === undefined) names.set(key, [column]);
    else known.push(column);
  });
  const sets = new Map<string, readonly string[]>();
  const shared = new Map<string, readonly string[]>();
  for (const [key, columns] of names) {
    const text = columns.join("\0");
    const set = sets.get(text) ?? columns;
    sets.set(text, set);
    shared.set(key, set);
  }
  return shared;
}

function defined(form: DefinedCode["form"], rows: readonly sql.DefinedRow[]): DefinedCode[] {
  return rows
    .flatMap(([schema, name, definer]) =>
      // A trigger of a table that we may write and not put triggers on has no definer for us; that these are hidden is an Unknown.
      definer === null ? [] : [{ form, path: [DATABASE, schema, name], definer: definerName(definer) }],
    )
    .sort((a, b) => compareParts(a.path, b.path) || compareText(a.definer, b.definer));
}
