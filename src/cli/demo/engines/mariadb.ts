import { randomBytes } from "node:crypto";
import { createConnection } from "mysql2/promise";
import { Secret } from "../../../base/secret.ts";
import { ADMINISTRATOR } from "../../../engine/mysql/local/data-folder.ts";
import { type MariadbServer, startMariadb } from "../../../engine/mysql/local/server.ts";
import { peopleOf } from "./people.ts";
import type { DemoServer, DemoWorld } from "./world.ts";

/** The shop on MariaDB: analysts read it by a grant on the whole schema, and activate their role by default. */
const SHOP: readonly string[] = [
  "create database shop",
  "create database stock",
  "create table shop.customers (id int primary key, name varchar(50))",
  "create table shop.invoices (id int primary key, amount int)",
  "create table shop.orders (id int primary key, total int)",
  "create table shop.payment_cards (id int primary key, number varchar(20))",
  "create table stock.articles (id int primary key, left_over int)",
  "insert into shop.orders values (1, 40), (2, 12), (3, 7)",
  "insert into shop.payment_cards values (1, '4111 1111 1111 1111'), (2, '4242 4242 4242 4242')",
  "create role reporting",
  "create role billing_rw",
  "create role orders_rw",
  "grant select on shop.* to reporting",
  "grant select on stock.* to reporting",
  "grant select, insert, update on shop.invoices to billing_rw",
  "grant select, insert on shop.orders to orders_rw",
  "grant select, insert on shop.payment_cards to orders_rw",
  "grant reporting to billing_rw",
  ...[
    ["alice", "reporting"],
    ["bruno", "reporting"],
    ["svc_reports", "reporting"],
    ["svc_billing", "billing_rw"],
    ["svc_shop", "orders_rw"],
  ].flatMap(([login, role]) => [
    `create user ${login}@localhost`,
    `grant ${role} to ${login}@localhost`,
    `set default role ${role} for ${login}@localhost`,
  ]),
];

/** The story on MariaDB, where each GRANT and REVOKE stands at once. */
export const mariadbWorld: DemoWorld = {
  start,
  prompt: (login) => `${login}@localhost [shop]> `,
  people: peopleOf((login) => `${login}@localhost`),
  administrator: ADMINISTRATOR,
  analyst: "alice",
  shop: "svc_shop",
  readCards: "select count(*) from shop.payment_cards",
  readOrders: "select count(*) from shop.orders",
  byHand: "grant update on shop.orders to reporting",
  applying: [
    "MariaDB cannot take a GRANT back by itself: each statement stands at once. So the three tables are granted before the",
    "schema is revoked, and each statement is written down before it runs and read back after it.",
  ],
};

async function start({ keep }: { readonly keep: boolean }): Promise<DemoServer> {
  const password = new Secret(randomBytes(12).toString("base64url"));
  const server = await startMariadb({ password, keep });
  const run = (login: string, statement: string): Promise<string> =>
    runSql(server, { login, statement, password: login === ADMINISTRATOR ? password : null });
  try {
    for (const statement of SHOP) {
      const answer = await run(ADMINISTRATOR, statement);
      if (answer.startsWith("ERROR")) throw new Error(`${statement}: ${answer}`);
    }
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    greeting: `MariaDB ${server.version} is up on 127.0.0.1:${server.port}`,
    url: server.url({ user: ADMINISTRATOR, password }),
    pids: [server.pid],
    run,
    stop: () => server.stop(),
  };
}

async function runSql(
  server: MariadbServer,
  {
    login,
    statement,
    password,
  }: { readonly login: string; readonly statement: string; readonly password: Secret | null },
): Promise<string> {
  const connection = await createConnection({
    socketPath: server.socket,
    user: login,
    ...(password === null ? {} : { password: password.reveal() }),
  });
  try {
    const [rows] = await connection.query({ sql: statement, rowsAsArray: true });
    const [first] = Array.isArray(rows) ? (rows as unknown as readonly (readonly unknown[])[]) : [];
    return first === undefined ? "done" : String(first[0]);
  } catch (error) {
    return `ERROR: ${(error as Error).message}`;
  } finally {
    await connection.end();
  }
}
