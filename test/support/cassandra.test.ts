import { spawn } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { serverAccount } from "../../src/engine/local/account.ts";
import { isAlive } from "../../src/engine/local/cache.ts";
import { borrowCassandra } from "./borrow-cassandra.ts";
import { PASSWORD, startCassandra } from "./cassandra.ts";
import { describeOn } from "./describe-on.ts";

const UNAUTHORIZED = 0x2100;

describeOn("cassandra", "a throw-away Cassandra server", () => {
  it("runs unprivileged in a private folder, and lets in nobody but the superuser that it was given", async () => {
    await using server = await startCassandra({ superuser: { name: "boss", password: new Secret('it\'s "me"') } });
    const [node] = server.nodes;
    if (node === undefined) throw new Error("a cluster has a node");
    expect(server.release).toMatch(/^5\.0\.\d+$/);
    expect(uidOf(node.folder)).toBe(serverAccount()?.uid ?? process.getuid?.());
    expect(statSync(node.folder).mode & 0o077).toBe(0);
    expect(await server.query("select role from system_auth.roles")).toEqual([{ role: "boss" }]);
    await expect(
      server.query("select key from system.local", { user: "cassandra", password: "cassandra" }),
    ).rejects.toThrow(/Provided username cassandra and\/or password are incorrect/);
    await server.stop();
    expect(existsSync(node.folder)).toBe(false);
  });

  it("checks permissions at once, keeps an audit log, and keeps its data over a stop and over a crash", async () => {
    await using server = await startCassandra();
    const [node] = server.nodes;
    if (node === undefined) throw new Error("a cluster has a node");
    await server.query("create keyspace shop with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
    await server.query("create table shop.orders (id int primary key, note text)");
    await server.query("insert into shop.orders (id, note) values (?, ?)", { values: [1, "first"] });
    await server.query(`create role clerk with login = true and password = '${PASSWORD}'`);
    const read = () => server.query("select note from shop.orders", { user: "clerk" });
    await expect(read()).rejects.toMatchObject({ code: UNAUTHORIZED });
    await server.query("grant select on shop.orders to clerk");
    expect(await read()).toEqual([{ note: "first" }]);
    expect(readFileSync(node.auditLog, "utf8")).toMatch(/user:clerk.*select note from shop\.orders/);

    await node.stop();
    await expect(read()).rejects.toThrow(/ECONNREFUSED/);
    await node.start({ settings: { authorizer: { class_name: "AllowAllAuthorizer" } } });
    await server.query("insert into shop.orders (id, note) values (2, 'second')", { user: "clerk" });
    await node.kill();
    await node.start({ settings: { authorizer: { class_name: "CassandraAuthorizer" } } });
    expect(await read()).toEqual([{ note: "first" }, { note: "second" }]);
    await server.query("revoke select on shop.orders from clerk");
    await expect(read()).rejects.toMatchObject({ code: UNAUTHORIZED });
  });

  it("says why it does not start", async () => {
    await expect(startCassandra({ settings: { no_such_setting: 1 } })).rejects.toMatchObject({
      code: "RW594",
      message: expect.stringContaining("no_such_setting"),
    });
  });

  it("is gone with its folder after its owner got SIGKILL", async () => {
    const { owner, pid, folder } = await hold();
    expect(existsSync(folder)).toBe(true);
    const server = serverPid(folder);
    owner.kill("SIGKILL");
    await until(() => !isAlive(pid) && !isAlive(server) && !existsSync(folder));
  });
});

describeOn("cassandra", "a throw-away Cassandra 4.1", () => {
  it.runIf(process.env["ROLEWRIGHT_TEST_LONG"] === "1")("starts on the same Java", async () => {
    await using server = await startCassandra({ version: "4.1" });
    const [settings] = await server.query("select value from system_views.settings where name = 'authorizer'");
    expect([server.release, settings?.["value"]]).toEqual([
      expect.stringMatching(/^4\.1\.\d+$/),
      "CassandraAuthorizer",
    ]);
  });
});

describeOn("cassandra", "a throw-away Cassandra cluster of three", () => {
  it("has every role on every node, and works on while one is down", async () => {
    await using server = await startCassandra({ nodes: 3 });
    const third = server.nodes[2];
    if (third === undefined) throw new Error("a cluster of three has three nodes");
    expect(server.url()).toMatch(
      /^cassandra:\/\/cassandra:cassandra@127\.0\.0\.1:(\d+),127\.0\.0\.2:\1,127\.0\.0\.3:\1\/\?dc=datacenter1$/,
    );
    await server.query(`create role clerk with login = true and password = '${PASSWORD}'`);
    for (const node of [0, 1, 2]) {
      expect(await server.query("select peer from system.peers_v2", { node })).toHaveLength(2);
      expect(
        await server.query("select role from system_auth.roles", { node, user: "cassandra", consistency: "all" }),
      ).toHaveLength(2);
      await server.query("select key from system.local", { node, user: "clerk" });
    }
    await third.stop();
    await server.query("create role during with login = true");
    await expect(server.query("select role from system_auth.roles", { consistency: "all" })).rejects.toThrow(
      /not enough|Unavailable/i,
    );
    await third.start();
    await untilAsync(async () => {
      const rows = await server.query("select role from system_auth.roles", { node: 2, consistency: "quorum" });
      return rows.length === 3;
    });
  });
});

describeOn("cassandra", "the Cassandra node that all tests share", () => {
  it("is the same for two borrowers, and keeps nothing of one that gave it back", async () => {
    await using witness = await borrowCassandra();
    const roles = () => witness.query("select role from system_auth.roles");
    const before = await roles();
    {
      await using server = await borrowCassandra();
      expect([server.port, server.prefix === witness.prefix]).toEqual([witness.port, false]);
      const options = "with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}";
      await server.query(`create keyspace ${server.prefix}shop ${options}`);
      await server.query(`create role "${server.prefix}Night Clerk" with login = true and password = '${PASSWORD}'`);
      expect(await roles()).toHaveLength(before.length + 1);
      await server.query("select key from system.local", { user: `${server.prefix}Night Clerk` });
    }
    expect(await roles()).toEqual(before);
    const keyspaces = await witness.query("select keyspace_name from system_schema.keyspaces");
    expect(keyspaces.filter((row) => String(row["keyspace_name"]).endsWith("_shop"))).toEqual([]);
  });
});

const LAUNCHER = new URL("../../src/engine/cassandra/local/cluster.ts", import.meta.url).href;

/** A program that starts a server, says where, and waits to be killed. */
const HOLDER = `
  import { startCassandra } from ${JSON.stringify(LAUNCHER)};
  const { nodes: [node] } = await startCassandra();
  console.log(JSON.stringify({ pid: node.pid, folder: node.folder }));
  setInterval(() => {}, 1000);
`;

async function hold() {
  const owner = spawn(process.execPath, ["--input-type=module", "--eval", HOLDER], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = await new Promise<string>((resolve) => {
    owner.stdout.once("data", (data: Buffer) => resolve(String(data)));
  });
  const { pid, folder } = JSON.parse(line) as { pid: number; folder: string };
  return { owner, pid, folder };
}

function serverPid(folder: string): number {
  return Number(readFileSync(join(folder, "server.pid"), "utf8"));
}

function uidOf(folder: string): number {
  return statSync(`/proc/${serverPid(folder)}`).uid;
}

const PATIENCE_MS = 10_000;

function until(done: () => boolean): Promise<void> {
  return untilAsync(() => Promise.resolve(done()));
}

async function untilAsync(done: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await done().catch(() => false))) {
    if (Date.now() > deadline) throw new Error("it did not happen within ten seconds");
    await sleep(50);
  }
}
