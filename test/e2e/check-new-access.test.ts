import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectExit } from "./cli.ts";
import { openShop, type Shop } from "./shop.ts";

let shop: Shop;

/** A snapshot is all that is asked from then on: no test here reaches the database. */
beforeAll(async () => {
  shop = await openShop();
  await shop.reset();
  await shop.folder.write("repo/rolewright.yaml", ROOT);
  await shop.folder.write("repo/roles/reporting.yaml", roles("select on table sales.orders"));
  await shop.folder.write("prod.json", (await shop.folder.run(["snapshot"], { cwd: shop.folder.path("repo") })).stdout);
  git("init", "--quiet", "--initial-branch=main");
  git("add", ".");
  git("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "-m", "first");
});
afterAll(() => shop[Symbol.asyncDispose]());

const ROOT = `version: 1
include: [roles/*.yaml]
targets:
  shop: { engine: postgresql, environment: test, url: "\${SHOP_URL}" }
people:
  alice: { logins: { shop: alice } }
`;

function roles(...grants: readonly string[]): string {
  return `roles:
  reporting_ro:
    grants:
      - usage on schema sales
${grants.map((grant) => `      - ${grant}\n`).join("")}  alice:
    login: true
    member_of: [reporting_ro]
`;
}

function git(...words: readonly string[]): void {
  execFileSync("git", words, { cwd: shop.folder.path("repo"), stdio: "pipe" });
}

async function compared(base: string, reporting: string) {
  await shop.folder.write("repo/roles/reporting.yaml", reporting);
  const args = ["check", "--only", "INH-11", "--snapshot", "../prod.json", "--no-new-access", "--base", base];
  return await shop.folder.run(args, { cwd: shop.folder.path("repo"), env: { SHOP_URL: undefined } });
}

test("a line that gives somebody more than a commit did fails, with who gets what, by which way, and the line", async () => {
  const ran = await compared("main", roles("select on table sales.orders", "select on table sales.orders_masked"));
  expectExit(ran, 3);
  expect(ran.stdout).toContain("NEW ACCESS   1 error, compared with main");
  expect(ran.stdout).toContain("`alice` would newly get select on sales.orders_masked by way of reporting_ro");
  expect(ran.stdout).toContain("roles/reporting.yaml:6:9");
  expect(ran.stdout).toContain("select on table sales.orders_masked\n");
});

test("the same files, fewer grants and other words for the same give nothing new", async () => {
  const same = await compared("main", roles("select on table sales.orders"));
  expectExit(same, 0);
  expect(same.stdout).toContain("nobody gets anything new");
  expectExit(await compared("HEAD", roles()), 0);
  expectExit(await compared("main", roles("select on tables sales.orders")), 0);
});

test("what everybody gets is found, and what a new member gets is at the line of the membership", async () => {
  const open = await compared(
    "main",
    `${roles("select on table sales.orders")}public:\n  grants: [usage on schema sales]\n`,
  );
  expectExit(open, 3);
  expect(open.stdout).toContain("`everybody (public)` would newly get usage on schema sales");
  const member = `${roles("select on table sales.orders")}  bob: { login: true, member_of: [reporting_ro] }\n`;
  const ran = await compared("main", member);
  expectExit(ran, 3);
  expect(ran.stdout).toMatch(/`bob` would newly get .*select on sales\.orders by way of reporting_ro/);
  expect(ran.stdout).toContain("roles/reporting.yaml:9:35");
});

test("a manifest and a snapshot in a file are bases too", async () => {
  await shop.folder.write("base.yaml", `version: 1\ntargets:\n  shop: { engine: postgresql, url: "\${SHOP_URL}" }\n`);
  const more = roles("select on table sales.orders", "select on table sales.orders_masked");
  expect((await compared("../base.yaml", more)).code).toBe(3);
  expect((await compared("../prod.json", more)).code).toBe(3);
  expect((await compared("../prod.json", roles("select on table sales.orders"))).code).toBe(0);
});

test("what is no base is said, with what would be one, and never taken for no new access", async () => {
  const unknown = await compared("no-such-branch", roles());
  expectExit(unknown, 1);
  expect(unknown.stderr).toContain("RW163  `no-such-branch` is neither a file nor a commit that Git knows here");
  const option = await compared("--output=/tmp/x", roles());
  expect(option.code).not.toBe(0);
  const alone = await shop.folder.run(["check", "--no-new-access"], { cwd: shop.folder.path("repo") });
  expect(alone.code).toBe(64);
  expect(alone.stderr).toContain("--no-new-access and --base belong together");
});
