import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyPlan } from "../../src/apply/apply.ts";
import type { Connection } from "../../src/engine/engine.ts";
import { applyOptions, connectTo, makeShop, planFor, SHOP_UNDO, SHOP_WISH } from "../support/applying.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";

/* What happens to others while a plan is applied, and to a plan while others work. */

let server: PostgresServer;
let connection: Connection;

beforeAll(async () => {
  server = await startPostgres();
  await makeShop(server);
  connection = await connectTo(server, ["shop"]);
});

afterAll(async () => {
  await connection?.[Symbol.asyncDispose]();
  await server?.stop();
});

async function client(user: string): Promise<Client & AsyncDisposable> {
  const opened = new Client({ connectionString: server.url({ user, database: "shop" }) });
  opened.on("error", () => undefined);
  await opened.connect();
  return Object.assign(opened, { [Symbol.asyncDispose]: () => opened.end() });
}

async function takeBack(): Promise<void> {
  for (const text of SHOP_UNDO) await server.query(text, { database: "shop" });
}

/** Repeats something until told to stop; gives back what was thrown. */
function loop(action: () => Promise<unknown>): { stop(): Promise<readonly Error[]>; readonly rounds: () => number } {
  const stopped = new AbortController();
  let rounds = 0;
  const errors: Error[] = [];
  const done = (async () => {
    // A client that is refused for good need not be asked for ever.
    while (!stopped.signal.aborted && errors.length < 100) {
      await action().catch((error: unknown) => errors.push(error as Error));
      rounds++;
    }
  })();
  return {
    rounds: () => rounds,
    async stop() {
      stopped.abort();
      await done;
      return errors;
    },
  };
}

test("a client that keeps a right is never refused while a plan is applied", async () => {
  const plan = await planFor(connection, { shop: SHOP_WISH });
  await using reader = await client("svc");
  await using writer = await client("alice");
  await using both = await client("postgres");
  await both.query("set role reader");
  const loops = [
    loop(() => reader.query("select count(*) from sales.orders")),
    // Kept through the column grants that replace the one on the table.
    loop(() => reader.query("select id, name from sales.narrow")),
    loop(() => writer.query("update sales.orders set name = name where id = -1")),
    loop(() => both.query("select count(*) from sales.items")),
  ];
  const outcome = await applyPlan(
    plan,
    applyOptions(connection, {
      onProgress: async () => void (await new Promise((resolve) => setTimeout(resolve, 15))),
    }),
  );
  for (const one of loops) {
    expect(one.rounds()).toBeGreaterThan(3);
    expect(await one.stop()).toEqual([]);
  }
  expect(outcome.kind).toBe("applied");
  await takeBack();
});

test("SELECT narrowed from a table to two columns keeps the two columns and loses the third", async () => {
  const plan = await planFor(connection, {
    shop: ["revoke select on sales.narrow from reader", "grant select (id, name) on sales.narrow to reader"],
  });
  expect((await applyPlan(plan, applyOptions(connection))).kind).toBe("applied");
  await using reader = await client("svc");
  await expect(reader.query("select id, name from sales.narrow")).resolves.toBeDefined();
  await expect(reader.query("select secret from sales.narrow")).rejects.toThrow("permission denied");
  await server.query("revoke select (id, name) on sales.narrow from reader", { database: "shop" });
  await server.query("grant select on sales.narrow to reader", { database: "shop" });
});

test("a foreign GRANT loop on the same table and a second apply end with every grant present", async () => {
  const plan = await planFor(connection, { shop: SHOP_WISH });
  await using foreign = await client("postgres");
  // The same grant over and over changes nothing and rewrites the row each time: of two simultaneous writers the second one waits, and then fails.
  const held = (): Promise<unknown> => foreign.query("begin; grant select, update on sales.orders to writer");
  await held();
  let met = false;
  const grants = loop(async () => {
    // The first time until ours is in the queue behind it, so that at least one attempt is lost for certain.
    while (!met) met = await applierWaits();
    await pause(60);
    await foreign.query("commit");
    await pause(20);
    await held().catch(async (error: unknown) => {
      await foreign.query("rollback");
      throw error;
    });
  });
  await using second = await connectTo(server, ["shop"]);
  const retries: string[] = [];
  const locked = Promise.withResolvers<void>();
  const options = { attempts: 60, lockTimeoutMs: 2000 };
  const first = applyPlan(
    plan,
    applyOptions(connection, {
      ...options,
      onProgress: (progress) => {
        // It reads only once it has the lock.
        if (progress.kind === "reading") locked.resolve();
        if (progress.kind === "waiting") retries.push(progress.code);
      },
    }),
  );
  await locked.promise;
  const other = await applyPlan(plan, applyOptions(second, options)).then(
    (outcome) => outcome.kind,
    (error: unknown) => (error as { code: string }).code,
  );
  const outcome = await first;
  const errors = await grants.stop();
  expect(other).toBe("RW405");
  expect(outcome.kind).toBe("applied");
  expect(retries.length).toBeGreaterThan(0);
  expect((await connection.introspect()).fingerprint).toBe(plan.fingerprint.after);
  // The other writer's own failures are the server's way.
  for (const error of errors) expect(error.message).toContain("tuple concurrently updated");
  await foreign.query("rollback");
  await takeBack();
});

