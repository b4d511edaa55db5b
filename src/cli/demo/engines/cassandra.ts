import { randomBytes } from "node:crypto";
import { Secret } from "../../../base/secret.ts";
import { type CassandraCluster, startCassandra } from "../../../engine/cassandra/local/cluster.ts";
import { quoteText, withClient } from "../../../engine/cassandra/local/session.ts";
import { peopleOf } from "./people.ts";
import type { DemoServer, DemoWorld } from "./world.ts";

const ADMINISTRATOR = "dba";

/** The shop on Cassandra: analysts read it by a permission on the whole keyspace. */
const SHOP: readonly string[] = [
  ...["shop", "stock"].map(
    (name) => `create keyspace ${name} with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
  ),
  "create table shop.customers (id int primary key, name text)",
  "create table shop.invoices (id int primary key, amount int)",
  "create table shop.orders (id int primary key, total int)",
  "create table shop.payment_cards (id int primary key, number text)",
  "create table stock.articles (id int primary key, left_over int)",
  "insert into shop.orders (id, total) values (1, 40)",
  "insert into shop.orders (id, total) values (2, 12)",
  "insert into shop.payment_cards (id, number) values (1, '4111 1111 1111 1111')",
  "insert into shop.payment_cards (id, number) values (2, '4242 4242 4242 4242')",
  "create role reporting",
  "create role billing_rw",
  "create role orders_rw",
  "grant select on keyspace shop to reporting",
  "grant select on keyspace stock to reporting",
  "grant select on table shop.invoices to billing_rw",
  "grant modify on table shop.invoices to billing_rw",
  ...["orders", "payment_cards"].flatMap((table) =>
    ["select", "modify"].map((permission) => `grant ${permission} on table shop.${table} to orders_rw`),
  ),
  "grant reporting to billing_rw",
];

const LOGINS: readonly (readonly [string, string])[] = [
  ["alice", "reporting"],
  ["bruno", "reporting"],
  ["svc_reports", "reporting"],
  ["svc_billing", "billing_rw"],
  ["svc_shop", "orders_rw"],
];

/** The story on Cassandra, where each GRANT and REVOKE stands at once, and every node has to be asked. */
export const cassandraWorld: DemoWorld = {
  start,
  prompt: (login) => `${login}@cqlsh> `,
  people: peopleOf((login) => login),
  administrator: ADMINISTRATOR,
  analyst: "alice",
  shop: "svc_shop",
  readCards: "select count(*) from shop.payment_cards",
  readOrders: "select count(*) from shop.orders",
  byHand: "grant modify on table shop.orders to reporting",
  applying: [
    "Cassandra cannot take a GRANT back by itself: each statement stands at once. So the three tables are granted before the",
    "keyspace is revoked, each statement is written down before it runs and read back after it, and every node is asked at the end.",
  ],
};

async function start({ keep }: { readonly keep: boolean }): Promise<DemoServer> {
  const password = new Secret(randomBytes(12).toString("base64url"));
  const cluster = await startCassandra({ superuser: { name: ADMINISTRATOR, password }, keep });
  const run = (login: string, statement: string): Promise<string> => runCql(cluster, { login, statement, password });
  try {
    const logins = LOGINS.flatMap(([login, role]) => [
      `create role ${login} with login = true and password = ${quoteText(password.reveal())}`,
      `grant ${role} to ${login}`,
    ]);
    for (const statement of [...SHOP, ...logins]) {
      const answer = await run(ADMINISTRATOR, statement);
      if (answer.startsWith("ERROR")) throw new Error(`${statement.split(" with ")[0] ?? ""}: ${answer}`);
    }
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  const [node] = cluster.nodes;
  return {
    greeting: `Cassandra ${cluster.release} is up on ${node?.address ?? ""}:${node?.port ?? 0}`,
    url: cluster.url(),
    pids: cluster.nodes.map(({ pid }) => pid),
    run,
    stop: () => cluster.stop(),
  };
}

async function runCql(
  cluster: CassandraCluster,
  { login, statement, password }: { readonly login: string; readonly statement: string; readonly password: Secret },
): Promise<string> {
  const [node] = cluster.nodes;
  if (node === undefined) throw new Error("a cluster has at least one node");
  try {
    return await withClient({ address: node.address, port: node.port, user: login, password }, async (client) => {
      const { rows } = await client.execute(statement);
      const [value] = (rows?.[0]?.values() ?? []) as readonly (number | { toString(): string } | undefined)[];
      return value === undefined ? "done" : value.toString();
    });
  } catch (error) {
    return `ERROR: ${(error as Error).message}`;
  }
}
