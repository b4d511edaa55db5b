import { expect, it } from "vitest";
import { type MysqlWorld, told, toldAfterFix } from "../../../../test/support/check-world-mysql.ts";
import { roleAdmin } from "./role-admin.ts";

const world: MysqlWorld = {
  roles: { "app@%": {}, strong: {}, weak: {} },
  grants: ["super on server to strong", "select on schema shop to weak"],
  members: ["app@% in strong admin"],
};

it("MYE-09 finds the admin option on a strong role, and is silent after the fix", () => {
  expect(told(roleAdmin, world)).toEqual(["high `app@%` may grant the strong role `strong` to anybody"]);
  expect(toldAfterFix(roleAdmin, world)).toEqual([]);
});

it("MYE-09 is silent about members without it, about weak roles, administrators and who has everything", () => {
  expect(told(roleAdmin, { ...world, members: ["app@% in strong"] })).toEqual([]);
  expect(told(roleAdmin, { ...world, members: ["app@% in weak admin"] })).toEqual([]);
  expect(told(roleAdmin, { ...world, purposes: { "app@%": "admin" } })).toEqual([]);
  expect(told(roleAdmin, { ...world, members: ["root@localhost in strong admin"] })).toEqual([]);
});

it("MYE-09 finds ROLE_ADMIN on MySQL", () => {
  const grants = ["usage on dynamic-privilege ROLE_ADMIN to app@%"];
  const mysql: MysqlWorld = { product: "mysql", roles: { "app@%": {} }, grants };
  expect(told(roleAdmin, mysql)).toEqual([
    "high `app@%` holds ROLE_ADMIN, so it can grant itself every role, and every account as one",
  ]);
  expect(toldAfterFix(roleAdmin, mysql)).toEqual([]);
  expect(told(roleAdmin, { ...mysql, purposes: { "app@%": "admin" } })).toEqual([]);
});

it("MYE-09 is silent about everybody, who grants nothing, and about accounts that are gone", () => {
  expect(told(roleAdmin, { ...world, members: ["public in strong admin"] })).toEqual([]);
  const grants = ["usage on dynamic-privilege ROLE_ADMIN to root@localhost, gone@%"];
  expect(told(roleAdmin, { product: "mysql", roles: {}, grants })).toEqual([]);
});
