import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postgresql } from "../../../src/engine/postgresql/index.ts";
import { Secret } from "../../../src/base/secret.ts";
import { MAJORS } from "../../property/majors.ts";
import { applyOptions } from "../../support/applying.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres.ts";
import { type Applied, applyText, dangersOf, type Tried, tryAll } from "../../support/preset-trial.ts";

const SETUP = `
  create role app_owner; create schema sales authorization app_owner; create schema "we""ird.Schéma" authorization app_owner;
  create schema lax authorization app_owner;
  set role app_owner;
  create table sales.orders(id serial primary key, t text); create index by_text on sales.orders(t);
  insert into sales.orders(t) values ('a row');
  create table sales.parts(id int) partition by range(id);
  create table sales.parts_1 partition of sales.parts for values from (0) to (10);
  insert into sales.parts values (1);
  create materialized view sales.mv as select * from sales.orders;
  create view sales.v as select * from sales.orders;
  create view sales.numbers as select nextval('sales.orders_id_seq');
  create table "we""ird.Schéma"."o.d t" (id int);
  create function sales.log_it() returns void language sql as $$insert into sales.orders(t) values ('logged')$$;
  create function sales.secure() returns void language sql security definer set search_path = pg_catalog, pg_temp
    as $$insert into sales.orders(t) values ('secure')$$;
  revoke execute on function sales.secure() from public;
  create function sales.tidy() returns void language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$begin analyze sales.orders; reindex table sales.orders; cluster sales.orders using by_text; refresh materialized view sales.mv; end$$;
  revoke execute on function sales.tidy() from public;
  create table lax.notes(t text);
  create function lax.leak() returns void language sql security definer set search_path = pg_catalog, pg_temp
    as $$insert into lax.notes values ('everybody')$$;
  reset role;`;

const WEIRD = `'"we""ird.Schéma"'`;
const MANIFEST = `roles:
  reader:
    because: analysts read
    presets: [{ preset: read-only, schemas: [sales, ${WEIRD}], creators: [app_owner] }, { preset: read-only@1, schemas: [lax] }]
  writer: { presets: [{ preset: read-write@1, schemas: [sales], creators: [app_owner] }] }
  keeper: { presets: [{ preset: maintenance, schemas: [sales, ${WEIRD}], creators: [app_owner] }] }
  chief: { presets: [{ preset: admin, schemas: [sales], creators: discovered }] }
  try_reader: { login: true, member_of: [reader] }
  try_writer: { login: true, member_of: [writer] }
  try_keeper: { login: true, member_of: [keeper] }
  try_chief: { login: true, member_of: [{ role: chief, inherit: true }] }
  deputies: { member_of: [{ role: chief, inherit: true }] }
  silent: { login: true, member_of: [deputies] }
`;

/** What nobody can do who neither owns nor administers. */
const NEVER: Tried = {
  "begin; alter table sales.orders add c int": "42501",
  "begin; drop table sales.orders": "42501",
  "begin; drop schema sales cascade": "42501",
  "begin; create index on sales.orders(id)": "42501",
  "begin; create trigger t before insert on sales.orders for each row execute function suppress_redundant_updates_trigger()":
    "42501",
  "begin; create policy p on sales.orders": "42501",
  "begin; alter table sales.orders owner to current_user": "42501",
  "begin; alter default privileges for role app_owner grant select on tables to public": "42501",
  "begin; create role another": "42501",
  "set role app_owner": "42501",
  "reindex schema sales": "42501",
};

const READER: Tried = {
  ...NEVER,
  "select * from sales.orders": "ok",
  "select * from sales.v": "ok",
  "select * from sales.mv": "ok",
  "select * from sales.parts": "ok",
  'select * from "we""ird.Schéma"."o.d t"': "ok",
  "begin; lock table sales.orders in access share mode": "ok",
  "begin; lock table sales.orders in row share mode": "42501",
  "begin; lock table sales.orders in exclusive mode": "42501",
  "select * from sales.orders for update": "42501",
  "select * from sales.orders for key share": "42501",
  "insert into sales.orders(t) values ('x')": "42501",
  "update sales.orders set t = 'x'": "42501",
  "delete from sales.orders": "42501",
  "truncate sales.orders": "42501",
  "copy sales.orders from stdin": "42501",
  "select nextval('sales.orders_id_seq')": "42501",
  "select setval('sales.orders_id_seq', 100)": "42501",
  "select * from sales.numbers": "42501",
  "select sales.log_it()": "42501",
  "select sales.secure()": "42501",
  "refresh materialized view sales.mv": "42501",
  "begin; create table sales.x(i int)": "42501",
  // Everybody's own: in no schema of the preset's.
  "begin; create temporary table x(i int)": "ok",
};

