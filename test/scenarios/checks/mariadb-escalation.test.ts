import { afterAll, beforeAll, expect, test } from "vitest";
import { MYSQL } from "../../../src/analysis/checks/mysql/index.ts";
import type { CheckRun } from "../../../src/analysis/checks/run-checks.ts";
import { describeOn } from "../../support/describe-on.ts";
import { type MariadbServer, startMariadb } from "../../support/mariadb.ts";
import { brief, checkLive, mend, refusal } from "./live-mariadb.ts";

let server: MariadbServer;

/** Each with names of its own: the account `eNN`, its schema `eNN`, a weak account `wNN` where somebody else takes part. */
const SETUP: readonly string[] = [
  // The set-up that all checks must be silent about.
  "create database quiet; create table quiet.t (x int); create user quiet@'%'",
  "create role readers; grant select on quiet.* to readers; grant readers to quiet@'%'; grant insert (x) on quiet.t to quiet@'%'",
  "create procedure quiet.p() sql security invoker select 1; grant execute on procedure quiet.p to quiet@'%'",
  "create user e01@'%', w01@'%' identified by 'a secret'; grant create user on *.* to e01@'%'",
  "create user e02@'%', w02@'%' identified by 'a secret'; grant update on `my%`.* to e02@'%'",
  "create user e02b@'%'; grant insert on mysql.* to e02b@'%'",
  "create user e03@'%'; create database e03; grant set user on *.* to e03@'%'; grant create routine on e03.* to e03@'%'",
  "create user e04@'%', w04@'%'; create database e04; create procedure e04.p() select count(*) from mysql.global_priv; grant execute on e04.* to e04@'%'",
  "create user e05@'%'; create database e05; grant file on *.* to e05@'%'",
  "create user e06@'%'; grant insert on mysql.plugin to e06@'%'",
  "create user e07@'%', w07@'%'; create database e07; create table e07.t (x int); grant select on e07.* to e07@'%' with grant option",
  "create user e08@'%'; grant proxy on root@localhost to e08@'%'",
  "create role r09; grant super on *.* to r09; create user e09@'%', w09@'%'; grant r09 to e09@'%' with admin option",
  "create user e10@'%', w10@'%'; create database e10; create table e10.t (x int); create table e10.seen (x int)",
  "grant trigger on e10.t to e10@'%'; grant select on e10.t to e10@'%'; grant select, insert on e10.seen to e10@'%'; grant insert on e10.t to w10@'%'",
  "create user e11@'%', w11@'%', d11@'%'; create database e11; create table e11.t (x int); create definer = d11@'%' procedure e11.p() select 1",
  "grant execute, alter routine, create routine on e11.* to e11@'%'; grant execute on e11.* to w11@'%'; grant insert on e11.t to w11@'%'",
  "create user e12@'%'; create database e12; create table e12.secret (x int); create table e12.open (x int); insert into e12.secret values (42)",
  "grant alter, create, drop, insert on e12.* to e12@'%'; grant select on e12.open to e12@'%'",
  "create user e13@'%'; create database e13; grant event on e13.* to e13@'%'",
  "create user e14@'%'; grant replication slave, binlog monitor on *.* to e14@'%'",
  "create user e16@'%'; create database e16; grant super on *.* to e16@'%'; grant select on e16.* to e16@'%'",
  "create role r17; create database e17; create table e17.t (x int); grant select on e17.* to r17; grant r17 to public; create user w17@'%'",
];

interface Escalation {
  readonly check: string;
  /** As whom, and what; all of them go through before the fix. */
  readonly steps: readonly (readonly [user: string, sql: string])[];
  /** What proves that it worked: as whom, what, and what comes back. */
  readonly proof?: readonly [user: string, sql: string, rows: readonly unknown[]];
  /** The error that the first step ends with after the fix. */
  readonly refused: number;
  /** What the administrator tidies away, so that the fix meets what was found. */
  readonly undo?: readonly string[];
}

