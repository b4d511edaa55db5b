import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildAccessIndex } from "../../../src/analysis/access-index.ts";
import { ADMINISTRATIVE } from "../../../src/analysis/checks/administrative/index.ts";
import { destroyers } from "../../../src/analysis/checks/administrative/owners.ts";
import { remoteSuperuser } from "../../../src/analysis/checks/administrative/remote-superuser.ts";
import type { CheckContext } from "../../../src/analysis/checks/check.ts";
import { checkContext } from "../../../src/analysis/checks/context.ts";
import { INHERITANCE } from "../../../src/analysis/checks/inheritance/index.ts";
import { LEAST_PRIVILEGE } from "../../../src/analysis/checks/least-privilege/index.ts";
import { publicDatabase } from "../../../src/analysis/checks/least-privilege/public-database.ts";
import { publicCreate } from "../../../src/analysis/checks/least-privilege/public-things.ts";
import { type CheckRun, runChecks } from "../../../src/analysis/checks/run-checks.ts";
import { Secret } from "../../../src/base/secret.ts";
import { resolveDeclared } from "../../../src/config/declared/declared.ts";
import { resolveManifest } from "../../../src/config/resolve.ts";
import { postgresql } from "../../../src/engine/postgresql/index.ts";
import { type PostgresServer, startPostgres, testMajor } from "../../support/postgres.ts";
import { fromText } from "../manifest-world.ts";
import { refusal } from "./live-postgresql.ts";
import { mend, siteContext } from "./postgresql-site.ts";

const DATABASE = "general";
const MAJOR = testMajor();
const HAS_OPTIONS = MAJOR >= 16;

