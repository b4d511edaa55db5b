import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import type { Connection } from "../../../src/engine/engine.ts";
import { postgresql } from "../../../src/engine/postgresql/index.ts";
import { quoteIdentifier } from "../../../src/engine/postgresql/quote.ts";
import type { PolicyTextAnswer } from "../../../src/model/policy-text.ts";
import type { Resource } from "../../../src/model/resource.ts";
import { MAJORS } from "../../property/majors.ts";
import { startPostgres, type PostgresServer } from "../../support/postgres.ts";

const HOSTILE = 'O"d d.ü';
const LONG = "x".repeat(63);

/** Tables with the same columns under names that could mean something else. */
const TABLES: readonly Resource[] = ["orders", "text", "pg_class", "parted", HOSTILE, LONG].map((name) => ({
  kind: "table",
  path: ["postgres", "sales", name],
}));

const COLUMNS = `(id int primary key, gone int, region varchar(10), note text collate "C", tags text[], "Weird "" x" sales.mood, at timestamptz,
  place sales.point, amount numeric(10,2), code char(3), raw sales.label)`;

const SETUP = `
  create role app_owner; create schema sales; create schema "S ch.";
  create type sales.mood as enum ('good', 'bad'); create type sales.point as (x int, y int); create domain sales.label as varchar(5) check (value <> '');
  ${["orders", "text", "pg_class", HOSTILE, LONG].map((name) => `create table sales.${quoteIdentifier(name)} ${COLUMNS};`).join("\n")}
  create table sales.parted ${COLUMNS} partition by range (id);
  ${TABLES.map(({ path }) => `alter table sales.${quoteIdentifier(path[2] ?? "")} drop column gone;`).join("\n")}
  create table sales.members (region text, name text, id int);
  create view "S ch."."V w" as select * from sales.members;
  create function sales.tenant() returns text language sql as $$ select 'north'::text $$;
  create function "S ch."."F n"(a anyelement, b int default 1) returns boolean language sql as $$ select true $$;
  create function sales.whole(sales.orders) returns boolean language sql as $$ select true $$;
  create operator sales.=== (leftarg = text, rightarg = text, function = pg_catalog.texteq);`;

/** Expressions, with \`T\` where the name of the table stands. */
const EXPRESSIONS: readonly string[] = [
  "true",
  "region = current_setting('app.region')",
  "  ( ( region=current_setting( 'app.region' )) )  -- a comment at the end",
  "T.region = sales.tenant() and id > 3 or not (note like 'a%')",
  "region in ('north', 'south')",
  "note in ('north', 'south', $$it's$$, E'a\\\\b')",
  "code in ('a', 'b') and raw in ('c')",
  "note = any (tags) and 'x' <> all (tags)",
  "current_user = note and session_user = region and current_role <> 'x'",
  "exists (select 1 from sales.members where members.region = T.region and members.name = current_user)",
  "exists (select from sales.members where members.id = T.id and name = note)",
  'id in (select m.id from sales.members m join "S ch."."V w" v using (region) where m.region = T.region)',
  "id = (select max(o.id) from sales.T o where o.region = T.region)",
  "exists (select from sales.T where region = 'x')",
  "exists (select from pg_class where relname = note) and exists (select from pg_catalog.pg_roles where rolname = current_user)",
  "exists (with m as (select * from sales.members) select from m where m.region = T.region)",
  "exists (select T.* except select T.*)",
  "to_jsonb(T) ? 'x' and T is not null and T::text <> ''",
  "\"Weird \"\" x\" = 'good' and (place).x > 1 and at > now() - interval '1 day'",
  "at > '2024-01-02 03:04:05+02' and amount between 1 and 2.5 and amount::text = 'x'",
  "case when id > 1 then region = 'a' else coalesce(note, region, 'x') = 'y' end",
  '"S ch."."F n"(id) and "S ch."."F n"(b => 2, a => note)',
  "note operator(sales.===) region and note collate \"C\" < 'x'",
  "(id, note) = (1, 'x') and row(id, region) in (select m.id, m.region from sales.members m)",
  "tableoid = 'sales.members'::regclass and ctid is distinct from '(0,1)' and xmin::text <> '1'",
  "pg_has_role(current_user, 'app_owner', 'member') and extract(year from at) = 2024 and at at time zone 'utc' > localtimestamp",
  "note ~ '^a' and note !~~* 'b%' and note similar to 'c' and (note is null) is not true and (tags[1:2])[1] = 'x'",
  "exists (values (1), (2)) and id = any (array[1, 2]) and nullif(id, 1) is null and greatest(id, 2) = least(id, 3)",
  "region = ('a' || note)::varchar(3) and id::bigint = 1 and code = 'ab'::bpchar and note::char = 'c' and '1'::int = id",
];

