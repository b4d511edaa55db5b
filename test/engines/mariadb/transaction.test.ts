import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import type { Connection, Transaction } from "../../../src/engine/engine.ts";
import { mariadb } from "../../../src/engine/mysql/index.ts";
import { quoteIdentifier as q, quoteLiteral } from "../../../src/engine/mysql/quote.ts";
import { resourceKey, type Resource } from "../../../src/model/resource.ts";
import { PUBLIC, type Grantee } from "../../../src/model/role.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { restrictedTo } from "../../../src/plan/overlay.ts";
import { mariadbStatements } from "../../property/mariadb-states.ts";
import { cuttingProxy } from "../../support/cutting-proxy.ts";
import { describeOn } from "../../support/describe-on.ts";
import { type MariadbServer, startMariadb } from "../../support/mariadb.ts";
import { random } from "../../support/random-state/random.ts";
import { failure, open } from "./reading.ts";

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
const OPTIONS = { lockTimeoutMs: 1000, statementTimeoutMs: 10_000 };
const NAME = "re@der `r`\\";

let server: MariadbServer;

const begin = async (from: Connection, over: Partial<typeof OPTIONS> = {}): Promise<Transaction> =>
  await from.begin("def", { ...OPTIONS, ...over });

describeOn("mariadb", "statements on MariaDB that each stand at once", () => {
  beforeAll(async () => {
    server = await startMariadb();
    for (const text of [
      "create database shop",
      "create table shop.t (a int, b int)",
      `create role ${q(NAME)}`,
      "create user plain@'%' identified by 'x', helper@'%' identified by 'x'",
      "grant select on shop.* to plain@'%'",
      "grant create user on *.* to helper@'%'",
      "grant select on mysql.* to helper@'%'",
    ])
      await server.query(text);
  });
  afterAll(() => server?.stop());

  test("stay when nothing is committed, and have an id of ours that the server does not know", async () => {
    await using connection = await open(server);
    {
      await using one = await begin(connection);
      await using two = await begin(connection);
      expect(one.id).not.toBe(two.id);
      await one.execute({ text: "create role stays" });
      await one.rollback();
      expect(await connection.transactionStatus(one.id)).toBe("unknown");
    }
    expect(await server.query("select User from mysql.global_priv where User = 'stays'")).toHaveLength(1);
  });

  test("put a secret in only when they run, and no error repeats it", async () => {
    await using connection = await open(server);
    await using transaction = await begin(connection);
    const password = new Secret("pa'ss$&\\word $secret");
    await transaction.execute({ text: "create user told@'%' identified by $secret", secret: password });
    expect(await server.query("select 1 as one", { user: "told", password: password.reveal() })).toHaveLength(1);
    for (const text of ["alter user nobody@'%' identified by $secret", "alter user identified $secret wrong"]) {
      const error = await failure(() => transaction.execute({ text, secret: new Secret("xyz'zy9") }));
      expect(error.code).toBe("RW412");
      const causes = [error.message, error.help, error.details, error.cause, String(error.stack)];
      expect(JSON.stringify(causes)).not.toMatch(/xyz|zy9/);
      expect(error.message).toContain("$secret");
    }
  });

  test("fail with the server's words where it refuses, and say which right is missing", async () => {
    await using admin = await open(server);
    await using helper = await open(server, { user: "helper", password: "x" });
    await using weak = await begin(helper);
    const refusals = [
      ["grant select on shop.* to plain@'%'", "GRANT OPTION"],
      [`grant ${q(NAME)} to plain@'%'`, "ADMIN OPTION"],
      ["grant super on *.* to plain@'%'", "GRANT OPTION"],
    ] as const;
    for (const [text, help] of refusals) {
      const error = await failure(() => weak.execute({ text }));
      expect([text, error.code]).toEqual([text, "RW412"]);
      expect(error.help).toContain(help);
    }
    await using strong = await begin(admin);
    expect((await failure(() => strong.execute({ text: "create role stays" }))).message).toContain("CREATE ROLE");
  });

  test("fail where the server only remarks that it did nothing", async () => {
    await using connection = await open(server);
    await using transaction = await begin(connection);
    for (const text of [
      "create user if not exists plain@'%'",
      "drop role if exists nobody",
      "drop user if exists nobody",
    ]) {
      const error = await failure(() => transaction.execute({ text }));
      expect([text, error.code]).toEqual([text, "RW412"]);
    }
  });

  test("tell what may be tried again from what was cut off", async () => {
    await using connection = await open(server);
    await using transaction = await begin(connection);
    const create = { text: "create role waits" };
    {
      await using other = await server.connect();
      await other.query("lock tables shop.t write");
      expect((await failure(() => transaction.execute({ text: "insert into shop.t values (1, 1)" }))).code).toBe(
        "RW410",
      );
      // The server keeps no limit for locks on its own tables: the limit for statements ends the waiting.
      await other.query("unlock tables");
      await other.query("flush tables with read lock");
      await using waiting = await begin(connection, { statementTimeoutMs: 500 });
      expect((await failure(() => waiting.execute(create))).code).toBe("RW429");
      expect(await server.query("select User from mysql.global_priv where User = 'waits'")).toEqual([]);
    }
    await transaction.execute(create);
    await using short = await begin(connection, { statementTimeoutMs: 100 });
    expect((await failure(() => short.execute({ text: "insert into shop.t select 1, sleep(5)" }))).code).toBe("RW429");
    await server.query("create procedure shop.die() kill connection_id()");
    expect((await failure(() => transaction.execute({ text: "call shop.die()" }))).code).toBe("RW413");
    expect((await failure(() => transaction.readBack({ roles: new Set(["waits"]), resources: [] }))).code).toBe(
      "RW413",
    );
  });

  test("see an interruption before they run, and none in between", async () => {
    await using connection = await open(server);
    const controller = new AbortController();
    await using transaction = await connection.begin("def", { ...OPTIONS, signal: controller.signal });
    const running = transaction.execute({ text: "do sleep(0.3)" });
    controller.abort();
    await running;
    await expect(transaction.execute({ text: "create role never" })).rejects.toThrow("abort");
    expect(await server.query("select User from mysql.global_priv where User = 'never'")).toEqual([]);
  });

  test("run in the session that holds the lock of appliers, which a second one has to wait for", async () => {
    await using first = await open(server);
    await using second = await open(server);
    const lock = await first.lockApplier({ holder: "alice@laptop" });
    const refused = await failure(() => second.lockApplier({ holder: "bob@laptop" }));
    expect(refused.code).toBe("RW405");
    expect(refused.message).toMatch(/held by session \d+ of `root`/);
    const transaction = await begin(first);
    const [own] = await server.query<{ id: number }>("select is_used_lock('rolewright applier') as id");
    await transaction.execute({ text: "set @here = 'kept'" });
    expect(refused.details["session"]).toBe(own?.id);
    await transaction.commit();
    expect(lock.lost).toBe(false);
    await lock[Symbol.asyncDispose]();
    await (await second.lockApplier({ holder: "bob@laptop" }))[Symbol.asyncDispose]();
  });

  test("keep the lock while the last one outlives its client, and take it anew once that one ended", async () => {
    await using cable = await cuttingProxy(server.port);
    const url = server.url().replace(`:${server.port}/`, `:${cable.port}/`);
    await using first = await mariadb.connect({ url: new Secret(url) });
    await using second = await open(server);
    await using lock = await first.lockApplier({ holder: "alice" });
    const transaction = await begin(first);
    const running = failure(() => transaction.execute({ text: "do sleep(2)" }));
    await sleep(100);
    cable.cut();
    expect((await running).code).toBe("RW413");
    expect(lock.lost).toBe(true);
    await transaction.rollback();
    expect((await failure(() => begin(first))).code).toBe("RW405");
    expect((await failure(() => second.lockApplier({ holder: "bob" }))).code).toBe("RW405");
    await sleep(1000);
    await using again = await begin(first);
    expect(lock.lost).toBe(false);
    expect((await failure(() => second.lockApplier({ holder: "bob" }))).code).toBe("RW405");
    await again.execute({ text: "do 1" });
  });

  test("are read back as the whole is read, for any roles and resources of random worlds", async () => {
    const found = { roles: 0, memberships: 0, holdings: 0 };
    for (let seed = 1; seed <= (LONG ? 60 : 4); seed++) {
      await using world = await startMariadb(seed % 2 === 0 ? { fresh: "as installed" } : {});
      for (const text of mariadbStatements(random(seed), 60)) await world.query(text).catch(() => {});
      await using connection = await open(world);
      await using transaction = await begin(connection);
      const live = await transaction.introspect();
      const pick = random(seed + 1000);
      for (let round = 0; round < 25; round++) {
        const about = {
          roles: new Set<Grantee>(pick.some([...granteesOf(live)], 0, round === 0 ? 100 : 4)),
          resources: pick.some(resourcesOf(live), 0, round === 0 ? 1000 : 12),
        };
        const back = await transaction.readBack(about);
        expect({ seed, ...sortedState(back) }).toEqual({ seed, ...sortedState(restrictedTo(about, live.access)) });
        found.roles += back.roles.size;
        found.memberships += back.memberships.size;
        found.holdings += back.holdings.size;
      }
    }
    for (const count of Object.values(found)) expect(count).toBeGreaterThan(50);
  });

  test("are read back by exact name, where the server takes names for equal", async () => {
    await server.query("create function shop.`Total`() returns int deterministic return 1");
    await server.query("create user 'ab'@'%'");
    await server.query(`grant execute on function shop.total to ${quoteLiteral("ab")}@'%'`);
    await using connection = await open(server);
    await using transaction = await begin(connection);
    const resource = (name: string): Resource => ({ kind: "routine", path: ["def", "shop", name, "function"] });
    const live = await transaction.introspect();
    const about = { roles: new Set(["ab@%", "ab ", "AB@%"]), resources: [resource("total"), resource("Total")] };
    const back = await transaction.readBack(about);
    expect(sortedState(back)).toEqual(sortedState(restrictedTo(about, live.access)));
    expect(back.holdings.size).toBe(1);
    expect(
      live.access.holdings.get(resourceKey([...back.holdings.values()][0]?.resource ?? resource(""))),
    ).toBeDefined();
  });
});

function granteesOf({ access }: Snapshot): Set<Grantee> {
  return new Set([PUBLIC, "nobody@nowhere", "no role", ...access.roles.keys()]);
}

function resourcesOf({ access }: Snapshot): readonly Resource[] {
  const missing: Resource = { kind: "table", path: ["def", "no such", "table"] };
  return [...[...access.holdings.values()].map(({ resource }) => resource), missing];
}

function sortedState(state: Snapshot["access"]): Record<string, unknown> {
  const sorted = (map: ReadonlyMap<string, unknown>): unknown => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  return { roles: sorted(state.roles), memberships: sorted(state.memberships), holdings: sorted(state.holdings) };
}
