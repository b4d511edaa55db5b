import { expect, it } from "vitest";
import { type MysqlWorld, told, toldAfterFix } from "../../../../test/support/check-world-mysql.ts";
import { mandatoryRoles, staleDefaultRoles } from "./default-roles.ts";

const mysql: MysqlWorld = { product: "mysql", roles: { "app@%": {}, "r@%": {}, "s@%": {} } };

it("HID-07 finds a mandatory role that gives something, itself or by its roles", () => {
  const world = { ...mysql, members: ["public in r@%"] };
  expect(told(mandatoryRoles, { ...world, grants: ["select on schema shop to r@%"] })).toEqual([
    "medium `r@%` is a mandatory role: everybody has what it has",
  ]);
  expect(told(mandatoryRoles, { ...mysql, members: ["public in r@%", "r@% in s@%"] })).toHaveLength(1);
  expect(told(mandatoryRoles, world)).toEqual([]);
  expect(
    told(mandatoryRoles, { ...mysql, members: ["app@% in r@%"], grants: ["select on schema shop to r@%"] }),
  ).toEqual([]);
});

it("HID-07 finds that all roles are in force at login, where there are any", () => {
  const limits = { activate_all_roles_on_login: 1 };
  expect(told(mandatoryRoles, { ...mysql, limits, members: ["app@% in r@%"] })).toEqual([
    "medium `activate_all_roles_on_login` puts every role of every account in force at login",
  ]);
  expect(told(mandatoryRoles, { ...mysql, limits })).toEqual([]);
  expect(told(mandatoryRoles, { ...mysql, members: ["app@% in r@%"] })).toEqual([]);
});

it("HID-08 finds a default role that an account is no member of, and is silent after the fix", () => {
  const world: MysqlWorld = {
    roles: { "app@%": { stale_default_role: "gone" }, "bob@%": {}, r: {} },
    members: ["bob@% in r default"],
  };
  expect(told(staleDefaultRoles, world)).toEqual([
    "medium `app@%` still has the default role `gone`, of which it is no member",
  ]);
  expect(toldAfterFix(staleDefaultRoles, world)).toEqual([]);
});
