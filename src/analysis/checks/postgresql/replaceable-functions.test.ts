import { describe, expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import { replaceableFunctions } from "./replaceable-functions.ts";

const roles = { ann: { login: true }, bob: { login: true }, owner: {}, boss: { superuser: true }, team: {} };
const owners = { "routine app.f.": "owner", "routine app.g.": "boss" };
const world = (...members: string[]): CheckWorld => ({ roles, owners, members });

describe("PGE-09", () => {
  test("finds members that have the privileges of an owner and may not become it", () => {
    expect(told(replaceableFunctions, world("ann in boss noset"))).toEqual([
      "critical `ann` may not become `boss`, which is a superuser, but can replace `routine app.g()` and run as it",
    ]);
    expect(told(replaceableFunctions, world("ann in owner noset"))).toEqual([
      "high `ann` may not become `owner`, but can replace `routine app.f()` and run as it",
    ]);
    const [found] = runOn(replaceableFunctions, world("ann in owner noset")).findings;
    const mixed = runOn(replaceableFunctions, world("ann in owner noset", "ann in team", "bob in owner")).findings[0];
    expect(mixed?.mend.changes).toHaveLength(1);
    expect(found?.mend.changes).toMatchObject([
      { kind: "remove-membership", membership: { member: "ann", role: "owner" } },
    ]);
  });

  test("through a group too", () => {
    expect(told(replaceableFunctions, world("team in owner noset", "bob in team"))).toEqual([
      "high `bob`, `team` may not become `owner`, but can replace `routine app.f()` and run as it",
    ]);
  });

  test("through a role that is contained itself, whose own membership contains nobody", () => {
    expect(told(replaceableFunctions, world("ann in team noset", "team in owner"))).toEqual([
      "high `ann` may not become `owner`, but can replace `routine app.f()` and run as it",
    ]);
  });

  test("leaves the rows of the server itself alone", () => {
    const members = ["ann in owner noset", "ann in owner admin noinherit noset implied by=boss"];
    expect(runOn(replaceableFunctions, world(...members)).findings[0]?.mend.changes).toMatchObject([
      { membership: { grantor: "postgres", implied: false } },
    ]);
  });

  test("is silent where the owner can be become, where nothing is inherited, where it owns no function, before 16", () => {
    expect(told(replaceableFunctions, world("ann in owner"))).toEqual([]);
    expect(told(replaceableFunctions, world("ann in owner noinherit noset"))).toEqual([]);
    expect(told(replaceableFunctions, world("ann in team noset"))).toEqual([]);
    expect(told(replaceableFunctions, world("boss in owner noset"))).toEqual([]);
    expect(told(replaceableFunctions, { ...world("ann in owner noset"), major: 15 })).toEqual([]);
    expect(told(replaceableFunctions, { ...world("ann in owner noset"), major: 16 })).toHaveLength(1);
    expect(told(replaceableFunctions, world("ann in team noset", "bob in owner"))).toEqual([]);
  });
});
