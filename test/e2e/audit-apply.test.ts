import { chmod, readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { expectExit } from "./cli.ts";
import { manifest, NARROWER, openShop, TAKEN, type Shop } from "./shop.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});
beforeEach(() => shop.reset());
afterAll(() => shop[Symbol.asyncDispose]());

type Fields = Readonly<Record<string, unknown>>;

interface Listed {
  readonly entries: readonly { readonly fields: Readonly<Record<string, unknown>> }[];
}

/** What was recorded, the newest so many. */
async function recorded(last: number): Promise<Listed["entries"]> {
  const ran = await shop.folder.run(["audit", "log", "--last", String(last), "--json"]);
  expectExit(ran, 0);
  return (ran.json() as unknown as Listed).entries;
}

test("a plan, its apply and its way back are recorded, in an order that verifies", async () => {
  await shop.folder.write("rolewright.yaml", manifest("staging", NARROWER, TAKEN));
  expectExit(await shop.folder.run(["plan", "--out", "plan.json"]), 0);
  expectExit(await shop.folder.run(["apply", "plan.json", "--yes"]), 0);
  expectExit(await shop.folder.run(["revert", "plan.json", "--yes"]), 0);
  const entries = await recorded(7);
  expect(entries.map(({ fields }) => [fields["type"], fields["part"] ?? fields["outcome"] ?? null])).toEqual([
    ["plan.created", null],
    ["check.evaluated", "passed"],
    ["change.intent", "apply"],
    ["change.outcome", "success"],
    ["change.intent", "revert"],
    ["change.outcome", "success"],
    ["apply.reverted", null],
  ]);
  expect(JSON.stringify(entries[2]?.fields["changes"])).toContain('"op":"add-grant"');
  const verified = await shop.folder.run(["audit", "verify", "--full", "--json"]);
  expect(verified.json()).toMatchObject({ verified: true, open_intents: [] });
});

test("nothing is changed where the log cannot be written", async () => {
  await shop.folder.write("rolewright.yaml", manifest("staging", NARROWER));
  expectExit(await shop.folder.run(["plan", "--out", "plan.json"]), 0);
  // A key that others can read is not signed with.
  const { stdout } = await shop.folder.run(["audit", "keys", "--json"]);
  const id = /\+([0-9a-f]{8})\+/.exec(stdout)?.[1] ?? "";
  const key = shop.folder.path(`.rolewright/audit/keys/${id}.key`);
  await chmod(key, 0o644);
  const refused = await shop.folder.run(["apply", "plan.json", "--yes"]);
  expect([refused.code, refused.stderr.includes("RW603")]).toEqual([1, true]);
  expect(await shop.aliceReads("orders_masked")).toBe(false);
  await chmod(key, 0o600);
  expectExit(await shop.folder.run(["apply", "plan.json", "--yes"]), 0);
  expect(await shop.aliceReads("orders_masked")).toBe(true);
});

test("an apply that is refused, and drift that is found, are recorded", async () => {
  await shop.folder.write("rolewright.yaml", manifest("production", NARROWER, TAKEN));
  await shop.folder.run(["plan", "--out", "plan.json"]);
  expectExit(await shop.folder.run(["apply", "plan.json", "--yes"]), 3);
  expectExit(await shop.folder.run(["drift"]), 0);
  const entries = await recorded(4);
  expect(entries.map(({ fields }) => [fields["type"], fields["error"] ?? null])).toEqual([
    ["plan.created", null],
    ["check.evaluated", null],
    ["apply.refused", "RW407"],
    ["drift.detected", null],
  ]);
});

test("the plan itself is kept beside the log, shown with its entry, and erased with whom it names", async () => {
  await shop.folder.write("rolewright.yaml", manifest("staging", NARROWER, TAKEN));
  expectExit(await shop.folder.run(["plan", "--out", "plan.json"]), 0);
  expectExit(await shop.folder.run(["apply", "plan.json", "--yes"]), 0);
  const last = await shop.folder.run(["audit", "log", "--last", "2", "--json"]);
  const [intent] = last.json()["entries"] as unknown as readonly { readonly index: number; readonly fields: Fields }[];
  const { digest, blob } = (intent?.fields["plan"] ?? {}) as { readonly digest: string; readonly blob: string };
  const shown = await shop.folder.run(["audit", "show", String(intent?.index), "--json"]);
  expect(shown.json()).toMatchObject({ plan: { digest, target: { name: "shop" } } });
  const page = await shop.folder.run(["audit", "show", String(intent?.index)]);
  expect(page.stdout).toMatch(/PLAN[\s\S]*grant select[\s\S]*orders_masked/i);

  // What lies there must be that plan, and be what its address says.
  const file = shop.folder.path(`.rolewright/audit/blobs/${blob.slice(0, 2)}/${blob}`);
  const bytes = await readFile(file);
  await writeFile(file, Buffer.concat([bytes, Buffer.from(" ")]));
  expect((await shop.folder.run(["audit", "show", String(intent?.index)])).code).toBe(1);
  await writeFile(file, bytes);

  const erased = ["audit", "erase", "reporting_ro", "--basis", "a test", "--yes", "--json"];
  const told = await shop.folder.run(erased);
  expectExit(told, 0);
  expect(told.json()["plans"]).toBeGreaterThan(0);
  expect(told.json()["openings"]).toBeGreaterThan(0);
  const bare = await shop.folder.run(["audit", "show", String(intent?.index)]);
  expect(bare.stdout).toMatch(/ERASED +changes\.0\.subject/);
  expect(bare.stdout).not.toContain("reporting_ro");
  expect((await shop.folder.run(["audit", "show", String(intent?.index)])).stdout).toMatch(/PLAN +it was erased/);
  expectExit(await shop.folder.run(["audit", "verify", "--full"]), 0);
  expect((await shop.folder.run(erased)).stdout).toContain("RW630");
});
