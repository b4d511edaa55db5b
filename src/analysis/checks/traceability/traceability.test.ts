import { describe, expect, test } from "vitest";
import { person, service } from "../../../../test/support/access-sample.ts";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import { told as toldOnCassandra } from "../../../../test/support/check-world-cassandra.ts";
import { runOn as runOnMysql, told as toldOnMysql } from "../../../../test/support/check-world-mysql.ts";
import type { Identity } from "../../../model/identity.ts";
import type { DeclaredRole } from "../../../model/declared.ts";
import { grantorGone, hiddenBehindRole, trailOff } from "./trail.ts";
import { nobodys, pastItsEnd, sharedByPeople, unexplained } from "./who-it-was.ts";

const LOGIN = { login: true };

function role(name: string, over: Partial<DeclaredRole> = {}): DeclaredRole {
  return { name, purpose: null, owner: null, reviewBy: null, because: null, ...over };
}

function declaring(...roles: readonly DeclaredRole[]): NonNullable<CheckWorld["declared"]> {
  return { roles: new Map(roles.map((each) => [each.name, each])) };
}

describe("whose a login is", () => {
  test("several people's, or of a name for many, is told; a service's may have such a name", () => {
    const ann = person("ann", "ann_db");
    expect(told(sharedByPeople, { roles: { ann_db: LOGIN }, identities: [{ ...ann, shared: true }] })).toEqual([
      "critical several people use the login `ann_db`",
    ]);
    expect(told(sharedByPeople, { roles: { admin: LOGIN }, identities: [person("ann", "admin")] })).toEqual([
      "medium `ann` logs in as `admin`, which is a name for many",
    ]);
    expect(told(sharedByPeople, { roles: { ann_db: LOGIN }, identities: [ann] })).toEqual([]);
    expect(told(sharedByPeople, { roles: { app: LOGIN }, identities: [service("shop", "app")] })).toEqual([]);
    expect(told(sharedByPeople, { roles: { app: LOGIN } })).toEqual([]);
    const location = { file: "people.yaml", line: 2, column: 3 };
    const at = (identity: Identity): unknown =>
      runOn(sharedByPeople, { roles: { ann_db: LOGIN }, identities: [identity] }).findings[0]?.location;
    expect(at({ ...ann, shared: true })).toBeUndefined();
    expect(at({ ...ann, shared: true, location })).toMatchObject(location);
  });

  test("nobody's is told, and so is one of somebody who left, or whose owner left", () => {
    const bob = person("bob", "bob");
    expect(told(nobodys, { roles: { ann: LOGIN, bob: LOGIN }, identities: [bob] })).toEqual([
      "medium the login `ann` belongs to nobody in the manifest",
    ]);
    expect(told(nobodys, { roles: { bob: LOGIN }, identities: [bob] })).toEqual([]);
    const left = told(nobodys, { roles: { bob: LOGIN }, identities: [{ ...bob, left: "2026-11-01" }] });
    expect(left).toEqual(["critical `bob` can log in, and `bob` left on 2026-11-01"]);
    expect(told(nobodys, { roles: { bob: LOGIN }, identities: [{ ...bob, left: "2027-01-01" }] })).toEqual([]);
    const gone = { ...person("ann", "ann"), left: "2026-11-01" };
    const owned = { roles: { app: LOGIN }, identities: [gone, service("shop", "app")] };
    expect(told(nobodys, { ...owned, declared: declaring(role("app", { owner: "ann" })) })).toEqual([
      "medium `ann`, who answers for `app`, has left",
    ]);
    expect(told(nobodys, { ...owned, declared: declaring(role("app", { owner: "bob" })) })).toEqual([]);
    expect(
      told(nobodys, { roles: { app: LOGIN }, identities: [bob], declared: declaring(role("app", { owner: "team" })) }),
    ).toEqual([]);
    const unnamed = { roles: { app: LOGIN }, identities: [gone], declared: declaring(role("app", { owner: "ann" })) };
    expect(told(nobodys, unnamed)).toEqual(["medium `ann`, who answers for `app`, has left"]);
    const fixes = [
      { roles: { bob: LOGIN }, identities: [{ ...bob, left: "2026-11-01" }] },
      unnamed,
      { roles: { app: LOGIN }, identities: [bob] },
    ].map((world) => runOn(nobodys, world).findings[0]);
    expect(fixes.map((each) => each?.mend.text)).toEqual([
      "take LOGIN from `bob`",
      "say whose `app` is",
      "say whose `app` is",
    ]);
    expect(new Set(fixes.slice(1).map((each) => each?.key)).size).toBe(2);
    const kept = { ...person("bob", "bob"), left: "2026-11-01" };
    const both = { roles: { bob: LOGIN }, identities: [kept], declared: declaring(role("bob", { owner: "bob" })) };
    const other = {
      roles: { bob: LOGIN },
      identities: [bob, gone],
      declared: declaring(role("bob", { owner: "ann" })),
    };
    expect(new Set([both, other].map((world) => runOn(nobodys, world).findings[0]?.key)).size).toBe(2);
    expect(runOn(nobodys, { roles: { ann: LOGIN } }).notEvaluated).toHaveLength(1);
    const [found] = runOn(nobodys, { roles: { bob: LOGIN }, identities: [{ ...bob, left: "2026-11-01" }] }).findings;
    expect(found?.mend.changes).toMatchObject([{ kind: "alter-role", role: "bob" }]);
  });

  test("what a role is for is said, and looked at again in time", () => {
    const says = (over: Partial<DeclaredRole>): string[] =>
      told(unexplained, { roles: { r: {} }, declared: declaring(role("r", over)) });
    expect(says({})).toEqual(["low the manifest does not say what `r` is for, nor who answers for it"]);
    expect(says({ because: "x" })).toEqual([]);
    expect(says({ purpose: "admin" })).toEqual([]);
    expect(says({ owner: "ann" })).toEqual([]);
    expect(says({ owner: "ann", reviewBy: "2026-11-21" })).toEqual([
      "medium `r` was to be looked at again by 2026-11-21",
    ]);
    expect(says({ owner: "ann", reviewBy: "2026-11-22" })).toEqual([]);
  });

  test("access past its last day is told, unless the login itself has ended", () => {
    const ann = { ...person("ann", "ann"), until: "2026-11-21" };
    expect(told(pastItsEnd, { roles: { ann: LOGIN }, identities: [ann] })).toHaveLength(1);
    const ended = { ...LOGIN, valid_until: "2026-11-01T00:00:00.000000Z" };
    expect(told(pastItsEnd, { roles: { ann: ended }, identities: [ann] })).toEqual([]);
    const now = { ...LOGIN, valid_until: "2026-11-22T09:00:00Z" };
    expect(told(pastItsEnd, { roles: { ann: now }, identities: [ann] })).toEqual([]);
    const later = { ...LOGIN, valid_until: "2027-11-01T00:00:00.000000Z" };
    expect(told(pastItsEnd, { roles: { ann: later }, identities: [ann] })).toHaveLength(1);
    expect(told(pastItsEnd, { roles: { ann: LOGIN }, identities: [{ ...ann, until: "2026-11-22" }] })).toEqual([]);
    expect(told(pastItsEnd, { roles: { ann: LOGIN }, identities: [person("ann", "ann")] })).toEqual([]);
  });
});

