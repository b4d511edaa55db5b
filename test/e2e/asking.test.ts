import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { manifest, NARROWER, openShop, TAKEN, type Shop } from "./shop.ts";

const MAIN = new URL("../../src/cli/main.ts", import.meta.url).pathname;
const SCRIPT = ["/usr/bin/script", "/bin/script"].find((path) => existsSync(path));

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});
beforeEach(() => shop.reset());
afterAll(() => shop[Symbol.asyncDispose]());

/** Runs the program on a terminal of its own, types what is said once the question stands there, and gives what the screen showed. */
async function onTerminal(
  args: readonly string[],
  question: RegExp,
  typed: string,
): Promise<{ code: number | null; screen: string }> {
  const command = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(" ");
  const child = spawn(SCRIPT ?? "script", ["-qec", `stty cols 120 rows 40; exec ${command}`, "/dev/null"], {
    cwd: shop.folder.folder,
    env: { PATH: process.env["PATH"], TERM: "xterm", SHOP_URL: shop.server.url({ database: "shop" }) },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let screen = "";
  let answered = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    screen += text;
    if (answered || !question.test(screen)) return;
    answered = true;
    // The prompt listens a moment after it is drawn.
    setTimeout(() => child.stdin.write(typed), 300);
  });
  const deadline = setTimeout(() => child.kill("SIGKILL"), 30_000);
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(deadline);
  return { code, screen };
}

describe.skipIf(SCRIPT === undefined)("a person at a terminal", () => {
  test("applies to production by typing the name of the environment, and by nothing else", async () => {
    await shop.folder.write("rolewright.yaml", manifest("production", NARROWER, TAKEN));
    const no = await onTerminal(["apply", "--accept-access-loss=1", "--accessible"], /name to go on/, "yes\r");
    expect(no.screen).toContain("RW806");
    expect(no.code).toBe(1);
    expect(await shop.aliceReads("orders")).toBe(true);
    const yes = await onTerminal(["apply", "--accept-access-loss=1"], /name to go on/, "production\r");
    expect(yes.screen).toContain("APPLIED");
    expect(yes.code).toBe(0);
    expect(await shop.aliceReads("orders")).toBe(false);
  });

  test("says no elsewhere by default, and Ctrl-C at the question changes nothing", async () => {
    await shop.folder.write("rolewright.yaml", manifest("staging", NARROWER));
    const no = await onTerminal(["apply"], /apply plan/, "\r");
    expect(no.screen).toContain("RW806");
    expect(no.code).toBe(1);
    const left = await onTerminal(["apply"], /apply plan/, "\u0003");
    expect(left.code).toBe(1);
    expect(await shop.aliceReads("orders_masked")).toBe(false);
  });

  test("sees colours, and no progress line where everything is quick", async () => {
    await shop.folder.write("rolewright.yaml", manifest("staging", NARROWER));
    const yes = await onTerminal(["apply", "--accessible"], /Number:/, "2\r");
    expect(yes.screen).toContain("\u001b[1m");
    expect(yes.screen).toContain("APPLIED");
    expect(yes.code).toBe(0);
  });
});
