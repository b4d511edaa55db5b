import { afterAll, beforeAll, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import { caughtUp, REPLICATING, startStandby } from "../support/standby.ts";
import { expectExit, type Ran, type Workspace, workspace } from "./cli.ts";
import { manifest, NARROWER, ROLES, SALES, TAKEN } from "./shop.ts";

let primary: PostgresServer;
let standby: PostgresServer;
let folder: Workspace;

beforeAll(async () => {
  primary = await startPostgres({ settings: { ...REPLICATING, shared_preload_libraries: "pg_stat_statements" } });
  await primary.query("create database shop");
  await primary.query(ROLES);
  await primary.query(
    `create role keeper; ${SALES} create extension pg_stat_statements;
     grant usage on schema sales to keeper; grant select on sales.orders to keeper;
     create view sales.report as select id, total from sales.orders; alter view sales.report owner to keeper; grant select on sales.report to reporting_ro;
     create function sales.twice(n int) returns int language sql as 'select total * 2 from sales.orders where id = n';
     create function sales.note() returns trigger language plpgsql as $$ begin insert into sales.orders_masked values (new.id); return new; end $$;
     create trigger noted after insert on sales.orders for each row execute function sales.note()`,
    { database: "shop" },
  );
  standby = await startStandby(primary);
  await caughtUp(primary, standby);
  folder = await workspace({ SHOP_URL: standby.url({ database: "shop" }) });
  await folder.write("rolewright.yaml", manifest("development", NARROWER, TAKEN));
});
afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
  await standby?.stop();
  await primary?.stop();
});

/** What `alice` is said to lack, or to have. */
async function ask(statement: string): Promise<Ran> {
  const ran = await folder.run(["requires", statement, "--as", "alice"]);
  expectExit(ran, 0);
  return ran;
}

test("a standby says what a statement needs, in views, bodies and triggers too, and writes nothing", async () => {
  expect(await standby.query("select pg_is_in_recovery() as is")).toEqual([{ is: true }]);
  const read = await ask("select sales.twice(1), total from sales.report for update");
  expect(read.stdout).toContain("+ SELECT (id, total) on table sales.orders of `keeper`, in view sales.report");
  expect(read.stdout).toContain("+ SELECT (id, total) on table sales.orders, in function sales.twice(integer)");
  expect(read.stdout).toContain("- UPDATE (any column) on table sales.report");
  const write = await ask("insert into sales.orders values (7, 1)");
  expect(write.stdout).toMatch(/- INSERT \(id\) on table sales\.orders_masked, in trigger noted of sales\.orders/u);
  expect(write.stdout).not.toContain("NOT KNOWN");
});

test("evidence is collected on a standby, and a plan for it is simulated on a shadow as for any other", async () => {
  await standby.query("set role alice; select total from sales.orders where id = 7", { database: "shop" });
  const sources = ["workload", "collect", "--live", "pg_stat_statements", "--target", "shop", "--out", "e.json"];
  expectExit(await folder.run(sources), 0);
  expectExit(await folder.run(["plan", "--out", "plan.json"]), 0);
  const ran = await folder.run(["simulate", "plan.json", "--evidence", "e.json"]);
  expectExit(ran, 3);
  expect(ran.stdout).toMatch(/WOULD BREAK {2}1 statement.*\n +- alice: SELECT \(id, total\) on table sales\.orders/u);
});
