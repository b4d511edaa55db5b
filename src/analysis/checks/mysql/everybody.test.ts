import { expect, it } from "vitest";
import { type MysqlWorld, told, toldAfterFix } from "../../../../test/support/check-world-mysql.ts";
import { everybody } from "./everybody.ts";

const on = (...grants: string[]): MysqlWorld => ({ roles: { "app@%": {}, group: {} }, grants });

it("MYE-17 finds a role that was granted to PUBLIC, and is silent after the fix", () => {
  const world: MysqlWorld = { ...on("super on server to group"), members: ["public in group"] };
  expect(told(everybody, world)).toEqual(["high the strong role `group` is granted to everybody"]);
  expect(toldAfterFix(everybody, world)).toEqual([]);
  expect(told(everybody, { ...world, grants: [] })).toEqual(["high the role `group` is granted to everybody"]);
  expect(told(everybody, { ...world, members: ["app@% in group"] })).toEqual([]);
});

it.each([
  ["reload on server", "high everybody holds RELOAD on `the server`"],
  ["select on all-schemas", "high everybody holds SELECT on `all schemas`"],
  ["select on schema mysql", "high everybody holds SELECT on `schema mysql`"],
  ["insert on table shop.t", "high everybody holds INSERT on `table shop.t`"],
  ["select on table shop.t", "medium everybody holds SELECT on `table shop.t`"],
])("MYE-17 finds %s held by PUBLIC, and is silent after the fix", (grant, said) => {
  const world = on(`${grant} to public`);
  expect(told(everybody, world)).toEqual([said]);
  expect(toldAfterFix(everybody, world)).toEqual([]);
});

it("MYE-17 leaves the schemas for tests to HID-06, and others' grants alone", () => {
  expect(
    told(everybody, on("insert on schema test to public", String.raw`insert on schema-pattern test\_% to public`)),
  ).toEqual([]);
  expect(told(everybody, on("insert on schema tests to public"))).toHaveLength(1);
  expect(told(everybody, on("super on server to app@%"))).toEqual([]);
});

it("MYE-17 counts as high what is more than reading in any part", () => {
  expect(told(everybody, on("select, insert on table shop.t to public"))).toEqual([
    "high everybody holds INSERT, SELECT on `table shop.t`",
  ]);
  const both = on("select on schema shop to public", "select on schema mysql to public");
  expect(told(everybody, both)).toEqual(["high everybody holds SELECT on `schema mysql`, `schema shop`"]);
});
