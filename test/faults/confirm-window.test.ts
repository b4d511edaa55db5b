import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectExit, type Workspace, workspace } from "../e2e/cli.ts";
import { endWatchers, isAlive, kill, type SeenWindow, until, windowIn, windowsIn } from "./confirm-window-world.ts";
import { manifest, NARROWER, openShop, ROLES, SALES, type Shop } from "../e2e/shop.ts";
import { startPostgres } from "../support/postgres.ts";

/* Changes that wait to be confirmed, on a real PostgreSQL with the real program: client, watcher and terminal are processes of their own. */

let shop: Shop;
let folder: Workspace;

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
const MAIN = new URL("../../src/cli/main.ts", import.meta.url).pathname;

beforeAll(async () => {
  shop = await openShop();
  await shop.server.query("create role app login; create role other login");
});
beforeEach(async () => {
  await shop.reset();
  folder = await workspace({ SHOP_URL: shop.server.url({ database: "shop" }) });
  await folder.write("rolewright.yaml", manifest("staging", NARROWER));
});
afterEach(async () => {
  await endWatchers(folder.folder); // Of a test that failed half-way.
  await folder[Symbol.asyncDispose]();
});
afterAll(() => shop[Symbol.asyncDispose]());

const masked = (): Promise<boolean> => shop.aliceReads("orders_masked");
const theWindow = (): Promise<SeenWindow> => windowIn(folder.folder);
const phase = async (): Promise<string> => (await theWindow()).view.phase;
const watcherPid = async (): Promise<number | undefined> => (await theWindow()).watcher?.pid;

const pastDeadline = async (): Promise<void> => {
  const { view } = await theWindow();
  await wait(Math.max(0, view.deadline.getTime() - Date.now()) + 500);
};

/** What is typed, what is shown then, where the window stands and the exit code. */
const ANSWERS: readonly (readonly [string, string, string, number])[] = [
  ["confirm", "CONFIRMED", "confirmed", 0],
  ["revert", "TAKEN BACK", "reverted", 6],
  ["leave", "TO CONFIRM", "open", 0],
];

