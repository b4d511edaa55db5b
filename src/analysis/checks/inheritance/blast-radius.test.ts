import { expect, test } from "vitest";
import { person } from "../../../../test/support/access-sample.ts";
import { type CheckWorld, worldContext } from "../../../../test/support/check-world.ts";
import type { Change } from "../../../model/change.ts";
import { DEFAULT_LIMITS } from "../../../model/declared.ts";
import type { ChangeContext } from "../check.ts";
import { runChecks } from "../run-checks.ts";
import { blastRadius } from "./blast-radius.ts";

const LOGIN = { login: true };
const GRANT: Change = {
  kind: "remove-grant",
  resourceKind: "table",
  database: "shop",
  resources: [{ kind: "table", path: ["shop", "sales", "a"] }],
  privileges: ["SELECT"],
  grantee: "staff",
  grantor: "postgres",
  grantable: false,
};

/** Of the plan a check sees its changes alone; `before` is the state that they start from. */
function told(world: CheckWorld, changes: readonly Change[], before: CheckWorld = world): readonly string[] {
  const plan = { changes: changes.map((change) => ({ change, origin: { locations: [], by: "declared" } })) };
  const change = { plan, delta: {}, before: worldContext(before).index } as unknown as ChangeContext;
  return runChecks({ ...worldContext(world), change }, [blastRadius]).findings.map((each) => each.message);
}

const limited = (reach: number): CheckWorld => ({
  roles: { ann: LOGIN, bob: LOGIN, cy: LOGIN, dan: LOGIN, staff: {}, team: {} },
  members: ["ann in staff", "team in staff", "bob in team", "cy in team"],
  declared: { limits: { ...DEFAULT_LIMITS, reach } },
});

test("a change of a role that more logins have than the limit is found, by any way of membership", () => {
  const said = "the change of `staff` alters the access of 3 people and programs, where 2 need no second look";
  expect(told(limited(2), [GRANT])).toEqual([said]);
  expect(told(limited(3), [GRANT])).toEqual([]);
  expect(told(limited(2), [{ ...GRANT, grantee: "team" }])).toEqual([]);
  expect(told(limited(2), [GRANT, GRANT])).toHaveLength(1);
  expect(told(limited(0), [{ ...GRANT, grantee: "ann" }])).toHaveLength(1);
  expect(told(limited(0), [{ ...GRANT, grantee: "nobody" }])).toEqual([]);
});

test("a person with two logins is one, and everybody is all logins", () => {
  expect(told({ ...limited(2), identities: [person("bob", "bob", "cy")] }, [GRANT])).toEqual([]);
  expect(told(limited(3), [{ ...GRANT, grantee: "" }])).toEqual([
    "the change of everybody alters the access of 4 people and programs, where 3 need no second look",
  ]);
});

test("who had the role before counts too", () => {
  expect(told({ ...limited(2), members: [] }, [GRANT], limited(2))).toHaveLength(1);
  expect(told({ ...limited(2), members: [] }, [GRANT], { ...limited(2), members: [] })).toEqual([]);
});

test("memberships, owners and dropped roles reach whoever is in them, and settings reach nobody", () => {
  const row = {
    role: "x",
    member: "staff",
    grantor: "postgres",
    admin: false,
    inherit: true,
    set: true,
    implied: false,
  };
  const state = limited(2);
  expect(told(state, [{ kind: "add-membership", membership: row }])).toHaveLength(1);
  expect(told(state, [{ kind: "alter-membership", before: row, after: row }])).toHaveLength(1);
  expect(
    told(state, [
      {
        kind: "change-owner",
        resourceKind: "table",
        database: "shop",
        resources: GRANT.resources,
        from: "staff",
        to: "team",
      },
    ]),
  ).toHaveLength(1);
  expect(
    told(state, [
      { kind: "set-role-setting", role: "staff", database: null, name: "work_mem", before: null, after: "8MB" },
    ]),
  ).toEqual([]);
});
