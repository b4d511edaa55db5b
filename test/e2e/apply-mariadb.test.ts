import { afterAll, beforeAll, expect, test } from "vitest";
import { describeOn } from "../support/describe-on.ts";
import { type MariadbServer, startMariadb } from "../support/mariadb.ts";
import { expectExit, workspace, type Workspace } from "./cli.ts";

let server: MariadbServer;
let folder: Workspace;

const SETUP = [
  "create database shop",
  "create table shop.orders (id int primary key, card text)",
  "create table shop.items (id int primary key)",
  "create role reader",
  "create user alice@'%' identified by 'x'",
  "grant select on shop.* to reader",
  "grant reader to alice@'%'",
  "set default role reader for alice@'%'",
];

const PASSWORD = "it's \\ n€w $& $secret";

const WISH = `version: 1
targets:
  shop: { engine: mariadb, environment: staging, url: "\${SHOP_URL}" }
scope:
  authoritative:
    - { facets: [grants, memberships], roles: [reader, writer] }
roles:
  reader:
    because: analysts read orders without cards
    grants:
      - select (id) on table shop.orders
      - select on table shop.items
  writer:
    because: the application writes
    grants:
      - insert, update on table shop.items
  app@%:
    password: \${NEW_PASSWORD}
    connection_limit: 5
    member_of: [{ role: writer, inherit: true }]
`;

const NARROW = `version: 1
targets:
  shop: { engine: mariadb, environment: staging, url: "\${SHOP_URL}" }
roles:
  active@%: { not_member_of: [everything] }
  inside@%: { revoke: [select on schema shop] }
`;

/** Whether a login may run a statement. */
async function may(user: string, sql: string, password = "x"): Promise<boolean> {
  try {
    await server.query(sql, { user, password, from: "127.0.0.1" });
    return true;
  } catch (error) {
    if (/denied/u.test((error as Error).message)) return false;
    throw error;
  }
}

describeOn("mariadb", "a live MariaDB server under the program", () => {
  beforeAll(async () => {
    server = await startMariadb();
    for (const sql of SETUP) await server.query(sql);
    folder = await workspace({ SHOP_URL: server.url(), NEW_PASSWORD: PASSWORD });
  });
  afterAll(async () => {
    await folder?.[Symbol.asyncDispose]();
    await server?.stop();
  });

  test("is imported, changed by plan and apply, drifts, and is brought back by revert", async () => {
    const imported = await folder.run([
      "import",
      "--url-env",
      "SHOP_URL",
      "--name",
      "shop",
      "--environment",
      "staging",
    ]);
    expectExit(imported, 0);
    const same = await folder.run(["plan", "--detailed-exitcode"]);
    expectExit(same, 0);
    expect(same.stdout).toContain("NO CHANGES");
    await folder.write("rolewright.yaml", WISH);
    const before = await fingerprint();
    const planned = await folder.run(["plan", "--out", "plan.json"]);
    expectExit(planned, 0);
    expect(planned.stdout).toContain("app@%");
    const applied = await folder.run(["apply", "plan.json", "--yes", "--accept-access-loss=1"]);
    expectExit(applied, 0);
    expect(applied.stdout).toContain("APPLIED");
    expect(`${planned.stdout}${applied.stdout}${applied.stderr}`).not.toContain(PASSWORD);
    expect(await may("app", "insert into shop.items values (1)", PASSWORD)).toBe(true);
    expect(await may("app", "select card from shop.orders", PASSWORD)).toBe(false);
    expect(await may("alice", "select id from shop.orders")).toBe(true);
    expect(await may("alice", "select card from shop.orders")).toBe(false);
    expectExit(await folder.run(["plan", "--detailed-exitcode"]), 0);

    expectExit(await folder.run(["drift"]), 0);
    await server.query("grant delete on shop.orders to reader");
    const drifted = await folder.run(["drift"]);
    expectExit(drifted, 0);
    expect(drifted.stdout).toContain("reader holds delete on table shop.orders");
    await server.query("revoke delete on shop.orders from reader");

    const reverted = await folder.run(["revert", "plan.json", "--yes"]);
    expectExit(reverted, 0);
    expect(await fingerprint()).toBe(before);
    expect(await may("alice", "select card from shop.orders")).toBe(true);
  });

  test("tells which open sessions keep what was revoked, and ends them where asked to", async () => {
    for (const sql of [
      "create role everything",
      "grant select on *.* to everything",
      "create user active@'%', inside@'%'",
      "grant everything to active@'%'",
      "grant select on shop.* to inside@'%'",
    ])
      await server.query(sql);
    await using active = await server.connect({ user: "active", from: "127.0.0.1" });
    await active.query("set role everything");
    await using inside = await server.connect({ user: "inside", from: "127.0.0.1", database: "shop" });
    const keeps = async (session: typeof active): Promise<boolean> =>
      await session.query("select id from orders").then(
        () => true,
        () => false,
      );
    await active.query("use shop");
    await folder.write("rolewright.yaml", NARROW);
    const kept = await folder.run(["apply", "--yes", "--accept-access-loss=2"]);
    expectExit(kept, 0);
    expect(kept.stdout).toMatch(
      /SESSIONS THAT KEEP ACCESS[\s\S]*active@% \(session \d+@active\)[\s\S]*inside@% \(session/,
    );
    expect([await keeps(active), await keeps(inside)]).toEqual([true, true]);
    for (const sql of ["grant everything to active@'%'", "grant select on shop.* to inside@'%'"])
      await server.query(sql);
    const ended = await folder.run(["apply", "--yes", "--accept-access-loss=2", "--end-sessions"]);
    expectExit(ended, 0);
    expect(ended.stdout).toContain("SESSIONS ENDED");
    expect([await keeps(active), await keeps(inside)]).toEqual([false, false]);
  });
});

async function fingerprint(): Promise<unknown> {
  const ran = await folder.run(["snapshot"]);
  expectExit(ran, 0);
  return (ran.json() as Record<string, unknown>)["fingerprint"];
}
