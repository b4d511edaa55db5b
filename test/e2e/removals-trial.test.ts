import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { expectExit } from "./cli.ts";
import { recorded } from "./recorded.ts";
import { openShop, type Shop } from "./shop.ts";

let shop: Shop;

const manifest = (revoke: string, more = ""): string => `version: 1
targets:
  shop: { engine: postgresql, environment: development, url: "\${SHOP_URL}" }
roles:
  reporting_ro:
    grants: [usage on schema sales, select on table sales.orders_masked]
    revoke: [${revoke}]
${more}`;

beforeAll(async () => {
  shop = await openShop();
  await shop.server.query("create role bob login; grant reporting_ro to bob");
});
beforeEach(async () => {
  await shop.reset();
  await shop.server.query("grant select on sales.orders_masked to reporting_ro", { database: "shop" });
  await shop.folder.write("rolewright.yaml", manifest("select on table sales.orders"));
});
afterAll(async () => {
  await shop[Symbol.asyncDispose]();
});

async function reads(role: string, table: string): Promise<boolean> {
  const sql = `select has_table_privilege('${role}', 'sales.${table}', 'select') and has_schema_privilege('${role}', 'sales', 'usage') as can`;
  const [row] = await shop.server.query<{ can: boolean }>(sql, { database: "shop" });
  return row?.can ?? false;
}

const seen = async (): Promise<readonly boolean[]> =>
  await Promise.all([
    reads("alice", "orders"),
    reads("alice", "orders_masked"),
    reads("bob", "orders"),
    reads("bob", "orders_masked"),
  ]);

test("what a plan takes from all is taken from one login first, given back, and then taken from all", async () => {
  const { folder } = shop;
  expectExit(await folder.run(["plan", "--out", "plan.json"]), 0);
  const listed = await folder.run(["removals", "trial", "plan.json", "--json"]);
  expectExit(listed, 0);
  expect(listed.json()).toMatchObject({
    losing: [
      { login: "alice", loses: 1, calls_at_risk: null },
      { login: "bob", loses: 1 },
    ],
  });
  const saved = await folder.run(["removals", "trial", "plan.json", "--login", "alice", "--json"]);
  expectExit(saved, 0);
  expect(await seen()).toEqual([true, true, true, true]);

  expectExit(await folder.run(["apply", "trial.json", "--yes"]), 0);
  expect(await seen()).toEqual([false, true, true, true]);
  // The plan was made from another state than the trial leaves behind.
  expectExit(await folder.run(["apply", "plan.json", "--yes"]), 5);

  const { plan_digest } = saved.json() as unknown as { plan_digest: string };
  expectExit(await folder.run(["revert", plan_digest.slice("sha256:".length, 15), "--yes"]), 0);
  expect(await seen()).toEqual([true, true, true, true]);
  const [left] = await shop.server.query<{ roles: string }>(
    "select count(*)::text as roles from pg_roles where rolname like 'rolewright_trial%'",
  );
  expect(left?.roles).toBe("0");
  expectExit(await folder.run(["apply", "plan.json", "--yes"]), 0);
  expect(await seen()).toEqual([false, true, false, true]);
  const entries = await recorded(folder, "trial,change.intent,apply.reverted");
  const plan = { digest: plan_digest };
  expect(entries).toMatchObject([
    { type: "trial.began", plan, subject: { name: "alice" } },
    { type: "change.intent", plan },
    { type: "change.intent", part: "revert" },
    { type: "apply.reverted", plan, because: "asked" },
    { type: "trial.ended", plan, because: "asked" },
    { type: "change.intent", part: "apply" },
  ]);
  expect(entries.at(-1)).toMatchObject({ plan: { digest: entries[0]?.["tries"] } });
});

test("a trial that is confirmed in its window has passed", async () => {
  const { folder } = shop;
  expectExit(await folder.run(["plan", "--out", "plan.json"]), 0);
  expectExit(await folder.run(["removals", "trial", "plan.json", "--login", "bob"]), 0);
  expectExit(await folder.run(["apply", "trial.json", "--yes", "--confirm-within", "10m"]), 0);
  expectExit(await folder.run(["confirm"]), 0);
  expect((await recorded(folder, "trial")).slice(-2)).toMatchObject([
    { type: "trial.began", subject: { name: "bob" } },
    { type: "trial.passed", subject: { name: "bob" } },
  ]);
  // Taken back, it can be tried again from the same state.
  const last = async (): Promise<string> =>
    (JSON.parse(await folder.read("trial.json")) as { readonly digest: string }).digest;
  expectExit(await folder.run(["revert", await last(), "--yes"]), 0);
  expectExit(await folder.run(["removals", "trial", "plan.json", "--login", "bob"]), 0);
  expectExit(await folder.run(["apply", "trial.json", "--yes"]), 0);
  expectExit(await folder.run(["revert", await last(), "--yes"]), 0);
});

test("what does not lie in grants cannot be tried, and is named", async () => {
  const { folder, server } = shop;
  await server.query("create table sales.own (id int); alter table sales.own owner to reporting_ro", {
    database: "shop",
  });
  expectExit(await folder.run(["plan", "--out", "plan.json"]), 0);
  const refused = await folder.run(["removals", "trial", "plan.json", "--login", "alice"]);
  expectExit(refused, 1);
  expect(refused.stderr).toMatch(/RW587 .*`reporting_ro` owns table sales\.own/u);
  const nobody = await folder.run(["removals", "trial", "plan.json", "--login", "postgres"]);
  expectExit(nobody, 1);
  expect(nobody.stderr).toContain("the plan takes nothing from `postgres`");
});
