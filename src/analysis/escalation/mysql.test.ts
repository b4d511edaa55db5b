import { describe, expect, it } from "vitest";
import { type MysqlWorld, mysqlContext } from "../../../test/support/check-world-mysql.ts";
import type { EscalationPath } from "./escalation.ts";

const on = (...grants: string[]): MysqlWorld => ({
  roles: { "app@%": {}, "bob@%": {}, group: {} },
  exists: ["schema shop"],
  grants,
});

function toAll(world: MysqlWorld, name = "app@%"): EscalationPath | null {
  return mysqlContext(world).escalation.toSuperuser(name);
}

function toRole(world: MysqlWorld, role: string, name = "app@%"): EscalationPath | null {
  return mysqlContext(world).escalation.toRole(name, role);
}

const EVERYTHING =
  "`root@localhost` holds every privilege on the server and on all schemas, with the right to pass them on";

describe("escalation to everything", () => {
  it("is being root already where one holds everything, and nothing of what harms less is a way", () => {
    expect(toAll(on(), "root@localhost")?.steps).toEqual([EVERYTHING]);
    const little = on(
      "select, insert, update, delete, grant option on schema shop to app@%",
      "reload, process on server to app@%",
    );
    expect(toAll(little)).toBeNull();
  });

  it.each([
    ["create user on server to app@%", "holds CREATE USER, which sets the password of any account"],
    ["update on schema mysql to app@%", "holds UPDATE on schema mysql, which sets the password of any account"],
    ["update on all-schemas to app@%", "holds UPDATE on all schemas, which sets the password of any account"],
  ])("goes by %s, without anybody's help", (grant, step) => {
    expect(toAll(on(grant))).toMatchObject({ steps: [`\`app@%\` ${step}`], needsVictim: false, confidence: "certain" });
  });

  it("goes by rows of grant tables once somebody has them read, which RELOAD does", () => {
    const world = on("insert on table mysql.global_priv to app@%");
    expect(toAll(world)).toMatchObject({ needsVictim: true });
    const both = on("insert on table mysql.global_priv to app@%", "reload on server to app@%");
    expect(toAll(both)).toMatchObject({ needsVictim: false });
    expect(toAll(on("delete on table mysql.global_priv to app@%"))).toBeNull();
  });

  it("goes by code with another definer", () => {
    expect(toAll(on("set user on server to app@%", "create routine on schema shop to app@%"))?.steps).toEqual([
      "`app@%` may make code that runs with the rights of any account",
    ]);
    expect(toAll(on("set user on server to app@%"))).toBeNull();
  });

  it("goes by files where no folder limits them, and over the account of the server", () => {
    const settings = (folder: string): MysqlWorld["posture"] & {} => ({
      mysql: { settings: new Map([["secure_file_priv", folder]]) },
    });
    const world = on("file on server to app@%");
    expect(toAll({ ...world, posture: settings("") })?.steps).toEqual([
      "`app@%` holds FILE, which reads and writes the server's own files",
      "the server's own account is a superuser",
    ]);
    expect(toAll({ ...world, posture: settings("/srv/files") })).toBeNull();
    expect(toAll(world)).toBeNull();
  });

  it("goes by native code, as the manual says", () => {
    expect(toAll(on("insert on table mysql.plugin to app@%"))).toMatchObject({ confidence: "documented" });
  });

  it("goes through roles, active or not, and through PUBLIC", () => {
    const world = on("create user on server to group");
    expect(toAll({ ...world, members: ["app@% in group"] })?.steps).toEqual([
      "`app@%` may become `group` by SET ROLE",
      "`group` holds CREATE USER, which sets the password of any account",
    ]);
    expect(toAll({ ...world, members: ["app@% in group default"] })?.steps[0]).toBe(
      "`app@%` has the privileges of `group`",
    );
    expect(toAll(on("create user on server to public"))?.steps).toEqual([
      "everybody holds CREATE USER, which sets the password of any account",
    ]);
  });
});

describe("escalation to a role", () => {
  it("goes by PROXY, if the plugin allows it", () => {
    const world = on("proxy on role bob@% to app@%");
    expect(toRole(world, "bob@%")).toMatchObject({
      steps: ["`app@%` may sign in as `bob@%` by PROXY"],
      confidence: "documented",
    });
    expect(toAll(on("proxy on role @% to app@%"))?.steps[0]).toContain("by PROXY");
  });

  it("goes by the admin option, of which a membership without it is none", () => {
    expect(toRole({ ...on(), members: ["bob@% in group admin", "app@% in group"] }, "group")).toBeNull();
    const world: MysqlWorld = { ...on("proxy on role bob@% to app@%"), members: ["bob@% in group admin"] };
    expect(toRole(world, "group")?.steps).toHaveLength(2);
  });

  it("goes by code that others call, when they call it", () => {
    const grants = ["alter routine, create routine on schema shop to app@%", "execute on schema shop to bob@%"];
    const world = { ...on(...grants), exists: ["routine shop.f.function"] };
    expect(toRole(world, "bob@%")).toMatchObject({ needsVictim: true });
    expect(toRole({ ...world, exists: ["schema shop"] }, "bob@%")).toBeNull();
    expect(toRole({ ...world, grants: grants.slice(1) }, "bob@%")).toBeNull();
  });

  it("reaches every account alone where none has everything that is open to it", () => {
    const mysql: MysqlWorld = {
      product: "mysql",
      roles: { "app@%": {}, "bob@%": {}, "safe@%": {} },
      grants: ["create user on server to app@%", "usage on dynamic-privilege SYSTEM_USER to root@localhost, safe@%"],
    };
    expect(toAll(mysql)).toBeNull();
    expect(toRole(mysql, "bob@%")).toMatchObject({ confidence: "documented" });
    expect(toRole(mysql, "safe@%")).toBeNull();
    const grants = ["usage on dynamic-privilege ROLE_ADMIN to app@%"];
    expect(toAll({ ...mysql, grants })?.steps).toEqual([
      "`app@%` holds ROLE_ADMIN, which grants any account as a role",
    ]);
  });
});
