import { expect, test } from "vitest";
import { service } from "../../../../test/support/access-sample.ts";
import * as cassandra from "../../../../test/support/check-world-cassandra.ts";
import { type MysqlWorld, resource, runOn, told } from "../../../../test/support/check-world-mysql.ts";
import type { DeclaredTest } from "../../../model/declared.ts";
import { blanketGrants } from "./blanket.ts";
import { declaredReadOnly } from "./declared-read-only.ts";
import { makingThings } from "./making-things.ts";
import { unusedOptions } from "./unused-options.ts";

const need = (on: string, of = resource): DeclaredTest => ({
  as: "app@%",
  logins: ["app@%"],
  must: "allow",
  privilege: "SELECT",
  resources: [of(on)],
  over: "effective",
  because: null,
});

/** Two tables in each of two schemas, of which the first of `shop` is needed. */
function blanket(grants: readonly string[], more: Partial<MysqlWorld> = {}): string[] {
  return told(blanketGrants, {
    roles: { "app@%": {}, "bob@%": {}, r1: {}, r2: {} },
    exists: ["table shop.a", "table shop.b", "table other.b", "table other.c"],
    grants,
    declared: { tests: [need("table shop.a")] },
    ...more,
  });
}

const onShop = (what: string, by = ""): string[] => [
  `medium \`app@%\` holds select on ${what}${by}; its tests need it on \`table shop.a\` alone`,
];

test("a grant on what holds the needed thing and others is found, the widest first", () => {
  expect(blanket(["select on schema shop to app@%"])).toEqual(onShop("`schema shop`"));
  expect(blanket(["select on schema-pattern sh% to app@%"])).toHaveLength(1);
  const all = blanket(["select on all-schemas to app@%"]);
  expect(all).toHaveLength(1);
  expect(blanket(["select on all-schemas to app@%", "select on schema shop to app@%"])).toEqual(all);
  expect(blanket(["select on schema shop to app@%", "select on table shop.a to app@%"])).toEqual(
    onShop("`schema shop`"),
  );
});

test("a wide grant of another, of other privileges, or on another schema is none of this", () => {
  const tables = ["select on table shop.a to app@%", "select on table shop.b to app@%"];
  expect(blanket(tables)).toEqual([]);
  expect(blanket([...tables, "select on schema shop to bob@%"])).toEqual([]);
  expect(blanket([...tables, "insert on schema shop to app@%"])).toEqual([]);
  expect(blanket([...tables, "select on schema other to app@%"])).toEqual([]);
  expect(blanket(["select on schema shop to app@%"], { exists: ["table shop.a"] })).toEqual([]);
});

test("a wide grant is told for the schemas that it covers alone", () => {
  const tests = { tests: [need("table shop.a"), need("table other.b")] };
  const narrow = ["select on table other.b to app@%", "select on table other.c to app@%"];
  for (const wide of ["schema shop", "schema-pattern sh%"]) {
    const said = blanket([...narrow, `select on ${wide} to app@%`], { declared: tests });
    expect(said).toHaveLength(1);
    expect(said[0]).toContain("`table shop.a` alone");
  }
});

test("a wide grant by way of a role names the role, the first by name of the same width", () => {
  const members = ["app@% in r1 default"];
  expect(blanket(["select on schema shop to r1"], { members })).toEqual(onShop("`schema shop`", " by way of `r1`"));
  const both = ["app@% in r2 default", "r2 in r1"];
  const patterns = ["select on schema-pattern s% to r2", "select on schema-pattern sh% to r1"];
  expect(blanket(patterns, { members: both })[0]).toContain("by way of `r1`");
  const widest = blanket(["select on schema shop to r1", "select on all-schemas to r2"], { members: both });
  expect(widest).toHaveLength(1);
  expect(widest[0]).toContain("by way of `r2`");
  expect(
    blanket(
      patterns.map((each) => each.replace(/r[12]/u, (r) => (r === "r1" ? "r2" : "r1"))),
      { members: both },
    )[0],
  ).toContain("by way of `r1`");
});

test("a grant on all functions of a Cassandra cluster is wide", () => {
  const routine = "routine shop.total.int";
  const declared = {
    tests: [{ ...need(routine, cassandra.resource), as: "app", logins: ["app"], privilege: "EXECUTE" }],
  };
  const world = (...grants: string[]) => ({
    roles: { app: { login: true } },
    exists: [routine, "routine shop.other.int"],
    grants,
    declared,
  });
  expect(cassandra.told(blanketGrants, world("execute on all-routines to app"))).toHaveLength(1);
  expect(cassandra.told(blanketGrants, world("execute on schema-routines shop to app"))).toHaveLength(1);
  expect(cassandra.told(blanketGrants, world(`execute on ${routine} to app`))).toEqual([]);
});

test("running what a whole schema has is no writing, and changing is", () => {
  const world: MysqlWorld = { roles: { "ro@%": {} }, purposes: { "ro@%": "read-only" } };
  expect(told(declaredReadOnly, { ...world, grants: ["execute on schema shop to ro@%"] })).toEqual([]);
  expect(told(declaredReadOnly, { ...world, grants: ["insert on schema shop to ro@%"] })).toHaveLength(1);
});

test("creating accounts, temporary tables and altering are not creating things", () => {
  const making = (grant: string): string[] =>
    told(makingThings, {
      roles: { "svc@%": {} },
      grants: [`${grant} to svc@%`],
      identities: [service("shop", "svc@%")],
    });
  expect(making("create on schema shop")).toEqual(["medium `svc@%` holds create on `schema shop`"]);
  expect(making("create user on server")).toEqual([]);
  expect(making("create temporary tables on schema shop")).toEqual([]);
  expect(making("alter on schema shop")).toEqual([]);
});

test("where grants name nobody who made them, who may pass on is a question, except administrators", () => {
  const asked = (grants: readonly string[], more: Partial<MysqlWorld> = {}) =>
    runOn(unusedOptions, { roles: { "app@%": {}, "bob@%": {} }, grants, ...more });
  const passing = ["select, grant option on schema shop to app@%", "select on schema shop to bob@%"];
  expect(asked(passing).notEvaluated.map(({ reason }) => reason)).toEqual([
    "whether `app@%` ever passed anything on: grants do not say who made them",
  ]);
  expect(asked(passing, { purposes: { "app@%": "admin" } }).passed).toEqual(["LPV-10"]);
  expect(asked(["select on schema shop to bob@%"]).passed).toEqual(["LPV-10"]);
});
