import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CassandraServer, PASSWORD, startCassandra } from "../support/cassandra.ts";
import { describeOn } from "../support/describe-on.ts";
import { type MariadbServer, startMariadb } from "../support/mariadb.ts";
import { expectExit, type Ran, workspace, type Workspace } from "./cli.ts";

/** What of a simulation's document these tests look at. */
interface Document {
  readonly result: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly simulation: {
    readonly basis: { readonly kind: string; readonly gaps: readonly unknown[] };
    readonly contradictions: readonly string[];
    readonly rehearsal: readonly string[];
    readonly coverage: { readonly pairs: number; readonly decided: number; readonly confirmed: number };
    readonly effects: readonly {
      readonly outcome: string;
      readonly role: string;
      readonly text: string;
      readonly why: readonly string[];
    }[];
  };
}

/** `revoked app@127.0.0.%: select ...`, one line an effect. */
function effects(ran: Ran): string[] {
  const { simulation } = documentOf(ran);
  return simulation.effects.map(({ outcome, role, text }) => `${outcome} ${role}: ${text}`).sort();
}

function documentOf(ran: Ran): Document {
  return ran.json() as unknown as Document;
}

describeOn("mariadb", "a change on MariaDB, tested with what is really run", () => {
  let server: MariadbServer;
  let folder: Workspace;

  const manifest = (grants: string): string => `version: 1
targets:
  shop: { engine: mariadb, environment: staging, url: "\${SHOP_URL}" }
scope:
  authoritative:
    - { facets: [grants], roles: [app@127.0.0.%, report@%] }
roles:
  app@127.0.0.%:
    because: the order service
    grants:
${grants}
  report@%:
    because: monthly numbers
    grants: [select on table shop.orders]
`;
  const ALL =
    "      - select, insert on table shop.orders\n      - insert on table shop.log\n      - execute on routine shop.tidy(procedure)";

  beforeAll(async () => {
    server = await startMariadb({
      settings: { "skip-name-resolve": "1", "general-log": "1", "general-log-file": "general.log" },
    });
    await server.query(`create database shop; create table shop.orders (id int primary key, mail text); create table shop.log (id int);
      create procedure shop.tidy() sql security invoker insert into shop.log values (1);
      create user app@'127.0.0.%'; create user report@'%';
      grant select, insert on shop.orders to app@'127.0.0.%'; grant insert on shop.log to app@'127.0.0.%';
      grant execute on procedure shop.tidy to app@'127.0.0.%'; grant select on shop.orders to report@'%'`);
    const app = await server.connect({ user: "app", database: "shop", from: "127.0.0.2" });
    for (const id of [1, 2, 3]) {
      await app.query("insert into orders values (?, ?)", [id, `geheim${id}@example.com`]);
      await app.query("select mail from orders where id = ?", [id]);
    }
    await app.query("call tidy()");
    await app.end();
    await server.query("select count(*) from shop.orders", { user: "report", from: "127.0.0.3" });
    folder = await workspace({ SHOP_URL: server.url() });
  });
  afterAll(async () => {
    await folder[Symbol.asyncDispose]();
    await server.stop();
  });

  test("logs become evidence that names accounts and holds no literal", async () => {
    await folder.write("rolewright.yaml", manifest(ALL));
    const log = join(server.dataFolder, "general.log");
    const ran = await folder.run(["workload", "collect", log, "--target", "shop", "--out", "evidence.json", "--json"]);
    expectExit(ran, 0);
    const text = await folder.read("evidence.json");
    expect(text).not.toContain("geheim");
    const { uses } = JSON.parse(text) as {
      uses: readonly { role: string; statement: { text: string }; calls: number }[];
    };
    const of = uses
      .filter(({ role }) => role === "app@127.0.0.%")
      .map(({ statement, calls }) => `${calls} ${statement.text}`);
    expect(of.sort()).toEqual([
      "1 call tidy()",
      "3 insert into orders values (?, ?)",
      "3 select mail from orders where id = ?",
    ]);
  });

  test("what one statement needs is told by the running server's catalog", async () => {
    const ran = await folder.run(["requires", "call shop.tidy()", "--as", "report@%", "--missing"]);
    expectExit(ran, 3);
    expect(ran.stdout).toContain("EXECUTE on routine shop.tidy(procedure)");
    expect(ran.stdout).toContain("INSERT (id) on table shop.log");
  });

  test("live sources are asked too", async () => {
    const ran = await folder.run([
      "workload",
      "collect",
      "--live",
      "all",
      "--target",
      "shop",
      "--out",
      "live.json",
      "--json",
    ]);
    // Neither is switched on there.
    expect(ran.stderr + ran.stdout).toMatch(/RW547/u);
  });

  test("what changes nothing breaks nothing", async () => {
    const ran = await folder.run(["simulate", "--evidence", "evidence.json", "--json"]);
    expectExit(ran, 0);
    const { simulation } = documentOf(ran);
    expect(simulation).toMatchObject({ basis: { kind: "server", gaps: [] }, contradictions: [], rehearsal: [] });
    expect(effects(ran).filter((line) => !line.startsWith("unknown root"))).toEqual([]);
  });

  test("what a service needs is not taken from it, nor what a procedure needs that it calls", async () => {
    await folder.write(
      "rolewright.yaml",
      manifest(
        "      - select (id) on table shop.orders\n      - insert on table shop.orders\n      - execute on routine shop.tidy(procedure)",
      ),
    );
    const ran = await folder.run(["simulate", "--evidence", "evidence.json", "--json"]);
    expectExit(ran, 3);
    expect(documentOf(ran)).toMatchObject({ result: "breaks", simulation: { contradictions: [], rehearsal: [] } });
    expect(effects(ran).filter((line) => line.includes("app@"))).toEqual([
      "revoked app@127.0.0.%: call tidy()",
      "revoked app@127.0.0.%: select mail from orders where id = ?",
    ]);
    const shown = await folder.run(["simulate", "--evidence", "evidence.json", "--html", "effect.html"]);
    expectExit(shown, 3);
    expect(shown.stdout).toContain("select mail from orders where id = ?");
    expect(await folder.read("effect.html")).toContain("shop.log");
  });
});

