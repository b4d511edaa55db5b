import { execFileSync } from "node:child_process";
import { appendFile, chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { canMount } from "../support/mount.ts";
import { expectExit, type Ran } from "./cli.ts";
import { openShop, type Shop } from "./shop.ts";

/* A due reduction of access is not held up by an audit log that is down: it goes to a spool, which the log takes over. Everything else is refused. */

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});
beforeEach(async () => {
  await shop.reset();
  await shop.server.query("grant reporting_ro to alice");
  await rm(shop.folder.path(".rolewright"), { recursive: true, force: true });
  await shop.folder.write("rolewright.yaml", manifest({}));
  // The log begins, and is there before it goes down.
  expectExit(await shop.folder.run(["plan", "--out", "begin.json"]), 0);
});
afterAll(() => shop[Symbol.asyncDispose]());

interface Wanted {
  /** What `reporting_ro` has besides, or must not have. */
  readonly grants?: string;
  readonly revoke?: string;
  readonly alice?: string;
  readonly roles?: string;
  readonly more?: string;
}

const TAKE = { revoke: "[select on table sales.orders]" };
const GIVE = { grants: "[usage on schema sales, select on table sales.orders_masked]" };

function manifest({
  grants = "[usage on schema sales]",
  revoke = "[]",
  alice = "",
  roles = "",
  more = "",
}: Wanted): string {
  return `version: 1
targets:
  shop: { engine: postgresql, environment: staging, url: "\${SHOP_URL}" }
roles:
  reporting_ro: { grants: ${grants}, revoke: ${revoke} }
${roles}people:
  alice: { logins: { shop: alice }${alice} }
  bob: { email: bob@example.com }
  carol: { email: carol@example.com }
${more}`;
}

/** The key can be read by others, so nothing is signed with it: the log cannot be written. */
async function goDown(down: boolean): Promise<void> {
  const folder = shop.folder.path(".rolewright/audit/keys");
  const key = (await readdir(folder)).find((name) => name.endsWith(".key")) ?? "";
  await chmod(join(folder, key), down ? 0o644 : 0o600);
}

/** So is a server that does not answer. */
const ELSEWHERE = { env: { ROLEWRIGHT_AUDIT_STORE: "postgresql://nobody@127.0.0.1:1/nothing" } };

const apply = (...args: readonly string[]): Promise<Ran> => shop.folder.run(["apply", "--yes", ...args]);
const spools = async (): Promise<readonly string[]> => {
  const names = await readdir(shop.folder.path(".rolewright/runs/spool")).catch(() => []);
  return names.filter((name) => name.endsWith(".jsonl"));
};
const spoolFile = async (): Promise<string> => shop.folder.path(`.rolewright/runs/spool/${(await spools())[0] ?? ""}`);

type Fields = Readonly<Record<string, unknown>>;

async function entries(): Promise<readonly Fields[]> {
  const ran = await shop.folder.run(["audit", "log", "--last", "0", "--json"]);
  expectExit(ran, 0);
  return (ran.json() as unknown as { readonly entries: readonly { readonly fields: Fields }[] }).entries.map(
    ({ fields }) => fields,
  );
}

/** What came after the gap was declared, as the log tells it. */
async function afterGap(): Promise<readonly Fields[]> {
  const all = await entries();
  return all.slice(all.findIndex(({ type }) => type === "gap.declared"));
}

async function verified(): Promise<Fields> {
  const ran = await shop.folder.run(["audit", "verify", "--full", "--json"]);
  return ran.json();
}

