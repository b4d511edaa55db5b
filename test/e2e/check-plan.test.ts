import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectExit } from "./cli.ts";
import { openShop, type Shop } from "./shop.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
  await shop.server.query("create role bob login; create role carl login");
});
beforeEach(async () => {
  await shop.reset();
  await shop.server.query("revoke alice from bob, carl");
});
afterAll(() => shop[Symbol.asyncDispose]());

/** The roles of the shop, and what the manifest says for the one check that this file knows to be about them. */
function manifest(members: readonly string[], more = ""): string {
  return `version: 1
targets:
  shop: { engine: postgresql, environment: test, url: "\${SHOP_URL}" }
roles:
  alice: { login: true }
${["bob", "carl"].map((name) => `  ${name}: { login: true, ${members.includes(name) ? "member_of" : "not_member_of"}: [alice] }\n`).join("")}${more}`;
}

const REFUSES = "policies:\n  - { check: INH-11, severity: error }\n";

async function plan(text: string, ...more: readonly string[]) {
  await shop.folder.write("rolewright.yaml", text);
  return await shop.folder.run(["plan", ...more]);
}

describe("what checks find in a plan", () => {
  test("is what the plan introduces, at the line that does, and no more than a warning where the check is one", async () => {
    const ran = await plan(manifest(["bob"]));
    expectExit(ran, 0);
    expect(ran.stdout).toMatch(/warned {2}INH-11 {2}the login `alice` has members: `bob`; this plan introduces it/);
    expect(ran.stdout).toContain("rolewright.yaml:5:3");
  });

  test("refuses the plan where the manifest says so, and apply does too, unless somebody answers for it", async () => {
    const refused = await plan(manifest(["bob"], REFUSES), "--out", "plan.json");
    expectExit(refused, 3);
    expect(refused.stdout).toMatch(/REFUSED +by INH-11/);
    const applied = await shop.folder.run(["apply", "plan.json", "--yes"]);
    expect(applied.code).toBe(3);
    const accepted = `accepted:\n  - { check: INH-11, because: for now, owner: ana, until: "2999-01-01" }\n`;
    const ran = await plan(manifest(["bob"], REFUSES + accepted));
    expectExit(ran, 0);
    expect(ran.stdout).toMatch(/note {2}INH-11/);
  });

  test("is nothing of what was there before, nor what the plan makes smaller", async () => {
    await shop.server.query("grant alice to bob, carl");
    const ran = await plan(manifest(["bob"], REFUSES), "--json");
    expectExit(ran, 0);
    const { findings } = ran.json() as unknown as { findings: readonly { code: string }[] };
    expect(findings.map((each) => each.code)).not.toContain("INH-11");
  });

  test("never refuses the way back to what was there before", async () => {
    await shop.server.query("grant alice to bob");
    expectExit(await plan(manifest([], REFUSES), "--out", "plan.json"), 0);
    expectExit(await shop.folder.run(["apply", "plan.json", "--yes"]), 0);
    const back = await shop.folder.run(["revert", "plan.json", "--yes"]);
    expectExit(back, 0);
    expect(back.stdout).toMatch(/warned {2}INH-11/);
  });
});
