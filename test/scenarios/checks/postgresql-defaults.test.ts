import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULTS } from "../../../src/analysis/checks/defaults/index.ts";
import type { CheckRun } from "../../../src/analysis/checks/run-checks.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres.ts";
import { brief, checkLive, mend, refusal } from "./live-postgresql.ts";

const SHOP = { database: "shop" };

/** One schema for each check, with roles of its own. */
const SETUP: readonly string[] = [
  // DEF-01: the owner promises nothing, and a login that deploys makes tables as itself.
  `create role new_owner; create role new_app login; create role "new ""dev" login in role new_owner; create schema new_s authorization new_owner;
   set role new_owner; create table new_s.a (id int); create table new_s.b (id int); grant usage on schema new_s to new_app;
   grant select on all tables in schema new_s to new_app; reset role;
   create role new_fine login; create schema new_fine authorization new_fine; grant usage on schema new_fine to new_app;
   alter default privileges for role new_fine in schema new_fine grant select on tables to new_app`,
  // DEF-02
  `create role idle_group; create role idle_dev login in role idle_group; create role idle_app; create schema idle_s; grant create, usage on schema idle_s to idle_group;
   alter default privileges for role idle_group in schema idle_s grant update on sequences to idle_app;
   set role idle_dev; create sequence idle_s.made; reset role`,
  // DEF-04
  `create role open_owner login; create schema open_s authorization open_owner;
   alter default privileges for role open_owner in schema open_s grant select on sequences to public;
   create role open_caller login; grant usage on schema open_s to open_caller; alter default privileges for role open_owner revoke execute on functions from public`,
  // DEF-05
  `create role void_owner login; create schema void_s authorization void_owner; create role void_caller login; grant usage on schema void_s to void_caller;
   alter default privileges for role void_owner revoke execute on functions from public, void_owner`,
  // DEF-06
  `create role old_owner login; create schema old_s authorization old_owner; create role old_app login; grant usage on schema old_s to old_app;
   set role old_owner; create table old_s.before (id int); reset role;
   alter default privileges for role old_owner in schema old_s grant select on tables to old_app;
   set role old_owner; create table old_s.later (id int); reset role`,
  // DEF-07
  `create role half_owner login; create schema half_s authorization half_owner; create role half_app login; grant usage on schema half_s to half_app;
   create role half_far login;
   alter default privileges for role half_owner in schema half_s grant insert, select on tables to half_app;
   alter default privileges for role half_owner in schema half_s grant select on tables to half_far;
   set role half_owner; create table half_s.numbered (id serial, what text); grant usage on half_s.numbered_id_seq to half_app; reset role`,
  // DEF-09: the fifth was dropped and made again, and a partition came.
  `create role lost_owner; create role lost_app login; create schema lost_s authorization lost_owner; grant usage on schema lost_s to lost_app; set role lost_owner;
   create table lost_s.a (id int); create table lost_s.b (id int); create table lost_s.c (id int); create table lost_s.d (id int); create table lost_s.e (id int);
   create table lost_s.parts (id int) partition by list (id); create table lost_s.p1 partition of lost_s.parts for values in (1);
   grant trigger on all tables in schema lost_s to lost_app; grant trigger, references on lost_s.p1 to lost_app;
   drop table lost_s.e; create table lost_s.e (id int); create table lost_s.p2 partition of lost_s.parts for values in (2); reset role`,
];

const EXPECTED = [
  "DEF-01 high new_owner",
  'DEF-01 medium new "dev',
  "DEF-02 medium idle_group",
  "DEF-04 high -",
  "DEF-05 critical void_owner",
  "DEF-06 medium old_app",
  "DEF-07 medium half_app",
  "DEF-07 medium half_far",
  "DEF-09 medium lost_app",
  "DEF-09 medium lost_app",
];

let server: PostgresServer;
let before: CheckRun;

beforeAll(async () => {
  server = await startPostgres();
  await server.query("create database shop");
  for (const sql of SETUP) await server.query(sql, SHOP);
  before = await checkLive(server, DEFAULTS);
});
afterAll(async () => {
  await server?.stop();
});

/** What a role is told when it asks for what another has just made. */
async function afterMaking(
  maker: string,
  making: string,
  asked: { readonly user: string; readonly sql: string },
): Promise<string | null> {
  await server.query(`set role ${maker}; ${making}`, SHOP);
  return await refusal(server, asked.sql, { ...SHOP, user: asked.user });
}

