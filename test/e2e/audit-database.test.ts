import { existsSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import { type Ran, expectExit, type Workspace, workspace } from "./cli.ts";
import { manifest, openShop, type Shop } from "./shop.ts";

let shop: Shop;
let server: PostgresServer;
let folder: Workspace;

beforeAll(async () => {
  shop = await openShop();
  server = await startPostgres({ auth: "scram", settings: { fsync: "on", full_page_writes: "on" } });
  await server.query("create database log");
  folder = await workspace({
    SHOP_URL: shop.server.url({ database: "shop" }),
    ROLEWRIGHT_AUDIT_STORE: server.url({ database: "log" }),
  });
  await shop.reset();
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
  await server.stop();
  await shop[Symbol.asyncDispose]();
});

function typesOf(ran: Ran): readonly unknown[] {
  expectExit(ran, 0);
  const { entries } = ran.json() as unknown as { entries: readonly { readonly fields: { readonly type: string } }[] };
  return entries.map(({ fields }) => fields.type);
}

test("an apply is recorded in the database that the environment names, and everything can be asked of it", async () => {
  await folder.write(
    "rolewright.yaml",
    manifest("staging", ["select on table sales.orders", "select on table sales.orders_masked"]),
  );
  expectExit(await folder.run(["plan", "--out", "plan.json"]), 0);
  expectExit(await folder.run(["apply", "plan.json", "--yes"]), 0);
  expect(await shop.aliceReads("orders_masked")).toBe(true);
  expect(existsSync(folder.path(".rolewright/audit/tree"))).toBe(false);
  expect(typesOf(await folder.run(["audit", "log", "--last", "2", "--json"]))).toEqual([
    "change.intent",
    "change.outcome",
  ]);
  const verified = await folder.run(["audit", "verify", "--full", "--json"]);
  expect(verified.json()).toMatchObject({ verified: true, level: "V2", open_intents: [] });
  const { stdout } = await folder.run(["audit", "keys", "--json"]);
  const key = /"vkey": ?"([^"]+)"/u.exec(stdout)?.[1] ?? "";
  expectExit(await folder.run(["audit", "prove", "1", "--out", "proof"]), 0);
  expectExit(await folder.run(["audit", "check-proof", "proof", "--key", key]), 0);
  const exported = await folder.run(["audit", "export", "--format", "csv"]);
  expect([exported.code, exported.stdout.includes("change.intent")]).toEqual([0, true]);
});

test("nothing is changed where the database does not answer, is another one, or is no URL", async () => {
  await folder.write(
    "rolewright.yaml",
    manifest("staging", ["select on table sales.orders"], ["select on table sales.orders_masked"]),
  );
  expectExit(await folder.run(["plan", "--out", "plan.json"]), 0);
  await server.query("create database empty");
  for (const [store, code] of [
    ["postgresql://postgres:secret-word@127.0.0.1:1/log", "RW601"],
    [server.url({ database: "empty" }), "RW605"], // The log that is remembered is not in it.
    ["mysql://secret-word@x", "RW649"],
  ] as const) {
    const ran = await folder.run(["apply", "plan.json", "--yes"], { env: { ROLEWRIGHT_AUDIT_STORE: store } });
    expect([store, ran.code, ran.stderr]).toEqual([store, 1, expect.stringContaining(code)]);
    expect(ran.stderr + ran.stdout).not.toContain("secret-word");
  }
  expect(await shop.aliceReads("orders_masked")).toBe(true);
  expectExit(await folder.run(["apply", "plan.json", "--yes"]), 0);
  expect(await shop.aliceReads("orders_masked")).toBe(false);
});
