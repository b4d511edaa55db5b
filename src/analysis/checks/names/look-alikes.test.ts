import { expect, it } from "vitest";
import { told, type MysqlWorld } from "../../../../test/support/check-world-mysql.ts";
import { told as toldOnPostgres } from "../../../../test/support/check-world.ts";
import { lookAlikes, skeletonOf } from "./look-alikes.ts";

it.each([
  ["Admin", "admin"],
  ["аdmin", "admin"], // Cyrillic а
  ["ａｄｍｉｎ", "admin"],
  ["adm\u200bin", "admin"],
  ["r00t", "root"],
  ["app1", "appl"],
  ['"app"', "app"],
  ["κρ", "kp"],
])("HID-14 takes %s for %s", (a, b) => {
  expect(skeletonOf(a)).toBe(skeletonOf(b));
});

it.each([
  ["app", "apps"],
  ["app_ro", "app_rw"],
  ["app_1", "app_2"],
  ["a-b", "a_b"],
])("HID-14 tells %s from %s", (a, b) => {
  expect(skeletonOf(a)).not.toBe(skeletonOf(b));
});

it("HID-14 finds names of users, whatever their hosts, and of schemas", () => {
  const world: MysqlWorld = {
    roles: { "App@%": {}, "app@localhost": {}, "bob@%": {}, "bob@localhost": {} },
    exists: ["schema Shop", "schema shop"],
  };
  expect(told(lookAlikes, world)).toEqual([
    "low `schema Shop` and `schema shop` can be taken for each other",
    "low `App@%` and `app@localhost` can be taken for each other",
  ]);
});

it("HID-14 finds them on PostgreSQL too", () => {
  expect(toldOnPostgres(lookAlikes, { roles: { Readers: {}, readers: {}, other: {} } })).toEqual([
    "low `Readers` and `readers` can be taken for each other",
  ]);
  expect(toldOnPostgres(lookAlikes, { roles: { readers: {}, other: {} } })).toEqual([]);
});

it("HID-14 is about schemas, and about those of the server's own not", () => {
  const tables: MysqlWorld = { roles: {}, exists: ["table shop.T", "table shop.t"] };
  expect(told(lookAlikes, tables)).toEqual([]);
  const known = { "schema Shop": { system: true }, "schema shop": {} };
  expect(told(lookAlikes, { roles: {}, known })).toEqual([]);
});
