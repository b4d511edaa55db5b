import { expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { openRequirements } from "../../../src/engine/postgresql/simulation/requirements/open-requirements.ts";
import { decide } from "../../../src/simulation/decide.ts";
import { startPostgres } from "../../support/postgres.ts";
import { MAJORS } from "./majors.ts";
import { indexOf, runAs, snapshotOf } from "./world.ts";

/** Things of three owners, and roles that may do ever less with them. */
const WORLD = `
  create role chief; create role keeper; create role heir; create role maker; create role guest; create role stranger; create role boss superuser; create role builder createdb;
  grant keeper to heir;
  create database other owner keeper;
  create schema s authorization chief; create schema own authorization keeper; create schema hidden authorization chief;
  grant usage on schema s to keeper, heir, guest, maker; grant create on schema s to maker; grant create on database postgres to maker;
  create table s.t (id int primary key, n int); alter table s.t owner to keeper;
  create table own.t (id int); alter table own.t owner to keeper;
  create table hidden.t (id int); alter table hidden.t owner to keeper;
  create table s.parent (id int); alter table s.parent owner to keeper; create table s.child () inherits (s.parent); alter table s.child owner to chief;
  create view s.v as select id from s.t; alter view s.v owner to keeper;
  create view own.above as select id from s.t; alter view own.above owner to guest;
  create sequence s.q; alter sequence s.q owner to keeper;
  create materialized view s.m as select 1 as one; alter materialized view s.m owner to keeper;
  create function s.secret(int) returns int language sql immutable as 'select $1'; revoke execute on function s.secret(int) from public;
  create type hidden.mood as enum ('x'); create type s.kind as enum ('x'); revoke usage on type s.kind from public;
  alter role keeper createrole; insert into s.t values (1, 1)`;

const ROLES = ["chief", "keeper", "heir", "maker", "guest", "stranger", "boss", "builder"] as const;

const STATEMENTS: readonly string[] = [
  "create table s.new (id int primary key, name text not null)",
  "create table new (id bigserial)",
  "create temporary table new (id int)",
  "create table s.new (id s.kind)",
  "create table s.new (id int default s.secret(1))",
  "create table s.new (id kind)",
  "create table s.new (id int default 7, name text default 'x', data jsonb)",
  "create table s.new (like s.t)",
  "create table s.new (id int references s.t)",
  "create unlogged table if not exists s.t (id int)",
  "create view s.new as select id from s.t",
  "create or replace view s.v as select id from s.t",
  "create sequence s.new",
  "create schema fresh",
  "create schema fresh authorization keeper",
  "create schema authorization keeper",
  "create schema fresh authorization current_user",
  "create schema if not exists s",
  "create schema fresh create table t (id int)",
  "create index on s.t (n)",
  "create unique index named on s.t (n) where n > 0",
  "create index on s.t (s.secret(n))",
  "create index on s.t (n) where s.secret(n) > 0",
  "alter table s.t add column x int",
  "alter table s.t add column x int default s.secret(1)",
  "alter table s.t add column x s.kind",
  "alter table s.t add column x text default 'x' not null",
  "alter table s.parent add column x int",
  "alter table s.parent rename column id to x",
  "create index on s.parent (id)",
  "alter table s.t alter column n set default s.secret(1)",
  "alter table s.t alter column n set default 7",
  "alter table s.t alter column n drop default",
  "alter table s.t drop column n",
  "alter table s.t alter column n set not null",
  "alter table s.t enable row level security",
  "alter table s.t add check (n > 0)",
  "alter table s.t rename column n to m",
  "alter table s.t rename to u",
  "alter table hidden.t rename to u",
  "alter view s.v rename to w",
  "alter sequence s.q rename to w",
  "alter materialized view s.m rename to w",
  "alter schema own rename to mine",
  "alter schema s rename to z",
  "drop table own.t",
  "drop table s.t",
  "drop table s.t cascade",
  "drop table hidden.t",
  "drop table if exists s.nothing",
  "drop table if exists nothing",
  "drop view s.v",
  "drop sequence s.q",
  "drop materialized view s.m",
  "drop schema own cascade",
  "drop schema s cascade",
  "drop schema hidden cascade",
  "drop schema if exists nothing",
  "truncate s.t",
  "refresh materialized view s.m",
  "comment on table s.t is 'x'",
  "comment on column s.t.n is 'x'",
  "comment on view s.v is 'x'",
  "comment on sequence s.q is 'x'",
  "comment on materialized view s.m is 'x'",
  "comment on schema s is 'x'",
  "comment on schema own is null",
  "comment on database postgres is 'x'",
  "comment on database other is 'x'",
  "create policy p on s.t using (true)",
];

const PATH = "s, own";

test.each(MAJORS)("what definitions need is what the server asks for, or unknown, on %d", async (major) => {
  await using server = await startPostgres({ major });
  await server.query(WORLD.split("create database")[0] ?? "");
  await server.query("create database other owner keeper");
  await server.query(WORLD.slice(WORLD.indexOf("create schema s ")));
  const snapshot = await snapshotOf(server);
  const index = indexOf(snapshot);
  await using source = await openRequirements({ url: new Secret(server.url()), snapshot });
  const pairs = STATEMENTS.flatMap((text) => ROLES.map((role) => ({ text, role })));
  const answers = await source.read(
    pairs.map(({ text, role }) => ({ text, role, database: "postgres", searchPath: PATH.split(", ") })),
  );
  const wrong: string[] = [];
  const figures = { yes: 0, no: 0, unknown: 0, failed: 0 };
  for (const [at, { text, role }] of pairs.entries()) {
    const answer = answers[at];
    if (answer === undefined) throw new TypeError("every question has an answer");
    const { state } = decide(answer, index, { role });
    const run = await runAs(server, text, { role, path: PATH });
    if (run.outcome === "failed") figures.failed++;
    else if (state === "yes" || state === "no") {
      figures[state]++;
      if ((state === "yes") !== (run.outcome === "ran"))
        wrong.push(`${role}: ${text}: ${state}, ${run.outcome} ${run.message}`);
    } else figures.unknown++;
  }
  // Whoever makes something runs the event triggers, which may be refused something.
  await server.query(`create function s.watch() returns event_trigger language plpgsql as $$ begin perform 1 from hidden.t; end $$;
    create event trigger watch on ddl_command_start execute function s.watch()`);
  await source.moved(snapshot);
  const made = "create table s.new (id int)";
  const [watched] = await source.read([{ text: made, role: "maker", database: "postgres", searchPath: ["s"] }]);
  expect(watched?.unknown.map(({ kind }) => kind)).toEqual(["event-trigger"]);
  expect((await runAs(server, made, { role: "maker", path: PATH })).outcome).toBe("denied");
  process.stderr.write(`definitions on ${major}: ${JSON.stringify(figures)}\n`);
  expect(wrong).toEqual([]);
  expect(figures.yes).toBeGreaterThan(100);
  expect(figures.no).toBeGreaterThan(100);
});
