import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { expectExit, type Workspace, workspace } from "../e2e/cli.ts";
import { describeOn } from "../support/describe-on.ts";
import { type MariadbServer, startMariadb } from "../support/mariadb.ts";
import { endWatchers, kill, until, windowIn } from "./confirm-window-world.ts";

/* The confirm window where each statement stands at once: the way back is planned against the state, and goes statement by statement. */

let server: MariadbServer;
let folder: Workspace;

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
const CHILD = new URL("./confirm-window-child.ts", import.meta.url).pathname;
const MAIN = new URL("../../src/cli/main.ts", import.meta.url).pathname;

const SETUP = [
  "create or replace database shop",
  "create table shop.orders (id int primary key, card text)",
  "create table shop.items (id int primary key)",
  "create or replace role reader",
  "create or replace user alice@'%' identified by 'x'",
  "grant select on shop.orders to reader",
  "grant reader to alice@'%'",
  "set default role reader for alice@'%'",
];

const WISH = `version: 1
targets:
  shop: { engine: mariadb, environment: staging, url: "\${SHOP_URL}" }
scope:
  authoritative:
    - { facets: [grants], roles: [reader] }
roles:
  reader:
    because: analysts read items, and change nothing
    grants: [select on table shop.items, insert on table shop.items]
`;

/** What alice may do, asked as alice. */
async function may(sql: string): Promise<boolean> {
  try {
    await server.query(sql, { user: "alice", password: "x", from: "127.0.0.1" });
    return true;
  } catch (error) {
    if (/denied/u.test((error as Error).message)) return false;
    throw error;
  }
}

async function standing(): Promise<"before" | "after" | "between"> {
  const found = [
    await may("select count(*) from shop.orders"),
    await may("select count(*) from shop.items"),
    await may("insert into shop.items select 1 from shop.items where false"),
  ].join(" ");
  return found === "true false false" ? "before" : found === "false true true" ? "after" : "between";
}

describeOn("mariadb", "a change that waits to be confirmed on MariaDB", () => {
  beforeAll(async () => {
    server = await startMariadb();
  });
  beforeEach(async () => {
    for (const sql of SETUP) await server.query(sql);
    await folder?.[Symbol.asyncDispose]();
    folder = await workspace({ SHOP_URL: server.url() });
    await folder.write("rolewright.yaml", WISH);
  });
  afterAll(async () => {
    if (folder !== undefined) await endWatchers(folder.folder);
    await folder?.[Symbol.asyncDispose]();
    await server?.stop();
  });

  test("is taken back when nobody does, with exit 6 for who waits", async () => {
    const ran = await folder.run(["apply", "--yes", "--confirm-within", "1s", "--wait"]);
    expectExit(ran, 6);
    expect(await standing()).toBe("before");
  });

  test.runIf(LONG)("stays when it is confirmed", async () => {
    expectExit(await folder.run(["apply", "--yes", "--confirm-within", "8s"]), 0);
    expectExit(await folder.run(["confirm"]), 0);
    await wait(8200);
    expect(await standing()).toBe("after");
  });

  test("is taken back when a login of the manifest's probes is refused", async () => {
    const probe = `probes:\n  - { name: orders are read, sql: select count(*) from shop.orders, url: "\${ALICE_URL}" }\n`;
    await folder.write("rolewright.yaml", `${WISH}${probe}`);
    const url = server.url().replace(/\/\/[^@]*@/u, "//alice:x@");
    const ran = await folder.run(["apply", "--yes", "--confirm-within", "60s"], { env: { ALICE_URL: url } });
    expect(ran.stdout).toMatch(/RW695 probe `orders are read`: .*denied/u);
    expectExit(ran, 6);
    expect(await standing()).toBe("before");
  });

  test("that was cut off half-way with its watcher is taken back by the next command after its time", async () => {
    // Writes: the announced run, its stage, then a line before each statement: killed when one stands and the next is announced.
    const child = spawn(process.execPath, [CHILD, "apply", "both", MAIN], {
      cwd: folder.folder,
      env: { ...process.env, SHOP_URL: server.url(), XDG_STATE_HOME: `${folder.folder}-state`, KILL_AT: "after 4" },
      stdio: "ignore",
    });
    const [, signal] = (await once(child, "exit")) as [number | null, string | null];
    expect(signal).toBe("SIGKILL");
    expect(await standing()).toBe("between");
    await wait(1200);
    const ran = await folder.run(["status"]);
    expect(ran.stderr).toContain("TAKEN BACK");
    expectExit(ran, 0);
    expect(await standing()).toBe("before");
  });

  test("that was cut off half-way cannot be confirmed, is finished by apply, and waits then", async () => {
    const child = spawn(process.execPath, [CHILD, "apply", "both", MAIN], {
      cwd: folder.folder,
      env: {
        ...process.env,
        SHOP_URL: server.url(),
        XDG_STATE_HOME: `${folder.folder}-state`,
        KILL_AT: "after 4",
        WITHIN: "60s",
      },
      stdio: "ignore",
    });
    await once(child, "exit");
    const shown = await folder.run(["status"]);
    expectExit(shown, 1);
    expect(shown.stderr).toContain("WATCHED AGAIN");
    expect(shown.stdout).toMatch(/WINDOW .*stands in part, and is taken back at/u);
    const refused = await folder.run(["confirm"]);
    expectExit(refused, 1);
    expect(refused.stderr).toContain("RW691");
    const { run } = await windowIn(folder.folder);
    expectExit(await folder.run(["apply", run.plan.slice("sha256:".length), "--yes"]), 0);
    expect([await standing(), (await windowIn(folder.folder)).view.phase]).toEqual(["after", "open"]);
    expectExit(await folder.run(["confirm"]), 0);
    await endWatchers(folder.folder);
  });

  test("is not taken back over what somebody else changed meanwhile", async () => {
    await folder.write("rolewright.yaml", `${WISH}  alice@%: { connection_limit: 5 }\n`);
    expectExit(await folder.run(["apply", "--yes", "--confirm-within", "6s"]), 0);
    await server.query("alter user alice@'%' with max_user_connections 7");
    await until(async () => (await windowIn(folder.folder)).view.phase === "stopped");
    expect(await standing()).toBe("after");
    const shown = await folder.run(["status"]);
    expectExit(shown, 1);
    expect(shown.stderr).toContain("RW693");
    // A person decides: what somebody else did stays, and the rest goes back.
    const { run } = await windowIn(folder.folder);
    expectExit(await folder.run(["revert", run.plan, "--leave-changed", "--yes"]), 0);
    expect(await standing()).toBe("before");
    expectExit(await folder.run(["status"]), 0);
  });

  test.runIf(LONG)("is taken back although its watcher was killed in the middle of the way back", async () => {
    expectExit(await folder.run(["apply", "--yes", "--confirm-within", "3s"]), 0);
    await kill((await windowIn(folder.folder)).watcher?.pid);
    const { run } = await windowIn(folder.folder);
    const child = spawn(process.execPath, [CHILD, "watch", "self", MAIN, run.plan], {
      cwd: folder.folder,
      env: { ...process.env, SHOP_URL: server.url(), XDG_STATE_HOME: `${folder.folder}-state`, KILL_AT: "after 6" },
      stdio: "ignore",
    });
    const [, signal] = (await once(child, "exit")) as [number | null, string | null];
    expect([signal, await standing()]).toEqual(["SIGKILL", "between"]);
    await folder.run(["status"]);
    expect(await standing()).toBe("before");
    expect((await windowIn(folder.folder)).view.phase).toBe("reverted");
  });
});
