import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { CODE, causeOf } from "../../src/engine/cassandra/errors.ts";
import { cassandra } from "../../src/engine/cassandra/index.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { mariadb } from "../../src/engine/mysql/index.ts";
import type { Resource } from "../../src/model/resource.ts";
import { type CassandraServer, PASSWORD, startCassandra } from "../support/cassandra.ts";
import { describeOn } from "../support/describe-on.ts";
import { type MariadbServer, startMariadb } from "../support/mariadb.ts";
import { auditPluginFolder } from "../support/server-audit.ts";
import { stretch } from "../support/stretch.ts";
import { expectExit, type Ran, workspace, type Workspace } from "./cli.ts";

/* From a server's own log to a tighter manifest that is applied, with the real program; then everything that was done is done again, and each grant that is left is taken away once. */

/** A grant that the advice left, with what takes it and what gives it back. */
interface Left {
  readonly grantee: string;
  readonly take: string;
  readonly give: string;
}

interface Simulated {
  readonly result: string;
  readonly counts: Readonly<Record<string, number>>;
}

/** Imports the server as it is, advises with the log, and applies what was advised. */
async function tighten(folder: Workspace, log: string): Promise<{ readonly advised: Ran; readonly simulated: Ran }> {
  expectExit(await folder.run(["import", "--url-env", "SHOP_URL", "--name", "shop", "--environment", "staging"]), 0);
  expectExit(await folder.run(["workload", "collect", log, "--target", "shop", "--out", "seen.json"]), 0);
  stretch(folder.path("seen.json"), folder.path("evidence.json"));
  const advised = await folder.run(["advise", "--evidence", "evidence.json", "--lists", "--out", "tight", "--json"]);
  expectExit(advised, 0);
  const planned = ["plan", "--manifest", "tight/rolewright.yaml", "--allow-removals=40", "--out", "plan.json"];
  expectExit(await folder.run(planned), 0);
  const simulated = await folder.run(["simulate", "plan.json", "--evidence", "evidence.json", "--json"]);
  expectExit(simulated, 0);
  expectExit(await folder.run(["apply", "plan.json", "--yes"]), 0);
  const again = ["advise", "--evidence", "evidence.json", "--manifest", "tight/rolewright.yaml"];
  expect((await folder.run(again)).stdout).toContain("0 places may go");
  return { advised, simulated };
}

function expectProven({ advised, simulated }: { readonly advised: Ran; readonly simulated: Ran }): void {
  expect(advised.json()).toMatchObject({ enough: true, least: true, would_break: [] });
  const { result, counts } = simulated.json() as unknown as Simulated;
  expect(result).not.toBe("breaks");
  expect([counts["revoked"] ?? 0, counts["maybe-revoked"] ?? 0, counts["altered"] ?? 0]).toEqual([0, 0, 0]);
}

/** What is granted to these now. */
async function left(
  engine: Engine,
  url: string,
  grantees: readonly string[],
  textOf: (resource: Resource, privilege: string, grantee: string) => Omit<Left, "grantee">,
): Promise<readonly Left[]> {
  await using connection = await engine.connect({ url: new Secret(url) });
  const { access } = await connection.introspect();
  return [...access.holdings.values()].flatMap(({ resource, list }) =>
    list.entries
      .filter(({ grantee }) => grantees.includes(grantee))
      .flatMap(({ grantee, privileges }) =>
        privileges.map((privilege) => ({ grantee, ...textOf(resource, privilege, grantee) })),
      ),
  );
}

/** Those of them that nobody misses: taken away one at a time, everything is still done. */
async function spare(
  grants: readonly Left[],
  run: (sql: string) => Promise<unknown>,
  refused: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { take, give } of grants) {
    await run(take);
    if ((await refused()).length === 0) found.push(take);
    await run(give);
  }
  return found;
}

