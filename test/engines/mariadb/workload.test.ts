import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { DIGESTS_SOURCE } from "../../../src/engine/mysql/simulation/workload/digests.ts";
import { GENERAL_LOG } from "../../../src/engine/mysql/simulation/workload/general-log.ts";
import { GENERAL_LOG_TABLE } from "../../../src/engine/mysql/simulation/workload/general-log-table.ts";
import { SERVER_AUDIT } from "../../../src/engine/mysql/simulation/workload/server-audit.ts";
import type { Observation } from "../../../src/model/workload.ts";
import { describeOn } from "../../support/describe-on.ts";
import { type MariadbServer, startMariadb } from "../../support/mariadb.ts";
import { readFileOf, useLines } from "../../support/reading-logs.ts";
import { auditPluginFolder } from "../../support/server-audit.ts";

const SETTINGS = {
  "general-log": "1",
  "general-log-file": "general.log",
  "log-output": "FILE,TABLE",
  "performance-schema": "1",
  "performance-schema-consumer-events-statements-current": "ON",
  "performance-schema-consumer-events-statements-history": "ON",
  "default-time-zone": "+00:00",
};
const SECRETS = ["geheim", "4111111111111111", "ana@example.com"];

let server: MariadbServer;
let plugin: string | null;

/** What a client does, and how it ends: each statement stands in every log once. */
const DOES: readonly (readonly [sql: string, ends: number])[] = [
  ["select * from orders where t = 'geheim \\' \n \"ana@example.com\"' -- 4111111111111111\n and id in (1,2,3)", 0],
  ["insert into orders values (4111111111111111, 'geheim')", 1142],
  ["delete from nosuch.x where mail = 'ana@example.com'", 1142],
  ["select nosuch from orders", 1054],
  ["set role reader", 0],
  ["insert into orders values (1, 'a,b\\\\')", 0],
  ["set role none", 0],
  ["use other", 0],
  ["select * from t", 0],
  ["call shop.p()", 0],
];

const SEEN = [
  "app@127.0.0.2 in shop: ok select * from orders where t = ? and id in (?)",
  "app@127.0.0.2 in shop: denied 1142 insert into orders values (?, ?)",
  "app@127.0.0.2 in shop: denied 1142 delete from nosuch.x where mail = ?",
  "app@127.0.0.2 in shop: failed 1054 select nosuch from orders",
  "app@127.0.0.2 in shop: ok set role reader",
  "app@127.0.0.2 as reader in shop: ok insert into orders values (?, ?)",
  "app@127.0.0.2 as reader in shop: ok set role none",
  "app@127.0.0.2 in other: ok use other",
  "app@127.0.0.2 in other: ok select * from t",
  "app@127.0.0.2 in other: ok call shop.p()",
];

