import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quoteIdentifier as q } from "../../../src/engine/postgresql/quote.ts";
import { privilegesOf } from "../../../src/engine/postgresql/privileges.ts";
import { NOBODY } from "../../../src/model/access-list.ts";
import { defaultPrivilegeKey, rowPolicyKey } from "../../../src/model/access-state.ts";
import { isGone } from "../../../src/engine/postgresql/normalize.ts";
import { membershipKey, PUBLIC } from "../../../src/model/role.ts";
import { readSnapshot, writeSnapshot } from "../../../src/model/snapshot-json.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres.ts";
import { entry, held, holding, read } from "./reading.ts";

/** Names that break whoever does not quote: 63 bytes, quotes, dots, digits, keywords, a role that looks like PUBLIC, text that runs backwards. */
const LONG = "ü".repeat(31) + "x";
const OWNER = 'ow"ner.1';
const READER = "PUBLIC";
const DIGITS = "16384";
const DB = 'S"hop. é';
const S = 'sche"ma.\u202e';
const T = "select";
const RANGE = `"${S.replaceAll('"', '""')}".rng`;

let server: PostgresServer;
let snapshot: Snapshot;

beforeAll(async () => {
  server = await startPostgres();
  await server.query(`create database ${q(DB)}`);
  for (const role of [OWNER, READER, DIGITS, LONG, "creator"]) await server.query(`create role ${q(role)} login`);
  const sql = (text: string): Promise<unknown> => server.query(text, { database: DB });
  await sql(`create schema ${q(S)} authorization ${q(OWNER)}`);
  await sql(`
    set role ${q(OWNER)};
    create table ${q(S)}.${q(T)} (id int generated always as identity, s serial, "a.b" text, ${q(LONG)} text);
    create table ${q(S)}.untouched (id int);
    create table ${q(S)}.nobody (id int);
    create table ${q(S)}.parted (id int) partition by list (id);
    create table ${q(S)}.part partition of ${q(S)}.parted for values in (1);
    create view ${q(S)}.v as select 1 as one;
    create materialized view ${q(S)}.m as select 1 as one;
    create sequence ${q(S)}."seq uence";
    create type ${q(S)}."e num" as enum ('a');
    create type ${q(S)}.comp as (a int);
    create domain ${q(S)}.dom as int;
    create type ${q(S)}.rng as range (subtype = float8);
    create function ${q(S)}."f""n"(int, ${q(S)}."e num"[], out x text) language sql security definer set search_path = '' as $$ select '1' $$;
    create function ${q(S)}."f""n"() returns int language sql as $$ select 1 $$;
    create procedure ${q(S)}.proc(inout a int) language sql as $$ select 1 $$;
    create aggregate ${q(S)}.agg(int) (sfunc = int4pl, stype = int);
    grant select, update on ${q(S)}.${q(T)} to ${q(READER)} with grant option;
    grant insert on ${q(S)}.${q(T)} to public;
    grant select ("a.b"), update (${q(LONG)}) on ${q(S)}.${q(T)} to ${q(DIGITS)};
    revoke all on ${q(S)}.nobody from ${q(OWNER)};
    grant usage on sequence ${q(S)}."seq uence" to ${q(LONG)};
    grant execute on function ${q(S)}."f""n"() to ${q(LONG)};
    revoke execute on procedure ${q(S)}.proc(int) from public;
    grant usage on type ${q(S)}."e num" to ${q(DIGITS)} with grant option;
    grant usage on type ${q(S)}.${q(T)} to ${q(DIGITS)};
    alter table ${q(S)}.${q(T)} enable row level security;
    alter table ${q(S)}.${q(T)} force row level security;
    create policy "po.l" on ${q(S)}.${q(T)} as restrictive for update to ${q(READER)}, public using (id > 1) with check (s <> 2);
    create policy plain on ${q(S)}.${q(T)} to ${q(DIGITS)} using (true);
    alter default privileges in schema ${q(S)} grant select on tables to ${q(DIGITS)};
    alter default privileges grant usage on sequences to ${q(LONG)};
    alter default privileges revoke execute on functions from public;
    reset role;
    grant usage on schema ${q(S)} to ${q(READER)};
    set role ${q(READER)};
    grant select on ${q(S)}.${q(T)} to ${q(DIGITS)};
    reset role;
    revoke usage on schema ${q(S)} from ${q(READER)};
    create foreign data wrapper "wr.ap";
    create server "ser""ver" foreign data wrapper "wr.ap";
    create foreign table ${q(S)}.ft (id int) server "ser""ver";
    grant usage on foreign data wrapper "wr.ap" to ${q(DIGITS)};
    grant usage on foreign server "ser""ver" to ${q(DIGITS)} with grant option;
    revoke usage on language sql from public;
    grant temporary on database ${q(DB)} to ${q(DIGITS)};
    grant create on tablespace pg_default to ${q(DIGITS)};
    select lo_create(4711);
    grant select on large object 4711 to ${q(DIGITS)};
    grant select on pg_catalog.pg_authid to ${q(DIGITS)};
    grant execute on function pg_catalog.pg_ls_dir(text) to ${q(DIGITS)};
    grant select (setting) on pg_catalog.pg_config to ${q(DIGITS)};
    revoke select on information_schema.tables from public;
    create table pg_temp.passing (id int);
  `);
  await server.query(`
    alter role ${q(OWNER)} in database ${q(DB)} set application_name = 'a=b, c';
    alter role ${q(OWNER)} set role = ${q(READER)};
    alter role ${q(LONG)} valid until '2030-01-02 03:04:05.678901+02' connection limit 7;
    alter role ${q(DIGITS)} valid until 'infinity' noinherit createdb;
    grant ${q(READER)} to ${q(DIGITS)} with admin option;
  `);
  if (server.major >= 15) {
    await server.query(`grant set, alter system on parameter work_mem to ${q(DIGITS)}`);
    await sql(`alter view ${q(S)}.v set (security_invoker = on)`);
  }
  snapshot = await read(server);
});
afterAll(() => server.stop());

