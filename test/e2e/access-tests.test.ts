import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectExit } from "./cli.ts";
import { manifest, NARROWER, openShop, TAKEN, type Shop } from "./shop.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});
beforeEach(() => shop.reset());
afterAll(() => shop[Symbol.asyncDispose]());

const READS = `
tests:
  - as: alice
    must: allow
    privilege: select
    on: sales.orders
    because: month end stops without it
`;
const MASKED = `
tests:
  - { as: alice, must: allow, privilege: select, on: sales.orders_masked }
  - { as: alice, must: deny, privilege: select, on: table sales.orders }
  - { as: reporting_ro, must: deny, privilege: insert, on: tables sales.* }
  - { as: alice, must: deny, privilege: select, on: "sales.orders(total)", over: escalable }
`;

async function write(tests: string, ...lists: readonly (readonly string[])[]): Promise<void> {
  await shop.folder.write("rolewright.yaml", manifest("staging", ...(lists as [readonly string[]])) + tests);
}

describe("access tests of the manifest", () => {
  test("refuse a plan after which one fails, with the test's place, what was found, and why", async () => {
    await write(READS, NARROWER, TAKEN);
    const ran = await shop.folder.run(["plan"]);
    expectExit(ran, 3);
    expect(ran.stdout).toContain(
      "`alice` must be allowed SELECT on `table sales.orders`, and is denied it after the plan",
    );
    expect(ran.stdout).toContain("month end stops without it");
    expect(ran.stdout).toMatch(/rolewright\.yaml:\d+:\d+/);
    expect((await shop.folder.run(["apply", "--yes"])).code).toBe(3);
    expect(await shop.aliceReads("orders")).toBe(true);
  });

  test("let a plan be applied after which all pass, though they fail before", async () => {
    await write(MASKED, NARROWER, TAKEN);
    expectExit(await shop.folder.run(["plan"]), 0);
    expectExit(await shop.folder.run(["apply", "--yes"]), 0);
    expect(await shop.aliceReads("orders_masked")).toBe(true);
    expect(await shop.aliceReads("orders")).toBe(false);
  });

  test("hold a plan up that leaves one failing as it was, and say so", async () => {
    await write(MASKED.replace("orders_masked }", "orders_masked, over: reachable }"), NARROWER);
    const ran = await shop.folder.run(["plan"]);
    expectExit(ran, 3);
    expect(ran.stdout).toContain("it fails before the plan too");
  });

  test("do not hold up the way back to a state in which they fail, and say so", async () => {
    await write(MASKED, NARROWER, TAKEN);
    const applied = await shop.folder.run(["apply", "--yes"]);
    const [, digest = ""] = /rolewright revert ([0-9a-f]+)/u.exec(applied.stdout) ?? [];
    const ran = await shop.folder.run(["revert", digest, "--yes"]);
    expectExit(ran, 0);
    expect(ran.stdout).toContain("RW360");
    expect(await shop.aliceReads("orders")).toBe(true);
  });

  test("are wrong where they name nobody, nothing, or a privilege that there is not", async () => {
    await write(
      `
tests:
  - { as: alicia, must: allow, privilege: select, on: sales.orders }
  - { as: alice, must: allow, privilege: select, on: sales.order }
  - { as: alice, must: allow, privilege: selekt, on: sales.orders }
  - { as: alice, must: allow, privilege: select, on: "tables nowhere.*" }
  - { as: alice, must: allow, privilege: select, on: "sales.orders(totl)" }
`,
      NARROWER,
    );
    const ran = await shop.folder.run(["plan", "--json"]);
    expectExit(ran, 1);
    const codes = (ran.json() as unknown as { error: { details: { findings: { code: string; location: object }[] } } })
      .error.details.findings;
    expect(codes.map(({ code }) => code)).toEqual(["RW201", "RW202", "RW203", "RW206", "RW220"]);
    expect(codes.every(({ location }) => location !== undefined)).toBe(true);
  });
});
