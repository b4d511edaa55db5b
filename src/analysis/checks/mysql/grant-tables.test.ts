import { describe, expect, it } from "vitest";
import { type MysqlWorld, told, toldAfterFix } from "../../../../test/support/check-world-mysql.ts";
import { grantTables, nativeCode } from "./grant-tables.ts";

const on = (...grants: string[]): MysqlWorld => ({ roles: { "app@%": {} }, grants });

describe("MYE-02", () => {
  it.each([
    ["update on schema mysql to app@%", "set any password: it holds UPDATE on `schema mysql`"],
    ["update on schema-pattern my% to app@%", 'set any password: it holds UPDATE on `schema-pattern "my%"`'],
    ["select, update on all-schemas to app@%", "set any password: it holds UPDATE on `all schemas`"],
    ["insert on schema mysql to app@%", "change the grant tables: it holds INSERT on `schema mysql`"],
    ["delete on table mysql.db to app@%", "change the grant tables: it holds DELETE on `table mysql.db`"],
    [
      "update on table mysql.global_priv to app@%",
      "change the grant tables: it holds UPDATE on `table mysql.global_priv`",
    ],
    [
      "update on column mysql.global_priv.Priv to app@%",
      "change the grant tables: it holds UPDATE on `column mysql.global_priv.Priv`",
    ],
  ])("finds %s", (grant, said) => {
    expect(told(grantTables, on(grant))).toEqual([`critical \`app@%\` can ${said}`]);
    expect(toldAfterFix(grantTables, on(grant))).toEqual([]);
  });

  it.each([
    ["select on all-schemas to app@%"],
    ["update on schema shop to app@%"],
    ["update on schema-pattern shop% to app@%"],
    ["update on table mysql.help_topic to app@%"],
    ["update on table shop.db to app@%"],
    ["insert on table mysql.plugin to app@%"],
    ["update on schema mysql to gone@%"],
  ])("says nothing of %s", (grant) => {
    expect(told(grantTables, on(grant))).toEqual([]);
  });

  it("knows that a row for the schema itself displaces one of a pattern", () => {
    const hidden = on("update on schema-pattern % to app@%", "select on schema mysql to app@%");
    expect(told(grantTables, hidden)).toEqual([]);
  });

  it("knows MySQL's partial revokes", () => {
    const grants = ["update on all-schemas to app@%", "not update on schema mysql to app@%"];
    const mysql: MysqlWorld = { ...on(...grants), product: "mysql", limits: { partial_revokes: 1 } };
    expect(told(grantTables, mysql)).toEqual([]);
    expect(told(grantTables, { ...mysql, grants: grants.slice(0, 1) })).toHaveLength(1);
  });
});

describe("MYE-06", () => {
  it.each([
    ["insert on schema mysql to app@%", "INSERT on `schema mysql`"],
    ["insert on all-schemas to app@%", "INSERT on `all schemas`"],
    ["insert on table mysql.plugin to app@%", "INSERT on `table mysql.plugin`"],
  ])("finds %s", (grant, said) => {
    expect(told(nativeCode, on(grant))).toEqual([
      `critical \`app@%\` can load native code into the server: it holds ${said}`,
    ]);
    expect(toldAfterFix(nativeCode, on(grant))).toEqual([]);
  });

  it.each([
    ["update on schema mysql to app@%"],
    ["insert on table mysql.db to app@%"],
    ["delete on table mysql.plugin to app@%"],
  ])("says nothing of %s", (grant) => {
    expect(told(nativeCode, on(grant))).toEqual([]);
  });
});
