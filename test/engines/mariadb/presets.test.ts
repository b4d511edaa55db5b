import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryRuns } from "../../support/applying.ts";
import { describeOn } from "../../support/describe-on.ts";
import { type MariadbServer, startMariadb } from "../../support/mariadb.ts";
import { type Applied, applyText, dangersOf, type Tried, tryAll } from "../../support/preset-trial.ts";
import { stepOptions } from "../../support/stepwise-world.ts";
import { open } from "./reading.ts";

const SETUP = [
  "create database shop",
  "create database `it's``50%_off`",
  "create database `it's``50%xoff`",
  "create database other",
  "create table shop.orders (id int primary key, t text)",
  "insert into shop.orders values (1, 'a row')",
  "create table shop.notes (id int primary key) engine=aria",
  "create table shop.log (id int)",
  "create table `it's``50%_off`.t (id int)",
  "create table `it's``50%xoff`.t (id int)",
  "create table other.t (id int)",
  "create sequence shop.s",
  "create view shop.v as select * from shop.orders",
  "create function shop.f() returns int modifies sql data begin insert into shop.log values (1); return 1; end",
  "create procedure shop.p() modifies sql data insert into shop.log values (2)",
  "create view shop.calling as select shop.f() as x",
  "create view shop.numbers as select nextval(shop.s) as x",
  "create trigger shop.filled before insert on shop.orders for each row set new.t = coalesce(new.t, '')",
];

const ODD = "'\"it''s`50%_off\"'";
const PASSWORD = "correct 'horse' battery";
const MANIFEST = `roles:
  reader: { because: analysts read, presets: [{ preset: read-only, schemas: [shop, ${ODD}] }] }
  writer: { presets: [{ preset: read-write@1, schemas: [shop] }] }
  keeper: { presets: [{ preset: maintenance, schemas: [shop] }] }
  chief: { presets: [{ preset: admin@1, schemas: [shop] }] }
  try_reader@%: { login: true, password: "\${TRY}", member_of: [reader] }
  try_writer@%: { login: true, password: "\${TRY}", member_of: [writer] }
  try_keeper@%: { login: true, password: "\${TRY}", member_of: [keeper] }
  try_chief@%: { login: true, password: "\${TRY}", member_of: [{ role: chief, inherit: true }] }
  careful@%: { login: true, password: "\${TRY}", member_of: [{ role: chief, inherit: false }] }
  silent@%: { login: true, password: "\${TRY}", member_of: [chief] }
  deputies: { member_of: [chief] }
`;

/** What no preset gives. */
const NEVER: Tried = {
  "select * from other.t": "1142",
  "select * from mysql.global_priv": "1142",
  "select * from `it's``50%xoff`.t": "1142",
  "create user somebody": "1227",
  "create database another": "1044",
  "grant select on shop.* to reader": "1044",
  "grant select on shop.orders to reader": "1142",
  "select * from orders into outfile '/tmp/rolewright'": "1227",
  "flush tables": "1227",
  "backup stage start": "1227",
};

const NO_DEFINITIONS: Tried = {
  "truncate orders": "1142",
  "create table x (i int)": "1142",
  "create temporary table x (i int)": "1044",
  "alter table orders add c int": "1142",
  "drop table orders": "1142",
  "create index i on orders (id)": "1142",
  "create view x as select 1": "1142",
  "create trigger x before insert on orders for each row set @a = 1": "1142",
  "create function x() returns int return 1": "1044",
  "create event x on schedule every 1 day do select 1": "1044",
  "select f()": "1370",
  "call p()": "1370",
};

const READER: Tried = {
  ...NEVER,
  ...NO_DEFINITIONS,
  "select * from orders": "ok",
  "select * from v": "ok",
  "select * from `it's``50%_off`.t": "ok",
  // Rows can be locked, and kept locked, by whoever can read them.
  "select * from orders for update": "ok",
  "show create table orders": "ok",
  "check table orders": "ok",
  "insert into orders values (2, 'x')": "1142",
  "update orders set t = 'x'": "1142",
  "delete from orders": "1142",
  "select nextval(s)": "1142",
  "select setval(s, 100)": "1142",
  "lock tables orders read": "1044",
  "analyze table orders": "1142",
  "optimize table orders": "1142",
  "show create view v": "1142",
};

const WRITER: Tried = {
  ...NEVER,
  ...NO_DEFINITIONS,
  "insert into orders values (2, 'x')": "ok",
  "replace into orders values (2, 'y')": "ok",
  "update orders set t = 'z' where id = 2": "ok",
  "delete from orders where id = 2": "ok",
  "select nextval(s)": "ok",
  // INSERT is all that a sequence asks for, and SELECT and INSERT all that ANALYZE does.
  "select setval(s, 100)": "ok",
  "analyze table orders": "ok",
  "lock tables orders read": "1044",
};