const ESCALATIONS: readonly Escalation[] = [
  {
    check: "MYE-01",
    steps: [["e01", "alter user w01@'%' identified by ''"]],
    proof: ["w01", "select current_user() as who", [{ who: "w01@%" }]],
    refused: 1227,
  },
  {
    check: "MYE-02",
    steps: [["e02", "alter user w02@'%' identified by ''"]],
    proof: ["w02", "select current_user() as who", [{ who: "w02@%" }]],
    refused: 1227,
  },
  {
    check: "MYE-02",
    steps: [
      [
        "e02b",
        "insert into mysql.global_priv values ('%', 'made', json_object('access', 549755813887, 'version_id', 101119, 'plugin', 'mysql_native_password', 'authentication_string', ''))",
      ],
      ["root", "flush privileges"],
    ],
    proof: ["made", "select count(*) > 0 as all_of_it from mysql.global_priv", [{ all_of_it: 1 }]],
    refused: 1142,
    undo: ["drop user made@'%'"],
  },
  {
    check: "MYE-03",
    steps: [["e03", "create definer = root@localhost function e03.me() returns text no sql return current_user()"]],
    proof: ["e03", "select e03.me() as who", [{ who: "root@localhost" }]],
    refused: 1227,
    undo: ["drop function e03.me"],
  },
  { check: "MYE-04", steps: [["e04", "call e04.p()"]], refused: 1142 },
  {
    check: "MYE-05",
    steps: [["e05", "select 'mine' into dumpfile 'e05/written'"]],
    proof: ["e05", "select cast(load_file(concat(@@datadir, 'e05/written')) as char) as x", [{ x: "mine" }]],
    refused: 1227,
  },
  { check: "MYE-06", steps: [["e06", "install soname 'no_such_library'"]], refused: 1142 },
  {
    check: "MYE-07",
    steps: [["e07", "grant select on e07.* to w07@'%'"]],
    proof: ["w07", "select * from e07.t", []],
    refused: 1044,
    undo: ["revoke select on e07.* from w07@'%'"],
  },
  {
    check: "MYE-09",
    steps: [["e09", "grant r09 to w09@'%'"]],
    proof: ["w09", "set role r09; set global general_log = off; select 1 as x", [{ x: 1 }]],
    refused: 1698,
    undo: ["revoke r09 from w09@'%'"],
  },
  {
    check: "MYE-10",
    steps: [
      ["e10", "create trigger e10.tr before insert on e10.t for each row insert into e10.seen values (new.x)"],
      ["w10", "insert into e10.t values (7)"],
    ],
    proof: ["e10", "select x from e10.seen", [{ x: 7 }]],
    refused: 1142,
    undo: ["drop trigger e10.tr"],
  },
  {
    check: "MYE-11",
    steps: [
      ["e11", "drop procedure e11.p"],
      ["e11", "create procedure e11.p() sql security invoker insert into e11.t values (5)"],
      ["w11", "call e11.p()"],
    ],
    proof: ["root", "select x from e11.t", [{ x: 5 }]],
    refused: 1370,
    undo: ["drop procedure e11.p", "create definer = d11@'%' procedure e11.p() select 1"],
  },
  {
    check: "MYE-12",
    steps: [["e12", "rename table e12.open to e12.away, e12.secret to e12.open"]],
    proof: ["e12", "select x from e12.open", [{ x: 42 }]],
    refused: 1142,
    undo: ["rename table e12.open to e12.secret, e12.away to e12.open"],
  },
  { check: "MYE-14", steps: [["e14", "show binlog events limit 1"]], refused: 1227 },
  { check: "MYE-16", steps: [["e16", "set global general_log = off"]], refused: 1227 },
  { check: "MYE-17", steps: [["w17", "select * from e17.t"]], refused: 1142 },
];

const EXPECTED: readonly string[] = [
  "MYE-01 critical e01@%",
  "MYE-02 critical e02@%",
  "MYE-02 critical e02b@%",
  "MYE-03 critical e03@%",
  "MYE-04 high e04@%",
  "MYE-05 critical e05@%",
  "MYE-06 critical e02b@%",
  "MYE-06 critical e06@%",
  "MYE-07 high e07@%",
  "MYE-08 critical e08@%",
  "MYE-09 high e09@%",
  "MYE-10 high e10@%",
  "MYE-11 high e11@%",
  "MYE-12 medium e12@%",
  "MYE-13 medium e13@%",
  "MYE-14 critical e14@%",
  "MYE-14 medium e14@%",
  "MYE-16 high e16@%",
  "MYE-17 high ",
];

describeOn("mariadb", "escalation on a live MariaDB", () => {
  let found: CheckRun;

  beforeAll(async () => {
    server = await startMariadb({ settings: { "log-bin": "bin", "log-bin-trust-function-creators": "1" } });
    for (const text of SETUP) await server.query(text);
    found = await checkLive(server, MYSQL);
  });
  afterAll(() => server?.stop());

  test("each check finds its own and nothing else", () => {
    expect(brief(found)).toEqual(EXPECTED);
    expect(found.notEvaluated).toEqual([]);
    expect(found.passed).toEqual([]);
  });

  test("what is found can be done", async () => {
    for (const { check, steps, proof, undo } of ESCALATIONS) {
      for (const [user, sql] of steps) expect([check, sql, await refusedWith(sql, user)]).toEqual([check, sql, null]);
      const [user, sql, rows] = proof ?? NOTHING;
      expect([check, await server.query(sql, { user })]).toEqual([check, rows]);
      for (const sql of undo ?? []) await server.query(sql);
    }
    expect(brief(await checkLive(server, MYSQL))).toEqual(EXPECTED);
  });

  test("after the fixes nothing is found, and none of it can be done", async () => {
    await mend(server, found.findings);
    // Code is mended by making it anew.
    await server.query("create or replace definer = w04@'%' procedure e04.p() select count(*) from mysql.global_priv");
    await server.query("grant execute on e04.* to w04@'%'");
    const after = await checkLive(server, MYSQL);
    expect(after.findings.map(({ code, message }) => `${code} ${message}`)).toEqual([]);
    expect(after.notEvaluated).toEqual([]);
    for (const { check, steps, refused } of ESCALATIONS) {
      const [user, sql] = steps[0] as readonly [string, string];
      expect([check, await refusedWith(sql, user)]).toEqual([check, refused]);
    }
  });

  async function refusedWith(sql: string, user: string): Promise<number | null> {
    const error = await refusal(server, sql, { user });
    // It was let through to look for a library that is not there.
    return error === CANNOT_OPEN_LIBRARY ? null : error;
  }
});

/** That it went through is the proof. */
const NOTHING = ["root", "do 1", []] as const;

const CANNOT_OPEN_LIBRARY = 1126;
