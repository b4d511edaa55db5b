import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectExit } from "./cli.ts";
import { manifest, NARROWER, openShop, type Shop } from "./shop.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});
beforeEach(() => shop.reset());
afterAll(() => shop[Symbol.asyncDispose]());

async function write(policies: string, environment = "staging"): Promise<void> {
  await shop.folder.write("rolewright.yaml", manifest(environment, NARROWER) + policies);
}

const DENIES = `
policies:
  - name: nobody gains
    when: delta.gaining > 0
    deny: new access waits for the next release
`;

describe("policies in CEL", () => {
  test("refuse a plan for which they hold, with their own words and their place", async () => {
    await write(DENIES);
    const ran = await shop.folder.run(["plan"]);
    expectExit(ran, 3);
    expect(ran.stdout).toContain("policy `nobody gains`: new access waits for the next release");
    expect(ran.stdout).toContain("RW177");
    expect(ran.stdout).toMatch(/rolewright\.yaml:\d+:\d+/);
    expect((await shop.folder.run(["apply", "--yes"])).code).toBe(3);
    expect(await shop.aliceReads("orders_masked")).toBe(false);
  });

  test("let a plan pass for which they do not hold, or that another environment is meant for", async () => {
    await write(DENIES.replace("delta.gaining > 0", "delta.gaining > 1"));
    const passed = await shop.folder.run(["plan"]);
    expect(passed.code).toBe(0);
    expect(passed.stdout).not.toContain("RW177");
    await write(`${DENIES}    environments: [production]\n`);
    expect((await shop.folder.run(["plan"])).code).toBe(0);
  });

  test("warn without refusing, and are told by check too", async () => {
    const warns = DENIES.replace("deny:", "warn:").replace("delta.gaining > 0", "roles.size() > 0");
    await write(warns);
    const planned = await shop.folder.run(["plan"]);
    expectExit(planned, 0);
    expect(planned.stdout).toContain("RW177");
    const checked = await shop.folder.run(["check", "--format", "json"]);
    expect(checked.stdout).toContain("nobody gains");
  });

  test("ask for approvals, without which nothing is applied", async () => {
    await write(`
policies:
  - name: new access
    when: delta.gaining > 0
    require_approvals: { count: 1, from: [alice] }
`);
    expectExit(await shop.folder.run(["plan", "--out", "plan.json"]), 0);
    const ran = await shop.folder.run(["apply", "plan.json", "--yes"]);
    expectExit(ran, 4);
    expect(`${ran.stdout}${ran.stderr}`).toContain("policy new access");
    expect(await shop.aliceReads("orders_masked")).toBe(false);
  });

  test("of shipped packs count by being named", async () => {
    await shop.folder.write("rolewright.yaml", `${manifest("production", NARROWER)}packs: [strict-production]\n`);
    const ran = await shop.folder.run(["plan", "--json"]);
    const found = JSON.stringify(ran.json());
    expect(found).toContain("strict-production");
  });

  test("that do not compile, name what there is not, or say no one effect are errors of the manifest at their place", async () => {
    await write(`
policies:
  - { name: a, when: "delta.losing >", deny: x }
  - { name: b, when: "delta.loosing > 1", deny: x }
  - { name: c, when: "delta.losing", deny: x }
  - { name: d, when: "delta.losing > 1" }
`);
    const ran = await shop.folder.run(["validate", "--json"]);
    expectExit(ran, 1);
    const { error } = ran.json() as unknown as {
      error: { details: { findings: { code: string; location: { line: number; column: number } }[] } };
    };
    const codes = error.details.findings.map(({ code }) => code).sort();
    expect(codes).toEqual(["RW170", "RW171", "RW172"]);
    expect(new Set(error.details.findings.map(({ location }) => location.line)).size).toBe(3);
    await write(`policies:\n  - { name: d, when: "delta.losing > 1" }\n`);
    const planned = await shop.folder.run(["plan", "--json"]);
    expectExit(planned, 1);
    expect(JSON.stringify(planned.json())).toContain("RW175");
  });

  test("that do not end in time refuse", async () => {
    const list = "[1,2,3,4,5,6,7,8,9,10]";
    const nested = [1, 2, 3, 4, 5, 6, 7, 8, 9].reduce((inner, at) => `${list}.all(x${at}, ${inner})`, "true");
    await write(`policies:\n  - { name: slow, when: "${nested}", warn: x }\n`);
    const ran = await shop.folder.run(["plan"]);
    expectExit(ran, 3);
    expect(ran.stdout).toContain("RW173");
  });
});

describe("policy test", () => {
  const TESTS = `tests:
  - policy: nobody gains
    given: { delta: { gaining: 1 } }
    expect: deny
  - name: losing is no gaining
    policy: nobody gains
    given: { delta: { losing: 1 } }
    expect: pass
  - policy: access tests pass
    pack: baseline
    given: { tests: { failed: 1 } }
    expect: deny
`;

  test("runs tests without a database, and exits 3 where one fails, at its place", async () => {
    await write(DENIES);
    await shop.folder.write("policies.test.yaml", TESTS);
    const passed = await shop.folder.run(["policy", "test", "policies.test.yaml"]);
    expectExit(passed, 0);
    expect(passed.stdout).toContain("3 policy tests");
    await shop.folder.write("policies.test.yaml", TESTS.replace("{ losing: 1 }", "{ gaining: 7 }"));
    const failed = await shop.folder.run(["policy", "test", "policies.test.yaml"]);
    expectExit(failed, 3);
    expect(failed.stdout).toContain("RW178");
    expect(failed.stdout).toMatch(/policies\.test\.yaml:\d+:\d+/);
  });

  test("refuses a file that names what there is not", async () => {
    await write(DENIES);
    await shop.folder.write("policies.test.yaml", TESTS.replace("gaining: 1", "gainin: 1"));
    const ran = await shop.folder.run(["policy", "test", "policies.test.yaml"]);
    expectExit(ran, 1);
    expect(`${ran.stdout}${ran.stderr}`).toContain("RW179");
    await shop.folder.write("policies.test.yaml", "tests: []\n");
    expect((await shop.folder.run(["policy", "test", "policies.test.yaml"])).code).toBe(1);
  });
});