/** Every scenario has names of its own, so that one reading serves all. */
const SETUP = `
  revoke connect, temporary on database general from public;
  revoke create on schema public from public;
  create role owner;
  create schema app authorization owner;

  create role adm01_a superuser login; create role adm01_b superuser login; create role adm01_c superuser login;
  create role adm02_dba; alter role adm02_dba set work_mem = '8MB'; create role adm02_ann login; grant adm02_dba to adm02_ann;
  create role adm03_app login createdb;
  create role adm06_ops createrole; create role adm06_ann login; create role adm06_app login; grant adm06_ops to adm06_ann;
  create role adm07_rep login replication; create role adm07_ok login replication;
  create role adm08_audit bypassrls; create role adm08_l login; grant adm08_audit to adm08_l; create role adm08_near bypassrls login;
  create table app.adm08_rows (id int); alter table app.adm08_rows enable row level security; insert into app.adm08_rows values (1);
  grant select on app.adm08_rows to adm08_audit;
  create role adm13_app login; create role adm13_rw; grant adm13_rw to adm13_app; create table app.adm13_t (id int); grant truncate on app.adm13_t to adm13_rw;
  create role adm15_rep login; grant pg_read_all_data to adm15_rep;

  create role lpv_reader; create role lpv_login login; grant lpv_reader to lpv_login; create table app.lpv_t (id int); grant select on app.lpv_t to lpv_reader;
  create function app.lpv02_f() returns int language sql as 'select 1';
  create table app.lpv03_t (id int); grant select on app.lpv03_t to public;
  create role lpv06_app login; create role lpv06_ro; grant lpv06_ro to lpv06_app;
  create schema lpv06; create table lpv06.a (id int); create table lpv06.b (id int); create table lpv06.c (id int);
  grant usage on schema lpv06 to lpv06_ro; grant select on all tables in schema lpv06 to lpv06_ro;
  create role lpv07_ro; create role lpv07_ann login; grant lpv07_ro to lpv07_ann; create table app.lpv07_t (id int); grant select, insert on app.lpv07_t to lpv07_ro;
  create role lpv08_ann login; create table app.lpv08_t (id int); grant select on app.lpv08_t to lpv08_ann;
  create schema hr; create role lpv09_payroll; create role lpv09_staff; create role lpv09_ann login; create role lpv09_bob login;
  grant lpv09_payroll to lpv09_ann; grant lpv09_staff to lpv09_bob; create table hr.people (id int); create table hr.desks (id int);
  create table hr.salary (amount int); grant usage on schema hr to lpv09_payroll, lpv09_staff; grant select on hr.salary to lpv09_payroll, lpv09_staff;
  grant select on hr.people, hr.desks to lpv09_staff;
  create role lpv10_a; create role lpv10_m login; grant lpv10_a to lpv10_m; create table app.lpv10_t (id int); grant select on app.lpv10_t to lpv10_a with grant option;
  create schema lpv12; create table lpv12.t (id int); create role lpv12_a; alter role lpv12_a set work_mem = '8MB'; create role lpv12_m login; grant lpv12_a to lpv12_m; grant select on lpv12.t to lpv12_a;
  create table app.lpv13_t (id int) partition by range (id); create table app.lpv13_1 partition of app.lpv13_t for values from (0) to (9);
  alter table app.lpv13_t enable row level security; grant select on app.lpv13_1 to lpv_reader;
  create materialized view app.lpv13_mv as select * from app.lpv13_t; grant select on app.lpv13_mv to lpv_reader;
  create role lpv14_app login; create role lpv14_rw; grant lpv14_rw to lpv14_app; grant create on schema app to lpv14_rw;
  create table app.lpv14_t (id int); grant insert on app.lpv14_t to lpv14_rw;

  create role inh02_l login; create role inh02_1; create role inh02_2; create role inh02_3; create role inh02_4; create role inh02_5;
  grant inh02_5 to inh02_4; grant inh02_4 to inh02_3; grant inh02_3 to inh02_2; grant inh02_2 to inh02_1; grant inh02_1 to inh02_l;
  create role inh03_l login; create role inh03_x; create role inh03_y; create role inh03_top; grant inh03_x, inh03_y to inh03_l; grant inh03_top to inh03_x, inh03_y;
  create role inh04_l login; create role inh04_w; create role inh04_r; grant inh04_r to inh04_w; grant inh04_w, inh04_r to inh04_l;
  create role inh05_w; create role inh05_r; create role inh05_l login; grant inh05_r to inh05_w; grant inh05_w to inh05_l;
  create table app.inh05_t (id int); grant select on app.inh05_t to inh05_r, inh05_w;
  create role inh06_a; create role inh06_b; create role inh06_l login; grant inh06_a to inh06_l; grant inh06_b to inh06_l;
  create table app.inh06_t (id int); grant select on app.inh06_t to inh06_a, inh06_b;
  create role inh07_l login; grant pg_execute_server_program to inh07_l;
  create role inh11_a login; create role inh11_b login; grant inh11_a to inh11_b;
  create role inh12_empty;
  create role inh14_pay; create role inh14_ann login; create role inh14_eve login; grant inh14_pay to inh14_ann with admin option;
  create role inh15_rw; create role inh15_app login; create role inh15_ann login; grant inh15_rw to inh15_app, inh15_ann;
  alter role inh02_5 set work_mem = '8MB'; alter role inh03_top set work_mem = '8MB'; alter role inh04_r set work_mem = '8MB';
  alter role adm06_ops set work_mem = '8MB'; alter role inh14_pay set work_mem = '8MB'; alter role inh15_rw set work_mem = '8MB';
  create role door; grant connect on database general to door;
  grant door to adm07_rep, adm08_l, adm15_rep, adm13_app, lpv09_bob, lpv14_app, inh07_l, inh14_ann, adm06_ann;
  grant usage on schema app to adm08_audit, adm13_rw, lpv_reader, lpv07_ro, lpv08_ann, lpv10_a, lpv14_rw, inh05_r, inh06_a, inh06_b;
`;

