import { delimiter, dirname } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findBinaries } from "../../src/engine/postgresql/embedded/binaries.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import { expectExit, type Ran, type Workspace, workspace } from "./cli.ts";
import { manifest, NARROWER, ROLES, SALES, TAKEN } from "./shop.ts";

const TARGET = 16;
let server: PostgresServer;
let folder: Workspace;

beforeAll(async () => {
  server = await startPostgres({ major: TARGET });
  await server.query("create database shop");
  await server.query(ROLES);
  await server.query(SALES, { database: "shop" });
  await server.query("grant select on sales.orders_masked to reporting_ro", { database: "shop" });
  folder = await workspace({ SHOP_URL: server.url({ database: "shop" }) });
  await folder.write("rolewright.yaml", manifest("development", NARROWER, TAKEN));
  const seen = { at: "2026-11-20T10:00:00Z", database: "shop", login: "alice", role: "alice" };
  const statements = ["select total from sales.orders where id = 7", "select id from sales.orders_masked"];
  await folder.write("u.jsonl", statements.map((statement) => `${JSON.stringify({ ...seen, statement })}\n`).join(""));
  expectExit(await folder.run(["workload", "collect", "u.jsonl", "--target", "shop", "--out", "e.json"]), 0);
});
afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
  await server?.stop();
});

/** With the server programs of these folders, and no others. */
const withPrograms = (folders: string, ...args: readonly string[]): Promise<Ran> =>
  folder.run(args, { env: { ROLEWRIGHT_POSTGRESQL_BIN: folders } });

const SIMULATE = ["simulate", "--evidence", "e.json"] as const;

test("without the programs of any server there is no shadow, and an error that says what to do", async () => {
  const ran = await withPrograms(folder.folder, ...SIMULATE);
  expectExit(ran, 1);
  expect(ran.stderr).toMatch(/RW560 .*PostgreSQL 16/u);
  expect(ran.stderr).toContain("ROLEWRIGHT_POSTGRESQL_BIN");
});

test("a server of another major says what would break, and is certain of nothing else", async () => {
  const other = dirname((await findBinaries(18)).postgres);
  const ran = await withPrograms(`${folder.folder}${delimiter}${other}`, ...SIMULATE);
  expectExit(ran, 3);
  expect(ran.stdout).toMatch(/on a shadow, 18\.\d+ \(another major version\)/u);
  expect(ran.stdout).toContain("- alice: SELECT (id, total) on table sales.orders");
  expect(ran.stdout).toMatch(/\? alice: it was read on version 18.*another major/u);
  expect(ran.stdout).toContain("decided: 50 % (1 of 2)");
  const asked = await withPrograms(
    other,
    "requires",
    "select id from sales.orders_masked",
    "--as",
    "alice",
    "--shadow",
  );
  expect(asked.stdout).toContain("+ SELECT (id) on table sales.orders_masked");
  expect(asked.stdout).toContain("it cannot be said whether it may be run");
});

test("of several the target's own major is taken", async () => {
  const folders = await Promise.all(
    [18, TARGET].map(async (major) => dirname((await findBinaries(major as 18)).postgres)),
  );
  const ran = await withPrograms(folders.join(delimiter), ...SIMULATE);
  expectExit(ran, 3);
  expect(ran.stdout).toMatch(/on a shadow, 16\.\d+\n/u);
  expect(ran.stdout).toContain("decided: 100 % (2 of 2)");
});