describe("while the audit log is down", () => {
  test("a change that only takes access away is refused, and says how it can go on; with `--spool` it is applied, told loudly, and taken over", async () => {
    await shop.folder.write("rolewright.yaml", manifest(TAKE));
    await goDown(true);
    const refused = await apply();
    expectExit(refused, 1);
    expect(refused.stderr).toMatch(/RW603[\s\S]*--spool --reason TEXT/);
    expect(await shop.aliceReads("orders")).toBe(true);
    expectExit(await apply("--spool"), 64);

    const applied = await apply("--spool", "--reason", "alice's laptop was stolen");
    expectExit(applied, 0);
    expect(applied.stderr).toMatch(/AUDIT LOG DOWN[\s\S]*RW603[\s\S]*GOING PAST IT[\s\S]*laptop was stolen/);
    expect(await shop.aliceReads("orders")).toBe(false);
    expect(await spools()).toHaveLength(1);
    const waiting = await shop.folder.run(["audit", "verify"]);
    expect(waiting.stdout).toContain("NOT IN THE LOG YET");
    expect((await shop.folder.run(["status"])).stdout).toContain("NOT IN THE LOG YET");

    await goDown(false);
    const back = await shop.folder.run(["audit", "absorb", "--json"]);
    expectExit(back, 0);
    expect(back.json()).toMatchObject({ absorbed: [expect.stringMatching(/jsonl$/)], waiting: [] });
    expect(await spools()).toEqual([]);
    const [gap, intent, outcome, ...more] = await afterGap();
    expect(gap).toMatchObject({ reason: "RW603 asked", count: 2, told: "alice's laptop was stolen" });
    expect(intent).toMatchObject({ type: "change.intent", part: "apply", spooled: { record: 1 } });
    expect(outcome).toMatchObject({
      type: "change.outcome",
      outcome: "success",
      reconciled: false,
      spooled: { record: 2 },
    });
    expect(more).toEqual([]);
    const all = await entries();
    expect(outcome?.["intent"]).toBe(all.indexOf(all.find(({ type }) => type === "change.intent") ?? {}));
    expect(await verified()).toMatchObject({ verified: true, open_intents: [], spools: [] });
    expect((await shop.folder.run(["audit", "absorb"])).stdout).toContain("nothing waits");
  });

  test("the next command that writes to the log takes the spool over first", async () => {
    await shop.folder.write("rolewright.yaml", manifest(TAKE));
    expectExit(await shop.folder.run(["apply", "--yes", "--spool", "--reason", "now"], ELSEWHERE), 0);
    expect(await shop.aliceReads("orders")).toBe(false);
    await shop.folder.write("rolewright.yaml", manifest(GIVE));
    expectExit(await apply(), 0);
    expect((await afterGap()).map(({ type, part }) => part ?? type)).toEqual([
      "gap.declared",
      "apply",
      "change.outcome",
      "apply",
      "change.outcome",
    ]);
    expect(await verified()).toMatchObject({ verified: true, open_intents: [] });
  });

  test("what gives access is refused whatever is asked for, also when it takes some away too", async () => {
    await goDown(true);
    for (const wanted of [GIVE, { ...GIVE, ...TAKE }]) {
      await shop.folder.write("rolewright.yaml", manifest(wanted));
      const refused = await apply("--spool", "--reason", "now");
      expectExit(refused, 1);
      expect(refused.stderr).toMatch(/RW603[\s\S]*`add-grant` may give access/);
    }
    expect([await shop.aliceReads("orders"), await shop.aliceReads("orders_masked"), await spools()]).toEqual([
      true,
      false,
      [],
    ]);
  });

  test("a leaver loses access without anybody asking, and whoever is still here does not", async () => {
    const roles = "  alice: { not_member_of: [reporting_ro] }\n";
    await goDown(true);
    await shop.folder.write("rolewright.yaml", manifest({ roles, alice: ", left: 2099-01-01" }));
    expectExit(await apply(), 1);
    expect(await shop.aliceReads("orders")).toBe(true);
    await shop.folder.write("rolewright.yaml", manifest({ roles, alice: ", left: 2020-01-01" }));
    const applied = await apply();
    expectExit(applied, 0);
    expect(applied.stderr).toMatch(/GOING PAST IT[\s\S]*who left/);
    expect(await shop.aliceReads("orders")).toBe(false);
    await goDown(false);
    expectExit(await shop.folder.run(["audit", "absorb"]), 0);
    expect((await afterGap())[0]).toMatchObject({ reason: "RW603 leaver", told: null });
  });

  test("the manifest can refuse it", async () => {
    await shop.folder.write(
      "rolewright.yaml",
      manifest({ ...TAKE, more: "audit: { on_failure: { reduce: refuse } }\n" }),
    );
    await goDown(true);
    const refused = await apply("--spool", "--reason", "now");
    expectExit(refused, 1);
    expect(refused.stderr).toContain("audit.on_failure.reduce");
    expect(await shop.aliceReads("orders")).toBe(true);
  });

  test("where the spool cannot be written either, nothing is done", async () => {
    await shop.folder.write("rolewright.yaml", manifest(TAKE));
    await goDown(true);
    await shop.folder.write(".rolewright/runs/spool", "a file in the way");
    const refused = await apply("--spool", "--reason", "now");
    expectExit(refused, 1);
    expect(refused.stderr).toContain("RW607");
    expect(await shop.aliceReads("orders")).toBe(true);
  });

  test("the glass is broken past the log only where the manifest allows it, by a person with a reason, and then `check` fails until it was reviewed", async () => {
    await shop.folder.write("rolewright.yaml", manifest(GIVE));
    await goDown(true);
    const glass = ["--break-glass", "--reason", "production is dark"] as const;
    expectExit(await apply(...glass, "--as", "bob"), 1);
    expect(await shop.aliceReads("orders_masked")).toBe(false);

    await shop.folder.write(
      "rolewright.yaml",
      manifest({ ...GIVE, more: "audit: { on_failure: { break_glass: allow } }\n" }),
    );
    for (const missing of [["--break-glass", "--as", "bob"], [], ["--spool", "--reason", "x"]]) {
      expectExit(await apply(...missing), 1);
    }
    expect(await shop.aliceReads("orders_masked")).toBe(false);
    const applied = await apply(...glass, "--as", "bob");
    expectExit(applied, 0);
    expect(applied.stderr).toMatch(/GOING PAST IT[\s\S]*`?bob`? breaks the glass: production is dark/);
    expect(await shop.aliceReads("orders_masked")).toBe(true);
    const failing = await shop.folder.run(["check", "--json"]);
    expect(failing.code).not.toBe(0);
    expect(failing.stdout).toContain("RW671");
    // Its file alone can be removed; the record of the run says it too.
    await rm(shop.folder.path(".rolewright/reviews"), { recursive: true, force: true });
    expect((await shop.folder.run(["check", "--json"])).stdout).toContain("RW671");
    await goDown(false);
    expectExit(await shop.folder.run(["audit", "absorb"]), 0);
    expect((await afterGap()).map(({ type }) => type)).toEqual([
      "gap.declared",
      "breakglass.used",
      "change.intent",
      "change.outcome",
    ]);
    expect(await verified()).toMatchObject({ verified: true, open_intents: [] });
  });
});

