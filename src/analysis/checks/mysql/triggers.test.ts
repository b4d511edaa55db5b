import { expect, it } from "vitest";
import { type MysqlWorld, told, toldAfterFix } from "../../../../test/support/check-world-mysql.ts";
import { triggers } from "./triggers.ts";

const on = (...grants: string[]): MysqlWorld => ({
  roles: { "app@%": {}, "writer@%": {}, group: {} },
  exists: ["table shop.t", "table other.t"],
  grants,
});

it.each([
  ["trigger on table shop.t", "table shop.t"],
  ["trigger on schema shop", "schema shop"],
  ["trigger on schema-pattern sh%", 'schema-pattern "sh%"'],
  ["trigger on all-schemas", "all schemas"],
])("MYE-10 finds %s where another account writes, and is silent after the fix", (grant, place) => {
  const world = on(`${grant} to app@%`, "insert on table shop.t to writer@%");
  expect(told(triggers, world)).toEqual([`high \`app@%\` may put triggers on what others write: \`${place}\``]);
  expect(toldAfterFix(triggers, world)).toEqual([]);
});

it.each(["insert", "update", "delete"])("MYE-10 counts %s as writing", (privilege) => {
  expect(
    told(triggers, on("trigger on table shop.t to app@%", `${privilege} on schema shop to writer@%`)),
  ).toHaveLength(1);
});

it("MYE-10 is silent where nobody else writes there, and for who deploys", () => {
  const trigger = "trigger, insert on table shop.t to app@%";
  expect(told(triggers, on(trigger))).toEqual([]);
  expect(told(triggers, on(trigger, "select on table shop.t to writer@%"))).toEqual([]);
  expect(told(triggers, on(trigger, "insert on table other.t to writer@%"))).toEqual([]);
  expect(told(triggers, on("trigger on schema-pattern sh% to app@%", "insert on table other.t to writer@%"))).toEqual(
    [],
  );
  expect(told(triggers, on("insert on table shop.t to app@%", "insert on table shop.t to writer@%"))).toEqual([]);
  const world = on("trigger on table shop.t to app@%", "insert on table shop.t to writer@%");
  expect(told(triggers, { ...world, purposes: { "app@%": "migration" } })).toEqual([]);
});

it("MYE-10 does not take the members of a role for others", () => {
  const world = on("trigger, insert on table shop.t to group");
  expect(told(triggers, { ...world, members: ["app@% in group"] })).toEqual([]);
});

it("MYE-10 finds what everybody writes, and what everybody may put triggers on", () => {
  expect(told(triggers, on("trigger on table shop.t to app@%", "insert on table shop.t to public"))).toHaveLength(1);
  expect(told(triggers, on("trigger on table shop.t to public", "insert on table shop.t to writer@%"))).toEqual([
    "high everybody (PUBLIC) may put triggers on what others write: `table shop.t`",
  ]);
});

it("MYE-10 leaves to HID-06 what a new server grants to everybody", () => {
  const world = on("trigger, insert on schema test to public");
  expect(told(triggers, { ...world, exists: ["table test.t"] })).toEqual([]);
});

it("MYE-10 is silent where there is no table yet", () => {
  const grants = ["trigger on schema empty to app@%", "insert, update, delete on schema empty to writer@%"];
  expect(
    told(triggers, {
      roles: { "app@%": {}, "writer@%": {} },
      exists: ["schema empty", "routine empty.f.function"],
      grants,
    }),
  ).toEqual([]);
});

it("MYE-10 looks at the very table, and at the very schema, that was granted on", () => {
  const tables = { ...on("trigger on table shop.t to app@%", "insert on table shop.u to writer@%") };
  expect(told(triggers, { ...tables, exists: ["table shop.t", "table shop.u"] })).toEqual([]);
  const schemas = on("trigger on schema a_b to app@%", "insert on table aXb.t to writer@%");
  expect(told(triggers, { ...schemas, exists: ["table a_b.t", "table aXb.t"] })).toEqual([]);
});

it("MYE-10 is silent about everybody where nobody writes", () => {
  expect(told(triggers, on("trigger on table shop.t to public"))).toEqual([]);
  expect(told(triggers, on("trigger on table shop.t to public", "insert on table shop.t to public"))).toHaveLength(1);
});
