import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { endWatchers, until, windowIn } from "../faults/confirm-window-world.ts";
import { type CassandraServer, PASSWORD, startCassandra } from "../support/cassandra.ts";
import { describeOn } from "../support/describe-on.ts";
import { type MariadbServer, startMariadb } from "../support/mariadb.ts";
import { auditPluginFolder } from "../support/server-audit.ts";
import { expectExit, type Ran, type Workspace, workspace } from "./cli.ts";
import { recorded } from "./recorded.ts";

/* Removals in steps where there is no pgAudit: announced, watched with the server's own log, tried on one login, and then taken from all. */

interface Told {
  readonly removals: readonly { readonly state: string; readonly item: { readonly id: string } }[];
}

/** What a test of this does on either engine: how a login reads, and where the log is. */
interface World {
  readonly folder: Workspace;
  readonly log: string;
  /** Two logins of the same group, as the engine names them. */
  readonly logins: readonly [string, string];
  /** Whether each of them may read the orders, and the items. */
  reads(): Promise<readonly boolean[]>;
  /** One login reads the orders, as a program would. */
  use(login: string): Promise<void>;
  /** The roles of trials that are there. */
  trials(): Promise<number>;
  /** How many of them stay when a trial is taken back under an open session. */
  readonly staying: number;
}

const ALL = [true, true, true, true];

/** Says what is to go, and makes the plan of it. */
async function planned({ folder }: World, manifest: string): Promise<void> {
  await folder.write("rolewright.yaml", manifest);
  expectExit(await folder.run(["plan", "--out", "plan.json"]), 0);
}

const statesOf = (ran: Ran): readonly string[] =>
  (ran.json() as unknown as Told).removals.map(({ state }) => state).toSorted();

/** Announced, refused a canary, cancelled by hand, announced again, and cancelled by its use. */
async function expectCancelledByUse(world: World, collect: readonly string[]): Promise<void> {
  const { folder } = world;
  const announced = await folder.run(["removals", "announce", "plan.json", "--json"]);
  expectExit(announced, 0);
  expect(statesOf(announced)).toEqual(["announced"]);
  const canary = await folder.run(["removals", "canary"]);
  expectExit(canary, 3);
  expect(canary.stderr).toMatch(/RW585 .*no audit of single privileges/u);
  expect(canary.stderr).toContain("rolewright removals watch --evidence FILE");
  const [item] = (announced.json() as unknown as Told).removals;
  const id = item?.item.id.slice(7, 15) ?? "";
  const cancelled = await folder.run(["removals", "cancel", id, "--because", "year end", "--json"]);
  expect(statesOf(cancelled)).toEqual(["cancelled"]);
  expectExit(await folder.run(["removals", "announce", "plan.json"]), 0);
  // Times in these logs are whole seconds.
  await sleep(1100);
  await world.use(world.logins[0]);
  await sleep(2000);
  expectExit(await folder.run(["workload", "collect", world.log, ...collect, "--out", "today.json"]), 0);
  const watched = await folder.run(["removals", "watch", "--evidence", "today.json"]);
  expectExit(watched, 0);
  expect(watched.stdout).toMatch(/cancelled +[0-9a-f]{8} +select on shop\.orders from reader/u);
  expect(watched.stdout).toContain(`\`${world.logins[0]}\` used it: select id from shop.orders`);
}

/** From one login first: taken back because it is refused; then from all. */
async function expectTriedOnOne(world: World): Promise<void> {
  const { folder, logins } = world;
  const listed = await folder.run(["removals", "trial", "plan.json", "--json"]);
  expectExit(listed, 0);
  expect(listed.json()).toMatchObject({ losing: logins.map((login) => ({ login, loses: 1 })) });
  const [first] = logins;
  expectExit(await folder.run(["removals", "trial", "plan.json", "--login", first]), 0);
  expectExit(await folder.run(["apply", "trial.json", "--yes", "--confirm-within", "2m"]), 0);
  expect(await world.reads()).toEqual([false, true, true, true]);
  await world.use(first);
  await until(async () => (await windowIn(folder.folder)).view.phase === "reverted", 60);
  const { view } = await windowIn(folder.folder);
  expect(view.probed?.failed.join()).toMatch(/was refused \((?:1142|2100)\): select id from shop\.orders/u);
  expect(await world.reads()).toEqual(ALL);
  // Where a session may still act as the role of the trial, it stays without members.
  expect(await world.trials()).toBe(world.staying);

  expect(await recorded(folder, "trial")).toMatchObject([
    { type: "trial.began", subject: { name: first } },
    { type: "trial.ended", subject: { name: first }, because: "probe failed" },
  ]);

  // The trial says what it says; then it goes from all.
  expectExit(await folder.run(["plan", "--out", "plan.json"]), 0);
  expectExit(await folder.run(["apply", "plan.json", "--yes"]), 0);
}

