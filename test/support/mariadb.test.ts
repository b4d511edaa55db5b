import { spawn } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createConnection } from "mysql2/promise";
import { describe, expect, it } from "vitest";
import { RolewrightError } from "../../src/base/error.ts";
import { isAlive } from "../../src/engine/local/cache.ts";
import { describeOn } from "./describe-on.ts";
import { startMariadb } from "./mariadb.ts";
import { prepareOptionalServers } from "./optional-servers.ts";

const ACCESS_DENIED = 1045;

describeOn("mariadb", "a throw-away MariaDB server", () => {
  it("answers on its socket and on loopback with a hostile password, and is gone with its folder after stop", async () => {
    const server = await startMariadb();
    expect(await server.query("select current_user() as who")).toEqual([{ who: "root@localhost" }]);
    const client = await createConnection(server.url().replace("mariadb:", "mysql:"));
    expect((await client.query("select version() as version"))[0]).toEqual([
      { version: expect.stringContaining(`${server.version}-MariaDB`) as string },
    ]);
    await client.end();
    const { pid } = server;
    await server.stop();
    expect(existsSync(server.dataFolder)).toBe(false);
    expect(isAlive(pid)).toBe(false);
    await expect(server.query("select 1")).rejects.toThrow("ENOENT");
  });

  it("refuses a wrong password, and none", async () => {
    await using server = await startMariadb();
    for (const password of ["", "wrong", server.password.toUpperCase()]) {
      await expect(server.query("select 1", { password })).rejects.toMatchObject({ errno: ACCESS_DENIED });
      await expect(server.query("select 1", { password, from: "127.0.0.1" })).rejects.toMatchObject({
        errno: ACCESS_DENIED,
      });
    }
  });

  it("has its rows and its accounts after a crash, on the same port", async () => {
    await using server = await startMariadb();
    await server.query("create database shop; create table shop.kept as select 1 as x");
    await server.query("create user lisa@localhost identified by 'pw'; grant select on shop.* to lisa@localhost");
    await server.kill();
    await expect(server.query("select 1")).rejects.toThrow("connect");
    await server.restart();
    expect(await server.query("select x from shop.kept", { user: "lisa", password: "pw" })).toEqual([{ x: 1 }]);
    expect(new URL(server.url()).port).toBe(String(server.port));
  });

  it("restarts in good order, also with other settings, and keeps them", async () => {
    await using server = await startMariadb({ settings: { "read-only": "1" } });
    await server.restart({ "skip-name-resolve": "1" });
    await server.restart();
    expect(await server.query("select @@read_only as ro, @@skip_name_resolve as skipping")).toEqual([
      { ro: 1, skipping: 1 },
    ]);
    expect(await server.query("select current_user() as who", { from: "127.0.0.1" })).toEqual([
      { who: "root@127.0.0.1" },
    ]);
    expect(await server.log()).toContain("Shutdown complete");
  });

  it("runs as an account that is not root, in a folder that only this account can enter", async () => {
    await using server = await startMariadb();
    const [row] = await server.query<{ file: string }>("select @@pid_file as file");
    const pid = readFileSync(row?.file ?? "", "utf8").trim();
    const uids = /^Uid:\s+(\d+)\s+(\d+)\s+(\d+)/mu.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.slice(1);
    expect(uids).toHaveLength(3);
    expect(uids).not.toContain("0");
    const folder = statSync(join(server.dataFolder, ".."));
    expect([...new Set(uids)]).toEqual([String(folder.uid)]);
    expect(folder.mode & 0o077).toBe(0);
  });

  it("lets root grant everything onwards, proxying too", async () => {
    await using server = await startMariadb();
    await server.query("create user boss@localhost; grant all privileges on *.* to boss@localhost with grant option");
    await server.query("grant proxy on ''@'%' to boss@localhost with grant option");
    await server.query("create role auditors; grant auditors to boss@localhost with admin option");
    await server.query("create user x@localhost; grant super on *.* to x@localhost; grant auditors to x@localhost", {
      user: "boss",
    });
    expect(await server.query("show grants", { user: "x" })).toHaveLength(2);
  });

  it("tells clients apart by the loopback address that they come from", async () => {
    await using server = await startMariadb({ settings: { "skip-name-resolve": "1" } });
    await server.query("create user lisa@'127.0.0.2'; create user lisa@'127.0.0.%'; create user lisa@localhost");
    const who = async (from?: string): Promise<unknown> =>
      (
        await server.query("select current_user() as who", { user: "lisa", ...(from === undefined ? {} : { from }) })
      )[0];
    expect(await who("127.0.0.2")).toEqual({ who: "lisa@127.0.0.2" });
    expect(await who("127.0.0.3")).toEqual({ who: "lisa@127.0.0.%" });
    expect(await who()).toEqual({ who: "lisa@localhost" });
  });

  it("gives the rows of the last statement of several", async () => {
    await using server = await startMariadb();
    expect(await server.query("select 1 as a; select 2 as b")).toEqual([{ b: 2 }]);
    expect(await server.query("set @x = 1; select @x as x")).toEqual([{ x: 1 }]);
    expect(await server.query("select ? as v, ? as w", { values: ["'\\", null] })).toEqual([{ v: "'\\", w: null }]);
    expect(await server.query("select 1 as a; set @x = 1")).toEqual([]);
    expect(await server.query("set @x = 1")).toEqual([]);
    expect(await server.query("select 1 from dual where false")).toEqual([]);
  });
});

