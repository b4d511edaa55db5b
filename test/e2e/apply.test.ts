import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ChildProcess } from "node:child_process";
import { rm } from "node:fs/promises";
import { Client } from "pg";
import { startPostgres } from "../support/postgres.ts";
import { expectExit } from "./cli.ts";
import { manifest, NARROWER, openShop, ROLES, SALES, TAKEN, type Shop } from "./shop.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});
beforeEach(() => shop.reset());
afterAll(() => shop[Symbol.asyncDispose]());

describe("apply", () => {
  test("refuses a loss on production until it is accepted by its exact number, with exit 3", async () => {
    await shop.folder.write("rolewright.yaml", manifest("production", NARROWER, TAKEN));
    await shop.folder.run(["plan", "--out", "plan.json"]);
    for (const accept of [[], ["--accept-access-loss=2"], ["--accept-access-loss=0"]]) {
      const refused = await shop.folder.run(["apply", "plan.json", "--yes", ...accept]);
      expect(refused.code).toBe(3);
      expect(refused.stderr).toContain("RW407");
      expect(refused.stderr).toContain("--accept-access-loss=1");
    }
    expect(await shop.aliceReads("orders")).toBe(true);
    const applied = await shop.folder.run(["apply", "plan.json", "--yes", "--accept-access-loss=1"]);
    expectExit(applied, 0);
    expect(applied.stdout).toMatch(/APPLIED +plan [0-9a-f]{8}, verified before commit/);
    expect([await shop.aliceReads("orders"), await shop.aliceReads("orders_masked")]).toEqual([false, true]);
  });

  test("fails at once where nobody can be asked, naming the option that answers, and changes nothing", async () => {
    await shop.folder.write("rolewright.yaml", manifest("staging", NARROWER));
    const ran = await shop.folder.run(["apply"], { env: { CI: "true" } });
    expect(ran.code).toBe(64);
    expect(ran.stderr).toContain("--yes");
    expect(await shop.aliceReads("orders_masked")).toBe(false);
  });

  test("of a stale plan exits 5 and names what moved; of a used plan it is refused", async () => {
    await shop.folder.write("rolewright.yaml", manifest("staging", NARROWER));
    await shop.folder.run(["plan", "--out", "plan.json"]);
    await shop.server.query("grant update on sales.orders to reporting_ro", { database: "shop" });
    const stale = await shop.folder.run(["apply", "plan.json", "--yes"]);
    expect(stale.code).toBe(5);
    expect(stale.stderr).toContain("RW404");
    expect(stale.stderr).toContain("sales");
    await shop.server.query("revoke update on sales.orders from reporting_ro", { database: "shop" });
    expect((await shop.folder.run(["apply", "plan.json", "--yes"])).code).toBe(0);
    const used = await shop.folder.run(["apply", "plan.json", "--yes"]);
    expect(used.code).toBe(1);
    expect(used.stderr).toContain("RW401");
    const shown = await shop.folder.run(["show", "plan.json"]);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(/^WARNING +this plan was used/);
    expect(shown.stdout).toMatch(/\+ alice +select on sales\.orders_masked/);
    expect(shown.stdout).not.toContain("READY");
    // Without the report that was kept, nothing is claimed.
    await rm(shop.folder.path(".rolewright/reports"), { recursive: true });
    const alone = await shop.folder.run(["show", "plan.json"]);
    expect(alone.stdout).toMatch(/WHO LOSES\n +unknown: /);
    expect(alone.stdout).not.toContain("nobody");
  });

  test("of an edited plan file is refused", async () => {
    await shop.folder.write("rolewright.yaml", manifest("staging", NARROWER));
    await shop.folder.run(["plan", "--out", "plan.json"]);
    const text = await shop.folder.read("plan.json");
    await shop.folder.write("plan.json", text.replaceAll("orders_masked", "orders"));
    const ran = await shop.folder.run(["apply", "plan.json", "--yes"]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/RW(402|3\d\d)/);
    expect(await shop.aliceReads("orders_masked")).toBe(false);
  });

  test("of a plan for another server is refused", async () => {
    await using other = await startPostgres({ ownIdentity: true });
    await other.query("create database shop");
    await other.query(ROLES);
    await other.query(SALES, { database: "shop" });
    await shop.folder.write("rolewright.yaml", manifest("staging", NARROWER));
    await shop.folder.run(["plan", "--out", "plan.json"]);
    const ran = await shop.folder.run(["apply", "plan.json", "--yes"], {
      env: { SHOP_URL: other.url({ database: "shop" }) },
    });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("RW403");
    const [row] = await other.query<{ can: boolean }>(
      "select has_table_privilege('reporting_ro', 'sales.orders_masked', 'select') as can",
      { database: "shop" },
    );
    expect(row?.can).toBe(false);
  });

  test("is rolled back and exits 6 when the database does not become what was planned", async () => {
    await shop.folder.write("rolewright.yaml", manifest("staging", NARROWER));
    await shop.server.query(
      `create function public.meddle() returns event_trigger language plpgsql as $$ begin
         if pg_trigger_depth() = 0 and not exists (select from pg_class where relname = 'orders' and relacl::text like '%reporting_ro=rw%') then
           grant update on sales.orders to reporting_ro; end if; end $$;
       create event trigger meddle on ddl_command_end when tag in ('GRANT') execute function public.meddle()`,
      { database: "shop" },
    );
    try {
      const ran = await shop.folder.run(["apply", "--yes"]);
      expectExit(ran, 6);
      expect(ran.stdout).toContain("RW415");
      expect(ran.stdout).toContain("ROLLED BACK");
      expect(await shop.aliceReads("orders_masked")).toBe(false);
    } finally {
      await shop.server.query("drop event trigger meddle; drop function public.meddle()", { database: "shop" });
    }
  });

  test("while another apply runs on the cluster is refused, naming who holds it", async () => {
    await shop.folder.write("rolewright.yaml", manifest("staging", NARROWER));
    await shop.folder.run(["plan", "--out", "plan.json"]);
    // The first apply waits behind a grant on the same table that is not committed.
    await using blocker = await openTransaction(shop.server.url({ database: "shop" }));
    await blocker.run("grant insert on sales.orders_masked to alice");
    const first = shop.folder.run(["apply", "--yes", "--lock-timeout=60"]);
    await waitUntilBlocked();
    const second = await shop.folder.run(["apply", "plan.json", "--yes"]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain("RW405");
    await blocker.run("rollback");
    expectExit(await first, 0);
    expect(await shop.aliceReads("orders_masked")).toBe(true);
  });

  test("that is interrupted by Ctrl-C rolls back, says so, and may be run again", async () => {
    await shop.folder.write("rolewright.yaml", manifest("staging", NARROWER));
    await using blocker = await openTransaction(shop.server.url({ database: "shop" }));
    await blocker.run("grant insert on sales.orders_masked to alice");
    let child: ChildProcess | undefined;
    const first = shop.folder.run(["apply", "--yes", "--lock-timeout=60"], { onStart: (started) => (child = started) });
    await waitUntilBlocked();
    child?.kill("SIGINT");
    const ran = await first;
    expectExit(ran, 1);
    expect(ran.stdout).toMatch(/ROLLED BACK +RW414/);
    await blocker.run("rollback");
    expect(await shop.aliceReads("orders_masked")).toBe(false);
    expectExit(await shop.folder.run(["apply", "--yes"]), 0);
    expect(await shop.aliceReads("orders_masked")).toBe(true);
  });

  test("without enough rights names the right that is missing, and changes nothing", async () => {
    await shop.server.query("drop role if exists weak; create role weak login");
    await shop.server.query("grant connect on database shop to weak; grant usage on schema sales to weak", {
      database: "shop",
    });
    await shop.folder.write("rolewright.yaml", manifest("staging", NARROWER));
    const ran = await shop.folder.run(["apply", "--yes"], {
      env: { SHOP_URL: shop.server.url({ user: "weak", database: "shop" }) },
    });
    expectExit(ran, 3);
    expect(ran.stdout + ran.stderr).toMatch(/RW(3|5)\d\d/);
    expect(ran.stdout + ran.stderr).toContain("orders_masked");
    expect(await shop.aliceReads("orders_masked")).toBe(false);
  });
});

/** A session that is inside a transaction. */
async function openTransaction(url: string): Promise<AsyncDisposable & { run(sql: string): Promise<unknown> }> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query("begin");
  return { run: (sql) => client.query(sql), [Symbol.asyncDispose]: () => client.end() };
}

async function waitUntilBlocked(): Promise<void> {
  const waiting =
    "select 1 from pg_stat_activity where application_name like 'rolewright%' and wait_event_type = 'Lock'";
  for (let tries = 0; tries < 300; tries++) {
    if ((await shop.server.query(waiting)).length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the first apply never came to wait");
}
