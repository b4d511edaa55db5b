import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectExit } from "./cli.ts";
import { manifest, NARROWER, openShop, TAKEN, type Shop } from "./shop.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});
beforeEach(() => shop.reset());
afterAll(() => shop[Symbol.asyncDispose]());

describe("plan", () => {
  test("says by name who loses and gains what, by which path, and changes nothing", async () => {
    await shop.folder.write("rolewright.yaml", manifest("production", NARROWER, TAKEN));
    const ran = await shop.folder.run(["plan"]);
    expectExit(ran, 0);
    expect(ran.stdout).toMatch(/- alice +select on sales\.orders +reporting_ro/);
    expect(ran.stdout).toMatch(/\+ alice +select on sales\.orders_masked +reporting_ro/);
    expect(ran.stdout).toContain("--accept-access-loss=1");
    expect(ran.stdout).toMatch(/rolewright\.yaml:\d+:\d+/);
    expect(ran.stderr).toBe("");
    expect(await shop.aliceReads("orders")).toBe(true);
  });

  test("exits 2 for changes and 0 for none with --detailed-exitcode, and 0 for both without", async () => {
    await shop.folder.write("rolewright.yaml", manifest("staging", NARROWER));
    expect((await shop.folder.run(["plan", "--detailed-exitcode"])).code).toBe(2);
    expect((await shop.folder.run(["plan"])).code).toBe(0);
    await shop.folder.write("rolewright.yaml", manifest("staging", TAKEN));
    const none = await shop.folder.run(["plan", "--detailed-exitcode"]);
    expect(none.code).toBe(0);
    expect(none.stdout).toContain("NO CHANGES");
  });

  test("prints the statements under their changes with --sql, and nothing else than them with --only sql", async () => {
    await shop.folder.write("rolewright.yaml", manifest("staging", NARROWER));
    const ran = await shop.folder.run(["plan", "--only", "sql"]);
    expect(ran.stdout).toMatch(/-- \+ select on sales\.orders_masked \(role reporting_ro\)\n\s+grant select on/i);
    expect(ran.stdout).not.toContain("WHO LOSES");
  });

  test("is one document with --json, its format first, whatever else is asked for", async () => {
    await shop.folder.write("rolewright.yaml", manifest("production", NARROWER, TAKEN));
    const ran = await shop.folder.run(["plan", "--json", "--sql", "--detail", "--color=always"]);
    expect(Object.keys(ran.json())[0]).toBe("format_version");
    expect(ran.json()).toMatchObject({
      result: "ready",
      verdict: { refused_by: [], accept_access_loss: 1 },
      summary: { subjects_losing: 1, subjects_gaining: 1, changes: { grants_added: 1, grants_removed: 1 } },
      access: { losses: [{ subjects: [{ kind: "person", name: "alice" }], paths: [{ roles: ["reporting_ro"] }] }] },
    });
    expect(ran.stderr).toBe("");
  });

  test("that cannot be written because the disk is full fails, and says so", async () => {
    await shop.folder.write("rolewright.yaml", manifest("staging", NARROWER));
    const ran = await shop.folder.run(["plan", "--out", "/dev/full"]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("the disk is full");
    expect(ran.stdout).toBe("");
  });
});
