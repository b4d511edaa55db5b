import { afterAll, beforeAll, expect, test } from "vitest";
import { buildAccessIndex } from "../../../src/analysis/access-index.ts";
import { ADMINISTRATIVE } from "../../../src/analysis/checks/administrative/index.ts";
import { checkContext } from "../../../src/analysis/checks/context.ts";
import { INHERITANCE } from "../../../src/analysis/checks/inheritance/index.ts";
import { LEAST_PRIVILEGE } from "../../../src/analysis/checks/least-privilege/index.ts";
import { type CheckRun, runChecks } from "../../../src/analysis/checks/run-checks.ts";
import { resolveDeclared } from "../../../src/config/declared/declared.ts";
import { resolveManifest } from "../../../src/config/resolve.ts";
import { diff } from "../../../src/diff/diff.ts";
import { predict } from "../../../src/diff/predict.ts";
import type { Connection } from "../../../src/engine/engine.ts";
import type { CheckFinding } from "../../../src/model/check-finding.ts";
import { buildPlan } from "../../../src/plan/build-plan.ts";
import { open as openCassandra } from "../../engines/cassandra/reading.ts";
import { open as openMariadb } from "../../engines/mariadb/reading.ts";
import { type BorrowedCassandra, borrowCassandra } from "../../support/borrow-cassandra.ts";
import { PASSWORD } from "../../support/cassandra.ts";
import { describeOn } from "../../support/describe-on.ts";
import { type MariadbServer, startMariadb } from "../../support/mariadb.ts";
import { fromText } from "../manifest-world.ts";
import { refusal } from "./live-mariadb.ts";

const CHECKS = [...ADMINISTRATIVE, ...LEAST_PRIVILEGE, ...INHERITANCE];

/** One reading of a server and one run of the three families, with what a manifest says of its target `prod`. */
async function judge(connection: Connection, engine: string, manifestText: string): Promise<CheckRun> {
  const live = await connection.introspect();
  const dialect = connection.engine.dialect(live);
  const loaded = fromText(
    `version: 1\ntargets: { prod: { engine: ${engine}, environment: test, url: '\${URL}' } }\n${manifestText}`,
  );
  const { manifest } = loaded;
  if (manifest === null) throw new Error("no manifest");
  const { identities } = resolveManifest(loaded, "prod", live, dialect.rules);
  const given = { live, rules: dialect.rules, identities, roles: live.access.roles };
  const { declared, findings } = resolveDeclared({ ...loaded, manifest }, "prod", given);
  expect(findings).toEqual([]);
  const index = buildAccessIndex(live.access, live.catalog, dialect.accessRules);
  const posture = await connection.posture(live);
  const { takenAt: now } = live;
  return runChecks(
    checkContext({ target: "prod", environment: "test", now, index, live, dialect, posture, declared }),
    CHECKS,
  );
}

/** The statements of all changes that findings name, by one plan. */
async function statements(connection: Connection, findings: readonly CheckFinding[]): Promise<readonly string[]> {
  const live = await connection.introspect();
  const dialect = connection.engine.dialect(live);
  const desired = predict(
    live.access,
    findings.flatMap(({ mend }) => mend.changes ?? []),
    dialect.rules,
  );
  const plan = buildPlan({
    target: "test",
    environment: "test",
    snapshot: live,
    dialect,
    changes: diff(live.access, desired, { rules: dialect.rules }).map((change) => ({
      change,
      origin: { locations: [], by: "declared" },
    })),
    manifestDigest: null,
    tool: "test",
    allowRemovals: 1_000_000,
  });
  return plan.stages.flatMap((stage) => stage.statements.map(({ text }) => text));
}

const found = (findings: readonly CheckFinding[], prefix = ""): readonly string[] =>
  findings.map(({ code, principals }) => `${code} ${principals.join("+") || "public"}`.replaceAll(prefix, "")).sort();

const ON_MARIADB: readonly string[] = [
  "create database shop; create table shop.a (x int); create table shop.b (x int); create table shop.c (x int); create table shop.pay (x int)",
  "create user g09@'%'; grant select on *.* to g09@'%'",
  "create user g10@'%'; grant process on *.* to g10@'%'",
  "create role g05; create user g05a@'%'; grant g05 to g05a@'%'; grant select on shop.* to g05; grant select, insert on shop.a to g05",
  "create role g07; create user g07a@'%'; grant g07 to g07a@'%'; grant select, update on shop.b to g07",
  "create role g14; create user g14a@'%', g14b@'%'; grant g14 to g14a@'%' with admin option; grant insert on shop.c to g14",
  "create role g17x; create role g17y; create user g17@'%'; grant g17x to g17@'%'; grant g17y to g17@'%'; grant delete on shop.c to g17x; grant update on shop.c to g17y",
  "create role g12; grant delete on shop.b to g12",
];

