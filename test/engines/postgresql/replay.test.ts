import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import type { EmbeddedMajor } from "../../../src/engine/postgresql/embedded/binaries.ts";
import { replayOn } from "../../../src/engine/postgresql/simulation/replay/open-replay.ts";
import type { Replay, ReplayAnswer, ReplayQuestion } from "../../../src/engine/simulation.ts";
import { type PostgresServer, startPostgres, testMajor } from "../../support/postgres.ts";

const MAJORS: readonly EmbeddedMajor[] =
  process.env["ROLEWRIGHT_TEST_PG_MAJOR"] === undefined ? [14, 18] : [testMajor()];

const SCHEMA = `
  revoke connect on database trial from public; grant connect on database trial to reader, writer;
  create schema app; create schema other; grant usage on schema app, other to reader, writer; grant usage on schema app to group_role;
  create type app.color as enum ('red', 'green');
  create domain app.code as text check (value ~ '^[A-Z]{3}$');
  create table app.thing (
    id int primary key, code app.code not null, color app.color not null, size int not null check (size between 40 and 60),
    label text not null check (label in ('low', 'high')), tags text[], span int4range, made timestamptz default now(),
    upper_label text generated always as (upper(label)) stored, extra jsonb, weight numeric check (weight > 100 or weight is null)
  );
  create table app.impossible (a int not null check (a is null));
  create table app.history (at date not null, n int) partition by range (at);
  create table app.history_2031 partition of app.history for values from ('2031-01-01') to ('2032-01-01');
  create table app.watched (id int primary key, v text);
  create function app.watch() returns trigger language plpgsql as 'begin perform count(*) from app.secret; return new; end';
  create table app.secret (a int);
  create trigger watch before insert or update on app.watched for each row execute function app.watch();
  create table app.item (a int); create table other.item (a int); create table other.only_there (a int);
  insert into app.item values (1), (2); insert into other.item values (9);
  create function app.becomes_superuser() returns int language plpgsql as $$ begin perform set_config('session_authorization', 'postgres', false); return 1; end $$;
  create function app.takes_lock() returns int language plpgsql as $$ begin perform pg_advisory_lock(42); return 1; end $$;
  create function app.ends_session() returns int language plpgsql security definer as $$ begin perform pg_terminate_backend(pg_backend_pid()); return 1; end $$;
  create function app.waits() returns int language plpgsql as $$ begin perform pg_sleep(60); return 1; end $$;
  create function app.writes(int) returns int language plpgsql as $$ begin insert into app.item values ($1); return 1; end $$;
  grant select, insert, update, delete, truncate on all tables in schema app to writer; grant select on all tables in schema app, other to reader;
  revoke all on app.secret from reader, writer;
  alter role reader set search_path = other, app; alter role reader set statement_timeout = '5ms';
`;

