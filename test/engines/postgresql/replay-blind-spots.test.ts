import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Client } from "pg";
import { Secret } from "../../../src/base/secret.ts";
import type { EmbeddedMajor } from "../../../src/engine/postgresql/embedded/binaries.ts";
import { replayOn } from "../../../src/engine/postgresql/simulation/replay/open-replay.ts";
import type { ReplayAnswer } from "../../../src/engine/simulation.ts";
import { type PostgresServer, startPostgres, testMajor } from "../../support/postgres.ts";

const MAJORS: readonly EmbeddedMajor[] =
  process.env["ROLEWRIGHT_TEST_PG_MAJOR"] === undefined ? [14, 16, 18] : [testMajor()];

/** A statement whose role has every right for it but one. */
interface Case {
  readonly name: string;
  readonly statement: string;
  /** Whether EXPLAIN as the role refuses it. */
  readonly explain: "sees" | "misses" | "cannot take";
  readonly from?: number;
}

/** What an EXPLAIN as the role sees, misses and cannot take. A server that changes any of this makes the trial wrong or slow, so it has to be noticed. */
const CASES: readonly Case[] = [
  { name: "a table", statement: "select * from hidden", explain: "sees" },
  { name: "a column", statement: "select b from two", explain: "sees" },
  { name: "a table that its view's owner may not read", statement: "select * from over_hidden", explain: "sees" },
  { name: "the caller's right below an invoker's view", statement: "select * from invoked", explain: "sees", from: 15 },
  { name: "a table that a policy reads", statement: "select * from policed", explain: "sees" },
  { name: "a function", statement: "select no_body() from open", explain: "sees" },
  { name: "a function that is folded away", statement: "select folded(1) from open", explain: "sees" },
  { name: "a function in a default", statement: "insert into defaulted (a) values (1)", explain: "sees" },
  { name: "a table in a body that is inlined", statement: "select * from inlined()", explain: "sees" },
  { name: "the operator's function", statement: "select 1 operator(public.=%=) 2", explain: "sees" },
  { name: "a domain's function", statement: "select 1::checked", explain: "sees" },
  { name: "nextval", statement: "select nextval('numbers')", explain: "misses" },
  { name: "the sequence of a serial", statement: "insert into counted (a) values (1)", explain: "misses" },
  { name: "setval", statement: "select setval('numbers', 3)", explain: "misses" },
  { name: "currval", statement: "select currval('numbers')", explain: "misses" },
  { name: "a body in SQL that is not inlined", statement: "select whole()", explain: "misses" },
  { name: "a body in plpgsql", statement: "select stepwise()", explain: "misses" },
  { name: "dynamic SQL", statement: "select dynamic('hidden')", explain: "misses" },
  { name: "a function in a CHECK", statement: "insert into checked_table values (1)", explain: "misses" },
  { name: "a function in an index", statement: "insert into indexed values (1)", explain: "misses" },
  { name: "a trigger's body", statement: "insert into triggered values (1)", explain: "misses" },
  {
    name: "a right that a built-in function checks itself",
    statement: "select brin_summarize_new_values('summarized_a_idx')",
    explain: "misses",
  },
  {
    name: "SQL that a built-in function runs",
    statement: "select query_to_xml('select * from hidden', true, true, '')",
    explain: "misses",
  },
  { name: "CREATE, by SELECT INTO", statement: "select 1 as one into made", explain: "misses" },
  { name: "a materialized view that is filled anew", statement: "refresh materialized view stored", explain: "misses" },
  { name: "TRUNCATE", statement: "truncate hidden", explain: "cannot take" },
  { name: "LOCK", statement: "lock table hidden", explain: "cannot take" },
  { name: "COPY", statement: "copy hidden to stdout", explain: "cannot take" },
  { name: "CALL", statement: "call steps()", explain: "cannot take" },
  { name: "DO", statement: "do $$ begin perform count(*) from hidden; end $$", explain: "cannot take" },
  { name: "VACUUM", statement: "vacuum hidden", explain: "cannot take" },
  { name: "ANALYZE", statement: "analyze hidden", explain: "cannot take" },
  { name: "DDL", statement: "alter table open add b int", explain: "cannot take" },
];

/** Functions of generated columns are checked when the plan starts before 16, and when a row is written from 16 on. */
const GENERATED: Omit<Case, "explain"> = {
  name: "a function in a generated column",
  statement: "insert into generated_table (a) values (1)",
};

const TEMPORARY: Omit<Case, "explain"> = {
  name: "TEMP, by a temporary table made of a query",
  statement: "create temporary table x as select 1",
};

