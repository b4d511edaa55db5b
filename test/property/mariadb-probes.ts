import type { Connection } from "mysql2/promise";
import { DATABASE } from "../../src/engine/mysql/normalize.ts";
import { quoteIdentifier as q } from "../../src/engine/mysql/quote.ts";
import type { Resource } from "../../src/model/resource.ts";
import { COLUMNS, FUNCTION, PROCEDURE, SCHEMAS, TABLES } from "./mariadb-world.ts";

/** A statement that needs exactly one privilege, and changes nothing: what it would make is there already, or what it would change is not. */
export interface Probe {
  readonly sql: string;
  readonly privilege: string;
  readonly resource: Resource;
}

export const PROBES: readonly Probe[] = [
  ...SCHEMAS.flatMap((schema) => [
    ...TABLES.flatMap((table) => tableProbes(schema, table)),
    ...schemaProbes(schema),
    ...routineProbes(schema),
  ]),
  { sql: "show engine innodb status", privilege: "PROCESS", resource: { kind: "server", path: [] } },
  { sql: "flush status", privilege: "RELOAD", resource: { kind: "server", path: [] } },
  { sql: "show master status", privilege: "BINLOG MONITOR", resource: { kind: "server", path: [] } },
];

function tableProbes(schema: string, table: string): Probe[] {
  const name = `${q(schema)}.${q(table)}`;
  const resource: Resource = { kind: "table", path: [DATABASE, schema, table] };
  const ofColumns = COLUMNS.flatMap((column) => {
    const place: Resource = { kind: "column", path: [...resource.path, column] };
    return [
      { sql: `select ${q(column)} from ${name}`, privilege: "SELECT", resource: place },
      {
        sql: `insert into ${name} (${q(column)}) select 1 from dual where false`,
        privilege: "INSERT",
        resource: place,
      },
      { sql: `update ${name} set ${q(column)} = 1`, privilege: "UPDATE", resource: place },
    ];
  });
  return [
    ...ofColumns,
    { sql: `delete from ${name} where false`, privilege: "DELETE", resource },
    { sql: `create table ${name} (a int)`, privilege: "CREATE", resource },
    { sql: `create index i on ${name} (nosuch)`, privilege: "INDEX", resource },
    { sql: `alter table ${name} drop column nosuch`, privilege: "ALTER", resource },
  ];
}

function schemaProbes(schema: string): Probe[] {
  const resource: Resource = { kind: "schema", path: [DATABASE, schema] };
  return [
    { sql: `create event ${q(schema)}.e on schedule every 1 day do select 1`, privilege: "EVENT", resource },
    { sql: `create procedure ${q(schema)}.${PROCEDURE}() select 1`, privilege: "CREATE ROUTINE", resource },
  ];
}

function routineProbes(schema: string): Probe[] {
  const of = (name: string, type: string): Resource => ({ kind: "routine", path: [DATABASE, schema, name, type] });
  return [
    { sql: `call ${q(schema)}.${PROCEDURE}()`, privilege: "EXECUTE", resource: of(PROCEDURE, "procedure") },
    { sql: `select ${q(schema)}.${FUNCTION}()`, privilege: "EXECUTE", resource: of(FUNCTION, "function") },
    {
      sql: `alter procedure ${q(schema)}.${PROCEDURE} comment ''`,
      privilege: "ALTER ROUTINE",
      resource: of(PROCEDURE, "procedure"),
    },
  ];
}

/** Denied: a database, a table, a column, a global privilege, a routine. */
const DENIED: readonly number[] = [1044, 1142, 1143, 1227, 1370];
/** Allowed, and there already or not there: table, column of an index, column to drop, event, routine. */
const DID_NOT_MATTER: readonly number[] = [1050, 1072, 1091, 1537, 1304];

/** Whether the server lets the session do it. Throws what is no answer to that. */
export async function isAllowed(connection: Connection, sql: string): Promise<boolean> {
  try {
    await connection.query(sql);
    return true;
  } catch (error) {
    const { errno = 0 } = error as { errno?: number };
    if (DENIED.includes(errno)) return false;
    if (DID_NOT_MATTER.includes(errno)) return true;
    throw error;
  }
}