const KEEPER: Tried = {
  ...NEVER,
  ...NO_DEFINITIONS,
  "analyze table orders": "ok",
  "analyze table orders persistent for all": "ok",
  "optimize table orders": "ok",
  "check table orders": "ok",
  "repair table notes": "ok",
  "lock tables orders read, v read": "ok",
  "lock tables orders write": "ok",
  "backup lock shop.orders": "ok",
  "show create table orders": "ok",
  "show create view v": "ok",
  // A dump of a table with a trigger has to leave it out.
  "show create trigger filled": "1227",
  "show events": "1044",
  "show create procedure p": "1305",
  // What the plan warned of.
  "select * from orders": "ok",
  "insert into orders values (3, 'x')": "ok",
  "update orders set t = 'x'": "1142",
  "delete from orders": "1142",
  "alter table orders force": "1142",
};

const CHIEF: Tried = {
  ...NEVER,
  "select * from orders": "ok",
  "create table x (i int)": "ok",
  "alter table x add c int": "ok",
  "truncate x": "ok",
  "drop table x": "ok",
  "create trigger x before insert on orders for each row set @a = 1": "1142",
  "drop trigger filled": "1142",
  "call p()": "ok",
  "drop procedure p": "1370",
  "alter procedure p sql security invoker": "1370",
  "create procedure own() select 1": "ok",
  "drop procedure own": "ok",
  "create definer = root@localhost procedure q() select 1": "1227",
  "create or replace definer = root@localhost view v as select 1": "1227",
};

describeOn("mariadb", "presets on MariaDB", () => {
  let server: MariadbServer;
  let applied: Applied;
  beforeAll(async () => {
    server = await startMariadb();
    await server.query(SETUP.join(";"));
    await using connection = await open(server);
    const { runs } = temporaryRuns();
    applied = await applyText(connection, MANIFEST, stepOptions(connection, runs), { TRY: PASSWORD });
  });
  afterAll(() => server?.stop());

  const tried = (user: string, statements: Tried): Promise<Tried> => tryAs(server, user, statements);

  test("say in the plan what they are, and where they give more than their name", () => {
    expect(applied.reasons).toEqual([
      "analysts read (preset read-only@1)",
      "preset admin@1",
      "preset maintenance@1",
      "preset read-write@1",
    ]);
    expect(applied.findings).toEqual([
      "RW243 4:33 on this server whoever has `maintenance@1` can read rows and add rows too",
      "RW244 11:60 `silent@%` has the rights of `chief`, which has the preset `admin`, in every session, and no line says `inherit`",
      "RW244 12:27 `deputies` has the rights of `chief`, which has the preset `admin`, in every session, and no line says `inherit`",
    ]);
  });

  test("lead nobody to the rights of others, as far as checks can tell", async () => {
    await using connection = await open(server);
    const dangers = await dangersOf(connection, ["reader", "writer", "keeper", "chief"]);
    // MYE-04 is about the code of root in what this test makes, which everybody here can use.
    expect(dangers.filter((danger) => !danger.startsWith("MYE-04 "))).toEqual([]);
  });

  test("read-only reads, and neither writes nor defines nor grants", async () => {
    expect(await tried("try_reader", READER)).toEqual(READER);
  });

  test("read-only writes where a view calls what writes: a view runs as its definer", async () => {
    await server.query("delete from shop.log; select setval(shop.s, 1000)");
    const statements = { "select * from calling": "ok", "select * from numbers": "ok" };
    expect(await tried("try_reader", statements)).toEqual(statements);
    expect(await server.query("select id from shop.log")).toEqual([{ id: 1 }]);
    expect(await server.query("select nextval(shop.s) as next")).toEqual([{ next: 1002 }]);
  });

  test("read-write changes rows, and neither truncates nor defines nor grants", async () => {
    expect(await tried("try_writer", WRITER)).toEqual(WRITER);
  });

  test("maintenance analyses, optimizes, checks, repairs and locks as a dump does, and has to read and add rows", async () => {
    expect(await tried("try_keeper", KEEPER)).toEqual(KEEPER);
  });

  test("admin does everything in its schema, and passes nothing on and lends nobody's name", async () => {
    expect(await tried("try_chief", CHIEF)).toEqual(CHIEF);
  });

  test("admin that is not inherited is used on purpose", async () => {
    const statements = { "select * from shop.orders": "1142", "set role chief; select * from shop.orders": "ok" };
    expect(await tried("careful", statements)).toEqual(statements);
  });

  test("admin may drop its whole schema, of which nobody is the owner", async () => {
    expect(await tried("try_chief", { "drop database shop": "ok" })).toEqual({ "drop database shop": "ok" });
  });
});

/** How statements of a login end, each in a session of its own: `ok`, or the number of the error, be it in a row. */
async function tryAs(server: MariadbServer, user: string, statements: Tried): Promise<Tried> {
  return await tryAll(statements, async (statement) => {
    const session = await server.connect({
      user,
      password: PASSWORD,
      ...(user === "careful" ? {} : { database: "shop" }),
    });
    try {
      const [result] = await session.query<RowDataPacket[]>(statement);
      const wrong = Array.isArray(result) && result.find((row) => row["Msg_type"] === "Error");
      return wrong === undefined || wrong === false ? "ok" : String(wrong["Msg_text"]);
    } catch (error) {
      return String((error as { readonly errno?: number }).errno ?? error);
    } finally {
      await session.end();
    }
  });
}
