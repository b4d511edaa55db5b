import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import { expectExit, type Workspace, workspace } from "./cli.ts";

// New owners and row security need locks that stop everybody else: each object has a transaction of its own, with the others beside it undisturbed.

const SQL = `
  create role old_owner; create role new_owner; create role readers; create role alice login;
  grant readers to alice;
  create schema sales authorization old_owner; grant usage on schema sales to readers; grant usage, create on schema sales to new_owner;
  set role old_owner;
  create table sales.orders (id int generated always as identity, region text); create table sales.items (id serial); create view sales.both as select 1 as one;
  grant select on sales.orders, sales.items to readers;
  reset role;
`;

const MANIFEST = `version: 1
targets:
  shop: { engine: postgresql, environment: development, url: "\${SHOP_URL}" }
roles:
  new_owner: {}
  readers:
    grants: [usage on schema sales, "select on tables sales.*"]
ownership:
  - { owner: new_owner, of: { tables: sales.* } }
row_policies:
  - table: sales.orders
    enabled: true
    policies:
      north: { command: select, to: [readers], using: "region = 'north'" }
`;

let server: PostgresServer;
let place: Workspace;

beforeAll(async () => {
  server = await startPostgres();
  await server.query(SQL);
  place = await workspace({ SHOP_URL: server.url() });
  await place.write("rolewright.yaml", MANIFEST);
});

afterAll(async () => {
  await place?.[Symbol.asyncDispose]();
  await server?.stop();
});

async function owners(): Promise<string> {
  const rows = await server.query<{ text: string }>(
    `select string_agg(relname || '=' || relowner::regrole::text || ' ' || relrowsecurity, ', ' order by relname) as text from pg_class where relnamespace = 'sales'::regnamespace and relkind in ('r', 'v', 'S')`,
  );
  return rows[0]?.text ?? "";
}

const BEFORE =
  "both=old_owner false, items=old_owner false, items_id_seq=old_owner false, orders=old_owner false, orders_id_seq=old_owner false";
const AFTER =
  "both=new_owner false, items=new_owner false, items_id_seq=new_owner false, orders=new_owner true, orders_id_seq=new_owner false";

test("an object that somebody holds is waited for shortly, then everything that was done is taken back", async () => {
  const holder = new Client({ connectionString: server.url() });
  await holder.connect();
  await holder.query("begin; lock table sales.orders in access share mode");
  const ran = await place.run(["apply", "--yes", "--lock-timeout", "1"]);
  await holder.query("rollback");
  await holder.end();
  expectExit(ran, 5);
  expect(ran.stderr + ran.stdout).toMatch(/RW410/);
  expect(await owners()).toBe(BEFORE);
  expect((await place.run(["plan", "--detailed-exitcode"])).code).toBe(2);
});

test("new owners, row security and grants are applied object by object, and nobody loses what they keep", async () => {
  let refused = 0;
  const probing = { on: true };
  const probe = (async () => {
    const client = new Client({ connectionString: server.url({ user: "alice" }) });
    await client.connect();
    while (probing.on) await client.query("select from sales.items").catch(() => refused++);
    await client.end();
  })();
  const plan = await place.run(["plan", "--sql", "--out", "plan.json"]);
  expectExit(plan, 0);
  const ran = await place.run(["apply", "plan.json", "--yes"]);
  probing.on = false;
  await probe;
  expectExit(ran, 0);
  expect(refused).toBe(0);
  expect(await owners()).toBe(AFTER);
  expect((await place.run(["plan", "--detailed-exitcode"])).code).toBe(0);
});

test("and taken back the same way", async () => {
  const ran = await place.run(["revert", "plan.json", "--yes"]);
  expectExit(ran, 0);
  expect(await owners()).toBe(BEFORE);
});
