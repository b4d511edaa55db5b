import { expect, test } from "vitest";
import { type MysqlWorld, runOn, told, toldAfterFix } from "../../../../test/support/check-world-mysql.ts";
import { service } from "../../../../test/support/access-sample.ts";
import { exclusiveRoles } from "../inheritance/exclusive-roles.ts";
import { dataEverywhere, serverPrivileges } from "./everywhere.ts";
import { administrativeMachines } from "./machines.ts";
import { tooManySuperusers } from "./superusers.ts";
import { unkillable } from "./unkillable.ts";

const on = (...grants: string[]): MysqlWorld => ({ roles: { "app@%": {}, "bob@%": {}, r: {} }, grants });

test("data on all schemas is found, and what administrators, backups and schemas have is not", () => {
  const world = on("select, insert on all-schemas to app@%", "create user on server to app@%");
  expect(told(dataEverywhere, world)).toEqual(["high `app@%` holds insert, select on all schemas"]);
  expect(toldAfterFix(dataEverywhere, world)).toEqual([]);
  expect(told(dataEverywhere, on("select on all-schemas to r"))).toEqual(["high `r` holds select on all schemas"]);
  expect(told(dataEverywhere, on("select on schema shop to app@%", "execute on all-schemas to app@%"))).toEqual([]);
  expect(told(dataEverywhere, { ...world, purposes: { "app@%": "admin" } })).toEqual([]);
  const dump = on("select, trigger, event on all-schemas to app@%");
  expect(told(dataEverywhere, { ...dump, purposes: { "app@%": "backup" } })).toEqual([]);
  expect(told(dataEverywhere, { ...world, purposes: { "app@%": "backup" } })).toEqual([
    "high `app@%` holds insert on all schemas",
  ]);
  expect(
    told(dataEverywhere, on("select, grant option on all-schemas to app@%", "create user on server to app@%")),
  ).toEqual([]);
});

test("acting on the server is found, and monitoring may see statements", () => {
  const world = on("process, super, reload, file on server to app@%");
  expect(told(serverPrivileges, world)).toEqual(["high `app@%` holds process, reload, super on the server"]);
  expect(toldAfterFix(serverPrivileges, world)).toEqual([]);
  expect(told(serverPrivileges, { ...world, purposes: { "app@%": "monitoring" } })).toEqual([
    "high `app@%` holds reload, super on the server",
  ]);
  expect(told(serverPrivileges, { ...world, purposes: { "app@%": "admin" } })).toEqual([]);
  expect(
    told(serverPrivileges, on("show databases, file on server to app@%", "select on all-schemas to app@%")),
  ).toEqual([]);
});

test("MySQL's dynamic privileges that act on the server are told by their names", () => {
  const roles = { "app@%": {} };
  const grants = [
    "usage on dynamic-privilege CONNECTION_ADMIN to app@%",
    "usage on dynamic-privilege AUDIT_ADMIN to app@%",
  ];
  expect(told(serverPrivileges, { product: "mysql", roles, grants })).toEqual([
    "high `app@%` holds CONNECTION_ADMIN on the server",
  ]);
});

test("SYSTEM_USER belongs to administrators and to nobody else", () => {
  const roles = { "dba@%": {}, "app@%": {} };
  const grant = "usage on dynamic-privilege SYSTEM_USER to";
  const world: MysqlWorld = { product: "mysql", roles, purposes: { "dba@%": "admin" } };
  expect(told(unkillable, { ...world, grants: [`${grant} app@%`] })).toEqual([
    "medium `app@%` has SYSTEM_USER, and is no administrator",
    "low the administrator `dba@%` has no SYSTEM_USER",
  ]);
  expect(told(unkillable, { ...world, grants: [`${grant} dba@%`] })).toEqual([]);
  const undeclared = { ...world, purposes: {}, roles: { "app@%": {} } };
  const everything = ["create user on server to app@%", "grant option on all-schemas to app@%"];
  expect(told(unkillable, { ...undeclared, grants: [...everything, `${grant} app@%`] })).toEqual([]);
  expect(told(unkillable, { ...undeclared, grants: everything })).toEqual([
    "medium the administrator `app@%` has no SYSTEM_USER",
  ]);
  expect(runOn(unkillable, { ...world, grants: [`${grant} app@%`] }).findings.map(({ mend }) => mend.text)).toEqual([
    "take SYSTEM_USER from `app@%` or from the role that gives it",
    "grant SYSTEM_USER to `dba@%`",
  ]);
  expect(told(unkillable, { ...world, purposes: {}, roles: { "app@%": {} } })).toEqual([]);
});

test("accounts that have everything count against the budget of administrators", () => {
  const roles = { "a@%": {}, "b@%": {}, "c@%": {} };
  const all = (name: string) => [`create user on server to ${name}`, `grant option on all-schemas to ${name}`];
  expect(told(tooManySuperusers, { roles, grants: [...all("a@%"), ...all("b@%"), ...all("c@%")] })).toEqual([
    "high 3 can do everything on this server where 2 may: `a@%`, `b@%` and `c@%`",
  ]);
  expect(
    told(tooManySuperusers, { roles, grants: [...all("a@%"), ...all("b@%"), "grant option on all-schemas to r"] }),
  ).toEqual([]);
});

test("a program that may act on the server is found, without what its purpose needs", () => {
  const world = { ...on("process, show databases on server to app@%"), identities: [service("shop", "app@%")] };
  expect(told(administrativeMachines, world)).toEqual(["high the service login `app@%` holds process"]);
  expect(runOn(administrativeMachines, world).findings[0]?.over).toBe("effective");
  expect(told(administrativeMachines, { ...world, purposes: { "app@%": "monitoring" } })).toEqual([]);
});

test("MySQL's dynamic privileges of a program are told by their names, held ones alone", () => {
  const world: MysqlWorld = {
    product: "mysql",
    roles: { "app@%": {}, "bob@%": {} },
    grants: ["usage on dynamic-privilege CONNECTION_ADMIN to app@%", "usage on dynamic-privilege AUDIT_ADMIN to bob@%"],
    identities: [service("shop", "app@%")],
  };
  expect(told(administrativeMachines, world)).toEqual(["high the service login `app@%` holds connection_admin"]);
});

test("an account with two roles of MariaDB, of which none holds the other, is found", () => {
  const roles = { "app@%": {}, r: {}, s: {} };
  expect(told(exclusiveRoles, { roles, members: ["app@% in r", "app@% in s"] })).toEqual([
    "low `app@%` has `r` and `s`, of which one is active at a time",
  ]);
  expect(told(exclusiveRoles, { roles, members: ["app@% in r", "app@% in s", "r in s"] })).toEqual([]);
  expect(told(exclusiveRoles, { roles, members: ["app@% in r"] })).toEqual([]);
});
