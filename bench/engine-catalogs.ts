import { createConnection } from "mysql2/promise";
import type { CassandraCluster } from "../src/engine/cassandra/local/cluster.ts";
import { withClient } from "../src/engine/cassandra/local/session.ts";

/** What a throw-away server holds for a benchmark. */
export interface EngineShape {
  readonly tables: number;
  readonly roles: number;
  readonly schemas: number;
  /** How many of the roles hold something on tables; the others are members of one of these teams, which hold it on schemas. */
  readonly byTable: number;
  /** On how many tables each of those is granted something. */
  readonly tablesOfEach: number;
  readonly teams: number;
}

/** How many rows say who may do what: one a grantee and table or schema. */
export function grantRows({ byTable, tablesOfEach, teams, schemas }: EngineShape): number {
  return byTable * tablesOfEach + teams * schemas;
}

const schemaOf = (table: number, { schemas }: EngineShape): string => `area_${table % schemas}`;
const tableName = (table: number): string => `t${table}`;
export const roleName = (role: number): string => `r${role}`;
export const teamName = (team: number): string => `team_${team}`;

/** The tables that a role holds something on. */
export function tablesOf(role: number, shape: EngineShape): readonly string[] {
  return numbersOf(role, shape).map((table) => `${schemaOf(table, shape)}.${tableName(table)}`);
}

function numbersOf(role: number, shape: EngineShape): number[] {
  return Array.from({ length: shape.tablesOfEach }, (_, k) => (role * 7 + k * 13) % shape.tables);
}

/**
 * The first accounts on every table, the others by way of their team. The rows about tables are written straight into the grant table, by the server, while it has no keys: as GRANTs, five million of them
 * take hours.
 */
export async function buildMariadb(url: string, shape: EngineShape): Promise<void> {
  const { hostname, port, username, password } = new URL(url);
  const connection = await createConnection({
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
  });
  const { tables, roles, schemas, byTable, teams } = shape;
  const run = (text: string) => connection.query(text);
  try {
    for (let n = 0; n < schemas; n++) await run(`create database area_${n}`);
    for (let n = 0; n < tables; n++) {
      await run(`create table ${schemaOf(n, shape)}.${tableName(n)} (id int) engine = aria transactional = 0`);
    }
    for (let n = 0; n < teams; n++) {
      await run(`create role ${teamName(n)}`);
      for (let m = 0; m < schemas; m++) {
        await run(`grant ${m === n % schemas ? WRITES : "select"} on \`area\\_${m}\`.* to ${teamName(n)}`);
      }
    }
    for (let n = 0; n < roles; n++) {
      await run(`create user ${roleName(n)}@'%' account lock`);
      if (n >= byTable) await run(`grant ${teamName(n % teams)} to ${roleName(n)}@'%'`);
    }
    await run("alter table mysql.tables_priv drop primary key, drop key Grantor");
    await run(
      `insert into mysql.tables_priv (Host, Db, User, Table_name, Grantor, Table_priv, Column_priv)
        select '%', concat('area_', t.seq mod ${schemas}), concat('r', u.seq), concat('t', t.seq), 'root@localhost',
          if(u.seq mod ${schemas} = t.seq mod ${schemas}, 'Select,Insert,Update,Delete', 'Select'), ''
        from area_0.seq_0_to_${byTable - 1} u, area_0.seq_0_to_${tables - 1} t`,
    );
    await run("alter table mysql.tables_priv add primary key (Host, Db, User, Table_name), add key Grantor (Grantor)");
  } finally {
    await connection.end();
  }
}

const WRITES = "select, insert, update, delete";

/** Each role on some tables. The rows are written straight into the two tables that a GRANT writes to. */
export async function buildCassandra(cluster: CassandraCluster, shape: EngineShape): Promise<void> {
  const [node] = cluster.nodes;
  if (node === undefined) throw new Error("the cluster has no node");
  const { name: user, password } = cluster.superuser;
  await withClient({ address: node.address, port: node.port, user, password }, async (client) => {
    for (let n = 0; n < shape.schemas; n++) {
      await client.execute(
        `create keyspace area_${n} with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
      );
    }
    for (let n = 0; n < shape.tables; n++) {
      await client.execute(`create table ${schemaOf(n, shape)}.${tableName(n)} (id int primary key)`);
    }
    for (let n = 0; n < shape.roles; n++) await client.execute(`create role ${roleName(n)} with login = false`);
    for (let role = 0; role < shape.byTable; role++) {
      const resources = numbersOf(role, shape).map((table) => `data/${schemaOf(table, shape)}/${tableName(table)}`);
      await Promise.all(
        resources.flatMap((resource) => [
          client.execute(WRITE_PERMISSION, [roleName(role), resource], { prepare: true }),
          client.execute(WRITE_INDEX, [resource, roleName(role)], { prepare: true }),
        ]),
      );
    }
  });
}

const WRITE_PERMISSION =
  "insert into system_auth.role_permissions (role, resource, permissions) values (?, ?, {'SELECT'})";
const WRITE_INDEX = "insert into system_auth.resource_role_permissons_index (resource, role) values (?, ?)"; // The server's own spelling.
