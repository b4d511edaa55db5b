import { afterAll, beforeAll, expect, test } from "vitest";
import { MYSQL } from "../../../src/analysis/checks/mysql/index.ts";
import { NAMES } from "../../../src/analysis/checks/names/index.ts";
import type { CheckRun } from "../../../src/analysis/checks/run-checks.ts";
import { describeOn } from "../../support/describe-on.ts";
import { type MariadbServer, startMariadb } from "../../support/mariadb.ts";
import { brief, checkLive, mend, refusal } from "./live-mariadb.ts";

let server: MariadbServer;

/** Each with names of its own: the account `hNN`, its schema `hNN`. */
const SETUP: readonly string[] = [
  // The set-up that all checks must be silent about.
  "create database quiet_eu; create table quiet_eu.t (x int); create user quiet@'%' identified by 'q', 'qu''iet @x'@localhost",
  "create role readers; grant select on `quiet\\_eu`.* to readers; grant readers to quiet@'%'; set default role readers for quiet@'%'",
  "create database h01_eu; create database h01xeu; create user h01@'%'; grant select on `h01_eu`.* to h01@'%'",
  "create table h01xeu.t (x int)",
  "create database h02; create table h02.t (x int); create user h02@'%'; grant select on `h0%`.* to h02@'%'; grant insert on h02.* to h02@'%'",
  "create database h03; create table h03.t (x int); create user h03@'%', h03@'127.0.0.%'; grant select on h03.t to h03@'%'",
  "create database h04; create table h04.t (x int); create role r04; grant select on h04.* to r04; create user h04@'%', h04@'127.0.0.%'; grant r04 to h04@'%'",
  "create user h05@'%' identified by 'h'; create user ''@'127.0.0.9'",
  "grant select, insert, create, drop on test.* to public; grant select on `test\\_%`.* to public",
  "create role r08; create user h08@'%'; grant r08 to h08@'%'; set default role r08 for h08@'%'; revoke r08 from h08@'%'",
  "create database h09; create table h09.t (x int); create user h09@'%'; grant select on h09.t to h09@'%'; drop table h09.t",
  "create role h10; create user h10@localhost",
  "create user h11@'%', h11b@'10.%'; grant process on *.* to h11@'%', h11b@'10.%'",
  "create user h12@'%' identified by 'a', h12@localhost identified by 'b'",
  "create user h14@'%', H14@localhost; create database h14; create database H14",
];

const EXPECTED: readonly string[] = [
  "HID-01 high h01@%",
  "HID-01 high h02@%",
  "HID-02 medium h02@%",
  "HID-03 high h03@127.0.0.%",
  "HID-04 high h04@127.0.0.%",
  "HID-05 high @127.0.0.9",
  "HID-06 medium ",
  "HID-08 medium h08@%",
  "HID-09 medium h09@%",
  "HID-10 medium h10+h10@localhost",
  "HID-11 low h11b@10.%",
  "HID-11 medium h11@%",
  "HID-12 medium h03@%+h03@127.0.0.%",
  "HID-12 medium h04@%+h04@127.0.0.%",
  "HID-12 medium h12@%+h12@localhost",
  "HID-14 low ",
  "HID-14 low H14@localhost+h14@%",
];

/** What the server does that its own grants do not say: as whom, from where, what. */
const HIDDEN: readonly (readonly [check: string, user: string, from: string, sql: string])[] = [
  ["HID-01", "h01", "127.0.0.1", "select * from h01xeu.t"],
  ["HID-03", "h03", "127.0.0.1", "select * from h03.t"],
  ["HID-04", "h04", "127.0.0.1", "set role r04; select * from h04.t"],
  ["HID-05", "nobody at all", "127.0.0.9", "select 1"],
];

describeOn("mariadb", "access that names hide on a live MariaDB", () => {
  let found: CheckRun;

  beforeAll(async () => {
    server = await startMariadb({ settings: { "skip-name-resolve": "1" } });
    for (const text of SETUP) await server.query(text);
    found = await checkLive(server, NAMES);
  });
  afterAll(() => server?.stop());

  test("each check finds its own and nothing else", () => {
    expect(brief(found)).toEqual(EXPECTED);
    expect(found.notEvaluated).toEqual([]);
    expect(found.passed).toEqual([]);
  });

  test("it is as they say", async () => {
    for (const [check, user, from, sql] of HIDDEN) {
      expect([check, await refusal(server, sql, { user, from })]).toEqual([check, null]);
    }
    // The account of the person is there, and is not who gets in.
    expect(await refusal(server, "select 1", { user: "h05", password: "h", from: "127.0.0.9" })).toBe(ACCESS_DENIED);
    // The grant on the pattern is there, and does not count.
    expect(await refusal(server, "select * from h02.t", { user: "h02" })).toBe(COMMAND_DENIED);
    await server.query("create table h09.t (x int)");
    expect(await refusal(server, "select * from h09.t", { user: "h09" })).toBeNull();
    await server.query("drop table h09.t; grant r08 to h08@'%'");
    expect(await server.query("select current_role() as role", { user: "h08" })).toEqual([{ role: "r08" }]);
    await server.query("revoke r08 from h08@'%'");
    await server.query("create database test; create table test.t (x int)");
    expect(await refusal(server, "select * from test.t", { user: "h12", password: "b" })).toBeNull();
  });

  test("after the fixes nothing is found, and nothing is hidden", async () => {
    await mend(server, found.findings);
    // What is about names takes other names.
    for (const text of [
      "drop user h03@'%'; drop user h04@'%'; drop user h12@'%'; drop user H14@localhost; drop database H14; drop role h10",
      "rename user h11@'%' to h11@'10.0.0.7'; rename user h11b@'10.%' to h11b@'10.0.0.8'",
    ]) {
      await server.query(text);
    }
    const after = await checkLive(server, NAMES);
    expect(after.findings.map(({ code, message }) => `${code} ${message}`)).toEqual([]);
    for (const [check, user, from, sql] of HIDDEN) {
      expect([check, await refusal(server, sql, { user, from })]).not.toEqual([check, null]);
    }
    expect(await refusal(server, "select 1", { user: "h05", password: "h", from: "127.0.0.9" })).toBeNull();
    expect(await refusal(server, "select * from h02.t", { user: "h02" })).toBeNull();
  });
});

describeOn("mariadb", "a new MariaDB", () => {
  const all = [...MYSQL, ...NAMES];

  test("that was secured has nothing of escalation or hidden access", async () => {
    await using fresh = await startMariadb();
    const run = await checkLive(fresh, all);
    expect(brief(run)).toEqual([]);
    expect(run.notEvaluated).toEqual([]);
  });

  test("as installed has its anonymous accounts and the schemas for tests, and nothing of its administrators", async () => {
    await using fresh = await startMariadb({ fresh: "as installed" });
    const { findings } = await checkLive(fresh, all);
    expect([...new Set(findings.map(({ code }) => code))].sort()).toEqual(["HID-05", "HID-06"]);
    await mend(fresh, findings);
    expect(brief(await checkLive(fresh, all))).toEqual([]);
  });
});

const ACCESS_DENIED = 1045;
const COMMAND_DENIED = 1142;
