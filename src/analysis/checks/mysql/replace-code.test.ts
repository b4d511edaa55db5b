import { expect, it } from "vitest";
import { type MysqlWorld, told, toldAfterFix } from "../../../../test/support/check-world-mysql.ts";
import { replaceCode } from "./replace-code.ts";

const known = { "routine shop.f.function": { securityDefiner: true, definer: "owner@%" } };
const on = (...grants: string[]): MysqlWorld => ({
  roles: { "app@%": {}, "owner@%": {}, group: {} },
  known,
  grants,
  exists: ["schema shop", "schema other"],
});
const FOUND = ["high `app@%` may replace routines of others in `schema shop`"];

it.each([["schema shop"], ["schema-pattern sh%"], ["all-schemas"]])(
  "MYE-11 finds ALTER ROUTINE and CREATE ROUTINE on %s where others' code is, and is silent after the fix",
  (place) => {
    const world = on(`alter routine, create routine on ${place} to app@%`);
    expect(told(replaceCode, world)).toEqual(FOUND);
    expect(toldAfterFix(replaceCode, world)).toEqual([]);
  },
);

it("MYE-11 needs both rights, in that schema, and code of somebody else", () => {
  expect(told(replaceCode, on("alter routine, execute on schema shop to app@%"))).toEqual([]);
  expect(told(replaceCode, on("create routine, execute on schema shop to app@%"))).toEqual([]);
  expect(told(replaceCode, on("alter routine, create routine on schema other to app@%"))).toEqual([]);
  expect(told(replaceCode, on("alter routine, create routine on schema shop to owner@%"))).toEqual([]);
  const world = on("alter routine, create routine on schema shop to app@%");
  expect(told(replaceCode, { ...world, known: { "routine shop.f.function": {} } })).toEqual([]);
  expect(told(replaceCode, { ...world, purposes: { "app@%": "migration" } })).toEqual([]);
});

it("MYE-11 tells of a role and not of its members", () => {
  const world = on("alter routine, create routine on schema shop to group");
  const members = ["app@% in group default"];
  expect(told(replaceCode, { ...world, members })).toEqual([
    "high `group` may replace routines of others in `schema shop`",
  ]);
});

it("MYE-11 tells of everybody once", () => {
  const world = on("alter routine, create routine on schema shop to public");
  expect(told(replaceCode, world)).toEqual(["high everybody (PUBLIC) may replace routines of others in `schema shop`"]);
  expect(toldAfterFix(replaceCode, world)).toEqual([]);
});

it("MYE-11 finds who may replace one routine of somebody else among its own", () => {
  const world = on("alter routine, create routine on schema shop to app@%");
  const own = { "routine shop.g.function": { securityDefiner: true, definer: "app@%" } };
  expect(told(replaceCode, { ...world, known: { ...own, ...known } })).toEqual(FOUND);
  expect(told(replaceCode, { ...world, known: own })).toEqual([]);
});

it("MYE-11 tells of a member that has both itself, where its role is not active by default", () => {
  const world = on("alter routine, create routine on schema shop to app@%, group");
  expect(told(replaceCode, { ...world, members: ["app@% in group"] })).toEqual([
    ...FOUND,
    "high `group` may replace routines of others in `schema shop`",
  ]);
});

it("MYE-11 is silent about code that runs as its caller, whoever defined it", () => {
  const world = on("alter routine, create routine on schema shop to app@%");
  expect(told(replaceCode, { ...world, known: { "routine shop.f.function": { definer: "owner@%" } } })).toEqual([]);
});