const WRITER: Tried = {
  ...NEVER,
  "select * from sales.orders for update": "ok",
  "insert into sales.orders(t) values ('x')": "ok",
  "update sales.orders set t = 'y' where t = 'x'": "ok",
  "delete from sales.orders where t = 'y'": "ok",
  "insert into sales.parts values (2)": "ok",
  "select nextval('sales.orders_id_seq')": "ok",
  // UPDATE and DELETE bring every lock along.
  "begin; lock table sales.orders in access exclusive mode": "ok",
  "select setval('sales.orders_id_seq', 100)": "42501",
  "insert into sales.parts_1 values (2)": "42501",
  "truncate sales.orders": "42501",
  "select sales.secure()": "42501",
  "refresh materialized view sales.mv": "42501",
  "begin; create table sales.x(i int)": "42501",
  "grant select on sales.orders to public": "warning 01007",
};

const MAINTENANCE: readonly string[] = [
  "vacuum sales.orders",
  "vacuum full sales.orders",
  "vacuum analyze sales.parts",
  "analyze sales.orders",
  'analyze "we""ird.Schéma"."o.d t"',
  "reindex table sales.orders",
  "reindex table concurrently sales.orders",
  "reindex index sales.by_text",
  "reindex table sales.parts_1",
  "cluster sales.orders using by_text",
  "refresh materialized view sales.mv",
  // What pg_dump --schema-only asks for.
  "begin; lock table sales.orders, sales.parts, sales.parts_1 in access share mode",
];

const READS_NOTHING: Tried = {
  ...NEVER,
  "select * from sales.orders": "42501",
  "select 1 from sales.orders": "42501",
  "select * from sales.v": "42501",
  "copy sales.orders to stdout": "42501",
  "insert into sales.orders(t) values ('x')": "42501",
  "update sales.orders set t = 'x'": "42501",
  "delete from sales.orders": "42501",
  "truncate sales.orders": "42501",
  "select nextval('sales.orders_id_seq')": "42501",
  "select sales.secure()": "42501",
  "begin; create table sales.x(i int)": "42501",
};

const CHIEF: Tried = {
  ...NEVER,
  "select * from sales.orders": "ok",
  "begin; truncate sales.orders": "ok",
  "begin; create table sales.x(i int)": "ok",
  "begin; create table sales.x(i int references sales.orders)": "42501",
  "begin; create function sales.x() returns int language sql as 'select 1'": "ok",
  "begin; select setval('sales.orders_id_seq', 1000)": "ok",
  "select sales.secure()": "ok",
  "grant select on sales.orders to public": "warning 01007",
  "grant usage on schema sales to public": "warning 01007",
};

