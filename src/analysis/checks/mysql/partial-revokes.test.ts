import { expect, it } from "vitest";
import { type MysqlWorld, runOn, told } from "../../../../test/support/check-world-mysql.ts";
import { partialRevokes } from "./partial-revokes.ts";

const GRANTS = ["insert, select on all-schemas to app@%", "not insert on schema shop to app@%"];
const world: MysqlWorld = {
  product: "mysql",
  roles: { "app@%": {}, "group@%": {} },
  limits: { partial_revokes: 1 },
  grants: GRANTS,
};

it("MYE-15 is silent where the partial revoke holds", () => {
  expect(told(partialRevokes, world)).toEqual([]);
  expect(told(partialRevokes, { ...world, grants: ["insert on all-schemas to app@%"] })).toEqual([]);
});

it("MYE-15 finds one that the setting puts out of force", () => {
  expect(told(partialRevokes, { ...world, limits: {} })).toEqual([
    "high `app@%` was to be without INSERT on `schema shop`, and has it: `partial_revokes` is off",
  ]);
});

it("MYE-15 finds one that a grant on the schema or a role lifts", () => {
  const [onAll, revoked] = GRANTS as [string, string];
  const role = { ...world, members: ["app@% in group@%"] };
  const byRole = { ...role, grants: [onAll, revoked, "insert on all-schemas to group@%"] };
  expect(told(partialRevokes, byRole)).toEqual([
    "high `app@%` was to be without INSERT on `schema shop`, and has it: another grant or a role gives it",
  ]);
  expect(runOn(partialRevokes, byRole).findings[0]).toMatchObject({ over: "reachable", confidence: "documented" });
  const active = { ...byRole, members: ["app@% in group@% default"] };
  expect(runOn(partialRevokes, active).findings[0]?.over).toBe("effective");
  expect(told(partialRevokes, { ...role, grants: [...GRANTS, "select on all-schemas to group@%"] })).toEqual([]);
  expect(told(partialRevokes, { ...world, product: "mariadb" })).toEqual([]);
});

it("MYE-15 counts as in force what one of several privileges is, and leaves out accounts that are gone", () => {
  const grants = [
    "insert, select on all-schemas to app@%, group@%",
    "not insert, not select on schema shop to app@%",
    "select on schema shop to app@%",
  ];
  const both = { ...world, members: ["app@% in group@%"], grants };
  expect(runOn(partialRevokes, both).findings.map(({ principals, over }) => [principals, over])).toEqual([
    [["app@%"], "effective"],
  ]);
  const gone = ["insert on all-schemas to gone@%", "not insert on schema shop to gone@%"];
  expect(told(partialRevokes, { ...world, limits: {}, grants: gone })).toEqual([]);
});
