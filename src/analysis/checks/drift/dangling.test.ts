import { expect, test } from "vitest";
import { type CassandraWorld, runOn, told, untold } from "../../../../test/support/check-world-cassandra.ts";
import type { LeftoverRow } from "../../../model/posture/cassandra.ts";
import { danglingRows } from "./dangling.ts";

const roles = { readers: {} };
const left = (...leftovers: readonly LeftoverRow[]): CassandraWorld => ({
  roles,
  posture: { cassandra: { leftovers } },
});
const row = (table: LeftoverRow["table"], missing: LeftoverRow["missing"], about = ""): LeftoverRow => ({
  table,
  role: missing === "role" ? "gone" : "readers",
  about,
  missing,
});

test("rows of a role that is gone are told of together, with the statements that clear them", () => {
  const world = left(row("network_permissions", "role"), row("role_permissions", "role", "data/shop"));
  expect(told(danglingRows, world)).toEqual([
    "medium there is no role `gone`, and rows of it are left in `network_permissions` and `role_permissions`: a new role of that name has what it had",
  ]);
  expect(runOn(danglingRows, world).findings[0]?.mend.sql).toEqual(['create role "gone";', 'drop role "gone";']);
});

test("a new role of the name gets something only from rows of grants and of identities", () => {
  const identity = left(row("identity_to_role", "role", "it's"));
  expect(told(danglingRows, identity)[0]).toContain("has what it had");
  expect(runOn(danglingRows, identity).findings[0]?.mend.sql?.[0]).toBe("drop identity 'it''s';");
  expect(told(danglingRows, left(row("network_permissions", "role")))).toEqual([
    "medium there is no role `gone`, and rows of it are left in `network_permissions`",
  ]);
});

test("a member that is gone is told of with its role", () => {
  const world = left(row("role_members", "member", "ann"), row("role_members", "member", "bob"));
  expect(told(danglingRows, world)).toEqual([
    "medium `role_members` says that `ann` is in `readers`, and there is no such role",
    "medium `role_members` says that `bob` is in `readers`, and there is no such role",
  ]);
  expect(runOn(danglingRows, world).findings[0]?.mend.sql).toEqual([
    'create role "ann";',
    'grant "readers" to "ann";',
    'revoke "readers" from "ann";',
    'drop role "ann";',
  ]);
});

test("an index of grants that are not there is information", () => {
  const index = ["a", "b", "c", "d"].map((name) => row("resource_role_permissons_index", "grant", `data/shop/${name}`));
  expect(told(danglingRows, left(...index.slice(0, 1)))).toEqual([
    'info the index of grants says that `readers` holds something on `"data/shop/a"`, and it does not',
  ]);
  expect(told(danglingRows, left(...index.slice(0, 3)))[0]).not.toContain("more");
  expect(told(danglingRows, left(...index))[0]).toMatch(/and 1 more, and it does not$/u);
});

test("nothing left passes, and rows that were not read do not", () => {
  expect(runOn(danglingRows, left()).passed).toEqual(["DRF-05"]);
  expect(untold(danglingRows, { roles, posture: { cassandra: { leftovers: null } } })).toHaveLength(1);
  expect(untold(danglingRows, { roles })).toHaveLength(1);
});
