import { setTimeout as wait } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { expectExit, type Workspace, workspace } from "../e2e/cli.ts";
import { startLogging } from "../support/logged-workload.ts";
import type { PostgresServer } from "../support/postgres.ts";
import { endWatchers, until, windowIn } from "./confirm-window-world.ts";

/* A probe that looks into the server's log as long as a change waits: real server, real log, real clients. */

let server: PostgresServer;
let folder: Workspace;
let alice: Client;

beforeAll(async () => {
  server = await startLogging("csvlog");
  await server.query("create database shop");
  await server.query(
    "create role reporting_ro; create role alice login; grant reporting_ro to alice; create role bob login",
  );
  alice = new Client({ connectionString: server.url({ user: "alice", database: "shop" }) });
  alice.on("error", () => {});
  await alice.connect();
});
beforeEach(async () => {
  const sql = `drop schema if exists sales cascade; create schema sales;
    create table sales.orders (id int); create table sales.secret (id int);
    grant usage on schema sales to reporting_ro; grant select on sales.orders to reporting_ro`;
  await server.query(sql, { database: "shop" });
  folder = await workspace({ SHOP_URL: server.url({ database: "shop" }) });
  await folder.write("rolewright.yaml", manifest());
});
afterEach(async () => {
  await endWatchers(folder.folder);
  await folder[Symbol.asyncDispose]();
});
afterAll(async () => {
  await alice.end();
  await server.stop();
});

const manifest = (more = ""): string => `version: 1
targets:
  shop: { engine: postgresql, environment: staging, url: "\${SHOP_URL}" }
roles:
  reporting_ro:
    grants: [usage on schema sales]
    revoke: [select on table sales.orders]
probes:
  - name: nobody is refused
    denials: "${server.dataDir}/log/*.csv"
${more}`;

const reads = async (): Promise<boolean> =>
  await alice.query("select id from sales.orders").then(
    () => true,
    () => false,
  );
const asksForTooMuch = async (): Promise<void> => {
  await alice.query("select id from sales.secret").catch(() => undefined);
};
const phase = async (): Promise<string> => (await windowIn(folder.folder)).view.phase;

test("a removal that somebody trips over is taken back while it waits", async () => {
  expect(await reads()).toBe(true);
  expectExit(await folder.run(["apply", "--yes", "--confirm-within", "1m"]), 0);
  expect(await reads()).toBe(false);
  await until(async () => (await phase()) === "reverted");
  expect(await reads()).toBe(true);
  const { view } = await windowIn(folder.folder);
  expect(view.probed?.failed.join()).toMatch(
    /probe `nobody is refused`: `alice` was refused \(42501\): select id from sales\.orders/i,
  );
});

test("what was refused before the change does not count, nor what others are refused", async () => {
  await asksForTooMuch();
  await wait(2000);
  expectExit(await folder.run(["apply", "--yes", "--confirm-within", "1m"]), 0);
  await asksForTooMuch();
  const bob = new Client({ connectionString: server.url({ user: "bob", database: "shop" }) });
  await bob.connect();
  await bob.query("select id from sales.orders").catch(() => undefined);
  await bob.end();
  await wait(5000);
  expect(await phase()).toBe("open");
  expectExit(await folder.run(["confirm"]), 0);
});
