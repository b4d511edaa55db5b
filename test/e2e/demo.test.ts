import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { performance } from "node:perf_hooks";
import { beforeAll, describe, expect, it } from "vitest";

const MAIN = new URL("../../src/cli/main.ts", import.meta.url).pathname;
const MINUTE_MS = 60_000;

interface Told {
  readonly code: number | null;
  readonly text: string;
  readonly milliseconds: number;
}

describe("the demo", () => {
  let told: Told;
  let before: Set<string>;

  beforeAll(async () => {
    before = new Set(leftovers());
    told = await tell();
  });

  it("is told to its end in less than a minute", () => {
    expect(told.text).toContain("$ rolewright status");
    expect(told.code).toBe(0);
    expect(told.milliseconds).toBeLessThan(MINUTE_MS);
  });

  it("imports files that plan to zero changes", () => {
    expect(scene(told.text, "import")).toMatch(/plans? to zero changes/u);
    expect(scene(told.text, "plan")).toMatch(/no changes/iu);
  });

  it("names the services that the poorly scoped change would have cut off, and by which path", () => {
    const [, poor] = scenes(told.text, "plan");
    expect(poor).toMatch(/WHO LOSES[\s\S]*web shop[\s\S]*sales_rw > sales_ro/u);
    expect(poor).toMatch(/billing run/u);
    expect(poor).toMatch(/--accept-access-loss=\d+/u);
  });

  it("shows the refusal, with its exit code, and that nothing happened", () => {
    const refusal = scene(told.text, "apply");
    expect(refusal).toContain("RW407");
    expect(refusal).toContain("[exit code 3]");
    expect(told.text).toMatch(/svc_shop@shop=> select count\(\*\) from sales\.orders;\n240\n/u);
  });

  it("applies the right change, so that analysts cannot read cards and the shop can", () => {
    expect(told.text).toMatch(/svc_shop@shop=> select count\(\*\) from sales\.payment_cards;\n60\n/u);
    expect(told.text).toMatch(/alice@shop=> select .*;\nERROR: permission denied for table payment_cards\n/u);
  });

  it("finds the grant that was made by hand", () => {
    const drift = scene(told.text, "drift");
    expect(drift).toContain("bruno");
    expect(drift).toContain("sales.payment_cards");
  });

  it("takes the change back", () => {
    expect(told.text.slice(told.text.indexOf("$ rolewright revert"))).toMatch(
      /alice@shop=> select count\(\*\) from sales\.payment_cards;\n60\n/u,
    );
  });

  it("leaves nothing running and nothing on disk", async () => {
    const port = Number(/is up on 127\.0\.0\.1:(\d+)/u.exec(told.text)?.[1]);
    expect(port).toBeGreaterThan(0);
    expect(await isOpen(port)).toBe(false);
    expect(leftovers().filter((name) => !before.has(name) && name.startsWith("rolewright-demo-"))).toEqual([]);
  });
});

describe("the demo with --keep", () => {
  it("leaves a server that can be stopped with the command that it prints", async () => {
    const told = await tell("--keep");
    expect(told.code).toBe(0);
    const [, command = "", pid = "", folder = ""] = /\n\s+(kill (\d+) && rm -r (\S+))\n/u.exec(told.text) ?? [];
    const port = Number(/postgresql:\/\/[^@\s]+@127\.0\.0\.1:(\d+)\/shop/u.exec(told.text)?.[1]);
    try {
      expect(existsSync(folder)).toBe(true);
      expect(await isOpen(port)).toBe(true);
    } finally {
      if (pid !== "") await new Promise((resolve) => spawn("/bin/sh", ["-c", command]).on("exit", resolve));
    }
    await expect.poll(() => isOpen(port), { timeout: 10_000 }).toBe(false);
    expect(existsSync(folder)).toBe(false);
  });
});

async function tell(...options: readonly string[]): Promise<Told> {
  const began = performance.now();
  const child = spawn(process.execPath, [MAIN, "demo", ...options], { stdio: ["ignore", "pipe", "pipe"] });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, text: chunks.join(""), milliseconds: performance.now() - began };
}

/** What each run of a command printed, up to the next prompt or remark of the narrator. */
function scenes(text: string, command: string): string[] {
  return text.split(/\n(?=\$ |# |\S+@shop=> )/u).filter((part) => part.startsWith(`$ rolewright ${command}`));
}

function scene(text: string, command: string): string {
  return scenes(text, command)[0] ?? "";
}

function leftovers(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("rolewright-"));
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
