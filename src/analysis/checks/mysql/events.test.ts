import { expect, it } from "vitest";
import { type MysqlWorld, runOn, told, toldAfterFix } from "../../../../test/support/check-world-mysql.ts";
import { events } from "./events.ts";

const world: MysqlWorld = { roles: { "app@%": {} }, grants: ["event, select on schema shop to app@%"] };

it("MYE-13 finds who may make events, names those it made, and is silent after the fix", () => {
  expect(told(events, world)).toEqual([
    "medium `app@%` may make events in `schema shop`, which go on when it is locked",
  ]);
  expect(toldAfterFix(events, world)).toEqual([]);
  const code = [
    { form: "event", path: ["def", "shop", "e"], definer: "app@%" },
    { form: "event", path: ["def", "shop", "other"], definer: "root@localhost" },
    { form: "trigger", path: ["def", "shop", "t"], definer: "app@%" },
  ] as const;
  expect(runOn(events, { ...world, code }).findings[0]?.path).toEqual(["the event `shop.e` runs as `app@%`"]);
});

it("MYE-13 is silent without EVENT, and for schedulers, who deploys and administrators", () => {
  expect(told(events, { ...world, grants: ["trigger on schema shop to app@%"] })).toEqual([]);
  for (const purpose of ["scheduler", "migration", "admin"] as const) {
    expect(told(events, { ...world, purposes: { "app@%": purpose } })).toEqual([]);
  }
  expect(told(events, { ...world, purposes: { "app@%": "application" } })).toHaveLength(1);
});

it("MYE-13 leaves to HID-06 what a new server grants to everybody", () => {
  expect(told(events, { ...world, grants: ["event on schema test to public"] })).toEqual([]);
  expect(told(events, { ...world, grants: ["event on schema test to app@%"] })).toHaveLength(1);
  expect(told(events, { ...world, grants: ["event on schema shop to public"] })).toHaveLength(1);
});