describeOn("cassandra", "a change on Cassandra, tested with what is really run", () => {
  let server: CassandraServer;
  let folder: Workspace;

  const manifest = (grants: string): string => `version: 1
targets:
  shop: { engine: cassandra, environment: staging, url: "\${SHOP_URL}" }
scope:
  authoritative:
    - { facets: [grants], roles: [app] }
roles:
  app:
    because: the order service
    grants:
${grants}
`;

  beforeAll(async () => {
    server = await startCassandra();
    for (const cql of [
      "create keyspace shop with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
      "create table shop.orders (id int primary key, mail text)",
      "create table shop.people (id int primary key, name text, card text masked with default)",
      `create role app with login = true and password = '${PASSWORD}'`,
      "grant select on shop.people to app",
      "grant unmask on shop.people to app",
      "grant select on shop.orders to app",
      "grant modify on shop.orders to app",
    ]) {
      await server.query(cql);
    }
    await server.query("insert into shop.orders (id, mail) values (1, 'geheim@example.com') if not exists", {
      user: "app",
    });
    await server.query("select mail from shop.orders where id = ?", { user: "app", values: [1] });
    await server.query("truncate shop.orders", { user: "app" });
    await server.query("select card from shop.people where id = 1", { user: "app" });
    await server.query("select name from shop.people where id = 1", { user: "app" });
    await sleep(2000);
    folder = await workspace({ SHOP_URL: server.url() });
  });
  afterAll(async () => {
    await folder[Symbol.asyncDispose]();
    await server.stop();
  });

  test("what a service needs is not taken from it", async () => {
    const log = server.nodes[0]?.auditLog ?? "";
    expect(await readFile(log, "utf8")).toContain("geheim");
    await folder.write(
      "rolewright.yaml",
      manifest("      - select, modify on table shop.orders\n      - select, unmask on table shop.people"),
    );
    const collected = await folder.run([
      "workload",
      "collect",
      log,
      "--target",
      "shop",
      "--out",
      "evidence.json",
      "--json",
    ]);
    expectExit(collected, 0);
    expect(await folder.read("evidence.json")).not.toContain("geheim");
    const kept = await folder.run(["simulate", "--evidence", "evidence.json", "--json"]);
    expectExit(kept, 0);
    expect(documentOf(kept).simulation).toMatchObject({ basis: { kind: "catalog" }, coverage: { confirmed: 0 } });
    await folder.write(
      "rolewright.yaml",
      manifest("      - modify on table shop.orders\n      - select on table shop.people"),
    );
    const ran = await folder.run(["simulate", "--evidence", "evidence.json", "--json"]);
    expectExit(ran, 3);
    expect(effects(ran).filter((line) => line.includes(" app:"))).toEqual([
      // What was read in clear would be read masked, without any error.
      "altered app: select card from shop.people where id = ?",
      "revoked app: insert into shop.orders(id, mail) values (?, ?) if not exists",
      "revoked app: select mail from shop.orders where id = ?",
    ]);
  });

  test("what one statement needs is told", async () => {
    const ran = await folder.run(["requires", "truncate shop.orders", "--as", "app"]);
    expectExit(ran, 0);
    expect(ran.stdout).toContain("MODIFY on table shop.orders");
  });

  test("rows are refused, which no shadow of it could load", async () => {
    await folder.write("rolewright.yaml", manifest("      - modify on table shop.orders"));
    const ran = await folder.run(["simulate", "--evidence", "evidence.json", "--rows", "rows.sql"]);
    expectExit(ran, 64);
    expect(ran.stderr).toMatch(/RW599 .*leave out `--rows`/su);
  });

  test("the full query log is refused", async () => {
    await folder.write(
      "fql.txt",
      "Type: single-query\nQuery start time: 1795386398675\nProtocol version: 5\nQuery: select * from shop.orders\nValues:\n",
    );
    const ran = await folder.run(["workload", "collect", "fql.txt", "--target", "shop", "--out", "fql.json"]);
    expectExit(ran, 1);
    expect(ran.stderr).toContain("RW595");
  });
});