const casesOf = (major: number): readonly Case[] => [
  ...CASES.filter(({ from = 0 }) => major >= from),
  { ...GENERATED, explain: major >= 16 ? "misses" : "sees" },
  { ...TEMPORARY, explain: major >= 14 ? "sees" : "misses" },
];

const SCHEMA = (major: number): string => `
  revoke temporary on database trial from public; revoke create on schema public from public;
  create role who login; create role poor; grant create on schema public to poor;
  alter default privileges revoke execute on functions from public;
  create table hidden (a int); create table open (a int); create table two (a int, b int);
  insert into open values (1); insert into two values (1, 1); insert into hidden values (1);
  grant all on open to who, poor; grant select (a) on two to who;
  create view over_hidden as select * from hidden; alter view over_hidden owner to poor; grant select on over_hidden to who;
  ${major >= 15 ? "create view invoked with (security_invoker = true) as select * from hidden; grant select on invoked to who;" : ""}
  create table policed (a int); alter table policed enable row level security; grant all on policed to who;
  create policy p on policed using (a in (select a from hidden));
  create function no_body() returns int language plpgsql as 'begin return 1; end';
  create function folded(int) returns int language plpgsql immutable as 'begin return 1; end';
  create table defaulted (a int, b int default no_body()); grant all on defaulted to who;
  create function inlined() returns setof int language sql stable as 'select a from hidden'; grant execute on function inlined() to who;
  create function equal_mod(int, int) returns boolean language plpgsql as 'begin return true; end';
  create operator =%= (leftarg = int, rightarg = int, function = equal_mod);
  create sequence numbers; create table counted (id serial, a int); grant all on counted to who;
  create function whole() returns bigint language sql as 'select count(*) from hidden'; grant execute on function whole() to who;
  create function stepwise() returns bigint language plpgsql as 'begin return (select count(*) from hidden); end';
  grant execute on function stepwise() to who;
  create function dynamic(text) returns bigint language plpgsql as 'declare n bigint; begin execute ''select count(*) from '' || $1 into n; return n; end';
  grant execute on function dynamic(text) to who;
  create function positive(int) returns boolean language plpgsql immutable as 'begin return $1 > 0; end';
  create function norm(int) returns int language plpgsql immutable as 'begin return $1; end';
  create table checked_table (a int check (positive(a))); grant all on checked_table to who;
  create domain checked as int check (positive(value));
  create table indexed (a int); create index on indexed (norm(a)); grant all on indexed to who;
  create table generated_table (a int, b int generated always as (norm(a)) stored); grant all on generated_table to who;
  create table triggered (a int); grant all on triggered to who;
  create function note() returns trigger language plpgsql as 'begin insert into hidden values (new.a); return new; end';
  create trigger note before insert on triggered for each row execute function note();
  create table summarized (a int); create index on summarized using brin (a); grant all on summarized to who;
  create materialized view stored as select 1 as one; grant all on stored to who;
  ${major >= 17 ? "revoke maintain on stored from who;" : ""}
  create procedure steps() language plpgsql as 'begin perform count(*) from hidden; end'; grant execute on procedure steps() to who;`;

describe.each(MAJORS)("what EXPLAIN as a role sees, on PostgreSQL %i", (major) => {
  let server: PostgresServer;
  let client: Client;
  let answers: ReadonlyMap<string, ReplayAnswer>;
  beforeAll(async () => {
    server = await startPostgres({ major });
    await server.query("create database trial");
    await server.query(SCHEMA(major), { database: "trial" });
    client = new Client({ connectionString: server.url({ user: "who", database: "trial" }) });
    await client.connect();
    await using replay = replayOn({ url: new Secret(server.url()) });
    const cases = casesOf(major);
    const found = await replay.attempt(
      cases.map(({ statement: text }) => ({ text, role: "who", database: "trial", deep: false })),
    );
    answers = new Map(found.map((answer, at) => [cases[at]?.name ?? "", answer]));
  });
  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  it.each(casesOf(major).map((each) => [each.name, each.explain, each] as const))(
    "%s: %s",
    async (name, explain, { statement }) => {
      const explained = await outcome(client, `explain ${statement}`);
      expect(explained).toBe({ sees: "42501", misses: "ok", "cannot take": "42601" }[explain]);
      // Really executing it is refused in each case; VACUUM and ANALYZE only warn, and do nothing.
      expect(["vacuum hidden", "analyze hidden"].includes(statement) ? "42501" : await outcome(client, statement)).toBe(
        "42501",
      );
      expect(answers.get(name)?.verdict).toBe("no");
    },
  );
});

async function outcome(client: Client, text: string): Promise<string> {
  await client.query("begin");
  try {
    await client.query(text);
    return "ok";
  } catch (error) {
    return (error as { code?: string }).code ?? "lost";
  } finally {
    await client.query("rollback");
  }
}