const EXPECTED: Readonly<Record<string, RegExp>> = {
  "region = ": /syntax error/,
  "regoin = 'x'": /column "regoin" does not exist/,
  "tenant() = region": /function tenant\(\) does not exist/,
  "exists (select from members)": /relation "members" does not exist/,
  "exists (select from orders)": /without its schema/,
  "id = 'x'": /invalid input syntax for type integer/,
  "count(*) > 1": /aggregate functions are not allowed/,
  region: /must be type boolean/,
  "true) with check (false": /closes a parenthesis/,
  "true); drop table sales.orders; --": /multiple commands|syntax error/,
  "true /*": /unterminated/,
  "a\0b": /NUL/,
  "id = $1": /parameter \$1/,
  "": /syntax error/,
};

describe.each(MAJORS)("the text of row policies on PostgreSQL %i", (major) => {
  let server: PostgresServer;
  let connection: Connection;
  beforeAll(async () => {
    server = await startPostgres({ major, settings: { hot_standby: "on", wal_level: "replica" } });
    await server.query(SETUP);
    connection = await connect(server.url());
  });
  afterAll(async () => {
    await connection[Symbol.asyncDispose]();
    await server.stop();
  });
  const orders = TABLES[0] as Resource;
  const ask = async (expression: string, table: Resource = orders): Promise<PolicyTextAnswer> => {
    const [answer] = await connection.canonicalPolicies([{ table, expression }]);
    return answer as PolicyTextAnswer;
  };

  test("is exactly what the real table then has, on tables of any name", async () => {
    const questions = TABLES.flatMap((table) =>
      EXPRESSIONS.map((one) => ({ table, expression: one.replaceAll(/\bT\b/g, quoteIdentifier(table.path[2] ?? "")) })),
    );
    const answers = await connection.canonicalPolicies(questions);
    await using real = await connection.begin("postgres", { lockTimeoutMs: 1000, statementTimeoutMs: 10_000 });
    const name = (index: number, what: string): string => `${what} ${index}`;
    for (const [index, { table, expression }] of questions.entries()) {
      const answer = answers[index];
      if (answer?.kind !== "known") throw new Error(`${expression}: ${JSON.stringify(answer)}`);
      const on = `on sales.${quoteIdentifier(table.path[2] ?? "")}`;
      await real.execute({ text: `create policy "${name(index, "as asked")}" ${on} using (${expression}\n)` });
      await real.execute({
        text: `create policy "${name(index, "as planned")}" ${on} for insert with check (${answer.text})`,
      });
    }
    const { access } = await real.introspect();
    const stored = new Map([...access.rowPolicies.values()].map((one) => [one.name, one.using ?? one.check]));
    const planned = questions.map((_, index) => stored.get(name(index, "as planned")));
    expect(planned).toEqual(answers.map((answer) => (answer.kind === "known" ? answer.text : null)));
    // The server may write what it made of the files' text otherwise when it reads it again; both are the same policy.
    const asked = questions.map(({ table }, index) => ({
      table,
      expression: stored.get(name(index, "as asked")) ?? "",
    }));
    await real.rollback();
    expect(await connection.canonicalPolicies(asked)).toEqual(answers);
    expect(new Set(planned).size).toBeGreaterThan(EXPRESSIONS.length);
  });

  test("settles where the server writes its own text otherwise the second time", async () => {
    const first = await ask("region in ('north', 'south')");
    const second = await ask(
      "((region)::text = ANY ((ARRAY['north'::character varying, 'south'::character varying])::text[]))",
    );
    expect(first).toEqual(second);
    expect(first).toMatchObject({ kind: "known" });
  });

  test("is refused in the server's words where the expression is wrong, at its place, and the others are still answered", async () => {
    const texts = Object.keys(EXPECTED);
    const questions = [...texts, "id > 1"].map((expression) => ({ table: orders, expression }));
    const answers = await connection.canonicalPolicies(questions);
    for (const [index, text] of texts.entries()) {
      expect(answers[index], text).toMatchObject({
        kind: "refused",
        message: expect.stringMatching(EXPECTED[text] ?? / /),
      });
    }
    expect(answers.at(-1)).toEqual({ kind: "known", text: "(id > 1)" });
    expect(await ask("note = 'ü😀' and id = = 3")).toMatchObject({ offset: "note = 'ü😀' and id = ".length });
    expect((await server.query("select from sales.orders")).length).toBe(0);
  });

  test("is unknown where the row type of the table matters, and where the table is gone", async () => {
    expect(await ask("sales.whole(orders)")).toMatchObject({ kind: "unknown" });
    expect(await ask("true", { kind: "table", path: ["postgres", "sales", "nothing"] })).toMatchObject({
      kind: "unknown",
    });
  });

  test("leaves nothing behind, and waits for nobody who holds the table", async () => {
    const count =
      "select (select count(*) from pg_class)::int c, (select count(*) from pg_policy)::int p, (select count(*) from pg_namespace)::int n";
    const before = await server.query(count);
    const holder = await connection.begin("postgres", { lockTimeoutMs: 1000, statementTimeoutMs: 10_000 });
    await holder.execute({ text: "lock table sales.orders in access exclusive mode" });
    expect(await ask("region = 'x'")).toMatchObject({ kind: "known" });
    await holder.rollback();
    expect(await server.query(count)).toEqual(before);
  });

  test("is unknown to a role that may make no temporary table, and says what to grant", async () => {
    await server.query("revoke temporary on database postgres from public; create role poor login");
    await using poor = await connect(server.url({ user: "poor" }));
    const [answer] = await poor.canonicalPolicies([{ table: orders, expression: "true" }]);
    expect(answer).toMatchObject({
      kind: "unknown",
      reason: expect.stringContaining("permission denied to create temporary"),
    });
    expect(answer).toMatchObject({ help: expect.stringContaining('grant temporary on database "postgres"') });
    await server.query("grant temporary on database postgres to public; drop role poor");
  });

  test("is unknown where an event trigger refuses", async () => {
    await server.query(`create function sales.no() returns event_trigger language plpgsql as $$ begin raise 'no tables today'; end $$;
      create event trigger no on ddl_command_end execute function sales.no()`);
    expect(await ask("true")).toMatchObject({ kind: "unknown", reason: "no tables today" });
    await server.query("drop event trigger no");
    expect(await ask("true")).toMatchObject({ kind: "known", text: "true" });
  });

  test("is unknown on a standby, which only reads", async () => {
    const signal = join(server.dataDir, "standby.signal");
    await writeFile(signal, "");
    await chmod(signal, 0o666); // The server may be another user than the test.
    await server.restart();
    await using standby = await connect(server.url());
    const [answer] = await standby.canonicalPolicies([{ table: orders, expression: "true" }]);
    expect(answer).toMatchObject({ kind: "unknown", help: expect.stringContaining("primary") });
  });
});

function connect(url: string): Promise<Connection> {
  return postgresql.connect({ url: new Secret(`${url}?sslmode=disable`) });
}
