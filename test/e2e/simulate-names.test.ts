import { afterAll, beforeAll, expect, test } from "vitest";
import { quoteIdentifier } from "../../src/engine/postgresql/quote.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import { expectExit, type Ran, type Workspace, workspace } from "./cli.ts";

const DATABASE = 'db\'s "x" -- é/?#%@:\n';
const ROLE = 'ro\'le "x"; drop -- é\n$1';
const SCHEMA = "sch'\"ema, -- \\ $$ é";
const TABLE = "t\"a'b;le \u001b[2K-- é\n/*";
const COLUMN = "c\"o'l -- é";

const q = quoteIdentifier;
const table = `${q(SCHEMA)}.${q(TABLE)}`;
const view = `${q(SCHEMA)}.${q(`v${TABLE}`)}`;
const routine = `${q(SCHEMA)}.${q(`f${TABLE}`)}`;

let server: PostgresServer;
let folder: Workspace;
let urls: Readonly<Record<"tls" | "socket" | "options", string>>;

beforeAll(async () => {
  server = await startPostgres({ ssl: true, auth: "scram" });
  await server.query(`create role ${q(ROLE)} login`);
  for (const database of [DATABASE, "stock"]) {
    await server.query(`create database ${q(database)}`);
    await server.query(
      `create schema ${q(SCHEMA)}; create table ${table} (id int primary key, ${q(COLUMN)} int);
       create view ${view} as select ${q(COLUMN)} from ${table};
       create function ${routine}(${q(COLUMN)} int) returns int language plpgsql as $body$ begin return (select id from ${table} limit 1); end $body$;
       alter table ${table} enable row level security; create policy ${q(COLUMN)} on ${table} to ${q(ROLE)} using (${q(COLUMN)} > 0);
       grant usage on schema ${q(SCHEMA)} to ${q(ROLE)}; grant select on ${table}, ${view} to ${q(ROLE)}`,
      { database },
    );
  }
  folder = await workspace();
  await folder.write("ca.pem", server.certificate ?? "");
  const encoded = encodeURIComponent;
  const name = encoded(DATABASE);
  const login = `postgres:${encoded(server.password ?? "")}`;
  const own = `postgresql://${login}@localhost:${server.port}/${name}`;
  urls = {
    tls: `${own}?sslmode=verify-ca&sslrootcert=${encoded(folder.path("ca.pem"))}`,
    socket: `postgresql://postgres@${encoded(server.socket)}:${server.port}/${name}`,
    options: `postgres://?host=${encoded(server.socket)}&port=${server.port}&user=postgres&dbname=${name}`,
  };
  await folder.write(
    "rolewright.yaml",
    `version: 1
targets:
  shop: { engine: postgresql, environment: development, url: "\${SHOP_URL}", databases: [${JSON.stringify(DATABASE)}, stock] }
roles:
  ${JSON.stringify(ROLE)}:
    login: true
    because: what hostile names do
    revoke:
      - { privileges: [select], on: { table: ${JSON.stringify(table)}, database: ${JSON.stringify(DATABASE)} } }
      - { privileges: [select], on: { table: ${JSON.stringify(view)}, database: stock } }
`,
  );
  const seen = { at: "2026-11-20T10:00:00Z", login: ROLE, role: ROLE, search_path: [SCHEMA] };
  const statements = [
    `select ${q(COLUMN)} from ${q(TABLE)} where id = 7`,
    `select ${routine}(1)`,
    `select * from ${q(`v${TABLE}`)}`,
  ];
  const uses = [DATABASE, "stock", "gone"].flatMap((database) =>
    statements.map((statement) => `${JSON.stringify({ ...seen, database, statement })}\n`),
  );
  await folder.write("u.jsonl", uses.join(""));
  expectExit(await run("tls", "workload", "collect", "u.jsonl", "--target", "shop", "--out", "e.json"), 0);
});
afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
  await server?.stop();
});

const run = (by: keyof typeof urls, ...args: readonly string[]): Promise<Ran> =>
  folder.run(args, { env: { SHOP_URL: urls[by] } });

interface Effect {
  readonly outcome: string;
  readonly database: string;
  readonly text: string;
}

test("what breaks is told of its own database alone, whatever things are called and however the server is reached", async () => {
  const told: Effect[][] = [];
  for (const by of ["tls", "socket"] as const) {
    const ran = await run(by, "simulate", "--evidence", "e.json", "--json");
    expectExit(ran, 3);
    const { simulation } = ran.json() as unknown as {
      simulation: { effects: Effect[]; coverage: { pairs: number; decided: number }; contradictions: string[] };
    };
    expect(simulation.contradictions).toEqual([]);
    // Nine were observed, and three of them in a database that is not the target's.
    expect(simulation.coverage).toMatchObject({ pairs: 9, decided: 6 });
    told.push(simulation.effects);
  }
  expect(told[0]?.map(({ outcome, database, text }) => [outcome, database, text.slice(0, 12)])).toEqual([
    ["revoked", DATABASE, expect.stringMatching(/^select "/u)],
    ["revoked", DATABASE, expect.stringMatching(/^select "/u)],
    ["revoked", "stock", expect.stringMatching(/^select \*/u)],
  ]);
  expect(told[1]).toEqual(told[0]);
});

test("people read which database it is, and no name reaches their terminal as it is", async () => {
  const ran = await run("options", "simulate", "--evidence", "e.json", "--detail");
  expectExit(ran, 3);
  expect(ran.stdout).toMatch(/- "ro'le .* in stock: SELECT/u);
  expect(ran.stdout).toMatch(/- "ro'le .* in "db's .*: SELECT/u);
  expect(ran.stdout).not.toContain("\u001b");
  expect(ran.stdout).toContain("\\u{1b}[2K");
  expect(ran.stdout).toContain("they are of databases that were not read");
});

test("`requires` answers in the database and the search path that it is asked about", async () => {
  const path = ["--search-path", `public, ${q(SCHEMA)}`];
  for (const database of [DATABASE, "stock"]) {
    const ran = await run(
      "socket",
      "requires",
      `select * from ${q(TABLE)}`,
      "--as",
      ROLE,
      "--database",
      database,
      ...path,
    );
    expectExit(ran, 0);
    expect(ran.stdout).toMatch(/\+ SELECT \("c""o'l -- é", id\) on table/u);
    expect(ran.stdout).toContain("may run it");
  }
  const shadow = await run(
    "socket",
    "requires",
    `select ${routine}(1)`,
    "--as",
    ROLE,
    "--database",
    "stock",
    "--shadow",
  );
  expect(shadow.stdout).toMatch(/\+ SELECT \(id\) on table .*, in function/u);
  const missing = await run("socket", "requires", "select 1", "--database", "gone");
  expectExit(missing, 1);
  expect(missing.stderr).toMatch(/RW552.*`gone`/u);
});
