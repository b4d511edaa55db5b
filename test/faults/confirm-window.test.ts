import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectExit } from "../e2e/cli.ts";
import { manifest, NARROWER, openShop, type Shop } from "../e2e/shop.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});
beforeEach(() => shop.reset());
afterAll(() => shop[Symbol.asyncDispose]());

describe("a confirm window", () => {
  test("that nobody confirms takes the change back, and who waits ends with exit 6", async () => {
    await shop.folder.write("rolewright.yaml", manifest("staging", NARROWER));
    const ran = await shop.folder.run(["apply", "--yes", "--confirm-within", "2s", "--wait"]);
    expectExit(ran, 6);
    expect(ran.stdout).toContain("TAKEN BACK");
    expect(await shop.aliceReads("orders_masked")).toBe(false);
  });
});
