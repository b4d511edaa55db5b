import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { beforeAll, describe, expect, it } from "vitest";

const MAIN = new URL("../../src/cli/main.ts", import.meta.url).pathname;
const README = new URL("../../README.md", import.meta.url).pathname;
const READS_CARDS = "alice@shop=> select count(*) from sales.payment_cards;\n";

interface Told {
  readonly code: number | null;
  readonly text: string;
}

describe("the demo", () => {
  let told: Told;
  let before: Set<string>;

  beforeAll(async () => {
    before = new Set(leftovers());
    told = await tell();
  });

  it("is told to its end", () => {
    expect(told.text).toContain("$ rolewright status");
    expect(told.code).toBe(0);
  });

  it("imports files that plan to zero changes", () => {
    expect(scene(told.text, "import")).toContain("29 roles; the files plan to zero changes");
    expect(scene(told.text, "plan")).toContain("NO CHANGES");
  });

  it("names the services that the poorly scoped change would have cut off, and by which path", () => {
    const [, poor = ""] = scenes(told.text, "plan");
    const losses = poor.slice(poor.indexOf("WHO LOSES"), poor.indexOf("WHO GAINS"));
    expect(losses).toMatch(/shop, ivan +select on 12 tables in sales +sales_rw > sales_ro/u);
    expect(losses).toMatch(/billing, carla +select on 11 tables in sales +billing_rw > sales_ro/u);
    expect(losses).toMatch(/reports, alice, bruno +select on 12 tables in sales +reporting > sales_ro/u);
    expect(poor).toMatch(/REFUSED +by RW330/u);
  });

  it("refuses the change twice, with its exit code, and nothing has happened", () => {
    expect(scenes(told.text, "plan")[1]).toContain("[exit code 3]");
    const refusal = scene(told.text, "apply");
    expect(refusal).toContain("RW407");
    expect(refusal).toContain("[exit code 3]");
    expect(told.text).toContain("svc_shop@shop=> select count(*) from sales.orders;\n252\n");
  });

  it("collects what is run without a value of it, and says which statements of the order service the change would have broken", () => {
    expect(scene(told.text, "workload collect")).not.toContain("page viewed");
    const [night, day] = scenes(told.text, "simulate");
    const broken = night?.slice(night.indexOf("WOULD BREAK")) ?? "";
    expect(broken).toMatch(/svc_shop: SELECT \([^)]*\) on table sales\.orders/u);
    expect(broken).toContain("select id, status, total from sales.orders where customer_id = $1");
    expect(broken).toMatch(/BREAKS +\d+ statements of [^\n]*svc_shop/u);
    expect(night).toContain("[exit code 3]");
    expect(day).toMatch(/BREAKS +1 statement of alice\./u);
    expect(day).toContain("select count(*) from sales.payment_cards");
  });

  it("applies the right change, so that analysts cannot read cards and the shop can", () => {
    expect(scenes(told.text, "apply")[1]).toMatch(/APPLIED +plan [0-9a-f]{8}, verified before commit/u);
    expect(told.text).toContain("svc_shop@shop=> select count(*) from sales.payment_cards;\n60\n");
    expect(told.text).toContain(`${READS_CARDS}ERROR: permission denied for table payment_cards\n`);
  });

  it("finds the grant that was made by hand, and puts it back", () => {
    expect(scene(told.text, "drift")).toContain("sales_ro holds update on table sales.orders, and no file says so");
    expect(scenes(told.text, "apply")[2]).toMatch(/WHO LOSES[\s\S]*update on sales\.orders[\s\S]*APPLIED/u);
  });

  it("takes the change back", () => {
    expect(scene(told.text, "revert")).toContain("APPLIED");
    expect(told.text.slice(told.text.lastIndexOf(READS_CARDS))).toContain(`${READS_CARDS}60\n`);
  });

  it("is what the README shows", () => {
    const [, poor = ""] = scenes(told.text, "plan");
    const refusal = scene(told.text, "apply");
    const shown = [
      ["poor-plan", poor],
      ["refusal", refusal.slice(refusal.indexOf("FAILED"))],
      ["simulation", shortened(scene(told.text, "simulate"))],
    ].reduce((readme, [name = "", text = ""]) => withExcerpt(readme, name, text), readFileSync(README, "utf8"));
    if (process.env["ROLEWRIGHT_UPDATE"] === "1") writeFileSync(README, shown);
    expect(masked(readFileSync(README, "utf8"))).toBe(masked(shown));
    expect(shown).toContain("REFUSED");
  });

  it("leaves nothing running and nothing on disk", async () => {
    const port = Number(/is up on 127\.0\.0\.1:(\d+)/u.exec(told.text)?.[1]);
    expect(port).toBeGreaterThan(0);
    expect(await isOpen(port)).toBe(false);
    expect(leftovers().filter((name) => !before.has(name) && name.startsWith("rolewright-demo-"))).toEqual([]);
  });
});

describe.runIf(process.env["ROLEWRIGHT_TEST_LONG"] === "1")("the demo with --keep", () => {
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

/** The first three of what breaks, and the end. */
function shortened(text: string): string {
  const [head = "", items = ""] = text.split(/(?<=WOULD BREAK [^\n]*\n)/u);
  const broken = items
    .split(/(?= {2}- )/u)
    .slice(0, 3)
    .join("");
  return `${head}${broken}    ...\n\n${items.slice(items.indexOf("COVERAGE"))}`;
}

async function tell(...options: readonly string[]): Promise<Told> {
  const child = spawn(process.execPath, [MAIN, "demo", ...options], { stdio: ["ignore", "pipe", "pipe"] });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, text: chunks.join("") };
}

/** What each run of a command printed, up to the next prompt or remark of the narrator. */
function scenes(text: string, command: string): string[] {
  return text.split(/\n(?=\$ |# |\S+@shop=> )/u).filter((part) => part.startsWith(`$ rolewright ${command}`));
}

function scene(text: string, command: string): string {
  return scenes(text, command)[0] ?? "";
}

/** The README with what the demo prints at the place of this name; `ROLEWRIGHT_UPDATE=1` writes it. */
function withExcerpt(readme: string, name: string, text: string): string {
  const place = new RegExp(`(<!-- demo:${name} -->\\n)[\\s\\S]*?(<!-- /demo:${name} -->)`, "u");
  expect(readme).toMatch(place);
  return readme.replace(place, (_, head: string, tail: string) => `${head}\`\`\`\n${text.trimEnd()}\n\`\`\`\n${tail}`);
}

/** Without what differs from run to run: times, and the digests of plans (they are bound to the server). */
function masked(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\dZ)?)?/gu, "TIME")
    .replaceAll(/\b[0-9a-f]{8}\b/gu, "DIGEST");
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
