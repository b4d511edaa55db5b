import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Posture } from "../../../src/model/posture.ts";
import type { PostgresPosture } from "../../../src/model/posture/postgresql.ts";
import { describeTyped } from "../../../src/model/resource.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres.ts";
import { open } from "./reading.ts";

const HASH = `md5${"0123456789abcdef".repeat(2)}`;

let server: PostgresServer;
let all: Posture;
let weak: Posture;
let own: PostgresPosture;

async function posture(user: string): Promise<Posture> {
  await using connection = await open(server, { user }, { databases: ["postgres", "two"] });
  return await connection.posture(await connection.introspect());
}

beforeAll(async () => {
  server = await startPostgres({ settings: { lo_compat_privileges: "on" } });
  await server.query("create database two");
  await server.query(`
    create role "We'ird ""o" login; create role plain login password '${HASH}'; create role fn_owner;
    grant create on schema public to "We'ird ""o";
    create schema "s p.x" authorization "We'ird ""o";
    set role "We'ird ""o";
    create table "s p.x"."t.1" (id int primary key, secret text);
    create function "s p.x".def() returns int language plpgsql security definer as $$ begin execute 'select 1'; return 1; end $$;
    create function "s p.x".fixed() returns int language sql security definer set search_path = pg_catalog, pg_temp as $$ select 1 $$;
    create function "s p.x".trig() returns trigger language plpgsql as $$ begin return new; end $$;
    create function "s p.x".low(text) returns text language sql immutable as $$ select lower($1) $$;
    create trigger "tr g" before insert on "s p.x"."t.1" execute function "s p.x".trig();
    create index "ix" on "s p.x"."t.1" ("s p.x".low(secret));
    create view "s p.x".v as select * from "s p.x"."t.1";
    create table "s p.x".child () inherits ("s p.x"."t.1");
    reset role;
    create view hashes as select rolname, rolpassword from pg_authid;
    create function evt() returns event_trigger language plpgsql as $$ begin end $$;
    create event trigger guard on ddl_command_start execute function evt();
    alter function evt() owner to fn_owner;
    create function native(int, int) returns int language internal as 'int4pl' strict;
    alter database two set search_path = 'x', public;
    alter role all set work_mem = '5MB';
    grant execute on function pg_read_file(text) to plain;
    create extension postgres_fdw;
    create server "lo op" foreign data wrapper postgres_fdw options (host 'localhost', port '${server.port}');
    create user mapping for plain server "lo op" options (user 'postgres', password 'mapping-secret', password_required 'false');
    create user mapping for public server "lo op" options (user 'o=ther');
    create user mapping for fn_owner server "lo op";
    create subscription "su b" connection 'host=nowhere password=subscription-secret' publication p with (connect = false);
  `);
  await server.query(`create schema kept; alter default privileges in schema kept grant select on tables to plain`, {
    database: "template1",
  });
  if (server.major >= 14) {
    await server.query(
      `create function "s p.x".atomic() returns bigint language sql security definer begin atomic select count(*) from "s p.x"."t.1"; end`,
    );
  }
  all = await posture("postgres");
  weak = await posture("plain");
  own = all.postgresql as PostgresPosture;
});
afterAll(async () => await server.stop());

