import { expect, test } from "vitest";
import { type CassandraWorld, resource, runOn, told, untold } from "../../../../test/support/check-world-cassandra.ts";
import type { CassandraPosture } from "../../../model/posture/cassandra.ts";
import { memberTables } from "./member-tables.ts";

const roles = { ann: { login: true }, readers: {} };
const world = (cassandra: Partial<CassandraPosture>, more: Partial<CassandraWorld> = {}): CassandraWorld => ({
  roles,
  members: ["ann in readers"],
  grants: ["select, modify on table shop.a to ann", "select on table shop.b to ann"],
  posture: { cassandra },
  ...more,
});
const fixes = (asked: CassandraWorld): readonly (readonly string[])[] =>
  runOn(memberTables, asked).findings.map(({ mend }) => mend.sql ?? []);

test("a membership that the server would forget to end is found, and mended by statements that it takes", () => {
  const found = world({ lopsided: [{ role: "readers", member: "ann", only: "member_of" }] });
  expect(told(memberTables, found)).toEqual([
    "medium `ann` is in `readers`, and `role_members` does not say so: it stays in it when `readers` is dropped",
  ]);
  expect(fixes(found)).toEqual([['revoke "readers" from "ann";', 'grant "readers" to "ann";']]);
});

test("a membership that is none is found, and mended the other way round", () => {
  const found = world({ lopsided: [{ role: "readers", member: "ann", only: "role_members" }] }, { members: [] });
  expect(told(memberTables, found)).toEqual(["medium `role_members` says that `ann` is in `readers`, and it is not"]);
  expect(fixes(found)).toEqual([['grant "readers" to "ann";', 'revoke "readers" from "ann";']]);
});

test("grants without an index are found together, and one privilege of each is granted again", () => {
  const unindexed = ["table shop.a", "table shop.b"].map((text) => ({ role: "ann", resource: resource(text) }));
  const found = world({ unindexed });
  expect(told(memberTables, found)).toEqual([
    "medium what `ann` holds on 2 tables in schema `shop` stands in no index: it stays when that is dropped, and holds again on a new one of that name",
  ]);
  expect(fixes(found)).toEqual([
    [
      'revoke modify on table "shop"."a" from "ann";',
      'grant modify on table "shop"."a" to "ann";',
      'revoke select on table "shop"."b" from "ann";',
      'grant select on table "shop"."b" to "ann";',
    ],
  ]);
});

test("what does not exist, and what is the server's own superuser's, is not told of here", () => {
  const gone = [{ role: "ann", resource: resource("table shop.gone") }];
  expect(told(memberTables, world({ unindexed: gone }, { missing: ["table shop.gone"] }))).toEqual([]);
  expect(told(memberTables, world({ unindexed: gone }))).toEqual([]);
  const own = [{ role: "cassandra", resource: resource("table shop.a") }];
  const lopsided = [{ role: "readers", member: "cassandra", only: "member_of" as const }];
  expect(told(memberTables, world({ unindexed: own, lopsided }))).toEqual([]);
});

test("equal tables pass, and tables that were not read do not", () => {
  expect(runOn(memberTables, world({})).passed).toEqual(["INH-08"]);
  expect(untold(memberTables, world({ lopsided: null }))).toHaveLength(1);
  expect(untold(memberTables, world({ unindexed: null }))).toHaveLength(1);
  expect(untold(memberTables, { roles })).toHaveLength(1);
});

test("what is granted again is what that role itself holds there, and each mending says its order", () => {
  const unindexed = ["table shop.c", "table shop.d"].map((text) => ({ role: "ann", resource: resource(text) }));
  const grants = [
    "select on table shop.c to readers",
    "modify on table shop.c to ann",
    "select on table shop.d to readers",
  ];
  expect(fixes(world({ unindexed }, { grants }))).toEqual([
    ['revoke modify on table "shop"."c" from "ann";', 'grant modify on table "shop"."c" to "ann";'],
  ]);
  const texts = (only: "member_of" | "role_members"): string[] =>
    runOn(memberTables, world({ lopsided: [{ role: "readers", member: "ann", only }] })).findings.map(
      ({ mend }) => mend.text,
    );
  expect(texts("member_of")).toEqual(["revoke `readers` from `ann`, and grant it again"]);
  expect(texts("role_members")).toEqual(["grant `readers` to `ann`, and revoke it again"]);
});