describe.each(MAJORS)("presets on PostgreSQL %i", (major) => {
  let server: PostgresServer;
  let applied: Applied;
  beforeAll(async () => {
    server = await startPostgres({ major });
    await server.query(SETUP);
    await using connection = await postgresql.connect({ url: new Secret(`${server.url()}?sslmode=disable`) });
    applied = await applyText(connection, MANIFEST, applyOptions(connection));
  });
  afterAll(() => server?.stop());

  const tried = (user: string, statements: Tried): Promise<Tried> => tryAs(server, user, statements);

  test("say in the plan what they are, and where they give more or less than their name", () => {
    expect(applied.reasons).toEqual([
      "analysts read (preset read-only@1)",
      "preset admin@1",
      ...(major >= 17 ? ["preset maintenance@1"] : []),
      "preset read-write@1",
    ]);
    const codes = applied.findings.map((line) => line.split(" ").slice(0, 2).join(" "));
    expect(codes).toEqual(["RW245 4:122", ...(major >= 17 ? [] : ["RW242 6:33"]), "RW244 13:38"]);
  });

  test("lead nobody to the rights of others, as far as checks can tell", async () => {
    await using connection = await postgresql.connect({ url: new Secret(`${server.url()}?sslmode=disable`) });
    expect(await dangersOf(connection, ["reader", "writer", "keeper", "chief"])).toEqual([]);
  });

  test("read-only reads, and writes, locks and calls nothing", async () => {
    expect(await tried("try_reader", READER)).toEqual(READER);
  });

  test("reach what their creators make from now on", async () => {
    await server.query("set role app_owner; create table sales.later(i serial primary key, j int)");
    const select = "select 1 from sales.later";
    const insert = "insert into sales.later default values";
    const reindex = "reindex table sales.later";
    const truncate = "truncate sales.later";
    const by = async (user: string): Promise<readonly string[]> => {
      const ends = await tried(user, { [select]: "", [insert]: "", [reindex]: "", [truncate]: "" });
      return Object.keys(ends).filter((statement) => ends[statement] === "ok");
    };
    expect(await by("try_reader")).toEqual([select]);
    expect(await by("try_writer")).toEqual([select, insert]);
    expect(await by("try_keeper")).toEqual(major >= 17 ? [reindex] : []);
    expect(await by("try_chief")).toEqual([select, insert, ...(major >= 17 ? [reindex] : []), truncate]);
  });

  test("read-only does not keep anybody from what everybody can execute: the plan warned of it", async () => {
    expect(await tried("try_reader", { "select lax.leak()": "ok" })).toEqual({ "select lax.leak()": "ok" });
    expect(await server.query("select t from lax.notes")).toEqual([{ t: "everybody" }]);
  });

  test("read-write changes rows, and neither truncates nor defines nor grants", async () => {
    expect(await tried("try_writer", WRITER)).toEqual(WRITER);
  });

  test.runIf(major >= 17)(
    "maintenance vacuums, analyses, reindexes and locks as a dump does, and reads no row",
    async () => {
      const works = Object.fromEntries(MAINTENANCE.map((statement) => [statement, "ok"]));
      expect(await tried("try_keeper", works)).toEqual(works);
      expect(await tried("try_keeper", READS_NOTHING)).toEqual(READS_NOTHING);
    },
  );

  test.runIf(major < 17)("maintenance gives nothing, and a function of the owner's does all but vacuum", async () => {
    const refused = { ...READS_NOTHING, ...Object.fromEntries(MAINTENANCE.map((statement) => [statement, "42501"])) };
    expect(await tried("try_keeper", refused)).toEqual(refused);
    await server.query("grant usage on schema sales to keeper; grant execute on function sales.tidy() to keeper");
    const skipped = (statement: string): boolean => /^(?:vacuum|analyze) .*sales/u.test(statement);
    const open = {
      ...READS_NOTHING,
      ...Object.fromEntries(MAINTENANCE.map((each) => [each, skipped(each) ? "warning 01000" : "42501"])),
    };
    open['analyze "we""ird.Schéma"."o.d t"'] = "42501";
    expect(await tried("try_keeper", { ...open, "select sales.tidy()": "ok" })).toEqual({
      ...open,
      "select sales.tidy()": "ok",
    });
  });

  test.runIf(major < 17)("the owner of a database maintains it and reads no row, and could drop it", async () => {
    await server.query("create role landlord login");
    await server.query("create database let owner landlord");
    await server.query(
      "create schema s; create table s.t(i int primary key); create role tenant; alter table s.t owner to tenant; grant usage on schema s to landlord",
      { database: "let" },
    );
    const statements = {
      "vacuum s.t": "ok",
      "analyze s.t": "ok",
      "reindex database let": "ok",
      "reindex table s.t": "42501",
      "select 1 from s.t": "42501",
      "drop table s.t": "42501",
    };
    expect(await tryAs(server, "landlord", statements, "let")).toEqual(statements);
    expect(await tried("landlord", { "drop database let": "ok" })).toEqual({ "drop database let": "ok" });
  });

  test.runIf(major >= 16)("admin that is not inherited is used on purpose", async () => {
    await server.query("create role careful login; grant chief to careful with inherit false, set true");
    const statements = {
      "select 1 from sales.orders": "42501",
      "set role chief; select 1 from sales.orders": "ok",
    };
    expect(await tried("careful", statements)).toEqual(statements);
  });

  test("admin does everything with rows and makes things of its own, and takes over nothing and passes nothing on", async () => {
    const vacuum = { "vacuum sales.orders": major >= 17 ? "ok" : "warning 01000" };
    expect(await tried("try_chief", { ...CHIEF, ...vacuum })).toEqual({ ...CHIEF, ...vacuum });
    expect(await server.query("select 1 from pg_class where relowner = 'chief'::regrole")).toEqual([]);
  });
});

/** How statements of a login end, in one session: `ok`, the SQLSTATE of the error, or that of a warning. */
async function tryAs(server: PostgresServer, user: string, statements: Tried, database = "postgres"): Promise<Tried> {
  const client = new Client({ host: server.socket, port: server.port, user, database });
  const warnings: string[] = [];
  client.on("notice", ({ severity, code }) => {
    if (severity === "WARNING" && code !== "25P01") warnings.push(`warning ${code}`); // ROLLBACK without a transaction.
  });
  await client.connect();
  try {
    return await tryAll(statements, async (statement) => {
      warnings.length = 0;
      const end = await client.query(statement).then(
        () => warnings[0] ?? "ok",
        (error: Error & { code?: string }) => error.code ?? error.message,
      );
      await client.query("rollback; reset role");
      return end;
    });
  } finally {
    await client.end();
  }
}