describe("what a superuser reads", () => {
  test("settings, those of databases among them, and no unknowns but its own", () => {
    expect(own.settings.get("lo_compat_privileges")).toBe("on");
    expect(own.settings.get("search_path")).toBe('"$user", public');
    expect(own.settings.get("work_mem")).toBeUndefined();
    expect(all.unknowns.map((each) => each.subject)).toEqual(["setting `work_mem`"]);
    expect(own.databaseSettings).toEqual([
      { database: "two", name: "search_path", value: "x, public" },
      { database: null, name: "work_mem", value: "5MB" },
    ]);
    expect(own.databases).toEqual(["postgres", "two"]);
  });

  test("the form of passwords, never the hash", () => {
    expect(all.logins.get("plain")).toMatchObject({ password: "weak", form: "md5" });
    expect(all.logins.get("We'ird \"o")).toMatchObject({ password: "none", form: null });
    expect(JSON.stringify([...all.logins])).not.toContain(HASH.slice(3));
  });

  test("pg_hba.conf and what it means for a login", () => {
    expect(own.hba?.length).toBeGreaterThan(0);
    expect(own.hba?.[0]).toMatchObject({ type: "local", databases: ["all"], users: ["all"], method: "trust" });
    expect(all.logins.get("plain")).toMatchObject({ letInWithoutProof: true, remote: false, lastLogin: null });
  });

  test("definer routines and native code with what they run under, and no other routine", () => {
    const facts = own.routines?.map((each) => [
      describeTyped(each.routine),
      each.owner,
      each.language,
      each.definer,
      each.untrusted,
      each.searchPath,
      each.dynamic,
      each.atomic,
    ]);
    const o = "We'ird \"o";
    expect(facts).toEqual([
      ["routine public.native(integer, integer)", "postgres", "internal", false, true, null, false, false],
      ...(server.major >= 14 ? [['routine "s p.x".atomic()', "postgres", "sql", true, false, null, false, true]] : []),
      ['routine "s p.x".def()', o, "plpgsql", true, false, null, true, false],
      ['routine "s p.x".fixed()', o, "sql", true, false, "pg_catalog, pg_temp", false, false],
    ]);
  });

  test("what views read, secrets of the server included", () => {
    expect(own.views?.map((each) => [describeTyped(each.view), each.reads.map(describeTyped)])).toEqual([
      ["table public.hashes", ["table pg_catalog.pg_authid"]],
      ['table "s p.x".v', ['table "s p.x"."t.1"']],
    ]);
  });

  test("triggers, event triggers and indexes with the code that they run", () => {
    expect(own.triggers).toMatchObject([{ name: "tr g", routineOwner: "We'ird \"o", enabled: true }]);
    expect(own.eventTriggers).toMatchObject([
      { database: "postgres", name: "guard", owner: "postgres", event: "ddl_command_start", routineOwner: "fn_owner" },
    ]);
    expect(own.indexes).toMatchObject([{ name: "ix", routines: [{ path: ["postgres", "s p.x", "low", "text"] }] }]);
    expect(own.inherits?.map((each) => each.child.path[2])).toEqual(["child"]);
  });

  test("lists of the server's own objects that were changed, with the first one", () => {
    expect(own.changedLists?.filter((each) => each.resource.kind === "routine")).toEqual([
      {
        resource: { kind: "routine", path: ["postgres", "pg_catalog", "pg_read_file", "text"] },
        extension: null,
        initial: [{ grantee: "postgres", privilege: "EXECUTE", grantable: false }],
      },
    ]);
    expect(own.changedLists?.filter((each) => each.resource.path[0] === "two")).toEqual([]);
  });

  test("foreign servers, whom one is there, and what is subscribed to, without a secret", () => {
    const loop = { kind: "foreign-server", path: ["postgres", "lo op"] };
    expect(own.foreignServers).toEqual([
      {
        server: loop,
        wrapper: "postgres_fdw",
        options: new Map([
          ["host", "localhost"],
          ["port", `${server.port}`],
        ]),
      },
    ]);
    expect(
      own.userMappings?.map((each) => [each.role, [...(each.options ?? [])], each.hasPassword, each.passwordRequired]),
    ).toEqual([
      ["", [["user", "o=ther"]], false, true],
      ["fn_owner", [], false, true],
      [
        "plain",
        [
          ["user", "postgres"],
          ["password_required", "false"],
        ],
        true,
        false,
      ],
    ]);
    expect(own.subscriptions).toEqual([
      {
        database: "postgres",
        name: "su b",
        owner: "postgres",
        enabled: false,
        runAsOwner: server.major < 16,
        passwordRequired: server.major < 16 ? null : true,
      },
    ]);
    expect(own.extensions?.map((each) => `${each.database} ${each.name}`)).toEqual([
      "postgres plpgsql",
      "postgres postgres_fdw",
      "two plpgsql",
    ]);
    const everything = JSON.stringify([all, weak], (_, value: unknown) => (value instanceof Map ? [...value] : value));
    expect(everything).toContain("lo op");
    expect(everything).not.toMatch(/mapping-secret|subscription-secret/u);
  });

  test("what stands in template1", () => {
    expect(own.template).toEqual(["default privileges of postgres", "schema kept"]);
  });
});

test("an ordinary role reads the rest, and what it may not read is null and named", () => {
  expect(weak.postgresql?.hba).toBeNull();
  expect(weak.logins.get("plain")).toEqual({
    password: null,
    form: null,
    letInWithoutProof: null,
    remote: null,
    lastLogin: null,
  });
  expect(weak.postgresql?.routines).toEqual(own.routines);
  expect(weak.postgresql?.views).toEqual(own.views);
  expect(weak.postgresql?.subscriptions).toEqual(own.subscriptions);
  expect(weak.postgresql?.userMappings?.map((each) => [each.role, each.options, each.hasPassword])).toEqual([
    ["", null, null],
    ["fn_owner", null, null],
    ["plain", null, null],
  ]);
  expect(weak.unknowns.map((each) => each.subject)).toEqual(["passwords", "pg_hba.conf", "setting `work_mem`"]);
});
