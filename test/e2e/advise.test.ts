import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseEvidence, writeEvidence } from "../../src/simulation/evidence/file.ts";
import { startLogging } from "../support/logged-workload.ts";
import type { PostgresServer } from "../support/postgres.ts";
import { stretch } from "../support/stretch.ts";
import { expectExit, type Workspace, workspace } from "./cli.ts";

/* From a server's log to a tighter manifest that is applied, with the real program. */

let server: PostgresServer;
let folder: Workspace;

const MANIFEST = `version: 1
targets:
  shop: { engine: postgresql, environment: staging, url: "\${SHOP_URL}" }
roles:
  # what the shop itself runs as
  app_rw:
    grants:
      - usage on schema sales
      - privileges: [select, insert, update, delete]   # all of it, since 2019
        on: { tables: sales.* }
  app_ro:
    grants:
      - usage on schema sales
      - select on tables sales.orders, sales.people
  svc_orders:
    login: true
    member_of: [app_rw]
  svc_reports:
    login: true
    member_of: [app_ro]
services:
  orders: { logins: { shop: svc_orders } }
  reports: { logins: { shop: svc_reports } }
`;
const WORK: readonly (readonly [string, string])[] = [
  ["svc_orders", "select id, total from sales.orders where id = 77"],
  ["svc_orders", "insert into sales.orders (id, total) values (78, 99)"],
  ["svc_orders", "update sales.people set name = 'zebra' where id = 1"],
  ["svc_reports", "select sum(total) from sales.orders"],
];

beforeAll(async () => {
  server = await startLogging("csvlog");
  await server.query("create database shop; ");
  const setup = `create role app_rw; create role app_ro; create role svc_orders login; create role svc_reports login;
    grant app_rw to svc_orders; grant app_ro to svc_reports; create schema sales;
    create table sales.orders (id int, total int); create table sales.people (id int, name text); create table sales.old (id int);
    grant usage on schema sales to app_rw, app_ro;
    grant select, insert, update, delete on all tables in schema sales to app_rw;
    grant select on sales.orders, sales.people to app_ro`;
  await server.query(setup, { database: "shop" });
  for (const [user, text] of WORK) await as(user, text);
  folder = await workspace({ SHOP_URL: server.url({ database: "shop" }) });
  await folder.write("rolewright.yaml", MANIFEST);
  expectExit(await folder.run(["workload", "collect", `${server.dataDir}/log/server.csv`, "--out", "seen.json"]), 0);
  stretch(folder.path("seen.json"), folder.path("evidence.json"));
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
  await server.stop();
});