test("somebody's change beside ours, on neither a role nor a table of the plan, is tolerated and stays", async () => {
  await server.query("create table sales.elsewhere (id int)", { database: "shop" });
  await server.query("create role stranger");
  const plan = await planFor(connection, { shop: SHOP_WISH });
  const outcome = await applyPlan(
    plan,
    applyOptions(connection, {
      onProgress: async (progress) => {
        if (progress.kind === "announced")
          await server.query("grant select on sales.elsewhere to stranger", { database: "shop" });
      },
    }),
  );
  expect(outcome).toMatchObject({ kind: "applied" });
  const found = await server.query("select has_table_privilege('stranger', 'sales.elsewhere', 'select') as has", {
    database: "shop",
  });
  expect(found).toEqual([{ has: true }]);
  await takeBack();
});

test("a session inside SET ROLE is listed before, and gone after, its role is revoked", async () => {
  const plan = await planFor(connection, { shop: ["revoke old_group from bob"] });
  await using bob = await client("bob");
  await bob.query("set role old_group");
  await using unconcerned = await client("alice");
  const listed = await applyPlan(plan, applyOptions(connection));
  expect(listed).toMatchObject({ kind: "applied", sessionsComplete: true, ended: [] });
  expect(listed.kind === "applied" && listed.sessions.map((session) => session.login)).toEqual(["bob"]);
  // This is what makes the list necessary: the session keeps what was revoked.
  await expect(bob.query("select count(*) from sales.orders")).resolves.toBeDefined();
  await server.query("grant old_group to bob");

  const again = await applyPlan(
    await planFor(connection, { shop: ["revoke old_group from bob"] }),
    applyOptions(connection, { endSessions: true }),
  );
  expect(again).toMatchObject({ kind: "applied", sessions: [] });
  expect(again.kind === "applied" && again.ended.map((session) => session.login)).toEqual(["bob"]);
  await expect(bob.query("select 1")).rejects.toThrow(/terminating connection|not queryable/);
  await expect(unconcerned.query("select 1")).resolves.toBeDefined();
  await server.query("grant old_group to bob");
});

test("a GRANT that only warns leaves nothing behind", async () => {
  await server.query("create role steward login");
  await server.query("grant usage on schema sales to steward with grant option", { database: "shop" });
  await server.query("grant select on sales.items to steward with grant option", { database: "shop" });
  await using steward = await connectTo({ url: server.url({ user: "steward", database: "shop" }) }, ["shop"]);
  const plan = await planFor(steward, {
    shop: ['grant usage on schema sales to "we""ird.Rôle"', 'grant select on sales.items to "we""ird.Rôle"'],
  });
  const outcome = await applyPlan(
    plan,
    applyOptions(steward, {
      onProgress: async (progress) => {
        if (progress.kind === "announced") {
          await server.query("revoke grant option for select on sales.items from steward", { database: "shop" });
        }
      },
    }),
  );
  expect(outcome).toMatchObject({
    kind: "rolled-back",
    code: "RW412",
    because: expect.stringContaining("no privileges were granted"),
  });
  const found = await server.query("select has_schema_privilege('we\"ird.Rôle', 'sales', 'usage') as has", {
    database: "shop",
  });
  expect(found).toEqual([{ has: false }]);
});

async function applierWaits(): Promise<boolean> {
  const waiting = await server.query(
    "select 1 from pg_stat_activity where application_name = 'rolewright apply' and wait_event_type = 'Lock'",
  );
  return waiting.length > 0;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
