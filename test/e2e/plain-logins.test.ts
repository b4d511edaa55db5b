import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresServer, startPostgres, testMajor } from "../support/postgres.ts";
import { expectExit, type Ran, type Workspace, workspace } from "./cli.ts";
import { manifest, NARROWER, ROLES, SALES, TAKEN } from "./shop.ts";

let server: PostgresServer;
let folder: Workspace;
/** Roles can be let set a parameter since 15. */
const canBeQuiet = testMajor() >= 15;

beforeAll(async () => {
  server = await startPostgres({ settings: { shared_preload_libraries: "pg_stat_statements" } });
  await server.query("create database shop");
  await server.query(`${ROLES}; create role plain login; create role quiet login; create role watcher login;
    create role keeper login; grant pg_monitor to watcher`);
  if (canBeQuiet) await server.query("grant set on parameter log_min_messages to quiet");
  await server.query(
    `create extension pg_stat_statements; ${SALES} create table public.orders (id int);
     alter schema sales owner to keeper; alter table sales.orders owner to keeper; alter table sales.orders_masked owner to keeper;
     create function sales.count() returns bigint language sql as 'select count(*) from sales.orders';
     alter table sales.orders_masked enable row level security; create policy own on sales.orders_masked to reporting_ro using (id > 0);
     grant select on sales.orders_masked to reporting_ro; set role alice; select total from sales.orders where id = 7`,
    { database: "shop" },
  );
  folder = await workspace();
  await folder.write("rolewright.yaml", manifest("development", NARROWER, TAKEN));
  const seen = { at: "2026-11-20T10:00:00Z", database: "shop", login: "alice", role: "alice" };
  const statements = ["select total from sales.orders where id = 7", "select id from sales.orders_masked"];
  await folder.write("u.jsonl", statements.map((statement) => `${JSON.stringify({ ...seen, statement })}\n`).join(""));
});
afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
  await server?.stop();
});

const as = (user: string, ...args: readonly string[]): Promise<Ran> =>
  folder.run(args, { env: { SHOP_URL: server.url({ database: "shop", user }) } });

const needs = (statement: string, ...more: readonly string[]): readonly string[] => [
  "requires",
  statement,
  "--as",
  "alice",
  ...more,
];

describe("a login that may not keep its questions out of the log", () => {
  test("is refused by the target with what to grant, and answered by a shadow", async () => {
    const refused = await as("plain", ...needs("select total from sales.orders"));
    expectExit(refused, 1);
    expect(refused.stderr).toMatch(/RW551.*`warning`/u);
    expect(refused.stderr).toContain("--shadow");
    expect(refused.stderr.includes('grant set on parameter log_min_messages to "plain"')).toBe(canBeQuiet);
    const log = await readFile(join(server.socket, "log"), "utf8");
    expect(log).toContain("ready to accept connections");
    expect(log).not.toContain("rewritten parse tree");
    const told = await as("plain", ...needs("select id, sales.count() from sales.orders_masked", "--shadow"));
    expectExit(told, 0);
    expect(told.stdout).toContain("+ SELECT (id) on table sales.orders_masked");
    expect(told.stdout).toContain("+ SELECT (any column) on table sales.orders, in function sales.count()");
    expect(told.stdout).toContain("alice: may run it");
  });

  test("sees its own statements alone in the counters, unless it may watch", async () => {
    const collect = ["workload", "collect", "--live", "pg_stat_statements", "--target", "shop", "--out", "c.json"];
    const plain = await as("plain", ...collect);
    expectExit(plain, 0);
    expect(plain.stdout).toMatch(/the texts of \d+ statements may not be seen: grant `pg_read_all_stats`/u);
    const watcher = await as("watcher", ...collect);
    expectExit(watcher, 0);
    expect(watcher.stdout).not.toContain("may not be seen");
    expect(await folder.read("c.json")).toContain("select total from sales.orders where id = $1");
  });
});

test.runIf(canBeQuiet)(
  "what the connection's role may not look at is unknown, and never taken for a refusal",
  async () => {
    for (const statement of ["select total from sales.orders", "select id from orders"]) {
      const path = ["--search-path", "sales,public"];
      const blind = await as("quiet", ...needs(statement, ...path));
      expectExit(blind, 0);
      expect(blind.stdout).toMatch(/NOT KNOWN.*\n +\? .*the role of the connection.*schema `?sales/u);
      expect(blind.stdout).toContain("it cannot be said whether it may be run");
    }
    const own = await as("quiet", "requires", "select total from sales.orders", "--as", "quiet");
    expect(own.stdout).toContain("permission denied for schema sales");
    expect(own.stdout).toContain("quiet: may not run it");
    await server.query("grant usage on schema sales to quiet", { database: "shop" });
    const seeing = await as("quiet", ...needs("select id from orders", "--search-path", "sales,public"));
    expect(seeing.stdout).toContain("+ SELECT (id) on table sales.orders");
    expect(seeing.stdout).toContain("alice: may run it");
    const filtered = await as("quiet", ...needs("select id from sales.orders_masked"));
    expect(filtered.stdout).toContain("the row policies that apply to `alice` could not be read as this role");
  },
);

describe("a plan of a role that is no superuser", () => {
  test("is simulated where the role owns what it changes", async () => {
    expectExit(await as("keeper", "workload", "collect", "u.jsonl", "--target", "shop", "--out", "e.json"), 0);
    expectExit(await as("keeper", "plan", "--out", "plan.json"), 0);
    const ran = await as("keeper", "simulate", "plan.json", "--evidence", "e.json");
    expectExit(ran, 3);
    expect(ran.stdout).toContain("- alice: SELECT (id, total) on table sales.orders");
    expect(ran.stdout).toContain("100 % (2 of 2) of the calls");
  });

  test("that may not do it is refused as it would be on the target", async () => {
    expectExit(await as("plain", "plan", "--out", "plan.json"), 3);
    const ran = await as("plain", "simulate", "plan.json", "--evidence", "e.json");
    expectExit(ran, 1);
    expect(ran.stderr).toMatch(/RW579 .*`plain`.*on the shadow/u);
  });
});
