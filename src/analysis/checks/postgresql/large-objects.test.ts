import { expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import { largeObjects } from "./large-objects.ts";

function world(more: Partial<CheckWorld>, compat = "off"): CheckWorld {
  const roles = { app: { login: true }, keeper: {}, boss: { login: true, superuser: true } };
  return { roles, posture: { postgresql: { settings: new Map([["lo_compat_privileges", compat]]) } }, ...more };
}

test("the setting that opens all of them is found", () => {
  expect(told(largeObjects, world({}, "on"))).toEqual([
    "medium everybody reads and writes all large objects, since `lo_compat_privileges` is on",
  ]);
  expect(runOn(largeObjects, world({}))).toMatchObject({ findings: [], notEvaluated: [], passed: ["PGE-31"] });
});

test("what everybody holds is found, all of a kind in one finding, and what one role holds is not", () => {
  const grants = [
    "select on large-object 17 to public",
    "select on large-object 18 to public",
    "update on large-object 17 to keeper",
  ];
  expect(told(largeObjects, world({ grants }))).toEqual(["medium everybody holds select on 2 large objects"]);
  expect(runOn(largeObjects, world({ grants })).findings[0]?.mend.changes).toMatchObject([
    { kind: "remove-grant", grantee: "", resources: [{ path: ["shop", "17"] }, { path: ["shop", "18"] }] },
  ]);
});

test("those of a login are found, those of groups and superusers are not", () => {
  const owners = (name: string): CheckWorld["owners"] => ({ "large-object 17": name });
  expect(told(largeObjects, world({ owners: owners("app") ?? {} }))).toEqual([
    "low the login `app` owns `large object 17`",
  ]);
  expect(told(largeObjects, world({ owners: owners("keeper") ?? {} }))).toEqual([]);
  expect(told(largeObjects, world({ owners: owners("boss") ?? {} }))).toEqual([]);
});

test("without the setting it is not passed", () => {
  const { notEvaluated, passed } = runOn(largeObjects, { roles: {} });
  expect(notEvaluated).toMatchObject([{ reason: "the setting `lo_compat_privileges` was not read" }]);
  expect(passed).toEqual([]);
});
