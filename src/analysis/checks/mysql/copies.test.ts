import { expect, it } from "vitest";
import { type MysqlWorld, told, toldAfterFix } from "../../../../test/support/check-world-mysql.ts";
import { copies } from "./copies.ts";

const on = (...grants: string[]): MysqlWorld => ({ roles: { "app@%": {} }, grants });

it.each([
  ["replication slave on server", "critical `app@%` holds REPLICATION SLAVE, which receives every change of all data"],
  ["binlog replay on server", "critical `app@%` holds BINLOG REPLAY, which writes any row of any table"],
  ["binlog monitor on server", "medium `app@%` holds BINLOG MONITOR, which reads the statements of the binary log"],
])("MYE-14 finds %s, and is silent after the fix", (grant, said) => {
  const world = on(`${grant} to app@%`);
  expect(told(copies, world)).toEqual([said]);
  expect(toldAfterFix(copies, world)).toEqual([]);
});

it("MYE-14 is silent for what each right is meant for, and about other rights", () => {
  const world = on("replication slave, binlog monitor on server to app@%");
  expect(told(copies, { ...world, purposes: { "app@%": "replication" } })).toEqual([]);
  expect(told(copies, { ...world, purposes: { "app@%": "monitoring" } })).toHaveLength(1);
  expect(told(copies, on("reload, process on server to app@%", "replication slave on server to gone@%"))).toEqual([]);
});

it("MYE-14 knows MySQL's rights, and does not take a backup for a clone", () => {
  const world: MysqlWorld = {
    product: "mysql",
    ...on("usage on dynamic-privilege BACKUP_ADMIN to app@%", "usage on dynamic-privilege ROLE_ADMIN to app@%"),
  };
  expect(told(copies, world)).toEqual(["critical `app@%` holds BACKUP_ADMIN, which copies all data files"]);
  expect(told(copies, { ...world, purposes: { "app@%": "backup" } })).toEqual([]);
  expect(told(copies, { ...world, purposes: { "app@%": "replication" } })).toHaveLength(1);
});