describe("what the server logs", () => {
  const settings = (over: Readonly<Record<string, string>>): NonNullable<CheckWorld["posture"]> => ({
    postgresql: {
      settings: new Map(
        Object.entries({ log_statement: "ddl", log_connections: "on", log_line_prefix: "%m %u ", ...over }),
      ),
    },
  });

  test("is told where statements or logins are not in it", () => {
    const says = (over: Readonly<Record<string, string>>): string[] =>
      told(trailOff, { roles: {}, posture: settings(over) });
    expect(says({})).toEqual([]);
    expect(says({ log_statement: "none" })[0]).toContain("no statement is logged");
    expect(says({ log_statement: "none", shared_preload_libraries: "pgaudit" })).toEqual([]);
    expect(says({ log_connections: "off" })[0]).toContain("logins are not logged");
    const unset = { postgresql: { settings: new Map([["log_connections", "on"]]) } };
    expect(told(trailOff, { roles: {}, posture: unset })[0]).toContain("no statement is logged");
  });

  test("is told where somebody may change it who is no auditor", () => {
    const world = (grants: readonly string[], purpose?: DeclaredRole["purpose"]): CheckWorld => ({
      roles: { ann: LOGIN },
      grants,
      posture: settings({}),
      ...(purpose === undefined ? {} : { declared: declaring(role("ann", { purpose })) }),
    });
    const may = ["set on parameter log_statement to ann"];
    expect(told(trailOff, world(may))).toEqual(["high `ann` may change what the server logs"]);
    expect(told(trailOff, world(["set on parameter work_mem to ann"]))).toEqual([]);
    expect(told(trailOff, world(may, "audit"))).toEqual([]);
    expect(told(trailOff, world(may, "admin"))).toEqual([]);
    expect(told(trailOff, { roles: { ann: { ...LOGIN, superuser: true } }, posture: settings({}) })).toEqual([]);
  });

  test("on MariaDB is told where neither a plugin nor the general log is on", () => {
    const says = (over: Readonly<Record<string, string>>): string[] =>
      toldOnMysql(trailOff, { roles: {}, posture: { mysql: { settings: new Map(Object.entries(over)) } } });
    expect(says({})).toEqual(["medium neither an audit plugin nor the general log is on"]);
    expect(says({ server_audit_logging: "ON" })).toEqual([]);
    expect(says({ general_log: "ON" })).toEqual([]);
    const plugin = { name: "x", type: "AUDIT", status: "ACTIVE", library: "x.so" };
    expect(toldOnMysql(trailOff, { roles: {}, posture: { mysql: { plugins: [plugin] } } })).toEqual([]);
    for (const other of [{ type: "AUTHENTICATION" }, { status: "DISABLED" }]) {
      const plugins = [{ ...plugin, ...other }];
      expect(toldOnMysql(trailOff, { roles: {}, posture: { mysql: { plugins } } })).toHaveLength(1);
    }
    const off = { settings: new Map([["server_audit_logging", "OFF"]]), plugins: [plugin] };
    expect(toldOnMysql(trailOff, { roles: {}, posture: { mysql: off } })).toHaveLength(1);
  });

  test("on Cassandra is told where audit logging is off, and not where that could not be read", () => {
    const says = (over: Readonly<Record<string, string>>): string[] =>
      toldOnCassandra(trailOff, { roles: {}, posture: { cassandra: { settings: new Map(Object.entries(over)) } } });
    expect(says({ cluster_name: "x" })[0]).toContain("audit logging is off on the node");
    expect(says({ "audit_logging_options.enabled": "true" })).toEqual([]);
    expect(says({ audit_logging_options_enabled: "false" })).toHaveLength(1);
    expect(says({})).toEqual([]);
  });

  test("is told where it does not name the login behind a role", () => {
    const world = (prefix: string, members: readonly string[] = ["ann in team"]): CheckWorld => ({
      roles: { ann: LOGIN, team: {} },
      members,
      posture: settings({ log_line_prefix: prefix }),
    });
    expect(told(hiddenBehindRole, world("%m [%p] "))).toHaveLength(1);
    expect(told(hiddenBehindRole, world("%m %u "))).toEqual([]);
    expect(told(hiddenBehindRole, world("%m %-10u "))).toEqual([]);
    expect(told(hiddenBehindRole, world("%m ", ["ann in team noset"]))).toEqual([]);
    const several = {
      ...world("%m ", ["ann in other noset", "ann in team"]),
      roles: { ann: LOGIN, other: {}, team: {} },
    };
    expect(told(hiddenBehindRole, several)).toHaveLength(1);
    expect(runOn(hiddenBehindRole, { roles: {}, posture: { postgresql: {} } }).notEvaluated).toHaveLength(1);
  });
});

test("grants by somebody who is gone are told by that name", () => {
  const posture = { mysql: { grantors: ["gone@%", "root@localhost"] } };
  expect(toldOnMysql(grantorGone, { roles: {}, posture })).toEqual([
    "low grants say that `gone@%` gave them, and there is no such role any more",
  ]);
  expect(runOnMysql(grantorGone, { roles: {} }).findings).toEqual([]);
  expect(
    told(grantorGone, {
      roles: { ann: {} },
      owners: { "table sales.t": "nobody" },
      grants: ["select on table sales.t to ann"],
    }),
  ).toHaveLength(1);
});