describeOn("mariadb", "advice on MariaDB", () => {
  let server: MariadbServer;
  let folder: Workspace;
  let log: string;

  const SETUP = `create database shop; create database hr;
    create table shop.people (id int primary key, name text, email text, phone text);
    create table shop.orders (id int primary key auto_increment, person int, total int default 0, card text, note text);
    create table shop.items (id int primary key auto_increment, orders int, sku text, qty int);
    create table shop.log (message text); create table shop.old (id int); create table hr.salary (person int, amount int, since date);
    create user keeper@localhost;
    create user app@'127.0.0.%'; create user report@'%'; create user clerk@'%';
    create role reader; create role writer; create role closer;
    grant select, insert, update, delete, execute on shop.* to keeper@localhost;
    create definer=keeper@localhost view shop.totals as select person, sum(total) as total from shop.orders group by person;
    create sql security invoker view shop.names as select id, name from shop.people;
    grant trigger on shop.items to keeper@localhost;
    create definer=keeper@localhost trigger shop.noted after insert on shop.items for each row insert into shop.log values (new.sku);
    create definer=keeper@localhost procedure shop.refund(which int) update shop.orders set total = 0 where id = which;
    create procedure shop.tidy() sql security invoker delete from shop.log;
    create definer=keeper@localhost function shop.spent(who int) returns int reads sql data return (select sum(total) from shop.orders where person = who);
    create sequence shop.numbers;
    insert into shop.people values (1, 'ann', 'a', '1'); insert into shop.orders (person, total) values (1, 10); insert into shop.items (orders, sku, qty) values (1, 'x', 1);
    grant select, insert, update, delete, drop, alter on shop.* to app@'127.0.0.%'; grant select on shop.orders to app@'127.0.0.%';
    grant execute on shop.* to app@'127.0.0.%'; grant select on hr.* to app@'127.0.0.%';
    grant select on shop.* to reader; grant select, update on hr.salary to reader; grant execute on function shop.spent to reader;
    grant reader to report@'%'; set default role reader for report@'%'; grant insert (id, total), update on shop.orders to report@'%';
    grant reader to clerk@'%'; grant writer to clerk@'%'; grant closer to clerk@'%';
    grant select, insert, update on shop.orders to writer; grant select, insert, delete on shop.items to writer; grant select (id), update (name, email) on shop.people to writer;
    grant select, insert on shop.numbers to writer; grant execute on procedure shop.refund to writer; grant execute on procedure shop.tidy to writer;
    grant delete on shop.old to closer;
    grant closer to root@127.0.0.1 with admin option; grant reader to root@127.0.0.1 with admin option; grant writer to root@127.0.0.1 with admin option`;
  /** Each ends with a rollback, so that it can be done again. */
  const WORK: readonly (readonly [login: string, from: string, ...sql: readonly string[]])[] = [
    ["app", "127.0.0.2", "select id, total from shop.orders where person = 1"],
    ["app", "127.0.0.2", "insert into orders (person, total) values (1, 5)"],
    ["app", "127.0.0.2", "insert into items (orders, sku, qty) values (1, 'y', 2)"],
    ["app", "127.0.0.2", "update people set email = 'b' where id = 1"],
    ["app", "127.0.0.2", "delete from items where id = 1"],
    ["app", "127.0.0.2", "call refund(1)"],
    ["app", "127.0.0.2", "call shop.tidy()"],
    ["report", "127.0.0.3", "select total from shop.totals"],
    ["report", "127.0.0.3", "select person, shop.spent(person) from shop.orders"],
    ["report", "127.0.0.3", "select name from shop.names where id = 1"],
    [
      "clerk",
      "127.0.0.4",
      "set role writer",
      "insert into shop.orders (person, total) values (1, nextval(shop.numbers))",
    ],
    ["clerk", "127.0.0.4", "set role writer", "update shop.people set name = 'zebra' where id = 1"],
    ["clerk", "127.0.0.4", "set role writer", "call shop.refund(1)"],
    ["clerk", "127.0.0.4", "set role reader", "select amount from hr.salary where person = 1"],
  ];
  const DENIED = new Set([1044, 1045, 1142, 1143, 1227, 1356, 1370, 1959]);

  beforeAll(async () => {
    const plugin = await auditPluginFolder();
    if (plugin === null) process.stderr.write("server_audit cannot be had on this machine: the general log is read\n");
    server = await startMariadb({
      settings: {
        "skip-name-resolve": "1",
        "default-time-zone": "+00:00",
        ...(plugin === null
          ? { "general-log": "1", "general-log-file": "general.log" }
          : {
              "plugin-dir": plugin,
              "plugin-load-add": "server_audit",
              "server-audit-logging": "ON",
              "server-audit-query-log-limit": "65536",
            }),
      },
    });
    log = join(server.dataFolder, plugin === null ? "general.log" : "server_audit.log");
    for (const sql of SETUP.split(/;\n/u)) await server.query(sql);
    const early = await refused();
    if (early.length > 0) throw new Error(early.join());
    folder = await workspace({ SHOP_URL: server.url() });
  });
  afterAll(async () => {
    await folder[Symbol.asyncDispose]();
    await server.stop();
  });

  /** What of the work is refused for want of a right. Any other failure is a mistake of the test. */
  async function refused(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const [user, from, ...statements] of WORK) {
      const connection = await server.connect({ user, from }).catch((error: unknown) => {
        found.push(`${user}: ${String(error)}`);
        return null;
      });
      if (connection === null) continue;
      try {
        // Whoever has nothing there any more may not go in, and says where instead.
        if (statements.some((sql) => !sql.includes("shop.") && !sql.includes("hr.") && !sql.startsWith("set")))
          await connection.query("use shop");
        await connection.query("start transaction");
        for (const sql of statements) await connection.query(sql);
      } catch (error) {
        const { errno = 0, message } = error as { errno?: number; message: string };
        if (!DENIED.has(errno)) throw new Error(`${user}: ${statements.join("; ")}: ${message}`, { cause: error });
        found.push(`${user}: ${statements.join("; ")}: ${message}`);
      } finally {
        await connection.query("rollback").catch(() => {});
        await connection.end();
      }
    }
    return found;
  }

  function textOf({ kind, path }: Resource, privilege: string, grantee: string): Omit<Left, "grantee"> {
    const [, schema = "", name = "", more = ""] = path;
    const at = grantee.lastIndexOf("@");
    const who = at < 0 ? grantee : `'${grantee.slice(0, at)}'@'${grantee.slice(at + 1)}'`;
    const on =
      kind === "column"
        ? `${privilege} (${more}) on ${schema}.${name}`
        : kind === "routine"
          ? `${privilege} on ${more} ${schema}.${name}`
          : `${privilege} on ${schema}.${kind === "table" ? name : "*"}`;
    return { take: `revoke ${on} from ${who}`, give: `grant ${on} to ${who}` };
  }

  test("is simulated, applied, enough for what was done, and nothing of it can be missed", async () => {
    const proof = await tighten(folder, log);
    expectProven(proof);
    expect(await refused()).toEqual([]);
    const grantees = ["app@127.0.0.%", "report@%", "clerk@%", "reader", "writer", "closer"];
    const grants = await left(mariadb, server.url(), grantees, textOf);
    expect(grants.length).toBeGreaterThan(10);
    expect(await spare(grants, (sql) => server.query(sql), refused)).toEqual([]);
    await expect(server.query("select * from hr.salary", { user: "app", from: "127.0.0.2" })).rejects.toThrow(
      /denied/u,
    );
  });
});

