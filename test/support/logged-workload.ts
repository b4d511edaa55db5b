import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { type PostgresOptions, type PostgresServer, startPostgres } from "./postgres.ts";

/** Settings of a server that logs every statement, in the forms that are asked for. */
export function logging(destinations: string): Readonly<Record<string, string>> {
  return {
    logging_collector: "on",
    log_destination: destinations,
    log_directory: "log",
    log_filename: "server.log",
    log_statement: "all",
    log_min_messages: "warning",
    log_min_error_statement: "error",
    log_disconnections: "on",
    log_timezone: "UTC",
  };
}

/** A server with these settings. */
export async function startLogging(destinations: string, options: PostgresOptions = {}): Promise<PostgresServer> {
  return await startPostgres({ ...options, settings: { ...logging(destinations), ...options.settings } });
}

/** Roles and tables of a small shop. */
export async function shop(server: PostgresServer): Promise<void> {
  await server.query(`
    create role app login; create role app_rw; create role reader; create role stranger login;
    grant app_rw to app; grant reader to app;
    create schema sales; create schema hidden; grant usage on schema sales to app_rw, reader;
    create table sales.orders (id int primary key, note text); create table hidden.t (a int); create table sales.secret (a int);
    grant select, insert, update on sales.orders to app_rw; grant select on sales.orders to reader;
    insert into sales.orders values (1, 'first')`);
}

/** A session over TCP. */
export async function session<T>(
  server: PostgresServer,
  user: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ connectionString: server.url({ user }), application_name: "orders-service" });
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Literals of the workload: none may be kept. */
export const LITERALS = ["zebra-7431", "quoted ''yak", "line one", "99887766"] as const;

/** What `app` does: one of each thing that a reader must get right. */
export async function workOf(server: PostgresServer): Promise<void> {
  await session(server, "app", async (client) => {
    await refused(client, "select note from sales.orders where id = 99887766"); // As app: no USAGE without inheriting? It inherits, so this runs.
    await client.query("SET ROLE app_rw");
    await client.query("select note from sales.orders where id = 99887766 and note = 'zebra-7431'");
    await client.query({ text: "insert into sales.orders values ($1, $2)", values: [5, "zebra-7431"], name: "put" });
    await client.query({ text: "insert into sales.orders values ($1, $2)", values: [6, "quoted 'yak"], name: "put" });
    await client.query(
      "update sales.orders\n   set note = 'line one\nline two, \"quoted\", and ''more'''\n where id = 5",
    );
    await refused(client, "delete from sales.orders where id = 99887766");
    await client.query("begin");
    await client.query("set local role reader");
    await client.query("select count(*) from sales.orders");
    await client.query("commit");
    await client.query("select id from sales.orders");
    await client.query("begin");
    await client.query("set role reader");
    await client.query("rollback");
    await client.query("select max(id) from sales.orders");
    await client.query("set search_path = sales, public");
    await client.query("select min(id) from orders");
    await refused(client, "select * from nowhere_to_be_found");
    await client.query("reset role");
    await client.query("select id + 1 from sales.orders where note = 'zebra-7431'");
    await client.query("select set_config('role', 'reader', false)");
    await client.query("select id + 2 from sales.orders");
    await refused(client, "selec broken 'zebra-7431'");
    await client.query("prepare byid(int) as select note, id from sales.orders where id = $1");
    await client.query("execute byid(99887766)");
    await client.query("select 1; select id * 2 from sales.orders");
    await client.query("discard all");
    await client.query("select id + 3 from sales.orders");
  });
  await session(server, "stranger", async (client) => {
    await refused(client, "select * from sales.orders");
    await refused(client, "select * from hidden.t");
  });
}

async function refused(client: Client, text: string): Promise<void> {
  await client.query(text).catch(() => undefined);
}

/** The server's log files of this ending, once nothing more is written. */
export async function logFiles(server: PostgresServer, ending: string): Promise<string[]> {
  await sleep(500); // The collector writes behind the sessions.
  const folder = join(server.dataDir, "log");
  return (await readdir(folder))
    .filter((name) => name.endsWith(ending))
    .toSorted()
    .map((name) => join(folder, name));
}