describe("access lists", () => {
  test("a table has its owner's, PUBLIC's and everybody's entries, by each grantor", () => {
    const table = holding(snapshot, "table", DB, S, T);
    expect(table.owner).toBe(OWNER);
    expect(held(table, OWNER)).toEqual([`${privilegesOf("table", server.major).join(" ")} by ${OWNER}`]);
    expect(held(table, PUBLIC)).toEqual([`INSERT by ${OWNER}`]);
    expect(held(table, READER)).toEqual([`SELECT* UPDATE* by ${OWNER}`]);
    expect(held(table, DIGITS)).toEqual([`SELECT by ${READER}`]);
  });

  test("an empty catalog entry is the written-out default, and an empty list is nobody", () => {
    expect(held(holding(snapshot, "table", DB, S, "untouched"), OWNER)).toHaveLength(1);
    expect(holding(snapshot, "table", DB, S, "nobody").list).toEqual(NOBODY);
    expect(held(holding(snapshot, "routine", DB, S, 'f"n', ""), PUBLIC)).toEqual([`EXECUTE by ${OWNER}`]);
    expect(held(holding(snapshot, "routine", DB, S, "proc", "integer"), PUBLIC)).toEqual([]);
    expect(held(holding(snapshot, "type", DB, S, "dom"), PUBLIC)).toEqual([`USAGE by ${OWNER}`]);
    expect(held(holding(snapshot, "database", DB), PUBLIC)).toEqual(["CONNECT TEMPORARY by postgres"]);
    expect(held(holding(snapshot, "database", "template1"), PUBLIC)).toEqual(["CONNECT by postgres"]);
  });

  test("a list that was written out equals the default that it says", () => {
    expect(holding(snapshot, "table", DB, S, "untouched").list).toBe(holding(snapshot, "table", DB, S, "m").list);
  });

  test("columns have entries only where they have a list", () => {
    expect(held(holding(snapshot, "column", DB, S, T, "a.b"), DIGITS)).toEqual([`SELECT by ${OWNER}`]);
    expect(held(holding(snapshot, "column", DB, S, T, LONG), DIGITS)).toEqual([`UPDATE by ${OWNER}`]);
    const columns = [...snapshot.access.holdings.values()].filter((h) => h.resource.kind === "column");
    expect(columns.filter((h) => h.resource.path[1] === S)).toHaveLength(2);
    expect(columns.map((h) => h.owner)).toEqual(columns.map(() => null));
  });

  test("every other kind is read with its own privileges", () => {
    expect(held(holding(snapshot, "sequence", DB, S, "seq uence"), LONG)).toEqual([`USAGE by ${OWNER}`]);
    expect(held(holding(snapshot, "routine", DB, S, 'f"n', ""), LONG)).toEqual([`EXECUTE by ${OWNER}`]);
    expect(held(holding(snapshot, "type", DB, S, "e num"), DIGITS)).toEqual([`USAGE* by ${OWNER}`]);
    expect(held(holding(snapshot, "foreign-data-wrapper", DB, "wr.ap"), DIGITS)).toEqual(["USAGE by postgres"]);
    expect(held(holding(snapshot, "foreign-server", DB, 'ser"ver'), DIGITS)).toEqual(["USAGE* by postgres"]);
    expect(held(holding(snapshot, "language", DB, "sql"), PUBLIC)).toEqual([]);
    expect(held(holding(snapshot, "database", DB), DIGITS)).toEqual(["TEMPORARY by postgres"]);
    expect(held(holding(snapshot, "tablespace", "pg_default"), DIGITS)).toEqual(["CREATE by postgres"]);
    expect(held(holding(snapshot, "large-object", DB, "4711"), DIGITS)).toEqual(["SELECT by postgres"]);
    expect(held(holding(snapshot, "schema", DB, S), OWNER)).toEqual([`CREATE USAGE by ${OWNER}`]);
    const parameters = [...snapshot.access.holdings.values()].filter((h) => h.resource.kind === "parameter");
    expect(parameters.map((h) => [h.resource.path[0], h.owner, held(h, DIGITS)])).toEqual(
      server.major >= 15 ? [["work_mem", null, ["ALTER SYSTEM SET by postgres"]]] : [],
    );
  });

  test("a row type has an entry only when it has a list of its own, and arrays have none", () => {
    expect(held(holding(snapshot, "type", DB, S, T), DIGITS)).toEqual([`USAGE by ${OWNER}`]);
    const types = [...snapshot.access.holdings.values()].filter((h) => h.resource.kind === "type");
    expect(types.filter((h) => h.resource.path[1] === S).map((h) => h.resource.path[2])).toEqual(
      ["comp", "dom", "e num", "rng", T].sort(),
    );
  });

  test("of the server's own objects those are read whose access was changed, and no temporary ones", () => {
    expect(held(holding(snapshot, "table", DB, "pg_catalog", "pg_authid"), DIGITS)).toEqual(["SELECT by postgres"]);
    expect(held(holding(snapshot, "table", DB, "information_schema", "tables"), PUBLIC)).toEqual([]);
    expect(held(holding(snapshot, "column", DB, "pg_catalog", "pg_config", "setting"), DIGITS)).toHaveLength(1);
    expect(held(holding(snapshot, "routine", DB, "pg_catalog", "pg_ls_dir", "text"), DIGITS)).toHaveLength(1);
    const system = [...snapshot.catalog.entries.values()].filter((item) => item.system === true);
    const inShop = system.filter((item) => item.resource.path[0] === DB && item.resource.kind !== "language");
    expect(inShop.map((item) => item.resource.path.slice(1).join("."))).toEqual([
      "pg_catalog.pg_config.setting",
      "pg_catalog.pg_ls_dir.text",
      "information_schema",
      "pg_catalog",
      "information_schema.tables",
      "pg_catalog.pg_authid",
    ]);
    const schemas = [...snapshot.access.holdings.values()].filter((h) => h.resource.kind === "schema");
    expect(schemas.filter((h) => /^pg_(temp|toast)/.test(h.resource.path[1] ?? ""))).toEqual([]);
  });
});