/** What no change says. */
const MARIADB_BY_HAND: readonly string[] = [
  "revoke select on shop.* from g05",
  "revoke update on shop.b from g07",
  "drop role g12",
  "revoke g17y from g17@'%'",
  "drop role g17y",
];

const MARIADB_MANIFEST = `
roles: { g07: { purpose: read-only } }
sensitive: [{ name: pay, on: table shop.pay, readers: [], writers: [] }]
`;

describeOn("mariadb", "ADM, LPV and INH on a real MariaDB", () => {
  let server: MariadbServer;
  beforeAll(async () => {
    server = await startMariadb();
    for (const sql of ON_MARIADB) for (const each of sql.split(";")) await server.query(each);
  }, 60_000);
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  test("find their own, and what is told mends it", async () => {
    await using connection = await openMariadb(server);
    const before = await judge(connection, "mariadb", MARIADB_MANIFEST);
    expect(found(before.findings)).toEqual([
      "ADM-09 g09@%",
      "ADM-10 g10@%",
      "INH-05 g05",
      "INH-12 g12",
      "INH-14 g14a@%",
      "INH-17 g17@%",
      "LPV-07 g07",
      "LPV-08 g09@%",
      "LPV-08 g10@%",
      "LPV-09 g05",
      "LPV-09 g09@%",
    ]);
    const others = "show processlist";
    const pass = "grant g14 to g14b@'%'";
    expect(await refusal(server, pass, { user: "g14a", from: "127.0.0.1" })).toBeNull();
    expect((await server.query(others, { user: "g10", from: "127.0.0.1" })).length).toBeGreaterThan(1);
    const hashes = "select count(*) from mysql.global_priv";
    expect(await refusal(server, hashes, { user: "g09", from: "127.0.0.1" })).toBeNull();
    for (const text of await statements(connection, before.findings)) await server.query(text);
    for (const sql of MARIADB_BY_HAND) await server.query(sql);
    expect(found((await judge(connection, "mariadb", MARIADB_MANIFEST)).findings)).toEqual([]);
    expect(await refusal(server, hashes, { user: "g09", from: "127.0.0.1" })).toBe(1142);
    expect(await refusal(server, pass, { user: "g14a", from: "127.0.0.1" })).toBe(1698);
    expect(await server.query(others, { user: "g10", from: "127.0.0.1" })).toHaveLength(1);
  }, 60_000);
});

describeOn("cassandra", "ADM, LPV and INH on a real Cassandra", () => {
  let server: BorrowedCassandra;
  beforeAll(async () => {
    server = await borrowCassandra();
  }, 120_000);
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  test("find their own, and what is told mends it", async () => {
    const p = server.prefix;
    const setup = [
      `create keyspace ${p}shop with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
      `create table ${p}shop.a (id int primary key)`,
      `create role ${p}dba with superuser = true`,
      `create role ${p}ann with login = true and password = '${PASSWORD}'`,
      `grant ${p}dba to ${p}ann`,
      `create role ${p}rw`,
      `create role ${p}app with login = true and password = '${PASSWORD}'`,
      `grant ${p}rw to ${p}app`,
      `grant select on all keyspaces to ${p}rw`,
      `create role ${p}ro`,
      `create role ${p}bob with login = true and password = '${PASSWORD}'`,
      `grant ${p}ro to ${p}bob`,
      `grant select on keyspace ${p}shop to ${p}ro`,
      `grant select on table ${p}shop.a to ${p}ro`,
    ];
    for (const cql of setup) await server.query(cql);
    const manifest = `services: { shop: { logins: { prod: ${p}app } } }\n`;
    await using connection = await openCassandra(server);
    const mine = (findings: readonly CheckFinding[]): readonly CheckFinding[] =>
      findings.filter(({ principals }) => principals.some((each) => each.startsWith(p)));
    const before = mine((await judge(connection, "cassandra", manifest)).findings);
    expect(found(before, p)).toEqual(["ADM-12 ann", "ADM-17 rw", "INH-05 ro"]);
    const seize = `alter role ${p}bob with superuser = true`;
    await server.query(seize, { user: `${p}ann` });
    await server.query(`alter role ${p}bob with superuser = false`);
    const rows = `select * from ${p}shop.a`;
    await server.query(rows, { user: `${p}app` });
    for (const text of await statements(connection, before)) await server.query(text);
    await server.query(`revoke select on table ${p}shop.a from ${p}ro`);
    // Who was a superuser by it has left, and nothing is held any more.
    const after = mine((await judge(connection, "cassandra", manifest)).findings);
    expect(found(after, p)).toEqual(["INH-12 dba", "INH-12 rw"]);
    await expect(server.query(seize, { user: `${p}ann` })).rejects.toThrow(/superuser|permission|privileges/iu);
    await expect(server.query(rows, { user: `${p}app` })).rejects.toThrow(/no SELECT permission/u);
  }, 60_000);
});