describeOn("mariadb", "what MariaDB tells of its use", () => {
  beforeAll(async () => {
    plugin = await auditPluginFolder();
    if (plugin === null) process.stderr.write("skipped: server_audit: the plugin cannot be had on this machine\n");
    const audit = { "plugin-dir": plugin ?? "", "plugin-load-add": "server_audit", "server-audit-logging": "ON" };
    server = await startMariadb({ settings: plugin === null ? SETTINGS : { ...SETTINGS, ...audit } });
    await server.query(`create database shop; create database other; create table shop.orders (id bigint primary key, t text); create table other.t (a int);
      create procedure shop.p() sql security definer begin select 1 + 1; select count(*) from shop.orders; end;
      create user app@'127.0.0.%'; create role reader; grant insert on shop.* to reader; grant reader to app@'127.0.0.%';
      grant select on shop.* to app@'127.0.0.%'; grant execute on procedure shop.p to app@'127.0.0.%'; grant select on other.* to app@'127.0.0.%'`);
    const client = await server.connect({ user: "app", database: "shop", from: "127.0.0.2" });
    for (const [sql, ends] of DOES) {
      const end = await client.query(sql).then(
        () => 0,
        (error: { errno: number }) => error.errno,
      );
      if (end !== ends) throw new Error(`${sql}: ${end}`);
    }
    await client.execute("select id from other.t2 where id = ?", [1]).catch(() => {});
    await client.execute("select a from t where a = ?", [4111111111111111]);
    await client.query(`select '${"geheim ".repeat(300)}'`);
    await client.end();
    // A record is written when its answer was sent, so the last ones may follow.
    if (plugin !== null) await vi.waitFor(hasLeft, { timeout: 20_000 });
  });
  afterAll(async () => {
    await server.stop();
  });

  async function hasLeft(): Promise<void> {
    expect(await readFile(join(server.dataFolder, "server_audit.log"), "utf8")).toMatch(/,app,[^\n]*,DISCONNECT,/u);
  }

  test("server_audit has who, with which role, in which schema, and how it ended; not what a procedure runs", async ({
    skip,
  }) => {
    if (plugin === null) return skip();
    const file = join(server.dataFolder, "server_audit.log");
    expect(SERVER_AUDIT.recognizes((await readFile(file, "utf8")).slice(0, 4000))).toBe(true);
    const { uses, window } = await readFileOf(SERVER_AUDIT, file);
    expect(useLines(ofApp(uses))).toEqual([
      ...SEEN,
      "app@127.0.0.2 in other: failed 1146 select id from other.t2 where id = ?",
      "app@127.0.0.2 in other: ok select a from t where a = ?",
      "app@127.0.0.2 in other: ok SELECT",
    ]);
    expect(window).toMatchObject({ kind: "server_audit", unread: 0 });
    expect(window.losses.join()).toMatch(/^1 statements were cut/u);
    expectNoSecret(uses);
  });

  test("the general log has who and in which schema, and not how it ended", async () => {
    const file = join(server.dataFolder, "general.log");
    expect(GENERAL_LOG.recognizes((await readFile(file, "utf8")).slice(0, 4000))).toBe(true);
    const { uses, window } = await readFileOf(GENERAL_LOG, file);
    expect(useLines(ofApp(uses))).toEqual([...SEEN.map(withoutEnd), ...EXECUTED]);
    expect(window).toMatchObject({ kind: "general_log", unread: 0, losses: [], lacks: ["application", "failures"] });
    expectNoSecret(uses);
  });

  test("the table of the general log has the same", async () => {
    const uses: Observation[] = [];
    const window = await GENERAL_LOG_TABLE.read(
      { source: "table", url: new Secret(server.url()), forSeconds: 0 },
      (use) => void uses.push(use),
    );
    expect(useLines(ofApp(uses))).toEqual([...SEEN.map(withoutEnd), ...EXECUTED]);
    expect(window).toMatchObject({ kind: "general_log_table", unread: 0, losses: [] });
    expectNoSecret(uses);
  });

  test("the digests have how often, and a sample of who", async () => {
    const client = await server.connect({ user: "app", database: "shop", from: "127.0.0.2" });
    const uses: Observation[] = [];
    const enough = new AbortController();
    const reading = DIGESTS_SOURCE.read(
      { source: "digests", url: new Secret(server.url()), forSeconds: 600, enough: enough.signal },
      (use) => void uses.push(use),
    );
    // It has looked once by then, on a slow machine too.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    for (let id = 0; id < 5; id++) await client.query(`select t from orders where id = ${id} and t = 'geheim'`);
    await client.query("insert into orders values (9, 'geheim')").catch(() => {});
    enough.abort();
    const window = await reading;
    await client.end();
    const lines = useLines(uses.filter(({ searchPath }) => searchPath?.[0] === "shop")).sort();
    expect(lines.filter((line) => line.includes("select t"))).toEqual([
      "app@127.0.0.2 as ? in shop: ok x5 select t from orders where ID = ? and t = ?",
    ]);
    expect(lines.filter((line) => line.includes("insert"))).toEqual([
      "app@127.0.0.2 as ? in shop: denied 1142 insert into orders values (?)",
    ]);
    expect(window).toMatchObject({ lacks: ["login", "role", "application"] });
    expectNoSecret(uses);
  });

  test("a server that keeps neither says so", async () => {
    await using other = await startMariadb();
    for (const source of [DIGESTS_SOURCE, GENERAL_LOG_TABLE]) {
      const answer = await source.read({ source: "x", url: new Secret(other.url()), forSeconds: 0 }, () => {});
      expect(answer, source.kind).toHaveProperty("unavailable");
    }
  });
});

const EXECUTED = ["app@127.0.0.2 in other: ok select a from t where a = ?", "app@127.0.0.2 in other: ok select ?"];

/** Everything is written as if it had gone well. */
function withoutEnd(line: string): string {
  return line.replace("other: ok use", "shop: ok use").replace(/: (?:denied|failed) \d+/u, ": ok");
}

function ofApp(uses: readonly Observation[]): Observation[] {
  return uses.filter(({ login }) => login?.startsWith("app@"));
}

function expectNoSecret(uses: readonly Observation[]): void {
  for (const secret of SECRETS) expect(JSON.stringify(uses)).not.toContain(secret);
}