describe.each(MAJORS)("trying statements on PostgreSQL %i", (major) => {
  let server: PostgresServer;
  let replay: Replay;
  beforeAll(async () => {
    server = await startPostgres({ major });
    await server.query(
      "create role reader login; create role writer login; create role group_role; create role stranger login",
    );
    await server.query("grant group_role to writer");
    await server.query("create database trial");
    await server.query(SCHEMA, { database: "trial" });
    replay = replayOn({ url: new Secret(server.url()), sessions: 2 });
  });
  afterAll(() => server.stop());

  const ask = async (...questions: Partial<ReplayQuestion>[]): Promise<readonly ReplayAnswer[]> =>
    await replay.attempt(
      questions.map((each) => ({ text: "select 1", role: "writer", database: "trial", deep: false, ...each })),
    );
  const one = async (question: Partial<ReplayQuestion>): Promise<ReplayAnswer> => {
    const [answer] = await ask(question);
    if (answer === undefined) throw new Error("there is no answer");
    return answer;
  };

  test("makes a row for a table whose checks, domain, enum and partitions refuse what comes first, and leaves nothing else behind", async () => {
    await one({ text: "select 1" });
    const counts = await server.query<{ thing: string; history: string; impossible: string }>(
      "select (select count(*) from app.thing) as thing, (select count(*) from app.history) as history, (select count(*) from app.impossible) as impossible",
      { database: "trial" },
    );
    expect(counts[0]).toEqual({ thing: "1", history: "1", impossible: "0" });
    const texts = [
      "update app.thing set label = $1, code = $2 where id = $3",
      "insert into app.thing (id, code, color, size, label) values ($1, $2, $3, $4, $5)",
      "insert into app.history values ($1, $2)",
      "delete from app.thing where code = $1",
    ];
    const answers = await ask(...texts.map((text) => ({ text, deep: true })));
    expect(answers.map(({ verdict, means }) => [verdict, means])).toEqual(texts.map(() => ["yes", "execution"]));
    const after = await server.query(
      "select (select count(*) from app.thing) + (select count(*) from app.history) as n",
      {
        database: "trial",
      },
    );
    expect(after).toEqual([{ n: "2" }]);
  });

  test("does not say yes of what would have run for a row that it cannot make", async () => {
    expect(await one({ text: "update app.impossible set a = 1", deep: true })).toMatchObject({
      verdict: "not-confirmed",
    });
  });

  test("has the settings of the login, but its own limits of time", async () => {
    const [mine, given] = await ask(
      { role: "reader", text: "select a from item", rows: true },
      { role: "reader", text: "select a from item", rows: true, searchPath: ["app"] },
    );
    expect(mine).toMatchObject({ verdict: "yes", rows: { count: 1 } });
    expect(given).toMatchObject({ verdict: "yes", rows: { count: 2 } });
    expect(mine?.rows?.digest).not.toBe(given?.rows?.digest);
    expect(mine?.plan).not.toBe(given?.plan);
  });

  test("acts as a role that the login may become, and says no where it may not", async () => {
    expect(await one({ login: "writer", role: "group_role", text: "select * from app.item" })).toMatchObject({
      verdict: "no",
      code: "42501",
      means: "dry-run",
    });
    expect(await one({ login: "reader", role: "group_role" })).toMatchObject({
      verdict: "no",
      code: "42501",
      means: "rule",
    });
    expect(await one({ role: "nobody" })).toMatchObject({ verdict: "no", code: "28000", means: "rule" });
  });

  test("asks for CONNECT where it is known who logs in", async () => {
    expect(await one({ role: "stranger", login: "stranger" })).toMatchObject({ verdict: "no", code: "42501" });
    expect(await one({ role: "stranger" })).toMatchObject({ verdict: "yes" });
  });

  test("tells a name out of reach from one that is not there", async () => {
    await server.query("revoke usage on schema other from writer", { database: "trial" });
    const searchPath = ["other"];
    const [hidden, missing, shadowed] = await ask(
      { text: "select * from only_there where a = $1", searchPath },
      { text: "select * from nowhere", searchPath },
      { text: "select * from item", searchPath: ["other", "app"] },
    );
    expect(hidden).toMatchObject({ verdict: "no", code: "42P01" });
    expect(missing).toMatchObject({ verdict: "not-confirmed", code: "42P01" });
    expect(shadowed).toMatchObject({ verdict: "yes" });
    await server.query("grant usage on schema other to writer", { database: "trial" });
    const before = await one({ text: "select * from item", searchPath: ["other", "app"] });
    expect(before.verdict).toBe("no"); // It reads another table again, which the writer may not.
  });

  test("takes one statement at a time, whatever a text holds", async () => {
    const texts = [
      "select 1; drop table app.item",
      "select 1; commit; drop table app.item",
      "select 1 /* ; */",
      "select ';'",
      "select 1 -- the end",
      "select 1;",
      "select 'a",
      "select 1 /*",
      "",
      "copy (select 1) to stdout; drop table app.item",
      "insert into app.item values (1); reset session authorization; drop table app.item",
    ];
    const answers = await ask(...texts.map((text) => ({ text, deep: true })));
    expect(answers.map(({ verdict }) => verdict)).toEqual([
      "not-confirmed",
      "not-confirmed",
      "yes",
      "yes",
      "yes",
      "yes",
      "not-confirmed",
      "not-confirmed",
      "not-confirmed",
      "not-confirmed",
      "not-confirmed",
    ]);
    expect(await server.query("select to_regclass('app.item') is not null as there", { database: "trial" })).toEqual([
      { there: true },
    ]);
  });

  test("stays who it is, whatever a body does to its session, ends, takes or waits for", async () => {
    const around = { role: "reader", text: "select * from app.secret" };
    const answers = await ask(
      around,
      { role: "reader", text: "select app.becomes_superuser()" },
      around,
      { role: "reader", text: "select app.ends_session()" },
      { ...around, text: "select a from app.secret" },
      { role: "reader", text: "select app.takes_lock()" },
      { role: "writer", text: "select app.takes_lock()" },
      { role: "reader", text: "select app.waits()" },
      { role: "reader", text: "select pg_terminate_backend(1)" },
      { role: "writer", text: "select app.writes($1)" },
      { role: "reader", text: "select app.writes($1)" },
    );
    expect(answers.map(({ verdict }) => verdict)).toEqual([
      "no",
      "yes",
      "no",
      "not-confirmed",
      "no",
      "yes",
      "yes",
      "not-confirmed",
      "not-confirmed",
      "yes",
      "no",
    ]);
    expect(await server.query("select count(*)::int as n from app.item", { database: "trial" })).toEqual([{ n: 2 }]);
    expect(await server.query("select count(*)::int as n from pg_locks where locktype = 'advisory'")).toEqual([
      { n: 0 },
    ]);
  });

  test("sees what only runs for a row", async () => {
    const texts = ["insert into app.watched values ($1, $2)", "update app.watched set v = $1 where id = $2"];
    const answers = await ask(...texts.map((text) => ({ text })));
    expect(answers).toMatchObject(texts.map(() => ({ verdict: "no", code: "42501", means: "execution" })));
  });

  test("repairs what putting placeholders for literals broke", async () => {
    const texts = [
      "select now() - interval $1",
      "select a + $1 from app.item where a = $2",
      "select $1 + $2",
      "select date $1 + $2",
      "select extract(epoch from $1)",
      "select a from app.item order by $1 limit $2",
      "select coalesce($1, $2)",
      "select $3, $1",
    ];
    const answers = await ask(...texts.map((text) => ({ text })));
    expect(answers.map(({ verdict }) => verdict)).toEqual(texts.map(() => "yes"));
    expect(await one({ text: "select date $1 from app.secret" })).toMatchObject({ verdict: "no", code: "42501" });
  });

  test("answers alike questions once, tells how far it is, and gives answers in order", async () => {
    const done: number[] = [];
    const texts = Array.from({ length: 300 }, (_, n) =>
      n % 3 === 0 ? "select * from app.item" : `select ${n} from app.secret`,
    );
    const answers = await replay.attempt(
      texts.map((text) => ({ text, role: "writer", database: "trial", deep: false })),
      { onProgress: (count) => done.push(count) },
    );
    expect(answers.map(({ verdict }) => verdict)).toEqual(texts.map((_, n) => (n % 3 === 0 ? "yes" : "no")));
    expect(done.at(-1)).toBe(300);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
  });

  test("says that rows differ by themselves rather than that they changed", async () => {
    const answer = await one({ text: "select clock_timestamp()", rows: true });
    expect(answer.verdict).toBe("yes");
    expect(answer.rows).toBeUndefined();
  });

  test("ends when it is told to, with no session left", async () => {
    const stop = new AbortController();
    const asked = replay.attempt(
      Array.from({ length: 2000 }, (_, n) => ({
        text: `select ${n} from app.item`,
        role: "writer",
        database: "trial",
        deep: true,
      })),
      { signal: stop.signal, onProgress: (done) => done > 20 && stop.abort(new Error("enough")) },
    );
    await expect(asked).rejects.toThrow("enough");
    await expect
      .poll(() =>
        server.query("select count(*)::int as n from pg_stat_activity where application_name = 'rolewright replay'"),
      )
      .toEqual([{ n: 0 }]);
  });
});
