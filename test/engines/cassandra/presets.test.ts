import { afterAll, beforeAll, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { withClient } from "../../../src/engine/cassandra/local/session.ts";
import { temporaryRuns } from "../../support/applying.ts";
import { type CassandraServer, startCassandra } from "../../support/cassandra.ts";
import { describeOn } from "../../support/describe-on.ts";
import { type Applied, applyText, dangersOf, type Tried, tryAll } from "../../support/preset-trial.ts";
import { stepOptions } from "../../support/stepwise-world.ts";
import { open } from "./reading.ts";

const REPLICATION = "with replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 1}";
const SETUP = [
  `create keyspace shop ${REPLICATION}`,
  `create keyspace other ${REPLICATION}`,
  "create table shop.orders (id int primary key, t text, card text masked with mask_replace('****'))",
  "insert into shop.orders (id, t, card) values (1, 'a row', '4111')",
  'create table shop."OdT" (id int primary key)',
  "create table other.t (id int primary key)",
  "create function shop.f(a int) called on null input returns int language java as 'return a;'",
];

const PASSWORD = "correct 'horse' battery";
const MANIFEST = `roles:
  reader: { because: analysts read, presets: [{ preset: read-only, schemas: [shop] }] }
  writer: { presets: [{ preset: read-write@1, schemas: [shop] }] }
  keeper: { presets: [{ preset: maintenance, schemas: [shop] }] }
  chief: { presets: [{ preset: admin@1, schemas: [shop] }] }
  try_reader: { login: true, password: "\${TRY}", member_of: [reader] }
  try_writer: { login: true, password: "\${TRY}", member_of: [writer] }
  try_keeper: { login: true, password: "\${TRY}", member_of: [keeper] }
  try_chief: { login: true, password: "\${TRY}", member_of: [{ role: chief, inherit: true }] }
  silent: { member_of: [chief] }
`;

const UNAUTHORIZED = "8448";

function refused(...statements: readonly string[]): Tried {
  return Object.fromEntries(statements.map((statement) => [statement, UNAUTHORIZED]));
}

/** What no preset gives. */
const NEVER: Tried = refused(
  "select * from other.t",
  "insert into other.t (id) values (1)",
  "drop keyspace other",
  `create keyspace another ${REPLICATION}`,
  "create role another",
  "grant select on keyspace shop to silent",
  "grant reader to silent",
  "select * from system_auth.roles",
);

const DEFINITIONS = refused(
  "create table shop.x (id int primary key)",
  "alter table shop.orders add c int",
  "drop table shop.orders",
  "create index on shop.orders (t)",
  "create materialized view shop.m as select * from shop.orders where t is not null and id is not null primary key (t, id)",
  "create function shop.g(a int) called on null input returns int language java as 'return a;'",
  "create type shop.x (a int)",
  `alter keyspace shop ${REPLICATION}`,
  "select shop.f(id) from shop.orders",
);

const WRITES: readonly string[] = [
  "insert into shop.orders (id, t) values (2, 'x')",
  "update shop.orders set t = 'y' where id = 2",
  "insert into shop.orders (id, t) values (3, 'x') if not exists",
  "begin batch insert into shop.orders (id) values (4); apply batch",
  "delete from shop.orders where id = 2",
  'truncate shop."OdT"',
];

const READER: Tried = {
  ...NEVER,
  ...DEFINITIONS,
  ...refused(...WRITES),
  "select id, t from shop.orders": "ok",
  'select * from shop."OdT"': "ok",
};

const WRITER: Tried = {
  ...NEVER,
  ...DEFINITIONS,
  ...Object.fromEntries(WRITES.map((statement) => [statement, "ok"])),
  "select id from shop.orders": "ok",
};

const KEEPER: Tried = { ...NEVER, ...DEFINITIONS, ...refused(...WRITES, "select id, t from shop.orders") };

const CHIEF: Tried = {
  ...NEVER,
  "create table shop.x (id int primary key)": "ok",
  "alter table shop.x add c int": "ok",
  "insert into shop.x (id) values (1)": "ok",
  "truncate shop.x": "ok",
  "drop table shop.x": "ok",
  "select shop.f(id) from shop.orders": "ok",
  ...refused(
    "create function shop.g(a int) called on null input returns int language java as 'return a;'",
    "create or replace function shop.f(a int) called on null input returns int language java as 'return 2;'",
    "drop function shop.f",
  ),
};

describeOn("cassandra", "presets on Cassandra", () => {
  let server: CassandraServer;
  let applied: Applied;
  beforeAll(async () => {
    server = await startCassandra({ settings: { dynamic_data_masking_enabled: true } });
    for (const cql of SETUP) await server.query(cql);
    await using connection = await open(server);
    const { runs } = temporaryRuns();
    applied = await applyText(connection, MANIFEST, stepOptions(connection, runs), { TRY: PASSWORD });
  }, 120_000);
  afterAll(() => server?.stop());

  const tried = (user: string, statements: Tried): Promise<Tried> => tryAs(server, user, statements);

  test("say in the plan what they are, and where they give more or less than their name", () => {
    expect(applied.reasons).toEqual(["analysts read (preset read-only@1)", "preset admin@1", "preset read-write@1"]);
    expect(applied.findings).toEqual([
      "RW243 3:33 on this server whoever has `read-write@1` can truncate tables too",
      "RW242 4:33 `maintenance@1` gives nothing on this server, which has no privilege to maintain tables with",
      "RW244 10:25 `silent` has the rights of `chief`, which has the preset `admin`, in every session, and no line says `inherit`",
    ]);
  });

  test("lead nobody to the rights of others, as far as checks can tell", async () => {
    await using connection = await open(server);
    expect(await dangersOf(connection, ["reader", "writer", "keeper", "chief"])).toEqual([]);
  });

  test("read-only reads, what is masked masked, and neither writes nor defines nor grants", async () => {
    expect(await tried("try_reader", READER)).toEqual(READER);
    const login = { user: "try_reader", password: PASSWORD };
    expect(await server.query("select card from shop.orders where id = 1", login)).toEqual([{ card: "****" }]);
  }, 60_000);

  test("read-write changes rows, and truncates: the plan warned of it", async () => {
    expect(await tried("try_writer", WRITER)).toEqual(WRITER);
  }, 60_000);

  test("maintenance gives nothing: no statement maintains a table", async () => {
    expect(await tried("try_keeper", KEEPER)).toEqual(KEEPER);
  }, 60_000);

  test("admin does everything in its keyspace, unmasks nothing and passes nothing on", async () => {
    expect(await tried("try_chief", CHIEF)).toEqual(CHIEF);
    const login = { user: "try_chief", password: PASSWORD };
    expect(await server.query("select card from shop.orders where id = 1", login)).toEqual([{ card: "****" }]);
  }, 60_000);
});

/** How statements of a login end, in one session: `ok`, or the code of the server's error. */
async function tryAs(server: CassandraServer, user: string, statements: Tried): Promise<Tried> {
  const [node] = server.nodes;
  if (node === undefined) throw new Error("the server has no node");
  const login = { address: node.address, port: node.port, user, password: new Secret(PASSWORD) };
  return await withClient(login, async (client) =>
    tryAll(statements, (statement) =>
      client.execute(statement).then(
        () => "ok",
        (error: Error & { code?: number }) => String(error.code ?? error.message),
      ),
    ),
  );
}
