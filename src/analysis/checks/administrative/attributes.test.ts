import { expect, test } from "vitest";
import { type CheckWorld, runOn, told, toldAfterFix, worldContext } from "../../../../test/support/check-world.ts";
import type { DeclaredRole, Purpose } from "../../../model/declared.ts";
import type { ResourceKind } from "../../../model/resource.ts";
import { runChecks } from "../run-checks.ts";
import { bypassesPolicies, createroleAdmin, createroleOld, replicationLogin } from "./attributes.ts";
import { builtInReaders } from "./built-in-readers.ts";

const LOGIN = { login: true };
const declared = (name: string, purpose: Purpose): NonNullable<CheckWorld["declared"]> => ({
  roles: new Map<string, DeclaredRole>([[name, { name, purpose, owner: null, reviewBy: null, because: null }]]),
});

test("until 15 CREATEROLE is everybody, also for who may become it", () => {
  const world: CheckWorld = {
    major: 15,
    roles: { ops: { createrole: true }, ann: LOGIN, bob: LOGIN },
    members: ["ann in ops"],
  };
  expect(told(createroleOld, world)).toEqual([
    "critical `ops` has CREATEROLE, and so every role but superusers; `ann` may become it",
  ]);
  expect(toldAfterFix(createroleOld, world)).toEqual([]);
  expect(told(createroleOld, { ...world, roles: { ops: { ...LOGIN, createrole: true }, ann: LOGIN } })).toEqual([
    "critical `ops` has CREATEROLE, and so every role but superusers; `ann` may become it",
  ]);
  expect(told(createroleOld, { ...world, major: 16 })).toEqual([]);
  expect(told(createroleOld, { ...world, roles: { ops: {}, ann: LOGIN } })).toEqual([]);
  expect(told(createroleOld, { ...world, roles: { ops: { createrole: true, superuser: true }, ann: LOGIN } })).toEqual(
    [],
  );
});

test("from 16 on CREATEROLE takes ADMIN, by any way", () => {
  const world: CheckWorld = {
    roles: { ops: { createrole: true }, app: LOGIN, lead: {} },
    members: ["ops in app admin"],
  };
  expect(told(createroleAdmin, world)).toEqual(["high `ops` has CREATEROLE and ADMIN on `app`"]);
  expect(toldAfterFix(createroleAdmin, world)).toEqual([]);
  expect(told(createroleAdmin, { ...world, members: ["ops in lead", "lead in app admin"] })).toHaveLength(1);
  expect(told(createroleAdmin, { ...world, members: ["ops in app"] })).toEqual([]);
  expect(told(createroleAdmin, { ...world, members: ["lead in app admin"] })).toEqual([]);
  expect(told(createroleAdmin, { ...world, roles: { ops: {}, app: LOGIN, lead: {} } })).toEqual([]);
  expect(told(createroleAdmin, { ...world, major: 16 })).toHaveLength(1);
  expect(told(createroleAdmin, { ...world, major: 15 })).toEqual([]);
});

test("REPLICATION of a login that is not for it is critical", () => {
  const world: CheckWorld = { roles: { rep: { ...LOGIN, replication: true } } };
  expect(told(replicationLogin, world)).toEqual([
    "critical the login `rep` has REPLICATION, and was not declared to be for replication or backup",
  ]);
  expect(toldAfterFix(replicationLogin, world)).toEqual([]);
  expect(told(replicationLogin, { ...world, declared: declared("rep", "replication") })).toEqual([]);
  expect(told(replicationLogin, { ...world, declared: declared("rep", "backup") })).toEqual([]);
  expect(told(replicationLogin, { ...world, declared: declared("rep", "application") })).toHaveLength(1);
  expect(told(replicationLogin, { roles: { rep: { replication: true } } })).toEqual([]);
  expect(told(replicationLogin, { roles: { rep: LOGIN } })).toEqual([]);
});

test("BYPASSRLS counts where the role holds rows of a protected table", () => {
  const world: CheckWorld = {
    roles: { audit: { bypassrls: true }, ann: LOGIN, other: {} },
    members: ["ann in audit"],
    grants: ["select on table sales.orders to audit", "select on table sales.plain to audit"],
    rowSecurity: { "sales.orders": { enabled: true, forced: false }, "sales.plain": { enabled: false, forced: true } },
  };
  expect(told(bypassesPolicies, world)).toEqual([
    "high `audit` bypasses the row policies of `table sales.orders`; `ann` may become it",
  ]);
  expect(toldAfterFix(bypassesPolicies, world)).toEqual([]);
  expect(told(bypassesPolicies, { ...world, members: ["ann in audit noset"] })).toEqual([
    "high `audit` bypasses the row policies of `table sales.orders`",
  ]);
  const quiet = (more: Partial<CheckWorld>) => expect(told(bypassesPolicies, { ...world, ...more })).toEqual([]);
  quiet({ rowSecurity: {} });
  quiet({ grants: ["select on table sales.orders to other", "trigger on table sales.orders to audit"] });
  quiet({ roles: { audit: {}, ann: LOGIN, other: {} } });
  expect(told(bypassesPolicies, { ...world, grants: ["update on table sales.orders to public"] })).toHaveLength(1);
});

test("members of a role that reads or writes everything are found, unless declared for backup or audit", () => {
  const roles = { pg_read_all_data: {}, pg_write_all_data: {}, pg_maintain: {}, rep: {}, ann: LOGIN };
  const world: CheckWorld = { roles, members: ["rep in pg_read_all_data", "ann in rep"] };
  expect(told(builtInReaders, world)).toEqual([
    "high `rep` reads every table by `pg_read_all_data`, and `ann` with it",
  ]);
  expect(runOn(builtInReaders, world).findings[0]?.mend.manifest).toEqual([
    "roles:",
    "  rep:",
    "    not_member_of: [pg_read_all_data]",
  ]);
  expect(toldAfterFix(builtInReaders, world)).toEqual([]);
  expect(told(builtInReaders, { roles, members: ["rep in pg_write_all_data"] })).toEqual([
    "high `rep` changes every table by `pg_write_all_data`",
  ]);
  const quiet = (more: Partial<CheckWorld>) => expect(told(builtInReaders, { ...world, ...more })).toEqual([]);
  quiet({ members: ["rep in pg_maintain"] });
  quiet({ members: ["pg_maintain in pg_read_all_data"] });
  expect(told(builtInReaders, { roles: { ...roles, rep: LOGIN }, members: ["rep in pg_read_all_data"] })).toEqual([
    "high `rep` reads every table by `pg_read_all_data`",
  ]);
  quiet({ declared: declared("rep", "backup") });
  quiet({ declared: declared("rep", "audit") });
  quiet({ declared: declared("rep", "admin") });
  quiet({ roles: { ...roles, rep: { superuser: true } } });
  expect(
    told(builtInReaders, { roles, members: ["rep in pg_write_all_data"], declared: declared("rep", "backup") }),
  ).toHaveLength(1);
});

test("a built-in role that gives rows of something else than tables reads no table", () => {
  const context = worldContext({ roles: { pg_all: {}, rep: {} }, members: ["rep in pg_all"] });
  const found = (kind: ResourceKind): number => {
    const builtinRights = [{ role: "pg_all", kind, privileges: ["SELECT"] }];
    const index = { ...context.index, rules: { ...context.index.rules, builtinRights } };
    return runChecks({ ...context, index }, [builtInReaders]).findings.length;
  };
  expect([found("table"), found("sequence")]).toEqual([1, 0]);
});
