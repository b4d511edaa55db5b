import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectExit } from "./cli.ts";
import { manifest, NARROWER, openShop, TAKEN, type Shop } from "./shop.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});
beforeEach(() => shop.reset());
afterAll(() => shop[Symbol.asyncDispose]());

describe("what was applied", () => {
  test("can be listed, taken back, and its record says so", async () => {
    await shop.folder.write("rolewright.yaml", manifest("staging", NARROWER));
    const document = (await shop.folder.run(["apply", "--yes", "--json"])).json() as unknown as {
      result: string;
      plan_digest: string;
    };
    expect(document.result).toBe("applied");
    const name = document.plan_digest.slice("sha256:".length, "sha256:".length + 8);
    expect((await shop.folder.run(["status"])).stdout).toContain(name);
    expect((await shop.folder.run(["status", name])).stdout).toContain(`rolewright revert ${name}`);
    const reverted = await shop.folder.run(["revert", name, "--yes"]);
    expectExit(reverted, 0);
    expect(await shop.aliceReads("orders_masked")).toBe(false);
    const after = (await shop.folder.run(["status", name, "--json"])).json() as unknown as {
      runs: { state: string }[];
    };
    expect(after.runs[0]?.state).toBe("reverted");
    // The same change once more, from the same state: equal plans have equal digests, and it must not be refused for having been used.
    const again = await shop.folder.run(["apply", "--yes"]);
    expectExit(again, 0);
    expect(again.stdout).toContain("RW814");
    expect(await shop.aliceReads("orders_masked")).toBe(true);
  });
});

describe("drift", () => {
  test("names a grant that somebody made by hand, both ways out, and exits 2 only when asked to", async () => {
    const authoritative = manifest("staging", TAKEN).replace(
      "roles:\n",
      "scope:\n  authoritative:\n    - { facets: [grants], roles: [reporting_ro], schemas: [sales] }\nroles:\n",
    );
    await shop.folder.write("rolewright.yaml", authoritative);
    expect((await shop.folder.run(["drift", "--detailed-exitcode"])).code).toBe(0);
    await shop.server.query("grant insert on sales.orders to reporting_ro", { database: "shop" });
    const found = await shop.folder.run(["drift", "--detailed-exitcode"]);
    expect(found.code).toBe(2);
    expect(found.stdout).toMatch(/insert on table sales\.orders/i);
    expect(found.stdout).toContain(
      "to keep the database as it is, add under roles.reporting_ro.grants: insert on table sales.orders",
    );
    expect(found.stdout).toContain("rolewright plan");
    expect((await shop.folder.run(["drift"])).code).toBe(0);
  });

  test("shows what no file claims apart, and counts it as drift only when asked to", async () => {
    await shop.folder.write("rolewright.yaml", manifest("staging", TAKEN));
    await shop.server.query("grant insert on sales.orders to reporting_ro", { database: "shop" });
    const found = await shop.folder.run(["drift", "--detailed-exitcode"]);
    expect(found.code).toBe(0);
    expect(found.stdout).toMatch(/UNCLAIMED[\s\S]*reporting_ro holds insert on table sales\.orders/);
    expect((await shop.folder.run(["drift", "--unclaimed", "--detailed-exitcode"])).code).toBe(2);
    await shop.server.query("revoke insert on sales.orders from reporting_ro", { database: "shop" });
    expect((await shop.folder.run(["drift", "--unclaimed", "--detailed-exitcode"])).stdout).toContain("NO DRIFT");
  });

  test("says when the entry was last changed where the server keeps it, and only then", async () => {
    await shop.folder.write("rolewright.yaml", manifest("staging", TAKEN));
    const grant = "grant insert on sales.orders to reporting_ro";
    await shop.server.query(grant, { database: "shop" });
    const found = await shop.folder.run(["drift"]);
    expect(found.stdout).toMatch(
      /by postgres; .*its entry in the catalog was last changed \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ \(by whatever change came last\)/,
    );
    const { unclaimed } = (await shop.folder.run(["drift", "--json"])).json() as unknown as {
      unclaimed: { record: { at: string } }[];
    };
    const age = Date.now() - Date.parse(unclaimed[0]?.record.at ?? "");
    expect(age).toBeGreaterThanOrEqual(0);
    expect(age).toBeLessThan(60_000);
    await shop.server.query("alter system set track_commit_timestamp = off");
    await shop.server.restart();
    expect((await shop.folder.run(["drift"])).stdout).toContain("does not record who changed it, nor when");
  });
});
