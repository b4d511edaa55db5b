import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { POSTGRESQL_MORE } from "../../../src/analysis/checks/postgresql/index-more.ts";
import type { CheckRun } from "../../../src/analysis/checks/run-checks.ts";
import type { CheckFinding } from "../../../src/model/check-finding.ts";
import { type PostgresServer, startPostgres, testMajor } from "../../support/postgres.ts";
import { brief, checkLive, declaring, mend, refusal } from "./live-postgresql.ts";

const SHOP = { database: "shop" };
const MAJOR = testMajor();
/** Since which major something is there. */
const since = (major: number, ...texts: readonly string[]): readonly string[] => (major <= MAJOR ? texts : []);
const until = (major: number, ...texts: readonly string[]): readonly string[] => (major >= MAJOR ? texts : []);

/** One set-up for each check, with names of its own. */
const SETUP: readonly string[] = [
  // PGE-19
  `create role rls_app login; create table rls_orders (owner text); insert into rls_orders values ('nobody');
   alter table rls_orders enable row level security; grant select, truncate on rls_orders to rls_app`,
  // PGE-21
  `create role tp_lead; create role "tp ""app" login; create table tp_notes (id int); grant select on tp_notes to tp_lead with grant option;
   set role tp_lead; grant select on tp_notes to "tp ""app"; reset role`,
  // PGE-22
  ...since(
    15,
    `create role par_app login; grant alter system on parameter archive_command to par_app; grant set on parameter work_mem to par_app`,
  ),
  // PGE-23
  `create role set_app login; alter role set_app set session_replication_role = replica; alter role set_app set work_mem = '5MB';
   create table set_parent (id int primary key); create table set_child (id int references set_parent);
   grant insert, delete on set_child to set_app; alter database shop set log_statement = 'none'`,
  // PGE-24
  `create role start_owner; create role start_app login in role start_owner; alter role start_app set role = start_owner;
   create role start_other login; alter role start_other set role = start_owner`,
  // PGE-25
  `create extension postgres_fdw; create role fdw_app login; create role fdw_map login; create table fdw_secrets (word text); insert into fdw_secrets values ('hidden');
   create server fdw_back foreign data wrapper postgres_fdw options (host '127.0.0.1', port '@PORT', dbname 'shop');
   create server fdw_away foreign data wrapper postgres_fdw options (host 'db.example'); grant usage on foreign server fdw_away to fdw_app;
   create user mapping for fdw_map server fdw_back options (user 'postgres', password_required 'false');
   create foreign table fdw_window (word text) server fdw_back options (table_name 'fdw_secrets'); grant select on fdw_window to fdw_map`,
  // PGE-26
  `create extension dblink; create role net_app login; grant execute on function dblink_connect_u(text) to net_app`,
  // PGE-27
  `create role sub_maker login; ${since(16, "grant pg_create_subscription to sub_maker").join("")}`,
  // PGE-28
  `create role dos_app login; grant pg_signal_backend to dos_app; create table dos_orders (id int); grant select on dos_orders to dos_app;
   ${since(17, "grant maintain on dos_orders to dos_app").join("")}`,
  // PGE-29
  `create role mon_app login; grant pg_read_all_stats to mon_app`,
  // PGE-30
  `create schema cron; create table cron.job (command text, username text); create role job_app login; create schema authorization job_app;
   grant usage on schema cron to job_app; grant select, trigger on cron.job to job_app`,
  // PGE-31
  `select lo_create(4711); grant select on large object 4711 to public; create role lob_app login`,
  // PGE-33
  `create role idx_dev login; create function idx_code(int) returns int language sql immutable as 'select 1';
   create table idx_orders (id int); create index on idx_orders (idx_code(id)); alter table idx_orders owner to idx_dev`,
  // PGE-35
  `create role own_keeper; create role own_app login in role own_keeper; create table own_trail (what text); insert into own_trail values ('done');
   alter table own_trail owner to own_keeper; revoke update, delete, truncate on own_trail from own_keeper; create role own_safe`,
  // PGE-36
  `create role pay_ro; create role pay_app login ${MAJOR < 16 ? "noinherit" : ""}; create table pay_salaries (amount int); grant select on pay_salaries to pay_ro;
   grant pay_ro to pay_app ${since(16, "with inherit false, set true").join("")}`,
];

const SUBSCRIPTION = `create subscription sub_feed connection 'host=127.0.0.1 dbname=none' publication p with (connect = false, slot_name = none)`;

/** In a database of its own: it runs at every statement that defines something. */
const GUARDED = `
  create role evt_dev login; create schema guard; grant usage, create on schema guard to evt_dev;
  create function guard.watch() returns event_trigger language plpgsql as 'begin end';
  alter function guard.watch() owner to evt_dev;
  create event trigger "evt watch" on ddl_command_end execute function guard.watch()`;

const HARMLESS = "create or replace function guard.watch() returns event_trigger language plpgsql as 'begin end'";

const DECLARED = declaring({
  sensitive: [
    {
      name: "salaries",
      resources: [{ kind: "table", path: ["shop", "public", "pay_salaries"] }],
      readers: new Set(["pay_ro"]),
      writers: new Set(),
    },
  ],
});

