import { expect, it } from "vitest";
import { type MysqlWorld, runOn, told, toldAfterFix } from "../../../../test/support/check-world-mysql.ts";
import { missingThings } from "./missing-things.ts";

const world: MysqlWorld = {
  roles: { "app@%": {}, "bob@%": {} },
  grants: [
    "select, insert on table old.t to app@%",
    "select on table old.u to app@%, public",
    "select on table new.t to bob@%",
  ],
  known: { "table old.t": { missing: true }, "table old.u": { missing: true } },
};

it("HID-09 finds what is granted on what does not exist, and is silent after the fix", () => {
  expect(told(missingThings, world)).toEqual([
    "medium everybody (PUBLIC) holds SELECT on what does not exist: `table old.u`",
    "medium `app@%` holds INSERT, SELECT on what does not exist: `table old.t`",
    "medium `app@%` holds SELECT on what does not exist: `table old.u`",
  ]);
  expect(toldAfterFix(missingThings, world)).toEqual([]);
});

it("HID-09 is silent about what exists and about accounts that are gone", () => {
  expect(told(missingThings, { ...world, known: {} })).toEqual([]);
  expect(told(missingThings, { ...world, grants: ["select on table old.t to gone@%"] })).toEqual([]);
});

it("HID-09 leaves to HID-06 what a new server grants to everybody", () => {
  const known = { "schema test": { missing: true }, "schema tests": { missing: true } };
  const grants = [
    "select on schema test to public",
    "select on schema tests to public",
    "select on schema test to app@%",
  ];
  expect(told(missingThings, { ...world, grants, known })).toEqual([
    "medium everybody (PUBLIC) holds SELECT on what does not exist: `schema tests`",
    "medium `app@%` holds SELECT on what does not exist: `schema test`",
  ]);
});

it("HID-09 does not pass where what exists is not shown", () => {
  const unknown = (subject: string): MysqlWorld => ({ roles: {}, unknowns: [{ subject, reason: "hidden" }] });
  for (const subject of ["tables", "routines", "columns"]) {
    expect(runOn(missingThings, unknown(subject)).notEvaluated).toHaveLength(1);
  }
  expect(runOn(missingThings, unknown("triggers")).passed).toEqual(["HID-09"]);
});

it("HID-09 says how what exists is shown, where that is known", () => {
  const gap = (unknown: { readonly help?: string }): unknown =>
    runOn(missingThings, { roles: {}, unknowns: [{ subject: "tables", reason: "hidden", ...unknown }] })
      .notEvaluated[0];
  expect(JSON.stringify(gap({ help: "grant it" }))).toContain("grant it");
  expect(gap({})).not.toHaveProperty("help");
});
