import { expect, it } from "vitest";
import { type MysqlWorld, told, toldAfterFix } from "../../../../test/support/check-world-mysql.ts";
import { testSchemas } from "./test-schemas.ts";

const on = (...grants: string[]): MysqlWorld => ({ roles: { "app@%": {} }, grants });

it("HID-06 finds what a new server gives everybody, and is silent after the fix", () => {
  const world = on("insert, select on schema test to public", String.raw`select on schema-pattern test\_% to public`);
  expect(told(testSchemas, world)).toEqual([
    'medium everybody may read and change what is in `schema-pattern "test\\_%"`, `schema test`',
  ]);
  expect(toldAfterFix(testSchemas, world)).toEqual([]);
});

it("HID-06 is silent about other schemas and about others' grants on these", () => {
  expect(told(testSchemas, on("select on schema tests to public", "select on schema-pattern test% to public"))).toEqual(
    [],
  );
  expect(told(testSchemas, on("select on schema test to app@%", "select on table test.t to public"))).toEqual([]);
});

it("HID-06 takes the name of a schema for no pattern", () => {
  expect(told(testSchemas, on("select on schema test_% to public"))).toEqual([]);
});