const EXPECTED: readonly string[] = [
  "PGE-19 medium rls_app",
  "PGE-20 high evt_dev",
  'PGE-21 medium tp "app+tp_lead',
  ...since(15, "PGE-22 critical par_app"),
  "PGE-23 high ",
  "PGE-23 high set_app",
  "PGE-24 medium start_app",
  "PGE-25 critical fdw_map",
  "PGE-25 high fdw_app",
  "PGE-26 critical net_app",
  "PGE-26 high ",
  // Until 15 the owner always writes, and there is no role for it.
  "PGE-27 medium postgres",
  ...since(16, "PGE-27 high sub_maker"),
  "PGE-28 medium dos_app",
  ...since(17, "PGE-28 medium dos_app"),
  "PGE-29 low mon_app",
  "PGE-30 critical job_app",
  "PGE-31 medium ",
  "PGE-32 low -",
  ...until(16, "PGE-33 medium idx_dev"),
  "PGE-35 high own_keeper",
  "PGE-36 critical pay_app",
];

let server: PostgresServer;
let before: CheckRun;

beforeAll(async () => {
  server = await startPostgres();
  await server.query("create database shop");
  await server.query("create database guarded");
  for (const sql of SETUP) await server.query(sql.replace("@PORT", String(server.port)), SHOP);
  await server.query(SUBSCRIPTION, SHOP);
  await server.query("create schema left_over", { database: "template1" });
  await server.query(GUARDED, { database: "guarded" });
  before = await checkLive(server, POSTGRESQL_MORE, DECLARED);
});
afterAll(async () => {
  await server?.stop();
});

describe("before the fixes", () => {
  test("each set-up is found by its own check, and nothing else", () => {
    const found = brief(before).filter((each) => !each.startsWith("PGE-34"));
    expect(found).toEqual([...EXPECTED].map((each) => each.replace(/ $/u, " -")).sort());
    expect(before.notEvaluated).toEqual([]);
  });

  test("TRUNCATE removes rows that a policy hides", async () => {
    const rows = await server.query("select * from rls_orders", { ...SHOP, user: "rls_app" });
    expect(rows).toEqual([]);
    expect(await refusal(server, "truncate rls_orders", { ...SHOP, user: "rls_app" })).toBeNull();
    expect(await server.query("select * from rls_orders", SHOP)).toEqual([]);
  });

  test("whoever owns the function of an event trigger becomes superuser as soon as one runs DDL", async () => {
    const replace = `create or replace function guard.watch() returns event_trigger language plpgsql as
      $$ begin if current_user = 'postgres' then execute 'alter role evt_dev superuser'; end if; end $$`;
    await server.query(replace, { database: "guarded", user: "evt_dev" });
    await server.query("create table something (id int)", { database: "guarded" });
    expect(await isSuperuser("evt_dev")).toBe(true);
    // Otherwise the statement that mends it would do it again.
    await server.query(HARMLESS, { database: "guarded", user: "evt_dev" });
    await server.query("alter role evt_dev nosuperuser");
  });

  test("what a third party granted survives the revoke of the owner", async () => {
    await server.query('revoke select on tp_notes from "tp ""app"', SHOP);
    expect(await refusal(server, "select * from tp_notes", { ...SHOP, user: 'tp "app' })).toBeNull();
  });

  test.runIf(MAJOR >= 15)("ALTER SYSTEM on archive_command chooses what the server runs", async () => {
    const sql = "alter system set archive_command = 'touch /tmp/mine'";
    expect(await refusal(server, sql, { ...SHOP, user: "par_app" })).toBeNull();
    await server.query("alter system reset archive_command");
  });

  test("a setting of the role lets it write past foreign keys", async () => {
    expect(await refusal(server, "insert into set_child values (1)", { ...SHOP, user: "set_app" })).toBeNull();
    await server.query("delete from set_child", SHOP);
  });

  test("sessions start as the role of the setting, where it may be become", async () => {
    const as = async (user: string): Promise<unknown> =>
      await server.query("select current_user::text as who", { ...SHOP, user });
    expect(await as("start_app")).toEqual([{ who: "start_owner" }]);
    expect(await as("start_other")).toEqual([{ who: "start_other" }]);
  });

  test("USAGE on a foreign server is any remote user, and a mapping without password is a superuser of this one", async () => {
    const map = "create user mapping for current_user server fdw_away options (user 'root', password 'guess')";
    expect(await refusal(server, map, { ...SHOP, user: "fdw_app" })).toBeNull();
    expect(await refusal(server, "select * from fdw_secrets", { ...SHOP, user: "fdw_map" })).toBe("42501");
    const rows = await server.query("select * from fdw_window", { ...SHOP, user: "fdw_map" });
    expect(rows).toEqual([{ word: "hidden" }]);
  });

  test("dblink_connect_u comes back as a superuser", async () => {
    expect(await asSuperuserByDblink()).toEqual([{ who: "postgres" }]);
  });

  test("a trigger on the table of a scheduler makes its owner superuser when a job is made", async () => {
    const made = await refusal(
      server,
      `create function job_app.mine() returns trigger language plpgsql as
         $$ begin if current_user = 'postgres' then execute 'alter role job_app superuser'; end if; return new; end $$;
       create trigger mine before insert on cron.job for each row execute function job_app.mine()`,
      { ...SHOP, user: "job_app" },
    );
    expect(made).toBeNull();
    await server.query("insert into cron.job values ('vacuum', 'postgres')", SHOP);
    expect(await isSuperuser("job_app")).toBe(true);
    await server.query("alter role job_app nosuperuser; drop trigger mine on cron.job", SHOP);
  });

  test("everybody reads a large object", async () => {
    expect(await refusal(server, "select lo_get(4711)", { ...SHOP, user: "lob_app" })).toBeNull();
  });

  test("an owner grants itself what was revoked from it", async () => {
    const at = { ...SHOP, user: "own_app" };
    expect(await refusal(server, "delete from own_trail", at)).toBe("42501");
    expect(await refusal(server, "grant delete on own_trail to own_keeper; delete from own_trail", at)).toBeNull();
    await server.query("set role own_keeper; revoke delete on own_trail from own_keeper", SHOP);
  });

  test("sensitive data is read after SET ROLE", async () => {
    const at = { ...SHOP, user: "pay_app" };
    expect(await refusal(server, "select * from pay_salaries", at)).toBe("42501");
    expect(await refusal(server, "set role pay_ro; select * from pay_salaries", at)).toBeNull();
  });
});

