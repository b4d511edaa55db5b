import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Client } from "pg";
import { Secret } from "../../../src/base/secret.ts";
import type { Connection, PrivilegeQuestion, Transaction } from "../../../src/engine/engine.ts";
import { quoteIdentifier as q } from "../../../src/engine/postgresql/quote.ts";
import { PUBLIC } from "../../../src/model/role.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres.ts";
import { failure, held, holding, open } from "./reading.ts";

const OPTIONS = { lockTimeoutMs: 300, statementTimeoutMs: 10_000 };
const OWNER = `o"w'ner; drop table t --`;
const READER = "PUBLIC";
const SCHEMA = 's."x';

let server: PostgresServer;
let connection: Connection;

beforeAll(async () => {
  server = await startPostgres();
  for (const role of [OWNER, READER, "plain", "member"]) await server.query(`create role ${q(role)} login`);
  await server.query(`create schema ${q(SCHEMA)} authorization ${q(OWNER)}`);
  await server.query(`grant usage on schema ${q(SCHEMA)} to ${q(READER)}, plain`);
  await server.query(`
    set role ${q(OWNER)};
    create table ${q(SCHEMA)}.t (a int, "b.c" int);
    create function ${q(SCHEMA)}.f(int, text) returns int language sql as 'select 1';
    create sequence ${q(SCHEMA)}.q;
    create type ${q(SCHEMA)}.e as enum ('a');
    grant select on ${q(SCHEMA)}.t to plain`);
  await server.query("select lo_create(4711)");
});
beforeEach(async () => {
  connection = await open(server);
  return async () => connection[Symbol.asyncDispose]();
});
afterAll(() => server.stop());

const begin = async (from: Connection = connection): Promise<Transaction> => await from.begin("postgres", OPTIONS);

/** A session of somebody else's. */
async function other(user = "postgres"): Promise<Client> {
  const client = new Client({ host: server.socket, port: server.port, user, database: "postgres" });
  client.on("error", () => {});
  await client.connect();
  return client;
}

