import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectExit } from "./cli.ts";
import { openShop, type Shop } from "./shop.ts";

/** Roles that cannot simply go, and names that nobody should give. */

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
  await shop.server.query("create role old_report login; create role heir");
});
beforeEach(() => shop.reset());
afterAll(() => shop[Symbol.asyncDispose]());

const RETIRING = `version: 1
targets:
  shop: { engine: postgresql, environment: staging, databases: all, url: "\${SHOP_URL}" }
roles:
  heir: {}
  old_report:
    retire: { successor: heir }
`;

async function exists(role: string): Promise<boolean> {
  return (await shop.server.query("select 1 from pg_roles where rolname = $1", { values: [role] })).length > 0;
}

describe("a role that is retired", () => {
  test("is not dropped while it has live sessions, which are counted; with --end-sessions it goes, and what it owned is its successor's", async () => {
    await shop.server.query("create table sales.reports (id int); alter table sales.reports owner to old_report", {
      database: "shop",
    });
    await shop.folder.write("rolewright.yaml", RETIRING.replace("databases: all, ", ""));
    const unread = await shop.folder.run(["apply", "--yes"]);
    expectExit(unread, 3);
    expect(unread.stdout).toContain("databases: all");
    await shop.folder.write("rolewright.yaml", RETIRING);
    const session = new Client({ connectionString: shop.server.url({ user: "old_report", database: "shop" }) });
    session.on("error", () => undefined);
    await session.connect();
    try {
      const refused = await shop.folder.run(["apply", "--yes"]);
      expectExit(refused, 1);
      expect(refused.stderr).toContain("RW427");
      expect(refused.stderr).toContain("--end-sessions");
      expect(await exists("old_report")).toBe(true);
      expectExit(await shop.folder.run(["apply", "--yes", "--end-sessions"]), 0);
      expect(await exists("old_report")).toBe(false);
      const [row] = await shop.server.query<{ owner: string }>(
        "select tableowner as owner from pg_tables where tablename = 'reports'",
        { database: "shop" },
      );
      expect(row?.owner).toBe("heir");
    } finally {
      await session.end().catch(() => undefined);
    }
  });
});

describe("hostile names", () => {
  const NAMES = [
    'Robert"); drop table students;--',
    "sp ace.dot",
    "Ünïcödé ☃",
    "new\nline",
    "esc\u001b[2Kape",
    "\u202Eevil",
    "public_",
    "x".repeat(63),
  ];

  test("are imported, planned and applied exactly, and never reach a terminal raw", async () => {
    for (const name of NAMES) await shop.server.query(`create role "${name.replaceAll('"', '""')}"`);
    const imported = await shop.folder.run(["import", "--url-env", "SHOP_URL", "--name", "shop", "--out", "hostile"]);
    expectExit(imported, 0);
    const options = ["--manifest", "hostile/rolewright.yaml"];
    expect((await shop.folder.run(["plan", "--detailed-exitcode", ...options])).code).toBe(0);

    const grants = NAMES.map(
      (name) => `  ${JSON.stringify(name)}: { grants: [select on table sales.orders, usage on schema sales] }`,
    ).join("\n");
    await shop.folder.write(
      "rolewright.yaml",
      `version: 1\ntargets:\n  shop: { engine: postgresql, environment: staging, url: "\${SHOP_URL}" }\nroles:\n${grants}\n`,
    );
    const applied = await shop.folder.run(["apply", "--yes", "--detail", "--sql"]);
    expectExit(applied, 0);
    // oxlint-disable-next-line no-control-regex -- the characters that must not be there
    expect(applied.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202a-\u202e]/);
    for (const name of NAMES) {
      const [row] = await shop.server.query<{ can: boolean }>(
        "select has_table_privilege($1, 'sales.orders', 'select') as can",
        { database: "shop", values: [name] },
      );
      expect(row?.can).toBe(true);
    }
    const document = (await shop.folder.run(["plan", "--json", "--rotate-password", "nobody-like-that"])).json();
    expect(document.format_version).toBe("1.0");
  });
});