/** What takes options of memberships. */
const OPTIONS = `
  grant adm06_app to adm06_ops with admin option, inherit false, set false;
  create role inh09_g; create role inh09_m login; create role inh09_ops; grant inh09_g to inh09_ops with admin option, inherit false, set false;
  grant inh09_g to inh09_m; grant inh09_g to inh09_m with set false granted by inh09_ops; alter role inh09_g set work_mem = '8MB'; grant inh09_ops to adm06_ann;
  create role inh10_m login noinherit; create role inh10_g; grant inh10_g to inh10_m with inherit true; alter role inh10_g set work_mem = '8MB';
  create role inh13_l login; create role inh13_mid; create role inh13_top; grant inh13_mid to inh13_l with inherit false; grant inh13_top to inh13_mid with set false;
  grant door to inh13_l;
  create table app.inh13_t (id int); grant select on app.inh13_t to inh13_top; grant usage on schema app to inh13_top;
`;

/** What no change says. */
const BY_HAND = `
  alter role adm01_c nosuperuser;
  revoke select on lpv06.b, lpv06.c from lpv06_ro;
  revoke insert on app.lpv07_t from lpv07_ro;
  revoke select on hr.salary from lpv09_staff;
  revoke inh02_5 from inh02_4; alter role inh02_4 set work_mem = '8MB'; drop role inh02_5;
  revoke inh03_top from inh03_y; alter role inh03_y set work_mem = '8MB';
  revoke select on app.inh05_t from inh05_w;
  drop owned by inh06_b; drop role inh06_b;
  revoke pg_execute_server_program from inh07_l;
  revoke inh15_rw from inh15_ann;
`;

/** As whom, and what that one must no longer be able to do. */
const ESCALATIONS: readonly (readonly [code: string, user: string, sql: string])[] = [
  [
    "ADM-07",
    "adm07_rep",
    "select pg_create_physical_replication_slot('adm07'); select pg_drop_replication_slot('adm07')",
  ],
  ["ADM-08", "adm08_l", "set role adm08_audit; select 1 / count(*) from app.adm08_rows"],
  ["ADM-15", "adm15_rep", "select * from hr.salary"],
  ["LPV-03", "adm13_app", "select * from app.lpv03_t"],
  ["LPV-09", "lpv09_bob", "select * from hr.salary"],
  ["LPV-14", "lpv14_app", "create table app.lpv14_new (id int); drop table app.lpv14_new"],
  ["INH-07", "inh07_l", "copy (select 1) to program 'cat > /dev/null'"],
  ["INH-14", "inh14_ann", "begin; grant inh14_pay to inh14_eve; rollback"],
  ...(HAS_OPTIONS
    ? [
        ["ADM-06", "adm06_ann", "set role adm06_ops; alter role adm06_app password 'taken'"] as const,
        ["INH-13", "inh13_l", "set role inh13_mid; select * from app.inh13_t"] as const,
      ]
    : [["ADM-05", "adm06_ann", "set role adm06_ops; alter role adm06_app password 'taken'"] as const]),
];

const MANIFEST = `version: 1
targets: { prod: { engine: postgresql, environment: test, url: '\${URL}' } }
roles:
  adm02_dba: { purpose: admin }
  adm07_ok: { purpose: replication }
  lpv07_ro: { purpose: read-only }
  inh15_rw: { purpose: application }
people:
  ann: { logins: { prod: adm02_ann }, eligible: [{ role: adm02_dba, max_minutes: 60 }] }
  zoe: { logins: { prod: inh15_ann } }
services:
  maker: { logins: { prod: adm03_app } }
  shop: { logins: { prod: adm13_app } }
  billing: { logins: { prod: lpv06_app } }
  deploy: { logins: { prod: lpv14_app } }
  store: { logins: { prod: inh15_app } }
sensitive:
  - { name: salaries, on: table hr.salary, readers: [lpv09_payroll] }
tests:
  - { as: billing, must: allow, privilege: select, on: table lpv06.a }
`;