describeOn("mariadb", "a new MariaDB server", () => {
  it("is secured unless asked otherwise: root, the server's own account, and nothing for PUBLIC", async () => {
    await using server = await startMariadb();
    expect(await server.query("select user, host from mysql.global_priv order by user, host")).toEqual([
      { user: "mariadb.sys", host: "localhost" },
      { user: "root", host: "127.0.0.1" },
      { user: "root", host: "localhost" },
    ]);
    expect(await server.query("select * from mysql.db")).toEqual([]);
    await expect(server.query("select 1", { user: "" })).rejects.toMatchObject({ errno: ACCESS_DENIED });
    await expect(server.query("select 1", { user: "mariadb.sys" })).rejects.toThrow("locked");
  });

  it("has anonymous accounts and PUBLIC's databases as installed", async () => {
    await using server = await startMariadb({ fresh: "as installed" });
    const accounts = await server.query<{ who: string }>(
      "select concat(user, '@', host) as who from mysql.global_priv where host in ('localhost', '')",
    );
    expect(accounts.map((each) => each.who).sort()).toEqual([
      "@localhost",
      "PUBLIC@",
      "mariadb.sys@localhost",
      "mysql@localhost",
      "root@localhost",
    ]);
    expect(await server.query("select current_user() as who", { user: "nobody in particular" })).toEqual([
      { who: "@localhost" },
    ]);
    await server.query("create table test.t (x int)", { user: "nobody in particular" });
    const wrong = { password: "wrong", from: "127.0.0.1" };
    await expect(server.query("select 1", wrong)).rejects.toThrow("Access denied");
    expect(await server.query("select 1 as x", { from: "127.0.0.1" })).toEqual([{ x: 1 }]);
  });
});

describeOn("mariadb", "hostile settings of a MariaDB server", () => {
  it.each([
    ["sql-mode", "ANSI_QUOTES,IGNORE_SPACE,NO_BACKSLASH_ESCAPES", "@@sql_mode"],
    ["lower-case-table-names", "1", "@@lower_case_table_names"],
    ["init-connect", "set @greeting = 'it''s; \"me\"'", "@@init_connect"],
    ["character-set-server", "latin1", "@@character_set_server"],
  ])("%s=%s starts, and root can log in", async (name, value, variable) => {
    await using server = await startMariadb({ settings: { [name]: value } });
    expect(await server.query(`select concat(${variable}) as value`)).toEqual([{ value }]);
  });

  it("skip-grant-tables starts, and lets everybody in", async () => {
    await using server = await startMariadb({ settings: { "skip-grant-tables": "" } });
    expect(await server.query("select 1 as x", { user: "anybody", password: "" })).toEqual([{ x: 1 }]);
  });

  it("one that does not exist is an error that names it, and leaves nothing behind", async () => {
    const failure = await startMariadb({ settings: { "no-such-option": "1" } }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "RW594", message: expect.stringContaining("no-such-option") as string });
  });
});

const LAUNCHER = new URL("../../src/engine/mysql/local/server.ts", import.meta.url).href;
const SECRET = new URL("../../src/base/secret.ts", import.meta.url).href;

/** A program that starts a server, says where, and waits to be killed. */
const HOLDER = `
  import { startMariadb } from ${JSON.stringify(LAUNCHER)};
  import { Secret } from ${JSON.stringify(SECRET)};
  const server = await startMariadb({ password: new Secret("x"), keep: process.argv[1] === "keep" });
  console.log(JSON.stringify({ pid: server.pid, data: server.dataFolder }));
  setInterval(() => {}, 1000);
`;

describeOn("mariadb", "a MariaDB server whose owner ends", () => {
  it.each(["SIGKILL", "SIGTERM"] as const)("is gone with its folder after the owner got %s", async (signal) => {
    const { owner, pid, data } = await hold("watch");
    expect(existsSync(data)).toBe(true);
    owner.kill(signal);
    await until(() => !isAlive(pid) && !existsSync(join(data, "..")));
  });

  it("stays when it was asked to, and goes with its folder when it is stopped", async () => {
    const { owner, pid, data } = await hold("keep");
    owner.kill("SIGKILL");
    await sleep(300);
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, "SIGTERM");
    await until(() => !isAlive(pid) && !existsSync(join(data, "..")));
  });
});

describe("servers that a machine cannot have", () => {
  const missing = { somedb: () => Promise.reject(new RolewrightError("RW592", "no programs")) };
  const broken = { somedb: () => Promise.reject(new RolewrightError("RW594", "it did not start")) };

  it("are reported with the reason", async () => {
    expect(await prepareOptionalServers({}, missing)).toEqual({ somedb: "no programs" });
  });

  it("are an error where every server is required", async () => {
    await expect(prepareOptionalServers({ CI: "true" }, missing)).rejects.toThrow("no programs");
    await expect(prepareOptionalServers({ ROLEWRIGHT_REQUIRE_SERVERS: "1" }, missing)).rejects.toThrow("no programs");
  });

  it("are not those that are there and do not work", async () => {
    await expect(prepareOptionalServers({}, broken)).rejects.toThrow("it did not start");
  });
});

async function hold(mode: "watch" | "keep"): Promise<{ owner: ReturnType<typeof spawn>; pid: number; data: string }> {
  const owner = spawn(process.execPath, ["--input-type=module", "--eval", HOLDER, mode], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = await new Promise<string>((resolve) =>
    owner.stdout.once("data", (data: Buffer) => resolve(String(data))),
  );
  return { owner, ...(JSON.parse(line) as { pid: number; data: string }) };
}

const PATIENCE_MS = 10_000;

async function until(done: () => boolean): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!done()) {
    if (Date.now() > deadline) throw new Error("it did not happen within ten seconds");
    await sleep(20);
  }
}
