import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyPlan, exitCodeOf } from "../../src/apply/apply.ts";
import { revertRun } from "../../src/apply/revert.ts";
import type { Connection } from "../../src/engine/engine.ts";
import type { Plan } from "../../src/plan/plan.ts";
import {
  applyOptions,
  connectTo,
  makeShop,
  planFor,
  SHOP_WISH,
  temporaryFolder,
  temporaryRuns,
} from "../support/applying.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";

/* A plan is applied, proven, recorded, used up, and taken back. */

let server: PostgresServer;
let connection: Connection;

beforeAll(async () => {
  server = await startPostgres({
    auth: "scram",
    settings: { log_statement: "all", logging_collector: "on", log_directory: "log", log_min_duration_statement: "0" },
  });
  await makeShop(server);
  connection = await connectTo(server, ["shop"]);
});

afterAll(async () => {
  await connection?.[Symbol.asyncDispose]();
  await server?.stop();
});

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "no error",
    (error: unknown) => (error as { readonly code: string }).code,
  );

describe("a plan", () => {
  const { runs } = temporaryRuns();
  let plan: Plan;

  test("leads exactly to the state that it predicted, and the next plan is empty", async () => {
    plan = await planFor(connection, { shop: SHOP_WISH });
    const outcome = await applyPlan(plan, applyOptions(connection, { runs }));
    expect(outcome).toMatchObject({ kind: "applied", run: { state: "applied" }, warnings: [] });
    expect(exitCodeOf(outcome)).toBe(0);
    // Every triple was confirmed by the server's own privilege functions.
    const verified = outcome.kind === "applied" ? outcome.verified : { asked: 0, affected: 0 };
    expect(verified.asked).toBeGreaterThan(10);
    expect(verified.asked).toBe(verified.affected);
    expect((await connection.introspect()).fingerprint).toBe(plan.fingerprint.after);
    expect((await planFor(connection, { shop: [] })).changes).toEqual([]);
  });

  test("is recorded with the id that the server knows its transaction by", async () => {
    const stored = await runs.load(plan.digest);
    expect(stored?.run.stages).toMatchObject([{ state: "committed" }]);
    const [row] = await server.query<{ status: string }>("select pg_xact_status($1::text::xid8) as status", {
      values: [stored?.run.stages[0]?.transaction],
    });
    expect(row?.status).toBe("committed");
  });

  test("is used up: a second apply is refused", async () => {
    expect(await codeOf(applyPlan(plan, applyOptions(connection, { runs })))).toBe("RW401");
  });

  test("is taken back to exactly the state before, and marked", async () => {
    const { plan: back, outcome } = await revertRun(plan.digest, {
      ...applyOptions(connection, { runs }),
      tool: plan.tool,
    });
    expect(outcome).toMatchObject({ kind: "applied", run: { reverts: plan.digest, plan: back.digest } });
    expect((await connection.introspect()).fingerprint).toBe(plan.fingerprint.before);
    expect((await runs.load(plan.digest))?.run.state).toBe("reverted");
  });

  test("stays used up after it was taken back, and cannot be taken back twice", async () => {
    expect(await codeOf(applyPlan(plan, applyOptions(connection, { runs })))).toBe("RW401");
    const again = revertRun(plan.digest, { ...applyOptions(connection, { runs }), tool: plan.tool });
    expect(await codeOf(again)).toBe("RW426");
  });

  test("that was never applied from here cannot be taken back", async () => {
    const { runs: others } = temporaryRuns();
    const revert = revertRun(plan.digest, { ...applyOptions(connection, { runs: others }), tool: plan.tool });
    expect(await codeOf(revert)).toBe("RW424");
  });
});

test("what somebody else changed since is not overwritten by a revert, unless it is to be left", async () => {
  const { runs } = temporaryRuns();
  const plan = await planFor(connection, { shop: ["grant delete, truncate on sales.items to writer"] });
  await applyPlan(plan, applyOptions(connection, { runs }));
  await server.query("grant delete on sales.items to writer with grant option", { database: "shop" });
  const options = { ...applyOptions(connection, { runs }), tool: plan.tool };
  expect(await codeOf(revertRun(plan.digest, options))).toBe("RW409");
  const { outcome } = await revertRun(plan.digest, { ...options, leaveChanged: true });
  expect(outcome.kind).toBe("applied");
  const [left] = await server.query(
    "select has_table_privilege('writer', 'sales.items', 'delete') as delete, has_table_privilege('writer', 'sales.items', 'truncate') as truncate",
    { database: "shop" },
  );
  expect(left).toEqual({ delete: true, truncate: false });
  await server.query("revoke delete on sales.items from writer", { database: "shop" });
});

