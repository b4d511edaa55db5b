import { expect, it } from "vitest";
import {
  everythingTo,
  type MysqlWorld,
  runOn,
  told,
  toldAfterFix,
} from "../../../../test/support/check-world-mysql.ts";
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

it("MYE-13 is silent about who has everything, and about accounts that are gone", () => {
  expect(told(events, { ...world, grants: everythingTo("app@%") })).toEqual([]);
  expect(told(events, { ...world, grants: ["event on schema shop to gone@%"] })).toEqual([]);
});

it("MYE-13 knows who is for schedules by a role, and no role that is not there", () => {
  const roles = { "app@%": {}, group: {} };
  const inGroup: MysqlWorld = { ...world, roles, purposes: { group: "scheduler" } };
  expect(told(events, { ...inGroup, members: ["app@% in group"] })).toEqual([]);
  expect(told(events, inGroup)).toHaveLength(1);
  const gone: MysqlWorld = { ...world, purposes: { gone: "scheduler" } };
  expect(told(events, gone)).toHaveLength(1);
  expect(told(events, { ...gone, grants: ["event on schema shop to public"] })).toHaveLength(1);
});

it("MYE-13 says in the fix that events are to be dropped where there are some", () => {
  const fixOf = (definer: string): string | undefined =>
    runOn(events, { ...world, code: [{ form: "event", path: ["def", "shop", "e"], definer }] }).findings[0]?.mend.text;
  expect(fixOf("app@%")).toMatch(/, and drop its events$/u);
  expect(fixOf("root@localhost")).not.toContain("drop");
});

it("MYE-13 names three places, and counts the others", () => {
  const grants = ["a", "b", "c", "d"].map((schema) => `event on schema ${schema} to app@%`);
  expect(told(events, { ...world, grants: grants.slice(1) })[0]).toContain("`schema b`, `schema c`, `schema d`, which");
  expect(told(events, { ...world, grants })[0]).toContain("`schema a`, `schema b`, `schema c` and 1 more, which");
});
