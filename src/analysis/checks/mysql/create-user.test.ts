import { describe, expect, it } from "vitest";
import { type MysqlWorld, runOn, told, toldAfterFix } from "../../../../test/support/check-world-mysql.ts";
import { createUser } from "./create-user.ts";

const world: MysqlWorld = { roles: { "app@%": {}, "bob@%": {} }, grants: ["create user on server to app@%"] };

describe("MYE-01", () => {
  it("finds who holds CREATE USER, and is silent after the fix", () => {
    expect(told(createUser, world)).toEqual([
      "critical `app@%` holds CREATE USER, so it can set the password of any account and log in as it",
    ]);
    expect(toldAfterFix(createUser, world)).toEqual([]);
    expect(runOn(createUser, world).findings[0]).toMatchObject({ over: "escalable", confidence: "certain" });
  });

  it("finds it on a role and on PUBLIC too", () => {
    const grants = ["create user on server to ops, public"];
    expect(told(createUser, { roles: { ops: {} }, grants })).toEqual([
      "critical everybody (PUBLIC) holds CREATE USER, so it can set the password of any account and log in as it",
      "critical `ops` holds CREATE USER, so it can set the password of any account and log in as it",
    ]);
  });

  it("says nothing of other rights on the server, nor of an account that is gone", () => {
    const grants = ["reload, show databases on server to app@%", "create user on server to gone@%"];
    expect(told(createUser, { ...world, grants })).toEqual([]);
  });

  it("counts less for an administrator", () => {
    expect(told(createUser, { ...world, purposes: { "app@%": "admin" } })[0]).toMatch(/^high /u);
  });

  it("leaves out on MySQL whom SYSTEM_USER protects, and rests on the manual there", () => {
    const system = "usage on dynamic-privilege SYSTEM_USER to root@localhost";
    const mysql: MysqlWorld = { ...world, product: "mysql", grants: [...(world.grants ?? []), system] };
    expect(told(createUser, mysql)).toEqual([
      "critical `app@%` holds CREATE USER, so it can set the password of every account without SYSTEM_USER and log in as it",
    ]);
    expect(runOn(createUser, mysql).findings[0]?.confidence).toBe("documented");
    const both = { ...mysql, grants: [...(mysql.grants ?? []), "usage on dynamic-privilege SYSTEM_USER to app@%"] };
    expect(told(createUser, both)[0]).toContain("of any account and");
    const all = `${system}, bob@%`;
    expect(told(createUser, { ...mysql, grants: ["create user on server to app@%", all] })).toEqual([]);
  });
});