describe("a transaction", () => {
  test("has its id before any statement, and the server remembers how it ended", async () => {
    const one = await begin();
    const two = await begin();
    expect(await connection.transactionStatus(one.id)).toBe("in progress");
    await one.execute({ text: "create role came" });
    await two.execute({ text: "create role went" });
    await one.commit();
    await two.rollback();
    expect(await connection.transactionStatus(one.id)).toBe("committed");
    expect(await connection.transactionStatus(two.id)).toBe("aborted");
    expect(await connection.transactionStatus("999999999")).toBe("unknown");
    expect(await connection.transactionStatus("what?")).toBe("unknown");
    const rows = await server.query("select rolname from pg_roles where rolname in ('came', 'went')");
    expect(rows).toEqual([{ rolname: "came" }]);
  });

  test("leaves nothing behind when it is dropped without a commit", async () => {
    {
      await using transaction = await begin();
      await transaction.execute({ text: "create role forgotten" });
    }
    expect(await server.query("select from pg_roles where rolname = 'forgotten'")).toEqual([]);
  });

  test("acts as another role for one statement, whatever that role is called", async () => {
    await using transaction = await begin();
    await transaction.execute({ text: `grant insert on ${q(SCHEMA)}.t to ${q(READER)} with grant option`, as: OWNER });
    await transaction.execute({ text: `grant insert on ${q(SCHEMA)}.t to plain`, as: READER });
    await transaction.execute({ text: "create role made_as_superuser" });
    const snapshot = await transaction.introspect();
    const table = holding(snapshot, "table", "postgres", SCHEMA, "t");
    expect(held(table, READER)).toEqual([`INSERT* by ${OWNER}`]);
    expect(held(table, "plain").sort()).toEqual([`INSERT by ${READER}`, `SELECT by ${OWNER}`].sort());
    expect(snapshot.actor.role).toBe("postgres");
    expect(snapshot.identity.databases).toEqual(["postgres"]);
  });

  test("sends a secret only when it runs, and no error repeats it", async () => {
    const password = new Secret("pa'ss$&\\word $secret");
    const transaction = await begin();
    await transaction.execute({ text: "set local password_encryption = 'scram-sha-256'" }); // Not the default of 13.
    await transaction.execute({ text: "create role told login password $secret", secret: password });
    await transaction.commit();
    const [row] = await server.query<{ kind: string }>(
      "select left(rolpassword, 13) as kind from pg_authid where rolname = 'told'",
    );
    expect(row?.kind).toBe("SCRAM-SHA-256");
    await using second = await begin();
    const error = await failure(() =>
      second.execute({ text: "alter role nobody password $secret", secret: new Secret("hunter2") }),
    );
    expect(error.code).toBe("RW412");
    expect(JSON.stringify([error.message, error.help, error.details])).not.toContain("hunter2");
    expect(error.message).toContain("$secret");
  });

  test("fails where the server only warns that it did nothing", async () => {
    await using admin = await open(server, { user: "plain" });
    const statements = [
      `grant update on ${q(SCHEMA)}.t to member`, // 01007 no privileges were granted
      `revoke select on ${q(SCHEMA)}.t from member`, // 01006 no privileges could be revoked
    ];
    for (const text of statements) {
      await using transaction = await begin(admin);
      const error = await failure(() => transaction.execute({ text }));
      expect(error.code).toBe("RW412");
      expect(error.details["sqlstate"]).toMatch(/^0100[67]$/);
    }
    await using transaction = await begin();
    const error = await failure(() => transaction.execute({ text: "revoke plain from member" }));
    expect(error.details["sqlstate"]).toBe("01000");
    await using another = await begin();
    const sequence = await failure(() =>
      another.execute({ text: `grant delete on table ${q(SCHEMA)}.q to member`, as: OWNER }),
    );
    expect(sequence.details["sqlstate"]).toBe("0LP01");
  });

  test("says what the server refused, and cannot be committed after", async () => {
    const transaction = await begin();
    const error = await failure(() => transaction.execute({ text: "grant select on nothing to plain" }));
    expect(error.code).toBe("RW412");
    expect(error.message).toContain("nothing");
    expect((await failure(() => transaction.commit())).code).toBe("RW412");
    await transaction.rollback();
    expect(await connection.transactionStatus(transaction.id)).toBe("aborted");
  });

  test("gives up waiting for a lock", async () => {
    await using holder = await begin();
    await holder.execute({ text: `alter table ${q(SCHEMA)}.t owner to postgres` });
    await using waiting = await begin();
    const error = await failure(() =>
      waiting.execute({ text: `alter table ${q(SCHEMA)}.t enable row level security` }),
    );
    expect(error.code).toBe("RW410");
  });

  test("notices that somebody else changed the same row", async () => {
    const first = await other();
    await first.query("begin");
    await first.query(`grant usage on type ${q(SCHEMA)}.e to plain`);
    await using second = await connection.begin("postgres", { ...OPTIONS, lockTimeoutMs: 20_000 });
    const waiting = failure(() => second.execute({ text: `grant usage on type ${q(SCHEMA)}.e to member` }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await first.query("commit");
    await first.end();
    const error = await waiting;
    expect(error.code).toBe("RW411");
    expect(["XX000", "23505", "40001"]).toContain(error.details["sqlstate"]);
  });

  test("notices a deadlock", async () => {
    await server.query("create table one (); create table two ()");
    const first = await other();
    await first.query("begin; set deadlock_timeout = '10s'; lock table one");
    await using second = await connection.begin("postgres", { ...OPTIONS, lockTimeoutMs: 20_000 });
    await second.execute({ text: "set local deadlock_timeout = '50ms'" });
    await second.execute({ text: "lock table public.two" });
    const blocked = first.query("lock table two").catch(() => {});
    const error = await failure(() => second.execute({ text: "lock table public.one" }));
    expect(error.code).toBe("RW411");
    expect(error.details["sqlstate"]).toBe("40P01");
    await second.rollback();
    await blocked;
    await first.end();
    await server.query("drop table one; drop table two");
  });

  test("says that the connection was lost when its session is ended", async () => {
    const transaction = await begin();
    await transaction.execute({ text: "create role lost" });
    await server.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rolewright apply'",
    );
    expect((await failure(() => transaction.execute({ text: "create role later" }))).code).toBe("RW413");
    expect((await failure(() => transaction.commit())).code).toBe("RW413");
    await transaction.rollback();
    expect(await connection.transactionStatus(transaction.id)).toBe("aborted");
  });

  test("is stopped by its signal, in the middle of a statement", async () => {
    const controller = new AbortController();
    const reason = new Error("Ctrl-C");
    const transaction = await connection.begin("postgres", { ...OPTIONS, signal: controller.signal });
    const running = transaction.execute({ text: "do $$ begin perform pg_sleep(9); end $$" });
    const started = Date.now();
    setTimeout(() => controller.abort(reason), 200);
    await expect(running).rejects.toBe(reason);
    expect(Date.now() - started).toBeLessThan(5_000);
    await transaction.rollback();
    expect(await connection.transactionStatus(transaction.id)).toBe("aborted");
  });
});

describe("asking the server", () => {
  const at = (kind: PrivilegeQuestion["resource"]["kind"], ...path: string[]): PrivilegeQuestion["resource"] => ({
    kind,
    path: ["database", "tablespace", "parameter"].includes(kind) ? path : ["postgres", ...path],
  });
  const question = (
    role: string,
    privilege: string,
    resource: PrivilegeQuestion["resource"],
    grantable = false,
  ): PrivilegeQuestion => ({ role, privilege, resource, grantable });

  test("answers for every kind, in the order of the questions", async () => {
    await using transaction = await begin();
    for (const text of [
      `grant select ("b.c") on ${q(SCHEMA)}.t to ${q(READER)}`,
      `grant execute on function ${q(SCHEMA)}.f(int, text) to ${q(READER)} with grant option`,
      `grant usage on sequence ${q(SCHEMA)}.q to public`,
      "grant select on large object 4711 to plain",
      "grant create on tablespace pg_default to plain",
      "grant create on database postgres to plain",
      ...(server.major >= 15 ? ["grant set on parameter work_mem to plain"] : []),
    ])
      await transaction.execute({ text });
    const modern = (since: number): boolean | null => (server.major >= since ? true : null);
    const asked: readonly (readonly [PrivilegeQuestion, boolean | null])[] = [
      [question("plain", "SELECT", at("table", SCHEMA, "t")), true],
      [question("plain", "SELECT", at("table", SCHEMA, "t"), true), false],
      [question(OWNER, "SELECT", at("table", SCHEMA, "t"), true), true],
      [question(READER, "SELECT", at("table", SCHEMA, "t")), false],
      [question(READER, "SELECT", at("column", SCHEMA, "t", "b.c")), true],
      [question(READER, "SELECT", at("column", SCHEMA, "t", "a")), false],
      [question(READER, "SELECT", at("column", SCHEMA, "t", "gone")), null],
      [question(READER, "EXECUTE", at("routine", SCHEMA, "f", "integer, text"), true), true],
      [question(PUBLIC, "EXECUTE", at("routine", SCHEMA, "f", "integer, text")), true],
      [question(PUBLIC, "EXECUTE", at("routine", SCHEMA, "f", "integer")), null],
      [question(PUBLIC, "USAGE", at("sequence", SCHEMA, "q")), true],
      [question(PUBLIC, "SELECT", at("sequence", SCHEMA, "q")), false],
      [question(PUBLIC, "SELECT", at("table", SCHEMA, "t")), false],
      [question("plain", "USAGE", at("schema", SCHEMA)), true],
      [question("plain", "CREATE", at("schema", SCHEMA)), false],
      [question("plain", "USAGE", at("type", SCHEMA, "e")), true],
      [question("plain", "USAGE", at("language", "sql")), true],
      [question("plain", "CREATE", at("tablespace", "pg_default")), true],
      [question("plain", "CREATE", at("database", "postgres")), true],
      [question(PUBLIC, "TEMPORARY", at("database", "postgres")), true],
      [question("plain", "SELECT", at("large-object", "4711")), modern(18)],
      [question("plain", "SET", at("parameter", "work_mem")), modern(15)],
      [question("no such role", "SELECT", at("table", SCHEMA, "t")), null],
      [question("plain", "SELECT", at("table", SCHEMA, "no such table")), null],
      [question("plain", "USAGE", at("foreign-server", "no such server")), null],
      [question("plain", "USAGE", at("foreign-data-wrapper", "no such wrapper")), null],
    ];
    expect(await transaction.ask(asked.map(([one]) => one))).toEqual(asked.map(([, answer]) => answer));
  });

  test("many questions are few queries", async () => {
    await using transaction = await begin();
    const one = question("plain", "SELECT", at("table", SCHEMA, "t"));
    const answers = await transaction.ask(Array.from({ length: 50_000 }, () => one));
    expect(answers).toHaveLength(50_000);
    expect(new Set(answers)).toEqual(new Set([true]));
  });
});

describe("one applier at a time", () => {
  test("a second one is told who holds the lock, in whatever database it is", async () => {
    await server.query("create database elsewhere");
    await using second = await open(server, { database: "elsewhere", user: "plain" });
    {
      await using _lock = await connection.lockApplier({ holder: "alice@laptop" });
      const error = await failure(() => second.lockApplier({ holder: "bob" }));
      expect(error.code).toBe("RW405");
      expect(error.message).toContain("alice@laptop");
      expect(error.message).toContain("`postgres`");
    }
    await using _again = await second.lockApplier({ holder: "bob" });
  });

  test("the lock of a connection that closes is free", async () => {
    const first = await open(server);
    await first.lockApplier({ holder: "one" });
    await first[Symbol.asyncDispose]();
    const lock = await connection.lockApplier({ holder: "two" });
    await expect(lock[Symbol.asyncDispose]()).resolves.toBeUndefined();
  });
});

describe("sessions of others", () => {
  test("are found by the role that logged in, and ended by their id", async () => {
    const client = await other("plain");
    const before = await connection.sessions(["plain", OWNER]);
    expect(before.complete).toBe(true);
    expect(before.sessions).toMatchObject([{ login: "plain", database: "postgres", current: null }]);
    const id = before.sessions[0]?.id ?? "";
    expect(await connection.endSession(`${id.split("@")[0]}@1.5`)).toBe(false); // Another one that had this process before.
    expect(await connection.endSession(id)).toBe(true);
    await expect.poll(async () => (await connection.sessions(["plain"])).sessions).toEqual([]);
    expect(await connection.endSession(id)).toBe(false);
    await client.end().catch(() => {});
  });

  test("are incomplete without the right to see them, and out of reach without the right to end them", async () => {
    const client = await other();
    await using plain = await open(server, { user: "plain" });
    const { sessions, complete } = await plain.sessions(["postgres"]);
    expect(complete).toBe(false);
    expect(sessions.length).toBeGreaterThan(0);
    expect((await failure(() => plain.endSession(sessions[0]?.id ?? ""))).code).toBe("RW520");
    await client.end();
  });
});

test("a connection survives a restart of the server", async () => {
  await connection.identify();
  await server.kill();
  expect((await failure(() => connection.introspect())).code).toBe("RW501");
  await server.restart();
  await expect.poll(async () => (await connection.identify()).engine).toBe("postgresql");
});