const CHECKS = [...ADMINISTRATIVE, ...LEAST_PRIVILEGE, ...INHERITANCE];

async function contextOf(server: PostgresServer): Promise<CheckContext> {
  await using connection = await postgresql.connect({
    url: new Secret(server.url({ database: DATABASE })),
    databases: [DATABASE],
  });
  const live = await connection.introspect();
  const dialect = postgresql.dialect(live);
  const loaded = fromText(MANIFEST);
  const { manifest } = loaded;
  if (manifest === null) throw new Error("no manifest");
  const { identities } = resolveManifest(loaded, "prod", live, dialect.rules);
  const { declared, findings } = resolveDeclared({ ...loaded, manifest }, "prod", {
    live,
    rules: dialect.rules,
    identities,
    roles: live.access.roles,
  });
  expect(findings).toEqual([]);
  const context = checkContext({
    target: "prod",
    environment: "test",
    now: live.takenAt,
    index: buildAccessIndex(live.access, live.catalog, dialect.accessRules),
    live,
    dialect,
    posture: await connection.posture(live),
    declared,
  });
  return context;
}

/** `ADM-07 adm07_rep`, sorted. */
const found = ({ findings }: Pick<CheckRun, "findings">): readonly string[] =>
  findings.map(({ code, principals }) => `${code} ${principals.join("+") || "public"}`).sort();

const EXPECTED = [
  HAS_OPTIONS ? "ADM-01 adm01_a+adm01_b+adm01_c+inh07_l" : "ADM-01 adm01_a+adm01_b+adm01_c+adm06_ann+inh07_l",
  "ADM-02 adm02_ann",
  "ADM-03 adm03_app",
  HAS_OPTIONS ? "ADM-06 adm06_ops" : "ADM-05 adm06_ops",
  "ADM-07 adm07_rep",
  "ADM-08 adm08_audit",
  "ADM-15 adm15_rep",
  "LPV-02 public",
  "LPV-03 public",
  "LPV-06 lpv06_app",
  "LPV-07 lpv07_ro",
  "LPV-08 lpv08_ann",
  "LPV-09 adm15_rep",
  "LPV-09 lpv09_staff",
  "LPV-10 lpv10_a",
  "LPV-12 lpv12_a",
  "LPV-13 lpv_reader",
  "LPV-13 lpv_reader",
  "LPV-14 lpv14_rw",
  "INH-02 inh02_1",
  "INH-03 inh03_l",
  "INH-04 inh04_l",
  "INH-05 inh05_w",
  "INH-06 inh06_a+inh06_b",
  "INH-07 inh07_l",
  "INH-11 inh11_a",
  "INH-12 inh12_empty",
  "INH-14 inh14_ann",
  "INH-15 inh15_rw",
  // Until 15 CREATEROLE leads to every role that is no superuser, those that run programs and read everything too.
  ...(HAS_OPTIONS
    ? ["INH-09 inh09_g+inh09_m", "INH-10 inh10_m", "INH-13 inh13_l"]
    : ["INH-07 adm06_ann", "LPV-09 adm06_ann", "LPV-09 adm06_ann"]),
].sort();

