import { expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import { roleAtLogin } from "./role-at-login.ts";

const LOGIN = { login: true };

function world(more: Partial<CheckWorld> = {}, value = "owner", database: string | null = null): CheckWorld {
  return {
    roles: { app: LOGIN, owner: {} },
    members: ["app in owner"],
    roleSettings: { app: [{ database, name: "role", value }] },
    ...more,
  };
}

test("a login whose sessions start as another role is found", () => {
  expect(told(roleAtLogin, world())).toEqual(["medium sessions of `app` start as `owner`"]);
  expect(told(roleAtLogin, world({}, "owner", "shop"))).toEqual([
    "medium sessions of `app` in database `shop` start as `owner`",
  ]);
  expect(told(roleAtLogin, world({ roles: { app: LOGIN, aaa: {} }, members: ["app in aaa"] }, "aaa"))).toHaveLength(1);
  expect(runOn(roleAtLogin, world()).findings[0]?.mend.changes).toEqual([
    { kind: "set-role-setting", role: "app", database: null, name: "role", before: "owner", after: null },
  ]);
});

test("a role that it may not become, or is itself, or that does not exist changes nothing", () => {
  expect(told(roleAtLogin, world({ members: [] }))).toEqual([]);
  expect(told(roleAtLogin, world({ members: ["app in owner noset"] }))).toEqual([]);
  expect(told(roleAtLogin, world({}, "app"))).toEqual([]);
  expect(told(roleAtLogin, world({}, "none"))).toEqual([]);
  expect(told(roleAtLogin, world({}, "gone"))).toEqual([]);
});

test("groups, superusers, other settings and what is declared are left alone", () => {
  expect(told(roleAtLogin, world({ roles: { app: {}, owner: {} } }))).toEqual([]);
  expect(told(roleAtLogin, world({ roles: { app: { login: true, superuser: true }, owner: {} } }))).toEqual([]);
  const path = { app: [{ database: null, name: "search_path", value: "owner" }] };
  expect(told(roleAtLogin, world({ roleSettings: path }))).toEqual([]);
  const app = { name: "app", purpose: null, owner: null, reviewBy: null, because: null };
  const settings = [{ database: null, name: "role" }];
  expect(told(roleAtLogin, world({ declared: { roles: new Map([["app", { ...app, settings }]]) } }))).toEqual([]);
  expect(told(roleAtLogin, world({ declared: { roles: new Map([["app", app]]) } }))).toHaveLength(1);
});
