import { describe, expect, it } from "vitest";
import { type MysqlWorld, runOn, told, toldAfterFix } from "../../../../test/support/check-world-mysql.ts";
import { passOn } from "./pass-on.ts";

const on = (...grants: string[]): MysqlWorld => ({ roles: { "app@%": {}, "bob@%": {} }, grants });

describe("MYE-07", () => {
  it.each([
    ["grant option on all-schemas to app@%", "all schemas"],
    ["grant option, select on schema shop to app@%", "schema shop"],
    ["grant option on schema-pattern sh% to app@%", 'schema-pattern "sh%"'],
    ["grant option on table shop.t to app@%", "table shop.t"],
    ["grant option on routine shop.f.function to app@%", "routine shop.f(function)"],
  ])("finds %s", (grant, place) => {
    expect(told(passOn, on(grant))).toEqual([`high \`app@%\` may pass on what it holds on \`${place}\`, to anybody`]);
    expect(toldAfterFix(passOn, on(grant))).toEqual([]);
  });

  it("is silent without it, and for administrators", () => {
    expect(told(passOn, on("select, insert on schema shop to app@%"))).toEqual([]);
    expect(told(passOn, { ...on("grant option on schema shop to app@%"), purposes: { "app@%": "admin" } })).toEqual([]);
    expect(told(passOn, on("grant option on schema shop to gone@%"))).toEqual([]);
  });

  it("names who could make it whole, and groups tables", () => {
    const world = on("grant option, select on schema shop to app@%", "grant option, insert on schema shop to bob@%");
    expect(runOn(passOn, world).findings.map(({ path }) => path)).toEqual([
      ["`bob@%` may too: each can give the other what it lacks there"],
      ["`app@%` may too: each can give the other what it lacks there"],
    ]);
    const tables = on("grant option on table shop.a to app@%", "grant option, select on table shop.b to app@%");
    expect(runOn(passOn, tables).findings.map(({ resources }) => resources.length)).toEqual([2]);
  });

  it("names nobody who may not pass on there", () => {
    const world = on("grant option, select on schema shop to app@%", "insert on schema shop to bob@%");
    expect(runOn(passOn, world).findings.map(({ path }) => path)).toEqual([[]]);
  });

  it("finds privileges of MySQL that are passed on by themselves", () => {
    const world: MysqlWorld = { ...on("usage on dynamic-privilege BACKUP_ADMIN to app@% *"), product: "mysql" };
    expect(told(passOn, world)).toEqual([
      "high `app@%` may pass on what it holds on `dynamic-privilege BACKUP_ADMIN`, to anybody",
    ]);
    expect(told(passOn, { ...world, grants: ["usage on dynamic-privilege BACKUP_ADMIN to app@%"] })).toEqual([]);
  });
});
