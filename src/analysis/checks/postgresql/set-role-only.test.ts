import { expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import type { Sensitive } from "../../../model/declared.ts";
import { setRoleOnly } from "./set-role-only.ts";

const PAY = { kind: "table", path: ["shop", "hr", "pay"] } as const;

function world(sensitive: Partial<Sensitive> = {}, more: Partial<CheckWorld> = {}): CheckWorld {
  const salaries: Sensitive = {
    name: "salaries",
    resources: [PAY],
    readers: new Set(),
    writers: new Set(),
    ...sensitive,
  };
  return {
    roles: { app: { login: true }, payroll: {}, boss: { login: true, superuser: true } },
    grants: ["select on table hr.pay to payroll"],
    members: ["app in payroll noinherit"],
    declared: { sensitive: [salaries] },
    ...more,
  };
}

test("sensitive data that a login gets by SET ROLE only is found, and the option to take away", () => {
  expect(told(setRoleOnly, world())).toEqual([
    "critical `app` gets select on `table hr.pay` (salaries) by SET ROLE only",
  ]);
  const [finding] = runOn(setRoleOnly, world()).findings;
  expect(finding).toMatchObject({ over: "reachable", path: ["`app` may become or has the rights of `payroll`"] });
  expect(finding?.mend.changes).toMatchObject([
    { kind: "alter-membership", before: { set: true }, after: { set: false } },
  ]);
  const twice = world(
    {},
    {
      members: ["eve in payroll noinherit", "app in payroll noinherit noset by=app", "app in payroll noinherit"],
      roles: { ...world().roles, eve: {} },
    },
  );
  expect(runOn(setRoleOnly, twice).findings[0]?.mend.changes).toHaveLength(1);
  const members = ["app in other", "eve in payroll noinherit noset", "app in payroll noinherit"];
  const among = world({}, { members, roles: { ...world().roles, other: {}, eve: {} } });
  expect(runOn(setRoleOnly, among).findings[0]?.mend.changes).toMatchObject([
    { before: { member: "app", role: "payroll", set: true }, after: { set: false } },
  ]);
  const old = world({}, { major: 15, roles: { app: { login: true, inherit: false }, payroll: {} } });
  expect(runOn(setRoleOnly, old).findings[0]?.mend.changes).toEqual([]);
});

test("what is held at once, or cannot be reached at all, is left alone", () => {
  expect(told(setRoleOnly, world({}, { members: ["app in payroll"] }))).toEqual([]);
  expect(told(setRoleOnly, world({}, { members: ["app in payroll noinherit noset"] }))).toEqual([]);
  expect(told(setRoleOnly, world({}, { grants: ["select on table hr.pay to payroll, public"] }))).toEqual([]);
  expect(told(setRoleOnly, world({}, { grants: ["trigger on table hr.pay to payroll"] }))).toEqual([]);
  expect(told(setRoleOnly, world({ resources: [] }))).toEqual([]);
  expect(told(setRoleOnly, world({ resources: [{ kind: "table", path: ["shop", "hr", "gone"] }] }))).toEqual([]);
});

test("declared readers and writers may, groups and superusers do not count", () => {
  const writes = { grants: ["select, update on table hr.pay to payroll"] };
  expect(told(setRoleOnly, world({ readers: new Set(["app"]) }))).toEqual([]);
  expect(told(setRoleOnly, world({ readers: new Set(["app"]) }, writes))).toEqual([
    "critical `app` gets update on `table hr.pay` (salaries) by SET ROLE only",
  ]);
  expect(told(setRoleOnly, world({ writers: new Set(["app"]) }, writes))).toEqual([]);
  expect(told(setRoleOnly, world({}, { roles: { app: {}, payroll: {} } }))).toEqual([]);
  expect(told(setRoleOnly, world({}, { roles: { app: { login: true, superuser: true }, payroll: {} } }))).toEqual([]);
  const builtIn = { roles: { pg_app: { login: true }, payroll: {} }, members: ["pg_app in payroll noinherit"] };
  expect(told(setRoleOnly, world({}, builtIn))).toEqual([]);
  const viaBoss = { members: ["app in boss noinherit"] };
  expect(told(setRoleOnly, world({}, viaBoss))).toEqual([]);
});

test("without a manifest it is not evaluated", () => {
  expect(runOn(setRoleOnly, world({}, { declared: null })).notEvaluated).toHaveLength(1);
});