describe("a spool that is not what was written", () => {
  beforeEach(async () => {
    await shop.folder.write("rolewright.yaml", manifest(TAKE));
    expectExit(await shop.folder.run(["apply", "--yes", "--spool", "--reason", "now"], ELSEWHERE), 0);
  });

  const TAMPERED: readonly (readonly [string, (file: string) => Promise<void>, RegExp])[] = [
    [
      "edited",
      async (file) => writeFile(file, (await readFile(file, "utf8")).replace('"success"', '"failure"')),
      /record 2/,
    ],
    [
      "edited in its middle",
      async (file) => writeFile(file, (await readFile(file, "utf8")).replace('"statements":1', '"statements":2')),
      /record 2: it does not follow record 1/,
    ],
    [
      "cut by a record",
      async (file) => writeFile(file, `${(await readFile(file, "utf8")).split("\n").slice(0, 2).join("\n")}\n`),
      /it ends after 2 of 3 records/,
    ],
    [
      "cut in the middle of a record",
      async (file) => writeFile(file, (await readFile(file, "utf8")).slice(0, -9)),
      /it ends after 2 of 3 records/,
    ],
    ["emptied", async (file) => writeFile(file, ""), /its first record cannot be read/],
    ["removed", async (file) => rm(file), /it is gone, and had 3 records/],
  ];

  test.each(TAMPERED)(
    "is found when it was %s, stops the log, and is given up with a trace",
    async (_how, tamper, why) => {
      await tamper(await spoolFile());
      await shop.folder.write("rolewright.yaml", manifest(GIVE));
      const refused = await apply();
      expectExit(refused, 1);
      expect(refused.stderr).toMatch(/RW608/);
      expect(refused.stderr.replaceAll(/\s+/g, " ")).toMatch(why);
      expect(await shop.aliceReads("orders_masked")).toBe(false);
      // Somebody else who has to go does not stay for that.
      const roles = "  alice: { not_member_of: [reporting_ro] }\n";
      await shop.folder.write("rolewright.yaml", manifest({ roles, alice: ", left: 2020-01-01" }));
      expectExit(await apply(), 0);

      expectExit(await shop.folder.run(["audit", "absorb"]), 1);
      expectExit(await shop.folder.run(["audit", "absorb", "--give-up"]), 64);
      expectExit(await shop.folder.run(["audit", "absorb", "--give-up", "--reason", "OPS-12: a disk was lost"]), 0);
      const gaps = (await entries()).filter(({ type }) => type === "gap.declared");
      expect(gaps).toHaveLength(2);
      expect(JSON.stringify(gaps[0])).toMatch(why);
      expect(gaps[0]).toMatchObject({ given_up: "OPS-12: a disk was lost" });
      expect(await spools()).toEqual([]);
      expect((await verified())["verified"]).toBe(true);
      // The next command closes what was announced and has no outcome, from the database's own truth.
      await shop.folder.write("rolewright.yaml", manifest({ ...GIVE, roles, alice: ", left: 2020-01-01" }));
      expectExit(await apply(), 0);
      expect(await verified()).toMatchObject({ verified: true, open_intents: [] });
    },
  );

  test("is missed when it was moved away, and is taken over once when it is back", async () => {
    const file = await spoolFile();
    await rename(file, `${file}.kept`);
    expectExit(await shop.folder.run(["audit", "absorb"]), 1);
    await rename(`${file}.kept`, file);
    expectExit(await shop.folder.run(["audit", "absorb"]), 0);
    const after = await entries();
    expect(after.filter(({ type }) => type === "gap.declared")).toHaveLength(1);
    expectExit(await shop.folder.run(["audit", "absorb"]), 0);
    expect(await entries()).toHaveLength(after.length);
  });
});