/** The program in a terminal of its own. */
function terminal(args: readonly string[]) {
  const command = [process.execPath, MAIN, ...args].join(" ");
  const child = spawn("script", ["-qefc", command, "/dev/null"], {
    cwd: folder.folder,
    env: {
      ...process.env,
      CI: "",
      TERM: "xterm",
      SHOP_URL: shop.server.url({ database: "shop" }),
      XDG_STATE_HOME: `${folder.folder}-state`,
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (shown += text));
  const ended = once(child, "close").then(([code]) => code as number | null);
  return { child, text: () => shown, ended };
}

describe("a change that waits to be confirmed", () => {
  test("is taken back when nobody does, and who waits for that ends with exit 6", async () => {
    const ran = await folder.run(["apply", "--yes", "--confirm-within", "1s", "--wait"]);
    expectExit(ran, 6);
    expect(ran.stdout).toMatch(/TAKEN BACK +RW696 .*not confirmed/);
    expect(await masked()).toBe(false);
    const log = await folder.run(["audit", "log", "--json"]);
    expect(log.stdout).toContain('"not confirmed"');
  });

  test("stays when it is confirmed, and cannot be confirmed by another name or twice in another way", async () => {
    const ran = await folder.run(["apply", "--yes", "--confirm-within", "8s"]);
    expectExit(ran, 0);
    expect(ran.stdout).toMatch(/TO CONFIRM .*rolewright confirm [0-9a-f]{8}/);
    expectExit(await folder.run(["confirm"]), 0);
    await pastDeadline();
    expect(await masked()).toBe(true);
    const again = await folder.run(["confirm"]);
    expectExit(again, 1);
    expect(again.stderr).toContain("RW691");
    expect((await folder.run(["audit", "log", "--json"])).stdout).toContain("apply.confirmed");
  });

  test("cannot be confirmed when its time is over, even if its watcher was killed; confirming then takes it back", async () => {
    expectExit(await folder.run(["apply", "--yes", "--confirm-within", "5s"]), 0);
    await kill(await watcherPid());
    await pastDeadline();
    expect(await masked()).toBe(true);
    const late = await folder.run(["confirm"]);
    expectExit(late, 6);
    expect(late.stderr).toContain("RW692");
    expect(await masked()).toBe(false);
  });

  test("is taken back when its watcher was killed, by whichever command comes next", async () => {
    const others = LONG ? [["status"], ["plan"]] : [];
    for (const next of [...others, ["apply", "--yes", "--confirm-within", "off"]]) {
      expectExit(await folder.run(["apply", "--yes", "--confirm-within", "5s"]), 0);
      await kill(await watcherPid());
      await pastDeadline();
      const ran = await folder.run(next);
      expect([next, ran.code]).toEqual([next, 0]);
      // The last one applied it anew, without a window.
      expect([next, await masked()]).toEqual([next, next[0] === "apply"]);
    }
  });

  test.runIf(LONG)("is watched again by the next command when its watcher was killed in time", async () => {
    expectExit(await folder.run(["apply", "--yes", "--confirm-within", "6s"]), 0);
    const first = await watcherPid();
    await kill(first);
    const ran = await folder.run(["status"]);
    expectExit(ran, 0);
    expect(ran.stderr).toContain("WATCHED AGAIN");
    expect(await watcherPid()).not.toBe(first);
    await until(async () => !(await masked()));
  });

  test("keeps every other apply away until it is settled, and is shown with the time that is left", async () => {
    expectExit(await folder.run(["apply", "--yes", "--confirm-within", "60s"]), 0);
    await folder.write("rolewright.yaml", manifest("staging", [...NARROWER, "insert on table sales.orders"]));
    const second = await folder.run(["apply", "--yes"]);
    expectExit(second, 1);
    expect(second.stderr).toContain("RW690");
    const shown = await folder.run(["status"]);
    expectExit(shown, 0);
    expect(shown.stdout).toMatch(/WINDOW .*waits to be confirmed until .*[0-9]+ s left.*watched by process \d+/);
    expectExit(await folder.run(["confirm"]), 0);
    expectExit(await folder.run(["apply", "--yes"]), 0);
  });

  test.runIf(LONG)("is taken back by revert at once, and its watcher ends", async () => {
    const ran = await folder.run(["apply", "--yes", "--confirm-within", "60s", "--json"]);
    expectExit(ran, 0);
    const { plan_digest } = ran.json() as unknown as { readonly plan_digest: string };
    const pid = await watcherPid();
    expectExit(await folder.run(["revert", plan_digest, "--yes"]), 0);
    expect(await masked()).toBe(false);
    await until(() => Promise.resolve(pid !== undefined && !isAlive(pid)));
    const late = await folder.run(["confirm", plan_digest]);
    expectExit(late, 6);
    expect(late.stderr).toContain("RW692");
  });

  test("needs no approval to be taken back by revert, since it would go back by itself", async () => {
    const approvals = "approvals:\n  - { approvers: [bob], count: 1, risk: low }\n";
    await folder.write(
      "rolewright.yaml",
      `${manifest("staging", NARROWER)}  bob: { email: bob@example.com, logins: { shop: other } }\n${approvals}`,
    );
    const glass = ["--break-glass", "--reason", "a test", "--as", "alice"];
    const ran = await folder.run(["apply", "--yes", "--confirm-within", "60s", "--json", ...glass]);
    expectExit(ran, 0);
    const { plan_digest } = ran.json() as unknown as { readonly plan_digest: string };
    expectExit(await folder.run(["revert", plan_digest, "--yes"]), 0);
    expect(await masked()).toBe(false);
  });

  test("is not taken back over what somebody else changed meanwhile: it stops, says so, and a person decides", async () => {
    expectExit(await folder.run(["apply", "--yes", "--confirm-within", "6s"]), 0);
    await shop.server.query("grant select on sales.orders_masked to reporting_ro with grant option", {
      database: "shop",
    });
    await until(async () => (await phase()) === "stopped");
    expect(await masked()).toBe(true);
    const shown = await folder.run(["status"]);
    expectExit(shown, 1);
    expect(shown.stderr).toContain("RW693");
    await folder.write("rolewright.yaml", manifest("staging", [...NARROWER, "insert on table sales.orders"]));
    const second = await folder.run(["apply", "--yes"]);
    expectExit(second, 1);
    expect(second.stderr).toContain("RW690");
    expectExit(await folder.run(["confirm"]), 0);
    expectExit(await folder.run(["status"]), 0);
    expect(await masked()).toBe(true);
  });

  test.runIf(LONG)("is taken back as soon as a server can be reached again that went away", async () => {
    expectExit(await folder.run(["apply", "--yes", "--confirm-within", "2s"]), 0);
    await shop.server.kill();
    await until(async () => (await phase()) === "reverting");
    await wait(1000);
    expect((await theWindow()).watcher?.lives).toBe(true);
    await shop.server.restart();
    await until(async () => (await phase()) === "reverted", 40);
    expect(await masked()).toBe(false);
  });

  test("is settled when somebody took it back by hand", async () => {
    expectExit(await folder.run(["apply", "--yes", "--confirm-within", "1s"]), 0);
    await shop.server.query("revoke select on sales.orders_masked from reporting_ro", { database: "shop" });
    await until(async () => (await phase()) === "reverted");
    expect(await masked()).toBe(false);
  });

  test("outlives its client's terminal", async () => {
    const at = terminal(["apply", "--yes", "--confirm-within", "6s", "--wait"]);
    await until(async () => (await masked()) && (await phase()) === "open");
    // The terminal goes away: whatever runs in it is hung up.
    at.child.kill("SIGKILL");
    await at.ended;
    expect([await masked(), await phase()]).toEqual([true, "open"]);
    await until(async () => !(await masked()));
    await until(async () => (await phase()) === "reverted");
  });

  test.each(LONG ? ANSWERS : ANSWERS.slice(0, 1))(
    "is asked about in a terminal, where the answer %s counts",
    async (answer, shown, then, code) => {
      const at = terminal(["apply", "--accessible", "--confirm-within", "60s"]);
      await until(() => Promise.resolve(at.text().includes("Number:")));
      at.child.stdin.write("2\n");
      await until(() => Promise.resolve(at.text().includes("Type confirm")));
      at.child.stdin.write(`${answer}\n`);
      expect([await at.ended, at.text().includes(shown), await phase()]).toEqual([code, true, then]);
      await endWatchers(folder.folder);
    },
  );

  test.runIf(LONG)("is not watched for ever when its records were removed", async () => {
    expectExit(await folder.run(["apply", "--yes", "--confirm-within", "60s"]), 0);
    const pid = await watcherPid();
    await rm(folder.path(".rolewright"), { recursive: true });
    await until(() => Promise.resolve(pid !== undefined && !isAlive(pid)), 60);
    expect(await masked()).toBe(true);
  });

  test("is not begun when nobody can watch over it", async () => {
    await folder.write(".rolewright/windows", "in the way");
    const ran = await folder.run(["apply", "--yes", "--confirm-within", "5s"]);
    expect(ran.code).not.toBe(0);
    expect(await masked()).toBe(false);
  });
});

describe("probes after a change", () => {
  const probed = (probes: string): string => `${manifest("staging", NARROWER)}probes:\n${probes}`;

  test("that fail take it back at once, and say which and why", async () => {
    await folder.write(
      "rolewright.yaml",
      probed(`  - { name: app reads orders, sql: select count(*) from sales.orders, url: "\${APP_URL}" }\n`),
    );
    const url = shop.server.url({ database: "shop", user: "app" });
    const ran = await folder.run(["apply", "--yes", "--confirm-within", "60s"], { env: { APP_URL: url } });
    expect(ran.stdout).toMatch(/RW695 probe `app reads orders`: .*denied/);
    expect(ran.stdout).toContain("TAKEN BACK");
    expectExit(ran, 6);
    expect(await masked()).toBe(false);
    expect(await lastProbed()).toMatchObject({
      passed: 0,
      failed: [expect.stringMatching(/app reads orders.*denied/)],
    });
  });

  async function lastProbed(): Promise<unknown> {
    const told = await folder.run(["audit", "log", "--type", "apply.probed", "--last", "1", "--json"]);
    return (told.json() as unknown as { readonly entries: readonly { readonly fields: unknown }[] }).entries[0]?.fields;
  }

  test("that pass leave the window open: statements of logins, denials, and commands with their URL", async () => {
    await folder.write(
      "rolewright.yaml",
      probed(`  - { name: alice reads, sql: select count(*) from sales.orders_masked, url: "\${ALICE_URL}" }
  - { name: app does not, sql: select count(*) from sales.orders_masked, url: "\${APP_URL}", must: deny }
  - { name: smoke, run: [/bin/sh, -c, 'test -n "$ROLEWRIGHT_PROBE_URL" && test "$ROLEWRIGHT_TARGET" = shop'], url: "\${APP_URL}" }
`),
    );
    const env = {
      APP_URL: shop.server.url({ database: "shop", user: "app" }),
      ALICE_URL: shop.server.url({ database: "shop", user: "alice" }),
    };
    const ran = await folder.run(["apply", "--yes", "--confirm-within", "60s", "--json"], { env });
    expectExit(ran, 0);
    const { window } = ran.json() as unknown as {
      readonly window: { readonly probes: unknown; readonly phase: string };
    };
    expect(window).toMatchObject({ phase: "open", probes: { passed: 3, failed: [] } });
    expect(await lastProbed()).toMatchObject({ passed: 3, failed: [] });
    expectExit(await folder.run(["confirm"], { env }), 0);
  });

  test("whose login is not there keep the change from being made", async () => {
    await folder.write("rolewright.yaml", probed(`  - { name: nobody, sql: select 1, url: "\${NOT_SET}" }\n`));
    const ran = await folder.run(["apply", "--yes", "--confirm-within", "60s"]);
    expectExit(ran, 1);
    expect(ran.stdout + ran.stderr).toContain("RW694");
    expect(await masked()).toBe(false);
  });

  test.runIf(LONG)("that take too long have failed", async () => {
    await folder.write("rolewright.yaml", probed(`  - { name: slow, run: [sleep, "30"], timeout: 1s }\n`));
    const ran = await folder.run(["apply", "--yes", "--confirm-within", "60s"]);
    expectExit(ran, 6);
    expect(ran.stdout).toContain("it took too long");
  });
});

describe("the manifest", () => {
  const production = (more: string): string => `${manifest("production", NARROWER)}confirm_within: 60s\n${more}`;

  test("opens windows in production where it says so, and not elsewhere", async () => {
    await folder.write("rolewright.yaml", production(""));
    const ran = await folder.run(["apply", "--yes"]);
    expectExit(ran, 0);
    expect(ran.stdout).toContain("TO CONFIRM");
    expectExit(await folder.run(["confirm"]), 0);
    await folder.write(
      "rolewright.yaml",
      `${manifest("staging", [...NARROWER, "insert on table sales.orders"])}confirm_within: 60s\n`,
    );
    const other = await folder.run(["apply", "--yes"]);
    expectExit(other, 0);
    expect(other.stdout).not.toContain("TO CONFIRM");
  });

  test("is not overruled by whoever applies", async () => {
    await folder.write("rolewright.yaml", production(""));
    const ran = await folder.run(["apply", "--yes", "--confirm-within", "off"]);
    expectExit(ran, 3);
    expect(ran.stderr).toContain("RW699");
    expect(await masked()).toBe(false);
  });
});

describe.runIf(LONG)("several targets", () => {
  const ROLE = "  reporting_ro:\n    grants: [select on table sales.orders_masked]\n";

  test("each get a window of their own, and are confirmed one by one; a failed probe on the second stops there", async () => {
    await using other = await startPostgres({ ownIdentity: true });
    await other.query("create database shop");
    await other.query(ROLES);
    await other.query(SALES, { database: "shop" });
    const env = { OTHER_URL: other.url({ database: "shop" }) };
    const targets = `version: 1
confirm_within: 60s
targets:
  shop: { engine: postgresql, environment: production, url: "\${SHOP_URL}" }
  other: { engine: postgresql, environment: production, url: "\${OTHER_URL}" }
roles:
${ROLE}`;
    await folder.write("rolewright.yaml", targets);
    expectExit(await folder.run(["apply", "--all-targets", "--yes"], { env }), 0);
    const both = await folder.run(["confirm"], { env });
    expectExit(both, 64);
    expect(both.stderr).toContain("2 changes wait to be confirmed");
    const [first, second] = await windowsIn(folder.folder);
    expectExit(await folder.run(["confirm", first?.run.plan.slice(7) ?? ""], { env }), 0);
    expectExit(await folder.run(["revert", second?.run.plan.slice(7) ?? "", "--yes"], { env }), 0);
    expectExit(await folder.run(["status"], { env }), 0);
    await folder.write(
      "rolewright.yaml",
      `${targets}    revoke: [select on table sales.orders]\nprobes:\n  - { name: no, run: ["false"], targets: [other] }\n`,
    );
    const ran = await folder.run(
      ["apply", "--all-targets", "--yes", "--accept-access-loss=shop=1", "--accept-access-loss=other=1"],
      { env },
    );
    expect(ran.code).not.toBe(0);
    expect(ran.stdout + ran.stderr).toContain("RW695 probe `no`");
  });
});
