import { createConnection } from "mysql2/promise";
import type { CassandraCluster } from "../src/engine/cassandra/local/cluster.ts";
import { withClient } from "../src/engine/cassandra/local/session.ts";

/** What a throw-away server holds for a benchmark. */
export interface EngineShape {
  readonly tables: number;
  readonly roles: number;
  readonly schemas: number;
  /** How many tables each role is granted something on. */
  readonly tablesOfEach: number;
}

const schemaOf = (table: number, { schemas }: EngineShape): string => `area_${table % schemas}`;
const tableName = (table: number): string => `t${table}`;
export const roleName = (role: number): string => `r${role}`;

/** The tables that a role holds something on. */
export function tablesOf(role: number, shape: EngineShape): readonly string[] {
  return Array.from({ length: shape.tablesOfEach }, (_, k) => {
    const table = (role * 7 + k * 13) % shape.tables;
    return `${schemaOf(table, shape)}.${tableName(table)}`;
  });
}

/** Every account on every table. The rows are written straight into the grant tables: five million GRANTs take hours. */
export async function buildMariadb(url: string, shape: EngineShape): Promise<void> {
  const { hostname, port, username, password } = new URL(url);
  const connection = await createConnection({
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
  });
  try {
    for (let n = 0; n < shape.schemas; n++) await connection.query(`create database area_${n}`);
    for (let n = 0; n < shape.tables; n++) {
      await connection.query(
        `create table ${schemaOf(n, shape)}.${tableName(n)} (id int) engine = aria transactional = 0`,
      );
    }
    for (let n = 0; n < shape.roles; n++) await connection.query(`create user ${roleName(n)}@'%' account lock`);
    for (let n = 0; n < shape.schemas; n++) {
      await connection.query(
        `insert into mysql.tables_priv (Host, Db, User, Table_name, Grantor, Table_priv, Column_priv)
          select u.Host, t.table_schema, u.User, t.table_name, 'root@localhost',
            if(mod(cast(substr(u.User, 2) as unsigned), ?) = ?, 'Select,Insert,Update,Delete', 'Select'), ''
          from information_schema.tables t, mysql.user u
          where t.table_schema = ? and u.User regexp '^r[0-9]+$'`,
        [shape.schemas, n, `area_${n}`],
      );
    }
  } finally {
    await connection.end();
  }
}

/** Each role on some tables, by GRANT: some fifty thousand of them. */
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
    for (let role = 0; role < shape.roles; role++) {
      const grants = tablesOf(role, shape).map((table) => `grant select on ${table} to ${roleName(role)}`);
      for (let from = 0; from < grants.length; from += AT_ONCE) {
        await Promise.all(grants.slice(from, from + AT_ONCE).map((text) => client.execute(text)));
      }
    }
  });
}

const AT_ONCE = 50;