describe("ADM, LPV and INH on a real PostgreSQL", () => {
  let server: PostgresServer;
  let before: CheckRun;

  beforeAll(async () => {
    server = await startPostgres({
      settings: { wal_level: "replica", max_replication_slots: "4", max_wal_senders: "2" },
    });
    await server.query(`create database ${DATABASE}`);
    await server.query(SETUP, { database: DATABASE });
    if (HAS_OPTIONS) await server.query(OPTIONS, { database: DATABASE });
    before = runChecks(await contextOf(server), CHECKS);
  }, 60_000);
  afterAll(() => server.stop());

  const tried = async (): Promise<Readonly<Record<string, string | null>>> => {
    const results: Record<string, string | null> = {};
    for (const [code, user, sql] of ESCALATIONS)
      results[code] = await refusal(server, sql, { user, database: DATABASE });
    return results;
  };

  test("each fault is found by its check with its own role, nothing else is, and the fixes end all of it", async () => {
    expect(found(before)).toEqual(EXPECTED);
    expect(Object.values(await tried()).filter((each) => each !== null)).toEqual([]);

    await mend(server, [DATABASE], before.findings);
    await server.query(BY_HAND, { database: DATABASE });
    if (HAS_OPTIONS) await server.query("grant inh13_mid to inh13_l with set false", { database: DATABASE });
    expect(found(runChecks(await contextOf(server), CHECKS))).toEqual([]);
    const refused = Object.entries(await tried()).map(([code, state]) => `${code} ${state}`);
    expect(refused.sort()).toEqual(
      ESCALATIONS.map(([code]) => `${code} ${code === "ADM-08" ? "22012" : "42501"}`).sort(),
    );
  }, 60_000);

  test("an application that may truncate in production is found, and cannot any more", async () => {
    const at = { user: "adm13_app", database: DATABASE };
    const truncate = "truncate app.adm13_t";
    expect(await refusal(server, truncate, at)).toBeNull();
    const run = async (): Promise<CheckRun> =>
      runChecks({ ...(await contextOf(server)), production: true }, [destroyers]);
    const { findings } = await run();
    expect(found({ findings })).toEqual(["ADM-13 adm13_rw"]);
    await mend(server, [DATABASE], findings);
    expect(await refusal(server, truncate, at)).toBe("42501");
    expect((await run()).findings).toEqual([]);
  }, 60_000);

  test("a database that everybody gets into, and the schema public that everybody writes to, are closed by what is said of them", async () => {
    await server.query("create database doors");
    const at = { database: "doors" };
    await server.query("grant create on schema public to public; create role door_ann login", at);
    const run = async (): Promise<CheckRun> => {
      const context = await siteContext(server, ["doors"]);
      return runChecks(context, [publicDatabase, publicCreate]);
    };
    const make = "create function public.now() returns int language sql as 'select 1'; drop function public.now()";
    const ann = { user: "door_ann", database: "doors" };
    expect(await refusal(server, make, ann)).toBeNull();
    const { findings } = await run();
    expect(found({ findings })).toEqual(["LPV-01 public", "LPV-04 public"]);
    const [door, schema] = findings.toSorted((a, b) => (a.code < b.code ? -1 : 1));
    if (door === undefined || schema === undefined) throw new Error("not found");
    await mend(server, ["doors"], [schema]);
    expect(await refusal(server, make, ann)).toBe("42501");
    await mend(server, ["doors"], [door]);
    expect(await refusal(server, "select 1", ann)).toBe("42501");
    expect((await run()).findings).toEqual([]);
  }, 60_000);

  test("superusers that pg_hba.conf lets in from the network are found, until a line above refuses them", async () => {
    await using open = await startPostgres({ settings: { listen_addresses: "*" } });
    await open.query(
      "create role adm04_root superuser login; create role adm04_off superuser; create role adm04_app login",
    );
    const hba = join(open.dataDir, "pg_hba.conf");
    const lines = await readFile(hba, "utf8");
    const run = async (text: string): Promise<CheckRun> => {
      await writeFile(hba, text);
      await open.query("select pg_reload_conf(), pg_sleep(0.2)");
      return runChecks(await siteContext(open, ["postgres"]), [remoteSuperuser]);
    };
    expect(await run(lines)).toMatchObject({ findings: [], passed: ["ADM-04"] });
    const wide = "host all all 0.0.0.0/0 scram-sha-256\n";
    expect(found(await run(`${lines}\n${wide}`))).toEqual(["ADM-04 adm04_root", "ADM-04 postgres"]);
    const refused = "host all postgres,adm04_root 0.0.0.0/0 reject\n";
    expect(found(await run(`${lines}\n${refused}${wide}`))).toEqual([]);
  }, 60_000);
});