describe("the catalog", () => {
  test("says what each relation, routine and type exactly is", () => {
    const forms = (kind: "table" | "routine" | "type"): Record<string, string | undefined> =>
      Object.fromEntries(
        [...snapshot.catalog.entries.values()]
          .filter((item) => item.resource.kind === kind && item.resource.path[1] === S)
          .map((item) => [item.resource.path.slice(2).join(" "), item.form]),
      );
    expect(forms("table")).toEqual({
      [T]: "table",
      untouched: "table",
      nobody: "table",
      parted: "partitioned-table",
      part: "table",
      v: "view",
      m: "materialized-view",
      ft: "foreign-table",
    });
    expect(forms("routine")).toEqual({
      'f"n ': "function",
      [`f"n integer, "${S.replaceAll('"', '""')}"."e num"[]`]: "function",
      "proc integer": "procedure",
      "agg integer": "aggregate",
      // The server makes these with the range type; they can be granted like any other.
      "rng double precision, double precision": "function",
      "rng double precision, double precision, text": "function",
      ...(server.major < 14
        ? {}
        : {
            "rng_multirange ": "function",
            [`rng_multirange ${RANGE}`]: "function",
            [`rng_multirange ${RANGE}[]`]: "function",
          }),
    });
    expect(forms("type")).toEqual({
      [T]: "composite",
      "e num": "enum",
      comp: "composite",
      dom: "domain",
      rng: "range",
    });
  });

  test("knows columns, partitions, and which sequence serves which column", () => {
    expect(entry(snapshot, "table", DB, S, T).columns).toEqual(["id", "s", "a.b", LONG]);
    expect(entry(snapshot, "table", DB, S, "part").partitionOf).toEqual({ kind: "table", path: [DB, S, "parted"] });
    const serves = (name: string): unknown => entry(snapshot, "sequence", DB, S, name).serves;
    expect(serves(`${T}_id_seq`)).toEqual({ column: { kind: "column", path: [DB, S, T, "id"] }, by: "identity" });
    expect(serves(`${T}_s_seq`)).toEqual({ column: { kind: "column", path: [DB, S, T, "s"] }, by: "serial" });
    expect(serves("seq uence")).toBeUndefined();
  });

  test("knows what runs with whose rights", () => {
    const definer = entry(snapshot, "routine", DB, S, 'f"n', `integer, "${S.replaceAll('"', '""')}"."e num"[]`);
    expect(definer).toMatchObject({ securityDefiner: true, settings: ['search_path=""'] });
    expect(entry(snapshot, "routine", DB, S, 'f"n', "").securityDefiner).toBeUndefined();
    expect(entry(snapshot, "table", DB, S, "v").securityInvoker).toBe(server.major >= 15 ? true : undefined);
    expect(entry(snapshot, "table", DB, S, "m").securityInvoker).toBeUndefined();
  });

  test("knows extension members and untrusted languages", () => {
    expect(entry(snapshot, "language", DB, "plpgsql").extension).toBe("plpgsql");
    expect(entry(snapshot, "language", DB, "c").untrusted).toBe(true);
    expect(entry(snapshot, "language", DB, "sql").untrusted).toBeUndefined();
  });
});