describe.runIf(canMount())("on a disk that is full", () => {
  const RESERVE = { env: { ROLEWRIGHT_AUDIT_RESERVE: "2" } };
  const at = (): string => shop.folder.path(".rolewright");
  const fill = async (): Promise<void> => {
    const block = Buffer.alloc(16 * 1024, 1);
    for (;;) await appendFile(join(at(), "filler"), block);
  };

  beforeEach(async () => {
    await rm(at(), { recursive: true, force: true });
    await mkdir(at());
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=5m", "tmpfs", at()]);
  });
  afterEach(() => void execFileSync("umount", [at()]));

  test("nothing new is announced, what takes access away uses the room that was kept, and the room is made again", async () => {
    await shop.folder.write("rolewright.yaml", manifest(GIVE));
    const small = await shop.folder.run(["apply", "--yes"], { env: { ROLEWRIGHT_AUDIT_RESERVE: "16" } });
    expect([small.code, small.stderr]).toMatchObject([1, expect.stringContaining("RW601")]);
    expect(await shop.aliceReads("orders_masked")).toBe(false);
    expectExit(await shop.folder.run(["apply", "--yes"], RESERVE), 0);
    expect((await stat(join(at(), "audit/state/reserve"))).size).toBe(2 * 1024 * 1024);

    await expect(fill()).rejects.toMatchObject({ code: "ENOSPC" });
    await shop.folder.write(
      "rolewright.yaml",
      manifest({ grants: "[usage on schema sales, insert on table sales.orders]" }),
    );
    const refused = await shop.folder.run(["apply", "--yes"], RESERVE);
    expectExit(refused, 1);
    expect(refused.stderr).toMatch(/RW(601|420)[\s\S]*disk is full/);
    // The room is still there: a change that is refused does not use it.
    expect((await stat(join(at(), "audit/state/reserve"))).size).toBe(2 * 1024 * 1024);

    await shop.folder.write("rolewright.yaml", manifest({ ...GIVE, ...TAKE }));
    const taken = await shop.folder.run(["apply", "--yes", "--spool", "--reason", "now"], RESERVE);
    expectExit(taken, 0);
    expect(taken.stderr).toContain("DISK FULL");
    expect([await shop.aliceReads("orders"), await spools()]).toEqual([false, []]);
    expect((await entries()).at(-1)).toMatchObject({ type: "change.outcome", outcome: "success" });

    await rm(join(at(), "filler"));
    await shop.folder.write(
      "rolewright.yaml",
      manifest({ ...GIVE, ...TAKE, grants: "[usage on schema sales, insert on table sales.orders]" }),
    );
    expectExit(await shop.folder.run(["apply", "--yes"], RESERVE), 0);
    expect((await stat(join(at(), "audit/state/reserve"))).size).toBe(2 * 1024 * 1024);
    expect(await verified()).toMatchObject({ verified: true, open_intents: [] });
  });
});

