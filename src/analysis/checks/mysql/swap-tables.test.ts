import { expect, it } from "vitest";
import { type MysqlWorld, told, toldAfterFix } from "../../../../test/support/check-world-mysql.ts";
import { swapTables } from "./swap-tables.ts";

const on = (privileges: string, place = "schema shop"): MysqlWorld => ({
  roles: { "app@%": {} },
  grants: [`${privileges} on ${place} to app@%`],
});

it.each([
  ["schema shop", "schema shop"],
  ["schema-pattern sh%", 'schema-pattern "sh%"'],
])("MYE-12 finds all that renaming takes on %s, and is silent after the fix", (place, said) => {
  const world = on("alter, create, drop, insert, select", place);
  expect(told(swapTables, world)).toEqual([
    `medium \`app@%\` may rename tables in \`${said}\`, and so move them from under the grants on them`,
  ]);
  expect(toldAfterFix(swapTables, world)).toEqual([]);
});

it.each([["alter, create, drop"], ["alter, create, insert"], ["alter, drop, insert"], ["create, drop, insert"]])(
  "MYE-12 is silent about %s",
  (privileges) => {
    expect(told(swapTables, on(privileges))).toEqual([]);
  },
);

it("MYE-12 is silent about one table, and about who deploys", () => {
  expect(told(swapTables, on("alter, create, drop, insert", "table shop.t"))).toEqual([]);
  const world = on("alter, create, drop, insert");
  expect(told(swapTables, { ...world, purposes: { "app@%": "migration" } })).toEqual([]);
});

it("MYE-12 leaves PUBLIC to MYE-17, and accounts that are gone", () => {
  const grants = ["alter, create, drop, insert on schema shop to public, gone@%"];
  expect(told(swapTables, { roles: { "app@%": {} }, grants })).toEqual([]);
});