async function as(user: string, text: string): Promise<void> {
  const client = new Client({ connectionString: server.url({ user, database: "shop" }) });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

describe("advise", () => {
  test("says what may go with its numbers, proves it with the same evidence, and shows the patch", async () => {
    const ran = await folder.run(["advise", "--evidence", "evidence.json"]);
    expectExit(ran, 0);
    expect(ran.stdout).toMatch(
      /delete on sales\.old, sales\.orders, sales\.people from app_rw.*not used by 3 statements, 3 calls of 1 role in 200 days; if it is used at all, then on at most one day in 66 \(95 %\)/s,
    );
    expect(ran.stdout).toContain("select on sales.people from app_ro");
    expect(ran.stdout).toContain("+      - privileges: [select, insert, update]   # all of it, since 2019");
    expect(ran.stdout).toMatch(/select on sales\.orders from app_ro +because: only total of 2 columns used/);
    expect(ran.stdout).toContain("+      - select (total) on table sales.orders");
    expect(ran.stdout).toMatch(
      /PROVEN +under the tightened manifest .* no observed statement loses anything; each of the \d+ other places that were judged is needed/,
    );
    expect(ran.stdout.trimEnd().split("\n").at(-1)).toMatch(
      /NEXT +rolewright advise --evidence evidence\.json --out DIR/,
    );
    expect(ran.stdout).not.toContain("zebra");
  });

  test("with --json it is one document with everything, and the patch as git takes it", async () => {
    const found = (await folder.run(["advise", "--evidence", "evidence.json", "--json"])).json();
    expect(found).toMatchObject({ format_version: "1.0", target: "shop", enough: true, least: true, would_break: [] });
    expect(found["removals"]).toContainEqual(
      expect.objectContaining({ kind: "unused", days: 200, at_most_one_day_in: 66 }),
    );
  });

  test("a shorter watch than is asked for advises nothing, and says what is missing", async () => {
    const short = await folder.run(["advise", "--evidence", "evidence.json", "--min-age", "300d"]);
    expectExit(short, 0);
    expect(short.stdout).toContain("watched for 200 days, it takes 300");
    expect(short.stdout).toContain("0 places may go");
    const seen = await folder.run(["advise", "--evidence", "seen.json"]);
    expect(seen.stdout).toContain("0 places may go");
    expect((await folder.run(["advise", "--evidence", "evidence.json", "--min-age", "soon"])).code).toBe(64);
  });

  test("a job of once a year is waited for", async () => {
    await folder.write("rare.yaml", `${MANIFEST}rare: [{ role: svc_orders, every: year, because: the closing }]\n`);
    const ran = await folder.run(["advise", "--evidence", "evidence.json", "--manifest", "rare.yaml"]);
    expectExit(ran, 0);
    expect(ran.stdout).toContain("watched for 200 days, it takes 373: the closing");
    expect(ran.stdout).toContain("select on sales.people from app_ro");
  });

  test("from the text alone nothing is certain, so nothing may go", async () => {
    const ran = await folder.run(["advise", "--evidence", "evidence.json", "--text-only"]);
    expectExit(ran, 0);
    expect(ran.stdout).toContain("0 places may go");
    expect(ran.stdout).toMatch(/0 of 4 observed statements decided/);
  });

  test("roles with the same grants are found without evidence", async () => {
    const ran = await folder.run(["advise", "--mine"]);
    expectExit(ran, 0);
    expect(ran.stdout).toContain("nothing to share");
  });

  test("evidence of another server is refused", async () => {
    const evidence = parseEvidence(await folder.read("evidence.json"));
    const other = { ...evidence, target: { engine: "postgresql", server: "1", databases: ["shop"] } };
    await folder.write("other.json", writeEvidence(other));
    const ran = await folder.run(["advise", "--evidence", "other.json"]);
    expectExit(ran, 1);
    expect(ran.stderr).toContain("RW580");
  });

  test("checks that are about use are evaluated with evidence, and stay open without", async () => {
    const with_ = await folder.run(["check", "--only", "LPV-05", "--evidence", "evidence.json"]);
    expect(with_.stdout).toContain("LPV-05  DELETE on 3 resources was not used by `app_rw` in 200 days");
    const without = await folder.run(["check", "--only", "LPV-05"]);
    expect(without.stdout).toContain("there is no evidence of that");
  });

  test("the tightened files plan to what was advised; applied, everything that was done can still be done", async () => {
    expectExit(await folder.run(["advise", "--evidence", "evidence.json", "--out", "tight"]), 0);
    const tight = await folder.read("tight/rolewright.yaml");
    expect(tight).toContain("# what the shop itself runs as");
    expect(tight).toContain("# all of it, since 2019");
    const applied = await folder.run(["apply", "--yes", "--manifest", "tight/rolewright.yaml"]);
    expectExit(applied, 0);
    for (const [user, text] of WORK) await as(user, text);
    await expect(as("svc_orders", "delete from sales.orders")).rejects.toThrow(/permission denied/);
    await expect(as("svc_reports", "select name from sales.people")).rejects.toThrow(/permission denied/);
    const again = await folder.run(["advise", "--evidence", "evidence.json", "--manifest", "tight/rolewright.yaml"]);
    expect(again.stdout).toContain("0 places may go");
  });
});
