import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectExit, type Workspace, workspace } from "../e2e/cli.ts";
import { manifest, NARROWER, openShop, type Shop } from "../e2e/shop.ts";
import { endWatchers, until, windowIn, windowsIn } from "./confirm-window-world.ts";

/* The crash matrix of the confirm window: client and watcher are killed with SIGKILL before and after every write that they make. After the deadline the change stands and is confirmed, or it does not stand; the records say the same. */

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop[Symbol.asyncDispose]());

const CHILD = new URL("./confirm-window-child.ts", import.meta.url).pathname;
const MAIN = new URL("../../src/cli/main.ts", import.meta.url).pathname;
const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
/** What an apply writes: the run as announced, begun, committed and applied. */
const CLIENT_WRITES = 4;
/** What a watcher writes: that the probes ran, that it goes back, the four of the run that does, and that the first one is reverted. */
const WATCHER_WRITES = 7;

/** Seconds of a window. A watcher that is to be killed at a write of its probes has to have started before the deadline, on a slow machine too. */
const CLIENT_WINDOW = 1;
const WATCHER_WINDOW = 6;

interface Kill {
  readonly who: "self" | "both";
  readonly at: string;
}

function every(writes: number, who: Kill["who"]): readonly Kill[] {
  return Array.from({ length: writes }, (_, index) => index + 1).flatMap((write) => [
    { who, at: `before ${write}` },
    { who, at: `after ${write}` },
  ]);
}

const CLIENT_KILLS: readonly Kill[] = LONG
  ? [...every(CLIENT_WRITES, "self"), ...every(CLIENT_WRITES, "both")]
  : // Committed, and not yet said so.
    [
      { who: "self", at: "before 3" },
      { who: "both", at: "before 3" },
    ];

const WATCHER_KILLS: readonly Kill[] = LONG
  ? every(WATCHER_WRITES, "self")
  : [
      // It is decided, and nothing is done yet; all is done, and not yet said so.
      { who: "self", at: "after 2" },
      { who: "self", at: "before 7" },
    ];

test.each(CLIENT_KILLS)("a client that is killed ($who) $at leaves nothing undecided", async (each) => {
  await using folder = await place();
  expect(await child(folder, each, ["apply"])).toBe("SIGKILL");
  // Until the first write is done there is no watcher, and nothing was run either.
  await settles(folder, each.who === "both" || each.at.endsWith(" 1"));
});

test.each(WATCHER_KILLS)("a watcher that is killed $at leaves nothing undecided for the next command", async (each) => {
  await using folder = await place();
  const plan = await leftAlone(folder);
  expect(await child(folder, each, ["watch", plan])).toBe("SIGKILL");
  await settles(folder, true);
});

test.runIf(LONG)(
  "the matrix kills at every write: an undisturbed client and watcher write no more than that",
  async () => {
    await using folder = await place();
    const plan = await leftAlone(folder);
    expect(await child(folder, { who: "self", at: `after ${WATCHER_WRITES + 1}` }, ["watch", plan])).toBe(7);
    await settles(folder, true);
  },
);

/** An applied plan whose window nobody watches over: the first watcher is killed with its client, so that another one can take its place. */
async function leftAlone(folder: Workspace): Promise<string> {
  const kill: Kill = { who: "both", at: `after ${CLIENT_WRITES}` };
  expect(await child(folder, kill, ["apply"], WATCHER_WINDOW)).toBe("SIGKILL");
  return (await windowIn(folder.folder)).run.plan;
}

async function place(): Promise<Workspace> {
  await shop.reset();
  const folder = await workspace({ SHOP_URL: shop.server.url({ database: "shop" }) });
  await folder.write("rolewright.yaml", manifest("staging", NARROWER));
  return folder;
}

/** How a child ended that was to be killed at a write: by the signal, or by its own exit code. */
async function child(
  folder: Workspace,
  { who, at }: Kill,
  [what = "", ...more]: readonly string[],
  seconds = CLIENT_WINDOW,
): Promise<unknown> {
  const process_ = spawn(process.execPath, [CHILD, what, who, MAIN, ...more], {
    cwd: folder.folder,
    env: {
      ...process.env,
      SHOP_URL: shop.server.url({ database: "shop" }),
      XDG_STATE_HOME: `${folder.folder}-state`,
      KILL_AT: at,
      WITHIN: `${seconds}s`,
    },
    stdio: "ignore",
  });
  const [code, signal] = (await once(process_, "exit")) as [number | null, string | null];
  return signal ?? code;
}

/** With nobody left the next command settles it; otherwise the watcher does so by itself. */
async function settles(folder: Workspace, byCommand: boolean): Promise<void> {
  if (byCommand) {
    const deadlines = (await windowsIn(folder.folder)).map(({ view }) => view.deadline.getTime());
    await wait(Math.max(0, ...deadlines.map((deadline) => deadline - Date.now())) + 200);
    const ran = await folder.run(["status"]);
    expectExit(ran, 0);
  } else {
    await until(async () => (await windowsIn(folder.folder)).every(({ view }) => isSettled(view.phase)));
  }
  const phases = (await windowsIn(folder.folder)).map(({ view }) => view.phase);
  expect(phases.every(isSettled), `phases ${phases.join(", ")}`).toBe(true);
  expect(await shop.aliceReads("orders_masked")).toBe(false);
  // Nothing is in the way of whoever comes next, and the log is whole.
  expectExit(await folder.run(["apply", "--yes"]), 0);
  expect(await shop.aliceReads("orders_masked")).toBe(true);
  expectExit(await folder.run(["audit", "verify"]), 0);
  await endWatchers(folder.folder);
}

/** Nobody confirmed anything here. */
function isSettled(phase: string): boolean {
  return phase === "reverted" || phase === "nothing";
}