describe("before the fixes", () => {
  test("each set-up is found by its own check, and nothing else", () => {
    expect(brief(before)).toEqual([...EXPECTED].sort());
    expect(before.notEvaluated.map(({ check }) => check)).toEqual(["DEF-03", "DEF-08"]);
  });

  test("the next table of each creator that was found is closed, and that of the other is open", async () => {
    const reads = (name: string): { user: string; sql: string } => ({ user: "new_app", sql: `select * from ${name}` });
    expect(await afterMaking("new_owner", "create table new_s.c (id int)", reads("new_s.c"))).toBe("42501");
    expect(await afterMaking('"new ""dev"', "create table new_s.d (id int)", reads("new_s.d"))).toBe("42501");
    expect(await afterMaking("new_fine", "create table new_fine.a (id int)", reads("new_fine.a"))).toBeNull();
    await server.query("drop table new_s.c, new_s.d, new_fine.a", SHOP);
  });

  test("the promise of a group does not reach what its members make", async () => {
    const [row] = await server.query<{ held: boolean }>(
      "select has_sequence_privilege('idle_app', 'idle_s.made', 'update') as held",
      SHOP,
    );
    expect(row?.held).toBe(false);
  });

  test("what is open to everybody is open the moment that it is made", async () => {
    const sequence = { user: "open_caller", sql: "select last_value from open_s.made" };
    expect(await afterMaking("open_owner", "create sequence open_s.made", sequence)).toBeNull();
    const routine = { user: "open_caller", sql: "select open_s.f()" };
    const making = "create function open_s.f() returns int language sql as 'select 1'";
    expect(await afterMaking("open_owner", making, routine)).toBe("42501");
    await server.query("drop sequence open_s.made; drop function open_s.f()", SHOP);
  });

  test("default privileges that leave nobody anything let everybody execute new functions", async () => {
    const making = "create function void_s.f() returns int language sql as 'select 1'";
    const asked = { user: "void_caller", sql: "select void_s.f()" };
    expect(await afterMaking("void_owner", making, asked)).toBeNull();
    await server.query("drop function void_s.f()", SHOP);
  });

  test("what was made before the promise is closed, and half a promise does not insert", async () => {
    const read = async (name: string): Promise<string | null> =>
      await refusal(server, `select * from old_s.${name}`, { ...SHOP, user: "old_app" });
    expect([await read("before"), await read("later")]).toEqual(["42501", null]);
    const inserts = { user: "half_app", sql: "insert into half_s.next (what) values ('x')" };
    expect(await afterMaking("half_owner", "create table half_s.next (id serial, what text)", inserts)).toBe("42501");
    const far = { ...SHOP, user: "half_far" };
    expect(await refusal(server, "select * from half_s.next", far)).toBe("42501");
    await server.query("drop table half_s.next", SHOP);
  });

  test("types need no privilege to be read and written", async () => {
    await server.query(
      `set role half_owner; create type half_s.mood as enum ('fine'); revoke usage on type half_s.mood from public;
       create table half_s.moods (mood half_s.mood)`,
      SHOP,
    );
    const at = { ...SHOP, user: "half_app" };
    expect(
      await refusal(server, "insert into half_s.moods values ('fine'); select * from half_s.moods", at),
    ).toBeNull();
    await server.query("drop table half_s.moods; drop type half_s.mood", SHOP);
  });
});

describe("after the fixes", () => {
  let after: CheckRun;
  beforeAll(async () => {
    await mend(
      server,
      "shop",
      before.findings.filter(({ mend: { changes = [] } }) => changes.length > 0),
    );
    after = await checkLive(server, DEFAULTS);
  });

  test("nothing is found", () => {
    expect(brief(after)).toEqual([]);
    expect(after.notEvaluated.map(({ check }) => check)).toEqual(["DEF-03", "DEF-08"]);
  });

  test("the next tables are open to those who use them, and closed to everybody else", async () => {
    const reads = (name: string): { user: string; sql: string } => ({ user: "new_app", sql: `select * from ${name}` });
    expect(await afterMaking("new_owner", "create table new_s.c (id int)", reads("new_s.c"))).toBeNull();
    expect(await afterMaking('"new ""dev"', "create table new_s.d (id int)", reads("new_s.d"))).toBeNull();
    const sequence = { user: "open_caller", sql: "select last_value from open_s.made" };
    expect(await afterMaking("open_owner", "create sequence open_s.made", sequence)).toBe("42501");
    const making = "create function void_s.f() returns int language sql as 'select 1'";
    const execute = { user: "void_caller", sql: "select void_s.f()" };
    expect(await afterMaking("void_owner", making, execute)).toBe("42501");
    const inserts = { user: "half_app", sql: "insert into half_s.next (what) values ('x')" };
    expect(await afterMaking("half_owner", "create table half_s.next (id serial, what text)", inserts)).toBeNull();
    const old = { ...SHOP, user: "old_app" };
    expect(await refusal(server, "select * from old_s.before", old)).toBeNull();
  });
});