describe("after the fixes", () => {
  let after: CheckRun;
  beforeAll(async () => {
    await mend(server, "shop", before.findings.filter(hasFix));
    // What no statement of the finding does: somebody must decide whom to give it to.
    await server.query(
      "alter table own_trail owner to own_safe; grant insert, select on own_trail to own_keeper",
      SHOP,
    );
    await server.query("alter table idx_orders owner to postgres", SHOP);
    await server.query("drop subscription sub_feed", SHOP);
    await server.query("drop schema left_over", { database: "template1" });
    if (MAJOR < 16) await server.query("revoke pay_ro from pay_app", SHOP);
    after = await checkLive(server, POSTGRESQL_MORE, DECLARED);
  });

  test("nothing is found but what the minor version does", () => {
    expect(brief(after).filter((each) => !each.startsWith("PGE-34"))).toEqual([]);
    expect(after.notEvaluated).toEqual([]);
  });

  test.runIf(MAJOR >= 15)("ALTER SYSTEM is refused", async () => {
    const sql = "alter system set archive_command = 'x'";
    expect(await refusal(server, sql, { ...SHOP, user: "par_app" })).toBe("42501");
  });

  test("every escalation is refused", async () => {
    const refused = async (user: string, sql: string, database = "shop"): Promise<unknown> =>
      await refusal(server, sql, { database, user });
    expect(await refused("rls_app", "truncate rls_orders")).toBe("42501");
    expect(await refused("evt_dev", HARMLESS, "guarded")).toBe("42501");
    expect(await refused("set_app", "insert into set_child values (1)")).toBe("23503");
    expect(
      await refused("fdw_app", "alter user mapping for current_user server fdw_away options (set user 'admin')"),
    ).toBe("42501");
    expect(await refused("fdw_map", "select * from fdw_window")).not.toBeNull();
    await expect(asSuperuserByDblink()).rejects.toMatchObject({ code: "42501" });
    const trigger = "create trigger mine before insert on cron.job for each row execute function job_app.mine()";
    expect(await refused("job_app", trigger)).toBe("42501");
    expect(await refused("lob_app", "select lo_get(4711)")).toBe("42501");
    // Who holds anything on it only gets a warning that nothing was granted.
    expect(await refused("own_app", "grant delete on own_trail to own_keeper; delete from own_trail")).toBe("42501");
    expect(await refused("pay_app", "set role pay_ro")).toBe("42501");
    await server.query('revoke select on tp_notes from "tp ""app"', SHOP);
    expect(await refused('tp "app', "select * from tp_notes")).toBe("42501");
    const who = await server.query("select current_user::text as who", { ...SHOP, user: "start_app" });
    expect(who).toEqual([{ who: "start_app" }]);
  });
});

/** What its finding says how to mend by itself. */
function hasFix({ mend: { changes = [], sql = [] }, code }: CheckFinding): boolean {
  return code !== "PGE-27" ? changes.length + sql.length > 0 : changes.length > 0;
}

async function isSuperuser(name: string): Promise<boolean> {
  const [row] = await server.query<{ rolsuper: boolean }>("select rolsuper from pg_roles where rolname = $1", {
    values: [name],
  });
  return row?.rolsuper === true;
}

async function asSuperuserByDblink(): Promise<unknown> {
  const to = `host=127.0.0.1 port=${server.port} dbname=shop user=postgres`;
  const sql = `select dblink_connect_u('${to}'); select * from dblink('select current_user::text') as t (who text)`;
  return await server.query(sql, { ...SHOP, user: "net_app" });
}
