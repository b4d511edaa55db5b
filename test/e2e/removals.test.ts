import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { findPgaudit, startWithPgaudit } from "../support/pgaudit.ts";
import type { PostgresServer } from "../support/postgres.ts";
import { expectExit, type Workspace, workspace } from "./cli.ts";
import { openShop, ROLES, SALES } from "./shop.ts";

const pgaudit = await findPgaudit();

const manifest = (more = ""): string => `version: 1
targets:
  shop: { engine: postgresql, environment: production, url: "\${SHOP_URL}" }
roles:
  reporting_ro:
    grants: [usage on schema sales]
    revoke: [select on table sales.orders]
${more}`;

const APPLY = ["apply", "--yes", "--accept-access-loss=1"];

describe("removals in steps", () => {
  test("only what was announced can be removed in production, where the manifest asks for that", async () => {
    await using shop = await openShop();
    await shop.reset();
    const { folder } = shop;
    await folder.write("rolewright.yaml", manifest("removals: { announced_days: 7, canary_days: 14 }\n"));
    const refused = await folder.run(APPLY);
    expectExit(refused, 3);
    expect(refused.stderr).toMatch(/RW586 .*select on sales\.orders from reporting_ro is never announced/);
    expect(await shop.aliceReads("orders")).toBe(true);

    expectExit(await folder.run(["plan", "--out", "plan.json"]), 0);
    const announced = await folder.run(["removals", "announce", "plan.json"]);
    expectExit(announced, 0);
    expect(announced.stdout).toMatch(/announced +[0-9a-f]{8} +select on sales\.orders from reporting_ro/);
    expect(announced.stdout).toContain("to be told: reporting_ro");
    const early = await folder.run(APPLY);
    expectExit(early, 3);
    expect(early.stderr).toContain("is announced: only what was announced and watched is removed");

    const [{ item }] = (await folder.run(["removals", "show", "--json"])).json()["removals"] as unknown as [
      { item: { id: string } },
    ];
    expectExit(await folder.run(["removals", "cancel", item.id.slice(7, 15), "--because", "the year end needs it"]), 0);
    const shown = await folder.run(["removals", "show"]);
    expect(shown.stdout).toMatch(/cancelled .*the year end needs it/);
    expect((await folder.run(APPLY)).stderr).toContain("is cancelled");
    // In an emergency it is told and goes on.
    const broken = await folder.run([...APPLY, "--break-glass", "--reason", "the card numbers leak"]);
    expect(broken.stderr).toContain("although RW586");
    expect(await shop.aliceReads("orders")).toBe(false);
  });

  test("a server without pgAudit has no canary", async () => {
    await using shop = await openShop();
    await shop.reset();
    const { folder } = shop;
    await folder.write("rolewright.yaml", manifest());
    expect((await folder.run(["removals", "canary"])).stderr).toContain("RW584");
    await folder.run(["plan", "--out", "plan.json"]);
    await folder.run(["removals", "announce", "plan.json"]);
    const refused = await folder.run(["removals", "canary"]);
    expectExit(refused, 3);
    expect(refused.stderr).toContain("pgAudit is not loaded");
  });
});

const where = "missing" in pgaudit ? ` (left out: ${pgaudit.missing})` : "";

describe.skipIf("missing" in pgaudit)(`a canary on a server with pgAudit${where}`, () => {
  let server: PostgresServer;
  let folder: Workspace;

  beforeAll(async () => {
    if ("missing" in pgaudit) return;
    server = await startWithPgaudit(pgaudit.library, {
      settings: {
        logging_collector: "on",
        log_destination: "csvlog",
        log_directory: "log",
        log_filename: "server.log",
      },
    });
    await server.query("create database shop");
    await server.query(ROLES);
  });
  beforeEach(async () => {
    await server.query(SALES, { database: "shop" });
    folder = await workspace({ SHOP_URL: server.url({ database: "shop" }) });
  });
  afterEach(() => folder[Symbol.asyncDispose]());
  afterAll(() => server.stop());

  test("is made by a plan like any other, names exactly who still uses what goes, and takes nothing from anybody", async () => {
    await folder.write("rolewright.yaml", manifest());
    expectExit(await folder.run(["plan", "--out", "doomed.json"]), 0);
    expectExit(await folder.run(["removals", "announce", "doomed.json"]), 0);
    const written = await folder.run(["removals", "canary"]);
    expectExit(written, 0);
    expect(written.stdout).toContain("there is no role `rolewright_canary` yet");
    expect(await folder.read("rolewright-canary.yaml")).toContain("- select on table sales.orders");

    // The canary alone, without what it is about.
    const canaryOnly = manifest("include: [rolewright-canary.yaml]\n").replace(
      "    revoke: [select on table sales.orders]\n",
      "",
    );
    await folder.write("rolewright.yaml", canaryOnly);
    expectExit(await folder.run(["apply", "--yes"]), 0);
    expect((await folder.run(["removals", "canary"])).stdout).toContain(
      "alter system set pgaudit.role = 'rolewright_canary'",
    );
    await server.query("alter system set pgaudit.role = 'rolewright_canary'");
    await server.query("select pg_reload_conf()");
    await expect
      .poll(async () => (await folder.run(["removals", "canary"])).stdout, { timeout: 10_000 })
      .toMatch(/ON +the audit log names every use of 1 privilege/);
    expect((await folder.run(["removals", "show"])).stdout).toMatch(
      /canary +[0-9a-f]{8} +select on sales\.orders from reporting_ro/,
    );

    const alice = new Client({ connectionString: server.url({ user: "alice", database: "shop" }) });
    await alice.connect();
    expect((await alice.query("select count(*) from sales.orders")).rows).toHaveLength(1);
    await alice.end();
    await server.query("select pg_rotate_logfile()");
    const log = await server.query<{ text: string }>("select pg_read_file('log/server.csv') as text");
    expect(log[0]?.text).toMatch(/AUDIT: OBJECT,1,1,READ,SELECT,TABLE,sales\.orders,select count/);
    expectExit(await folder.run(["workload", "collect", `${server.dataDir}/log/server.csv`, "--out", "today.json"]), 0);
    const watched = await folder.run(["removals", "watch", "--evidence", "today.json"]);
    expectExit(watched, 0);
    expect(watched.stdout).toMatch(
      /cancelled +[0-9a-f]{8} +select on sales\.orders from reporting_ro +because: `alice` used it: select count/,
    );
  });

  test("never takes the place of an audit role in use", async () => {
    await server.query("create role auditor");
    await server.query("alter system set pgaudit.role = 'auditor'");
    await server.query("select pg_reload_conf()");
    try {
      await folder.write("rolewright.yaml", manifest());
      await folder.run(["plan", "--out", "plan.json"]);
      await folder.run(["removals", "announce", "plan.json"]);
      await expect
        .poll(async () => (await folder.run(["removals", "canary"])).stderr, { timeout: 10_000 })
        .toContain("pgaudit.role is in use: it is `auditor`");
    } finally {
      await server.query("alter system reset pgaudit.role");
      await server.query("select pg_reload_conf()");
    }
  });
});
