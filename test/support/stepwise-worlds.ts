import { hashSync } from "bcryptjs";
import { diff } from "../../src/diff/diff.ts";
import type { Change, GrantChange } from "../../src/model/change.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { startCassandra } from "./cassandra.ts";
import { connectTo, makeShop, SHOP_WISH, wished } from "./applying.ts";
import { startMariadb } from "./mariadb.ts";
import { startPostgres } from "./postgres.ts";
import { connectStepwise } from "./stepwise-engines.ts";
import type { StepwiseWorld } from "./stepwise-world.ts";

/** From SHOP_WISH what needs no default privilege and no narrowing, and a role that takes two statements. */
const WISH: readonly string[] = [
  `create role "new ""role" connection limit 3`,
  ...SHOP_WISH.slice(1, 7),
  `alter role svc connection limit 5`,
];

/** PostgreSQL, spoken to as if its grants took no part in transactions. */
export async function postgresWorld(): Promise<StepwiseWorld> {
  const server = await startPostgres();
  await makeShop(server);
  const url = server.url({ database: "shop" });
  return {
    engine: "stepwise-postgresql",
    url,
    databases: ["shop"],
    connect: () => connectStepwise("stepwise-postgresql", url, ["shop"]),
    async changes(live) {
      await using connection = await connectTo({ url }, ["shop"]);
      const desired = await wished(connection, live.access, { shop: WISH });
      return diff(live.access, desired, { rules: connection.engine.dialect(live).rules });
    },
    otherChange: () => grantOf("bob", ["shop", "sales", "items"], "app_owner"),
    foreign: [`grant delete on sales.orders to writer`, `revoke delete on sales.orders from writer`],
    collision: [`alter role svc connection limit 9`, `alter role svc connection limit -1`],
    query: (text) => server.query(text, { database: "shop" }),
    kill: () => Promise.resolve(server.kill()),
    restart: () => server.restart(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

export function grantOf(
  grantee: string,
  path: readonly string[],
  grantor: string,
  privileges: readonly string[] = ["SELECT"],
): GrantChange {
  return {
    kind: "add-grant",
    resourceKind: "table",
    database: path[0] ?? "",
    resources: [{ kind: "table", path }],
    privileges,
    grantee,
    grantor,
    grantable: false,
  };
}

const MARIADB_SHOP: readonly string[] = [
  "create database shop",
  "create table shop.orders (id int primary key, name text, card text)",
  "create table shop.items (id int primary key)",
  "create table shop.`odd ``t.able` (id int)",
  "create role reader",
  "create role writer",
  "create role old_group",
  "create user alice@'%'",
  "create user bob@'%'",
  "create user svc@'127.0.0.%'",
  "grant select on shop.items to reader",
  "grant select, insert, update on shop.orders to writer",
  "grant select on shop.orders to old_group",
  "grant writer to alice@'%'",
  "grant old_group to bob@'%'",
  "set default role old_group for bob@'%'",
];

/** MariaDB, where it is so by itself. */
export async function mariadbWorld(): Promise<StepwiseWorld> {
  const server = await startMariadb();
  for (const text of MARIADB_SHOP) await server.query(text);
  const url = server.url();
  return {
    engine: "mariadb",
    url,
    databases: [],
    connect: () => connectStepwise("mariadb", url, []),
    changes: (live) => Promise.resolve(mariadbChanges(live)),
    otherChange: () => grantOf("bob@%", ["def", "shop", "items"], ""),
    foreign: ["grant delete on shop.orders to writer", "revoke delete on shop.orders from writer"],
    collision: [
      "alter user svc@'127.0.0.%' with max_user_connections 9",
      "alter user svc@'127.0.0.%' with max_user_connections 0",
    ],
    query: (text) => server.query(text),
    kill: () => server.kill(),
    restart: () => server.restart(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** An account, a role that is its default role, grants to both, and something taken from everybody else. */
function mariadbChanges({ access }: Snapshot): readonly Change[] {
  const [role, account, table] = ["new `role", "new 'acc@unt@%", (name: string) => ["def", "shop", name]];
  const bob = [...access.memberships.values()].find(({ member }) => member === "bob@%");
  const like = (name: string, of: string, attributes = {}): Change => {
    const found = access.roles.get(of);
    if (found === undefined) throw new Error(`there is no ${of}`);
    return { kind: "create-role", role: { ...found, name, attributes: { ...found.attributes, ...attributes } } };
  };
  if (bob === undefined) throw new Error("bob is a member of nothing");
  const removed = (grantee: string, privileges: readonly string[]): Change => ({
    ...grantOf(grantee, table("orders"), "", privileges),
    kind: "remove-grant",
  });
  return [
    like(role, "reader"),
    like(account, "alice@%", { connection_limit: 3 }),
    { kind: "add-membership", membership: { ...bob, role, member: account, inherit: true, set: true } },
    ...["orders", "items", "odd `t.able"].map((name) => grantOf(role, table(name), "")),
    grantOf(account, table("items"), "", ["INSERT"]),
    {
      kind: "alter-role",
      role: "svc@127.0.0.%",
      attributes: [{ name: "connection_limit", before: 0, after: 5 }],
    },
    removed("writer", ["INSERT"]),
    removed("old_group", ["SELECT"]),
    { kind: "remove-membership", membership: bob },
  ];
}

const CASSANDRA_SHOP: readonly string[] = [
  "create keyspace shop with replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 1}",
  "create table shop.orders (id int primary key, name text)",
  "create table shop.items (id int primary key)",
  'create table shop."Odd_Table" (id int primary key)',
  "create role reader",
  "create role writer",
  "create role old_group",
  "create role alice with login = true",
  "create role bob with login = true",
  "create role svc with login = true",
  "grant select on shop.items to reader",
  "grant select, modify on shop.orders to writer",
  "grant select on shop.orders to old_group",
  "grant writer to alice",
  "grant old_group to bob",
  "insert into system_auth.cidr_groups (cidr_group, cidrs) values ('far', {('10.0.0.0', 8)})",
  "insert into system_auth.cidr_groups (cidr_group, cidrs) values ('near', {('127.0.0.0', 8)})",
];

/** One node of Cassandra, where it is so by itself. */
export async function cassandraWorld(): Promise<StepwiseWorld> {
  const server = await startCassandra();
  // A cheap hash: hundreds of logins wait for it.
  await server.query(
    `alter role cassandra with hashed password = '${hashSync("cassandra", 4).replace("$2b$", "$2a$")}'`,
  );
  for (const text of CASSANDRA_SHOP) await server.query(text);
  const [node] = server.nodes;
  if (node === undefined) throw new Error("there is no node");
  const url = server.url();
  return {
    engine: "cassandra",
    url,
    databases: [],
    connect: () => connectStepwise("cassandra", url, []),
    changes: (live) => Promise.resolve(cassandraChanges(live)),
    otherChange: () => grantOf("bob", ["cluster", "shop", "items"], ""),
    foreign: ["grant drop on shop.orders to writer", "revoke drop on shop.orders from writer"],
    collision: ["alter role svc with access from cidrs {'near'}", "alter role svc with access from all cidrs"],
    query: (text) => server.query(text),
    kill: () => node.kill(),
    restart: () => node.start(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** A role, and a login with an identity that is a member of it, grants to both, and something taken from everybody else. */
function cassandraChanges({ access }: Snapshot): readonly Change[] {
  const [role, login, table] = ['new "role', "new_login", (name: string) => ["cluster", "shop", name]];
  const bob = [...access.memberships.values()].find(({ member }) => member === "bob");
  const reader = access.roles.get("reader");
  if (bob === undefined || reader === undefined) throw new Error("the shop is not complete");
  const like = (name: string, attributes = {}): Change => ({
    kind: "create-role",
    role: { ...reader, name, attributes: { ...reader.attributes, ...attributes } },
  });
  const removed = (grantee: string, privileges: readonly string[]): Change => ({
    ...grantOf(grantee, table("orders"), "", privileges),
    kind: "remove-grant",
  });
  return [
    like(role),
    like(login, { login: true, identities: '["spiffe://shop/new"]' }),
    { kind: "add-membership", membership: { ...bob, role, member: login } },
    ...["orders", "items", "Odd_Table"].map((name) => grantOf(role, table(name), "")),
    grantOf(login, table("items"), "", ["MODIFY"]),
    {
      kind: "alter-role",
      role: "svc",
      attributes: [{ name: "cidr_groups", before: null, after: '["far"]' }],
    },
    removed("writer", ["MODIFY"]),
    removed("old_group", ["SELECT"]),
    { kind: "remove-membership", membership: bob },
  ];
}
