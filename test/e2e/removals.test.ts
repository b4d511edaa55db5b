import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { digestText } from "../../src/base/digest.ts";
import { writeEvidence } from "../../src/simulation/evidence/file.ts";
import { evidence, WINDOW } from "../support/evidence.ts";
import { findPgaudit, startWithPgaudit } from "../support/pgaudit.ts";
import type { PostgresServer } from "../support/postgres.ts";
import { expectExit, type Workspace, workspace } from "./cli.ts";
import { recorded } from "./recorded.ts";
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

    expect((await folder.run(["removals", "show"])).stdout).toMatch(
      /proposed +[0-9a-f]{8} +select on sales\.orders from reporting_ro +because: nobody was told/,
    );
    expectExit(await folder.run(["plan", "--out", "plan.json"]), 0);
    const announced = await folder.run(["removals", "announce", "plan.json"]);
    expectExit(announced, 0);
    expect(announced.stdout).toMatch(/announced +[0-9a-f]{8} +select on sales\.orders from reporting_ro/);
    // Somebody loses access on production.
    expect(announced.stdout).toContain("at the earliest, over the turn of a month");
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
    expect((await folder.run(["removals", "show", "--json"])).json()["removals"]).toMatchObject([
      { state: "revoked", because: "it was cancelled then: the year end needs it" },
    ]);
    expect(await recorded(folder, "removal")).toMatchObject([
      {
        type: "removal.announced",
        count: 1,
        high_risk: true,
        items: [{ op: "remove-grant", subject: "reporting_ro", object: "table sales.orders", privileges: ["SELECT"] }],
        target: { name: "shop" },
      },
      { type: "removal.cancelled", cause: "asked", because: "the year end needs it", items: [{ item: item.id }] },
    ]);
    const raw = await folder.run(["audit", "export", "--format", "jsonl", "--type", "removal"]);
    for (const line of raw.stdout.trim().split("\n")) {
      expect((JSON.parse(line) as { readonly entry: string }).entry).not.toMatch(/reporting_ro|orders|year end/);
    }
    for (const format of ["csv", "ocsf", "ecs"]) {
      const exported = await folder.run(["audit", "export", "--format", format, "--type", "removal.cancelled"]);
      expectExit(exported, 0);
      expect(exported.stdout).toContain("removal.cancelled");
    }
    expectExit(await folder.run(["audit", "erase", "reporting_ro", "--basis", "they asked", "--yes"]), 0);
    expect(await recorded(folder, "removal")).toMatchObject([
      { items: [{ subject: null, object: "table sales.orders" }] },
      { items: [{ subject: null }] },
    ]);
  });

  test("what was taken when it was ready is revoked, and must be announced anew when it was given again", async () => {
    await using shop = await openShop();
    await shop.reset();
    const { folder, server } = shop;
    const ripe = "removals: { announced_days: 0, canary_days: 1, month_end: false }\n";
    await folder.write("rolewright.yaml", manifest(ripe));
    expectExit(await folder.run(["plan", "--out", "plan.json"]), 0);
    expectExit(await folder.run(["removals", "announce", "plan.json"]), 0);
    await backdate(folder, 3);
    const [from, to] = [-4, 0].map((days) => new Date(Date.now() + days * 86_400_000).toISOString()) as [
      string,
      string,
    ];
    await folder.write("quiet.json", writeEvidence(evidence([], [{ ...WINDOW, from, to }])));
    const watched = await folder.run(["removals", "watch", "--evidence", "quiet.json"]);
    expectExit(watched, 0);
    expect(watched.stdout).toMatch(/ready +[0-9a-f]{8} +select on sales\.orders/);
    expectExit(await folder.run(APPLY), 0);
    expect((await folder.run(["removals", "show"])).stdout).toMatch(/revoked +[0-9a-f]{8} .*\n? +because: taken 20/);
    await server.query("grant select on sales.orders to reporting_ro", { database: "shop" });
    expect((await folder.run(["removals", "show", "--json"])).json()["removals"]).toMatchObject([
      { state: "proposed" },
    ]);
    const refused = await folder.run(APPLY);
    expectExit(refused, 3);
    expect(refused.stderr).toContain("is given again since it was taken, and not announced anew");
    expect((await recorded(folder, "removal")).map(({ type }) => type)).toEqual([
      "removal.announced",
      "removal.watched",
    ]);
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

/** Makes what was announced this many days older, as nobody can wait for. */
async function backdate(folder: Workspace, days: number): Promise<void> {
  const at = folder.path(".rolewright/removals");
  const [file] = await readdir(at);
  const { event } = JSON.parse(await readFile(join(at, file ?? ""), "utf8")) as {
    readonly event: { readonly at: string };
  };
  const text = JSON.stringify({ ...event, at: new Date(Date.parse(event.at) - days * 86_400_000).toISOString() });
  await writeFile(join(at, file ?? ""), `{"seal":"${digestText(text)}","event":${text}}\n`);
}

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

    // Nothing waits any more; it is told until it is gone.
    expect((await folder.run(["removals", "canary"])).stdout).toContain("STILL ON");
    await server.query("alter system reset pgaudit.role");
    await server.query("select pg_reload_conf()");
    await expect
      .poll(async () => (await folder.run(["removals", "canary"])).stdout, { timeout: 10_000 })
      .toContain("CANARY ENDED");
    expect(await recorded(folder, "removal,canary")).toMatchObject([
      { type: "removal.announced", count: 1 },
      { type: "canary.began", items: 1, privileges: 1 },
      { type: "removal.cancelled", cause: "used" },
      { type: "removal.watched", used: 1 },
      { type: "canary.ended", items: 1, because: "pgaudit.role is not set" },
    ]);
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