describe("roles", () => {
  test("have their attributes and settings as the catalog holds them", () => {
    expect(snapshot.access.roles.get(LONG)?.attributes).toEqual({
      bypassrls: false,
      connection_limit: 7,
      createdb: false,
      createrole: false,
      inherit: true,
      login: true,
      replication: false,
      superuser: false,
      valid_until: "2030-01-02T01:04:05.678901Z",
    });
    expect(snapshot.access.roles.get(DIGITS)?.attributes).toMatchObject({
      valid_until: null, // `infinity` and nothing mean the same, and only the former can be written.
      inherit: false,
      createdb: true,
    });
    expect(snapshot.access.roles.get(READER)?.attributes["valid_until"]).toBeNull();
    expect(snapshot.access.roles.get(OWNER)?.settings).toEqual([
      { database: null, name: "role", value: READER },
      { database: DB, name: "application_name", value: "a=b, c" },
    ]);
  });

  test("come from people, from the server, or are its first superuser", () => {
    expect(snapshot.access.roles.get("postgres")?.origin).toBe("bootstrap");
    expect(snapshot.access.roles.get("pg_monitor")?.origin).toBe("predefined");
    expect(snapshot.access.roles.get(READER)?.origin).toBe("user");
    expect(snapshot.actor).toEqual({ role: "postgres", superuser: true, bootstrap: "postgres", provider: null });
  });

  test("have memberships with the options that their version knows", async () => {
    const key = membershipKey({ role: READER, member: DIGITS, grantor: "postgres" });
    expect(snapshot.access.memberships.get(key)).toEqual({
      role: READER,
      member: DIGITS,
      grantor: "postgres",
      admin: true,
      // The member is NOINHERIT: from 16 on that was fixed when it became one; before, it is the member's own attribute that counts.
      inherit: server.major < 16,
      set: true,
      implied: false,
    });
  });

  test("the creator's own row is marked as the server's work", async () => {
    await server.query("alter role creator createrole");
    await server.query("create role made", { user: "creator" });
    const after = await read(server, {}, ["postgres"]);
    const key = membershipKey({ role: "made", member: "creator", grantor: "postgres" });
    const row = { role: "made", member: "creator", grantor: "postgres", admin: true, inherit: false, set: false };
    expect(after.access.memberships.get(key)).toEqual(server.major >= 16 ? { ...row, implied: true } : undefined);
  });
});