describe("a password", () => {
  const PASSWORD = "k33p m€ out 'of \"everything$secret$&";
  const passwords = (source: string) => ({ passwords: new Map([["newcomer", source]]) });

  async function logsIn(user: string): Promise<boolean> {
    const client = new Client({ host: "127.0.0.1", port: server.port, user, password: PASSWORD, database: "shop" });
    try {
      await client.connect();
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  test.for([
    ["a variable that is not set", "env:RW_NOT_SET"],
    ["an empty variable", "env:RW_EMPTY"],
    ["a file that is not there", "file:/nowhere/at/all"],
  ] as const)("from %s is refused before anything runs", async ([, source]) => {
    const plan = await planFor(connection, { shop: ["create role newcomer login"] }, passwords(source));
    expect(await codeOf(applyPlan(plan, applyOptions(connection, { environment: { RW_EMPTY: "" } })))).toBe("RW417");
    expect((await connection.introspect()).fingerprint).toBe(plan.fingerprint.before);
  });

  test("works, is stored as a verifier, and stands nowhere in clear text: not in the plan, the records, or the server's log", async () => {
    const { runs, folder } = temporaryRuns();
    const plan = await planFor(connection, { shop: ["create role newcomer login"] }, passwords("env:RW_PASSWORD"));
    const outcome = await applyPlan(plan, applyOptions(connection, { runs, environment: { RW_PASSWORD: PASSWORD } }));
    expect(outcome.kind).toBe("applied");
    expect(await logsIn("newcomer")).toBe(true);
    const [row] = await server.query<{ rolpassword: string }>(
      "select rolpassword from pg_authid where rolname = 'newcomer'",
    );
    expect(row?.rolpassword).toMatch(/^SCRAM-SHA-256\$/);
    const logged = join(server.dataDir, "log");
    const files = [
      ...readdirSync(folder).map((name) => join(folder, name)),
      ...readdirSync(logged).map((name) => join(logged, name)),
    ];
    const texts = files.map((file) => readFileSync(file, "utf8"));
    expect(texts.some((text) => text.includes('create role "newcomer"'))).toBe(true);
    expect(JSON.stringify(plan) + texts.join("\n")).not.toContain("k33p m");
  });

  test("from a file loses the line break at its end, and rotating it touches no membership", async () => {
    const file = join(temporaryFolder(), "password");
    writeFileSync(file, `${PASSWORD}\n`);
    await server.query("grant reader to newcomer");
    await server.query("alter role newcomer password 'something else'");
    const xmin = (): Promise<unknown> =>
      server.query("select xmin::text, member::text, roleid::text from pg_auth_members order by 2, 3");
    const before = await xmin();
    const plan = await planFor(
      connection,
      { shop: [] },
      { passwords: new Map([["newcomer", `file:${file}`]]), rotate: new Set(["newcomer"]) },
    );
    expect(plan.changes.map(({ change }) => change.kind)).toEqual(["set-password"]);
    expect((await applyPlan(plan, applyOptions(connection))).kind).toBe("applied");
    expect(await logsIn("newcomer")).toBe(true);
    expect(await xmin()).toEqual(before);
  });
});

test("a role that is in use is not dropped, unless its sessions are to be ended", async () => {
  await server.query("set password_encryption = 'scram-sha-256'; create role leaver login password 'x'");
  const client = new Client({ host: "127.0.0.1", port: server.port, user: "leaver", password: "x", database: "shop" });
  client.on("error", () => undefined);
  await client.connect();
  await using all = await connectTo(server, ["postgres", "shop"]);
  const plan = await planFor(all, { shop: ["drop role leaver"] });
  expect(await codeOf(applyPlan(plan, applyOptions(all)))).toBe("RW427");
  await expect(client.query("select 1")).resolves.toBeDefined();
  const outcome = await applyPlan(plan, applyOptions(all, { endSessions: true }));
  expect(outcome).toMatchObject({ kind: "applied", sessions: [] });
  expect(outcome.kind === "applied" && outcome.ended.map((session) => session.login)).toEqual(["leaver"]);
  await expect(client.query("select 1")).rejects.toThrow(/terminating connection|not queryable/);
  await client.end().catch(() => undefined);
});