describeOn("mariadb", "removals in steps on MariaDB", () => {
  let server: MariadbServer;
  let plugin: string | null;
  let world: World;
  /** Stays connected through the change: its beginning stands before what the watcher reads. */
  let session: Connection;

  const manifest = (log: string): string => `version: 1
targets:
  shop: { engine: mariadb, environment: staging, url: "\${SHOP_URL}" }
roles:
  reader:
    grants: [select on table shop.items]
    revoke: [select on table shop.orders]
probes:
  - { name: nobody is refused, denials: "${log}" }
`;

  beforeAll(async () => {
    plugin = await auditPluginFolder();
    if (plugin === null) process.stderr.write("skipped: server_audit: the plugin cannot be had on this machine\n");
    const audit = { "plugin-dir": plugin ?? "", "plugin-load-add": "server_audit", "server-audit-logging": "ON" };
    const zone = { "default-time-zone": "+00:00", "skip-name-resolve": "1" };
    server = await startMariadb({ settings: plugin === null ? zone : { ...zone, ...audit } });
    await server.query(`create database shop; create table shop.orders (id int); create table shop.items (id int);
      create role reader; create user alice@'127.0.0.%'; create user bob@'%'; grant reader to root@127.0.0.1 with admin option`);
  });
  beforeEach(async () => {
    await server.query(`grant select on shop.orders to reader; grant select on shop.items to reader;
      grant reader to alice@'127.0.0.%'; set default role reader for alice@'127.0.0.%'; grant reader to bob@'%'; set default role reader for bob@'%'`);
    session = await server.connect({ user: "alice", from: "127.0.0.2" });
    const log = join(server.dataFolder, "server_audit.log");
    const reading = async (user: string, table: string): Promise<boolean> =>
      await server.query(`select 1 from shop.${table}`, { user, from: "127.0.0.3" }).then(
        () => true,
        () => false,
      );
    world = {
      folder: await workspace({ SHOP_URL: server.url() }),
      log,
      logins: ["alice@127.0.0.%", "bob@%"],
      reads: async () => [
        await reading("alice", "orders"),
        await reading("alice", "items"),
        await reading("bob", "orders"),
        await reading("bob", "items"),
      ],
      use: async () => {
        await session.query("set role none").catch(() => {});
        const [row] = await server.query<{ role: string }>(
          "select default_role as role from mysql.user where user = 'alice'",
        );
        await session.query(`set role \`${row?.role ?? ""}\``);
        await session.query("select id from shop.orders").catch(() => {});
      },
      staying: 1,
      trials: async () =>
        (await server.query("select user from mysql.user where user like 'rolewright_trial%'")).length,
    };
  });
  afterEach(async () => {
    await session.end();
    await endWatchers(world.folder.folder);
    await world.folder[Symbol.asyncDispose]();
  });
  afterAll(() => server.stop());

  test("are announced, and cancelled with the statement that still needs them", async ({ skip }) => {
    if (plugin === null) return skip();
    await planned(world, manifest(world.log));
    await expectCancelledByUse(world, ["--target", "shop"]);
    expect(await world.reads()).toEqual(ALL);
  });

  test("are tried on one login, taken back when it is refused, and then taken from all", async ({ skip }) => {
    if (plugin === null) return skip();
    await planned(world, manifest(world.log));
    await expectTriedOnOne(world);
    expect(await world.reads()).toEqual([false, true, false, true]);
  });

  test("cannot be tried where the role has to be made active, and say so", async () => {
    await server.query("set default role none for bob@'%'");
    await planned(world, manifest(world.log));
    const refused = await world.folder.run(["removals", "trial", "plan.json", "--login", "bob@%"]);
    expectExit(refused, 1);
    expect(refused.stderr).toMatch(/RW587 .*`bob@%` has `reader` only after SET ROLE/u);
  });
});

describeOn("cassandra", "removals in steps on Cassandra", () => {
  let server: CassandraServer;
  let world: World;

  const manifest = (log: string): string => `version: 1
targets:
  shop: { engine: cassandra, environment: staging, url: "\${SHOP_URL}" }
roles:
  reader:
    grants: [select on table shop.items]
    revoke: [select on table shop.orders]
probes:
  - { name: nobody is refused, denials: "${log}" }
`;

  beforeAll(async () => {
    server = await startCassandra();
    for (const cql of [
      "create keyspace shop with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
      "create table shop.orders (id int primary key)",
      "create table shop.items (id int primary key)",
      "create role reader",
      ...["alice", "bob"].flatMap((name) => [
        `create role ${name} with login = true and password = '${PASSWORD}'`,
        `grant reader to ${name}`,
      ]),
    ]) {
      await server.query(cql);
    }
  });
  beforeEach(async () => {
    await server.query("grant select on shop.orders to reader");
    await server.query("grant select on shop.items to reader");
    const reading = async (user: string, table: string): Promise<boolean> =>
      await server.query(`select id from shop.${table}`, { user }).then(
        () => true,
        () => false,
      );
    world = {
      folder: await workspace({ SHOP_URL: server.url() }),
      log: server.nodes[0]?.auditLog ?? "",
      logins: ["alice", "bob"],
      // The table that is about to be used by name is asked for with another statement.
      reads: async () => [
        await reading("alice", "orders limit 1"),
        await reading("alice", "items"),
        await reading("bob", "orders limit 1"),
        await reading("bob", "items"),
      ],
      use: async (user) => void (await reading(user, "orders")),
      staying: 0,
      trials: async () =>
        (await server.query("select role from system_auth.roles")).filter(({ role }) =>
          String(role).startsWith("rolewright_trial"),
        ).length,
    };
  });
  afterEach(async () => {
    await endWatchers(world.folder.folder);
    await world.folder[Symbol.asyncDispose]();
  });
  afterAll(() => server.stop());

  test("are announced, and cancelled with the statement that still needs them", async () => {
    await planned(world, manifest(world.log));
    await expectCancelledByUse(world, ["--target", "shop"]);
    expect(await world.reads()).toEqual(ALL);
  });

  test("are tried on one login, taken back when it is refused, and then taken from all", async () => {
    await planned(world, manifest(world.log));
    await expectTriedOnOne(world);
    expect(await world.reads()).toEqual([false, true, false, true]);
  });
});