describe("rules of a database", () => {
  test("default privileges stand by creator, schema and kind", () => {
    const at = (schema: string | null, kind: "table" | "sequence" | "routine"): unknown =>
      snapshot.access.defaultPrivileges
        .get(defaultPrivilegeKey({ creator: OWNER, database: DB, schema, kind }))
        ?.list.entries.map((item) => `${item.grantee}: ${item.privileges.join(" ")}`);
    expect(at(S, "table")).toEqual([`${DIGITS}: SELECT`]);
    expect(at(null, "sequence")).toEqual([`${OWNER}: SELECT UPDATE USAGE`, `${LONG}: USAGE`]);
    expect(at(null, "routine")).toEqual([`${OWNER}: EXECUTE`]);
    expect(snapshot.access.defaultPrivileges.size).toBe(3);
  });

  test("row policies and row security are read with the server's own text", () => {
    const table = { kind: "table" as const, path: [DB, S, T] };
    expect(snapshot.access.rowPolicies.get(rowPolicyKey({ table, name: "po.l" }))).toEqual({
      table,
      name: "po.l",
      command: "UPDATE",
      permissive: false,
      roles: [PUBLIC],
      using: "(id > 1)",
      check: "(s <> 2)",
    });
    expect(snapshot.access.rowPolicies.get(rowPolicyKey({ table, name: "plain" }))).toMatchObject({
      command: "ALL",
      permissive: true,
      roles: [DIGITS],
      check: null,
    });
    expect(holding(snapshot, "table", DB, S, T).rowSecurity).toEqual({ enabled: true, forced: true });
    expect(holding(snapshot, "table", DB, S, "untouched").rowSecurity).toBeUndefined();
  });
});

describe("a reading as a whole", () => {
  test("says which server it was, and when", async () => {
    expect(snapshot.version).toMatchObject({ product: "PostgreSQL", major: server.major });
    expect(snapshot.identity.engine).toBe("postgresql");
    expect(snapshot.identity.server).toMatch(/^\d{19}$/);
    expect(snapshot.identity.databases).toEqual([DB, "postgres"].sort());
    expect(snapshot.catalog.databases).toEqual(snapshot.identity.databases);
    expect(Math.abs(Date.now() - Date.parse(snapshot.takenAt))).toBeLessThan(60_000);
    expect(snapshot.limits["max_locks"]).toBe(64 * 100);
    expect(snapshot.unknowns).toEqual([]);
  });

  test("is the same every time, and survives being saved", async () => {
    const again = await read(server);
    const oncemore = await read(server);
    expect(writeSnapshot({ ...oncemore, takenAt: again.takenAt })).toBe(writeSnapshot(again));
    expect(readSnapshot(writeSnapshot(snapshot))).toEqual(snapshot);
  });

  test("names a role that was dropped behind its grants, and calls it unknown", async () => {
    await server.query("create role ghost", { database: DB });
    await server.query("create table public.haunted (id int); grant select on public.haunted to ghost", {
      database: DB,
    });
    // The server forbids this; broken catalogs exist all the same.
    await server.query("delete from pg_shdepend where refobjid = 'ghost'::regrole; drop role ghost", { database: DB });
    const after = await read(server, {}, [DB]);
    const ghosts = holding(after, "table", DB, "public", "haunted").list.entries.filter((item) => isGone(item.grantee));
    expect(ghosts).toHaveLength(1);
    expect(after.unknowns.map((item) => item.subject)).toEqual([expect.stringMatching(/^role with the id \d+$/)]);
    await server.query("drop table public.haunted", { database: DB });
  });
});
