import { expect, it } from "vitest";
import { runOn, told } from "../../../../test/support/check-world-mysql.ts";
import { tablesByHand } from "./trail.ts";

it("TRC-07 finds accounts for which MariaDB goes by something else than its tables say", () => {
  const roles = { "app@%": {} };
  expect(told(tablesByHand, { roles, posture: { mysql: { outOfStep: ["app@%"] } } })).toEqual([
    "high the tables of grants say something else for `app@%` than the server goes by",
  ]);
  expect(runOn(tablesByHand, { roles, posture: {} }).passed).toEqual(["TRC-07"]);
});

it("TRC-07 is not evaluated where that was not compared", () => {
  expect(runOn(tablesByHand, { roles: {} }).notEvaluated).toHaveLength(1);
  expect(runOn(tablesByHand, { roles: {}, posture: { mysql: { outOfStep: null } } }).notEvaluated).toHaveLength(1);
});