describeOn("cassandra", "advice on Cassandra", () => {
  let server: CassandraServer;
  let folder: Workspace;

  const BODY = "returns null on null input returns int language java as 'return 1;'";
  const SETUP = [
    "create keyspace shop with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    "create table shop.orders (id int primary key, a int, b int)",
    "create table shop.plain (id int primary key, a int, secret text masked with default)",
    "create table shop.old (id int primary key)",
    "create materialized view shop.by_a as select * from shop.orders where a is not null and id is not null primary key (a, id)",
    `create function shop.one(x int) ${BODY}`,
    `create function shop.two(x int) ${BODY}`,
    "create role staff",
    "create role readers",
    `create role app with login = true and password = '${PASSWORD}'`,
    `create role report with login = true and password = '${PASSWORD}'`,
    "grant staff to app",
    "grant readers to staff",
    "grant readers to report",
    "grant select on keyspace shop to readers",
    "grant execute on all functions in keyspace shop to readers",
    "grant unmask on shop.plain to readers",
    "grant modify on shop.orders to staff",
    "grant modify on shop.by_a to staff",
    "grant modify on shop.old to staff",
    "grant select on shop.orders to staff",
    "grant modify on shop.plain to app",
    "grant alter on shop.plain to app",
    "grant modify on shop.plain to report",
    "grant describe on all roles to report",
  ];
  const WORK: readonly (readonly [login: string, cql: string])[] = [
    ["app", "insert into shop.orders (id, a, b) values (1, 2, 3)"],
    ["app", "update shop.plain set a = 5 where id = 1 if exists"],
    [
      "app",
      "begin batch insert into shop.plain (id, a) values (7, 1); delete from shop.plain where id = 8; apply batch",
    ],
    ["report", "select a, b from shop.orders where id = 1"],
    ["report", "select * from shop.by_a where a = 2"],
    ["report", "select shop.one(a) from shop.plain where id = 1"],
    ["report", "select secret from shop.plain where id = 1"],
  ];

  beforeAll(async () => {
    server = await startCassandra();
    for (const cql of SETUP) await server.query(cql);
    const early = await refused();
    if (early.length > 0) throw new Error(early.join());
    await sleep(2000);
    folder = await workspace({ SHOP_URL: server.url() });
  });
  afterAll(async () => {
    await folder[Symbol.asyncDispose]();
    await server.stop();
  });

  async function refused(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const [user, cql] of WORK) {
      try {
        await server.query(cql, { user });
      } catch (error) {
        const { code, message } = causeOf(error);
        if (code !== CODE.unauthorized) throw new Error(`${user}: ${cql}: ${message}`, { cause: error });
        found.push(`${user}: ${cql}: ${message}`);
      }
    }
    return found;
  }

  function textOf({ kind, path }: Resource, privilege: string, grantee: string): Omit<Left, "grantee"> {
    const [, keyspace = "", name = "", types = ""] = path;
    const places: Readonly<Record<string, string>> = {
      "all-roles": "all roles",
      schema: `keyspace ${keyspace}`,
      "schema-routines": `all functions in keyspace ${keyspace}`,
      routine: `function ${keyspace}.${name}(${types})`,
      table: `${keyspace}.${name}`,
    };
    const on = `${privilege} on ${places[kind] ?? kind}`;
    return { take: `revoke ${on} from ${grantee}`, give: `grant ${on} to ${grantee}` };
  }

  test("is simulated, applied, enough for what was done, and nothing of it can be missed", async () => {
    const proof = await tighten(folder, server.nodes[0]?.auditLog ?? "");
    expectProven(proof);
    expect(await refused()).toEqual([]);
    const all = await left(cassandra, server.url(), ["app", "report", "staff", "readers"], textOf);
    // Without it nothing is refused, and the column is shown masked.
    const grants = all.filter(({ take }) => !take.includes("UNMASK"));
    expect(all.length - grants.length).toBe(1);
    expect(grants.length).toBeGreaterThan(3);
    expect(await spare(grants, (cql) => server.query(cql), refused)).toEqual([]);
  });
});
