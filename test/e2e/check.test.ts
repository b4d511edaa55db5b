import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectExit } from "./cli.ts";
import { openShop, type Shop } from "./shop.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
  await shop.server.query("create role bob login; grant alice to bob");
});
beforeEach(() => shop.reset());
afterAll(() => shop[Symbol.asyncDispose]());

/** A manifest that knows nobody as a person, so that what is found is as dangerous as the catalogue says. */
function manifest(more = "", environment = "test"): string {
  return `version: 1
targets:
  shop: { engine: postgresql, environment: ${environment}, url: "\${SHOP_URL}" }
roles:
  alice: { login: true, because: reads }
${more}`;
}

const INH = ["check", "--only", "INH-11"] as const;

describe("check", () => {
  test("tells how dangerous a finding is, where it stands, what mends it as manifest and SQL, and what it supports", async () => {
    await shop.folder.write("rolewright.yaml", manifest());
    const ran = await shop.folder.run(INH);
    console.log(ran.stdout, ran.stderr);
    expectExit(ran, 0);
  });
});
