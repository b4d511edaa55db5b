import { expect, test } from "vitest";
import * as cassandra from "../../../../test/support/check-world-cassandra.ts";
import { mysqlContext, type MysqlWorld, told } from "../../../../test/support/check-world-mysql.ts";
import { buildEscalation } from "../../escalation/build.ts";
import { runChecks } from "../run-checks.ts";
import { exclusiveRoles } from "./exclusive-roles.ts";
import { hiddenAdmin } from "./hidden-admin.ts";
import { redundantGrants } from "./redundant-grants.ts";
import { selfService } from "./self-service.ts";

test("an account with several roles of which none gives another is found, and one role that has the others is none of them", () => {
  const apart = (members: readonly string[]): string[] =>
    told(exclusiveRoles, { roles: { "app@%": {}, a: {}, b: {}, c: {}, "z@%": {} }, members });
  const two = ["low `app@%` has `a` and `c`, of which one is active at a time"];
  expect(apart(["app@% in a", "app@% in c"])).toEqual(two);
  expect(apart(["app@% in a", "app@% in b", "app@% in c", "a in b"])).toEqual(two);
  expect(apart(["app@% in a", "app@% in b", "app@% in c"])).toHaveLength(1);
  expect(apart(["app@% in a"])).toEqual([]);
  expect(apart(["app@% in a", "app@% in b", "a in b"])).toEqual([]);
  expect(apart(["app@% in a", "app@% in b", "b in a"])).toEqual([]);
  expect(apart(["app@% in a", "z@% in c"])).toEqual([]);
});

test("a grant under a wider one of the same account is redundant, for what the wider one holds", () => {
  const twice = (grants: readonly string[], more: Partial<MysqlWorld> = {}): string[] =>
    told(redundantGrants, { roles: { "app@%": {}, "ann@%": {} }, grants, ...more });
  const onTable = "select on table shop.a to app@%";
  const found = (from: string, on = "`table shop.a`"): string[] => [
    `low \`app@%\` was granted select on ${on}, and has it on ${from} too`,
  ];
  expect(twice([onTable, "select on schema shop to app@%"])).toEqual(found("`schema shop`"));
  expect(twice(["select, insert on table shop.a to app@%", "select, update on schema shop to app@%"])).toEqual(
    found("`schema shop`"),
  );
  expect(twice([onTable, "select on all-schemas to app@%"])).toHaveLength(1);
  expect(twice(["select on schema shop to app@%", "select on all-schemas to app@%"])).toHaveLength(1);
  expect(twice([onTable, "select on schema-pattern sh% to app@%"])).toHaveLength(1);
  expect(twice([onTable])).toEqual([]);
  expect(twice([onTable, "select on schema shop to ann@%"])).toEqual([]);
  expect(twice([onTable, "insert on schema shop to app@%"])).toEqual([]);
  expect(twice([onTable, "select on schema other to app@%"])).toEqual([]);
  expect(twice([onTable, "select on schema-pattern oth% to app@%"])).toEqual([]);
  expect(
    twice(["select on table shop.a to app@%", "select on table other.a to app@%", "select on schema shop to app@%"]),
  ).toEqual(found("`schema shop`"));
  expect(twice(["select on table shop.a to root@localhost"])).toEqual([]);
  expect(twice(["select on schema shop to app@%", "select on schema other to app@%"])).toEqual([]);
});

test("a pattern is asked which schemas it covers, for each of the schemas that have things alike", () => {
  const grants = [
    "select on table shop.a to app@%",
    "select on table show.a to app@%",
    "select on table other.a to app@%",
    "select on schema-pattern sh% to app@%",
  ];
  const said = told(redundantGrants, { roles: { "app@%": {} }, grants });
  expect(said).toHaveLength(1);
  expect(said[0]).toContain("2 tables");
});

test("on Cassandra too a grant under a wider one is redundant, and one beside it is not", () => {
  const twice = (grants: readonly string[]): string[] =>
    cassandra.told(redundantGrants, { roles: { ann: {}, bob: {} }, grants });
  expect(twice(["select on table shop.a to ann", "select on schema shop to ann"])).toHaveLength(1);
  expect(twice(["select on table shop.a to ann", "select on schema-tables shop to ann"])).toHaveLength(1);
  expect(twice(["select on table shop.a to ann", "select on all-schemas to ann"])).toHaveLength(1);
  expect(twice(["select on schema-tables shop to ann", "select on schema shop to ann"])).toHaveLength(1);
  expect(twice(["select on schema shop to ann", "select on all-schemas to ann"])).toHaveLength(1);
  expect(twice(["alter on role bob to ann", "alter on all-roles to ann"])).toHaveLength(1);
  expect(twice(["select on table shop.a to ann", "select on schema other to ann"])).toEqual([]);
  expect(twice(["select on table shop.a to ann", "modify on schema shop to ann"])).toEqual([]);
  expect(twice(["select on table shop.a to bob", "select on schema shop to ann"])).toEqual([]);
});

test("on Cassandra deciding who is in a role is a privilege on it, and only a member's is self-service", () => {
  const decides = (grants: readonly string[], members: readonly string[] = ["ann in payroll"]): string[] =>
    cassandra.told(selfService, {
      roles: { ann: { login: true }, bob: { login: true }, payroll: {} },
      grants,
      members,
    });
  expect(decides(["authorize on role payroll to ann"])).toEqual([
    "high `ann` is in `payroll`, and may put others into it",
  ]);
  expect(decides(["alter on role payroll to ann"])).toEqual([]);
  expect(decides(["authorize on role payroll to bob"])).toEqual([]);
  expect(decides(["authorize on role bob to ann"])).toEqual([]);
  expect(decides(["authorize on role payroll to payroll"])).toEqual([]);
  expect(decides(["authorize on table shop.payroll to ann"])).toEqual([]);
});

test("a table of a cluster is not the role of that name", () => {
  const world = { roles: { ann: { login: true }, cluster: {} }, members: ["ann in cluster"] };
  expect(cassandra.told(selfService, { ...world, grants: ["authorize on table shop.a to ann"] })).toEqual([]);
  expect(cassandra.told(selfService, { ...world, grants: ["authorize on role cluster to ann"] })).toHaveLength(1);
});

test("who holds all that it takes to administer is no hidden administrator", () => {
  const hidden = (...grants: string[]): string[] => {
    const context = mysqlContext({ roles: { "ann@%": {} }, grants });
    const escalation = buildEscalation(context.index, [
      {
        from: "ann@%",
        to: { kind: "system" },
        by: "loads code into the server",
        over: "effective",
        needsVictim: false,
        confidence: "certain",
      },
    ]);
    return runChecks({ ...context, escalation }, [hiddenAdmin]).findings.flatMap(({ principals }) => principals);
  };
  expect(hidden()).toEqual(["ann@%"]);
  expect(hidden("create user on server to ann@%")).toEqual(["ann@%"]);
  expect(hidden("create user on server to ann@%", "grant option on all-schemas to ann@%")).toEqual([]);
});