describe("the end of a confirm window while the log is down", () => {
  const masked = (): Promise<boolean> => shop.aliceReads("orders_masked");

  test("takes away what was given, past the log", async () => {
    await shop.folder.write("rolewright.yaml", manifest(GIVE));
    expectExit(await apply("--confirm-within", "6s", "--detach"), 0);
    expect(await masked()).toBe(true);
    await goDown(true);
    await expect.poll(masked, { timeout: 30_000 }).toBe(false);
    await expect
      .poll(async () => (await shop.folder.run(["status", "--json"])).stdout, { timeout: 30_000 })
      .toContain("reverted");
    expect(await spools()).toHaveLength(1);
    await goDown(false);
    expectExit(await shop.folder.run(["audit", "absorb"]), 0);
    const told = await afterGap();
    expect(told[0]).toMatchObject({ reason: "RW603 window" });
    expect(told.map(({ type, part }) => part ?? type)).toEqual([
      "gap.declared",
      "revert",
      "change.outcome",
      "apply.reverted",
    ]);
    expect(await verified()).toMatchObject({ verified: true, open_intents: [] });
  });

  test("does not give back what was taken until the log is there again", async () => {
    await shop.folder.write("rolewright.yaml", manifest(TAKE));
    expectExit(await apply("--confirm-within", "6s", "--detach"), 0);
    const reads = (): Promise<boolean> => shop.aliceReads("orders");
    expect(await reads()).toBe(false);
    await goDown(true);
    await new Promise((resolve) => setTimeout(resolve, 9000));
    expect([await reads(), await spools()]).toEqual([false, []]);
    await goDown(false);
    await expect.poll(reads, { timeout: 60_000 }).toBe(true);
    await expect
      .poll(async () => (await shop.folder.run(["status", "--json"])).stdout, { timeout: 30_000 })
      .toContain("reverted");
    expect((await entries()).at(-1)).toMatchObject({ type: "apply.reverted", because: "not confirmed" });
  });
});
