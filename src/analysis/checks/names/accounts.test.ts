import { describe, expect, it } from "vitest";
import { type MysqlWorld, runOn, told, toldAfterFix } from "../../../../test/support/check-world-mysql.ts";
import { anonymous, severalHosts, userAndRole, wideHosts } from "./accounts.ts";

describe("HID-05", () => {
  const world: MysqlWorld = { roles: { "@localhost": {}, "app@%": {} } };

  it("finds accounts without a name, and whether anybody gets in by them", () => {
    expect(told(anonymous, world)).toEqual(['high `"@localhost"` is an account without a name']);
    expect(toldAfterFix(anonymous, world)).toEqual([]);
    const open = { password: "empty", form: null, letInWithoutProof: true, remote: false, lastLogin: null } as const;
    const posture = { logins: new Map([["@localhost", open]]) };
    expect(told(anonymous, { ...world, posture })[0]).toContain("anybody gets in by it without a password");
  });

  it("is silent about names, roles and names that begin with an @", () => {
    expect(told(anonymous, { roles: { "app@%": {}, readers: {}, "@x@%": {} } })).toEqual([]);
  });
});

describe("HID-10", () => {
  it("finds a user and a role of one name", () => {
    expect(told(userAndRole, { roles: { app: {}, "app@%": {}, "app@localhost": {} } })).toEqual([
      "medium `app` is a role, and the user of `app@%`, `app@localhost` too",
    ]);
    expect(told(userAndRole, { roles: { "a@b@": {}, "a@b@%": {} } })).toHaveLength(1);
  });

  it("does not take an account for a role whose name is a user's", () => {
    expect(told(userAndRole, { roles: { "a@b": {}, "a@b@%": {} } })).toEqual([]);
  });

  it("is silent where they differ, in case too", () => {
    expect(told(userAndRole, { roles: { App: {}, "app@%": {}, "a@%": {}, "a@10.%": {} } })).toEqual([]);
  });
});

describe("HID-11", () => {
  const world: MysqlWorld = {
    roles: {
      "dba@%": {},
      "ops@10.%": {},
      "one@10.0.0.1": {},
      "here@localhost": {},
      "app@%": {},
      "locked@%": { login: false },
    },
    grants: [
      "super on server to dba@%, ops@10.%, one@10.0.0.1, here@localhost, locked@%",
      "select on schema shop to app@%",
    ],
  };

  it("finds privileged accounts of wide hosts, and no others", () => {
    expect(told(wideHosts, world)).toEqual([
      "medium `dba@%` is privileged, and may come from anywhere",
      "low `ops@10.%` is privileged, and may come from many hosts",
    ]);
  });

  it("takes who can escalate, and who is declared an administrator, for privileged", () => {
    expect(told(wideHosts, { ...world, grants: ["create user on server to app@%"] })).toHaveLength(1);
    expect(told(wideHosts, { ...world, grants: [], purposes: { "app@%": "admin" } })).toHaveLength(1);
  });
});

describe("HID-12", () => {
  const roles = { "app@%": {}, "app@localhost": {}, "bob@%": {} };
  const posture = { mysql: { severalPasswords: [] } };

  it("finds different ways to sign in, passwords and rights", () => {
    const plugin = { ...roles, "app@localhost": { plugin: "unix_socket" } };
    const who = "the accounts `app@%`, `app@localhost` of one user differ in";
    expect(told(severalHosts, { roles: plugin, posture })).toEqual([`medium ${who} their way to sign in`]);
    expect(told(severalHosts, { roles, posture: { mysql: { severalPasswords: ["app"] } } })).toEqual([
      `medium ${who} their passwords`,
    ]);
    expect(told(severalHosts, { roles, posture, grants: ["select on schema shop to app@%"] })).toEqual([
      `medium ${who} their rights`,
    ]);
    expect(told(severalHosts, { roles: { ...roles, r: {} }, posture, members: ["app@% in r"] })).toEqual([
      `medium ${who} their rights`,
    ]);
  });

  it("is silent where they are equal, and where there is one", () => {
    const grants = ["select on schema shop to app@%, app@localhost", "insert on schema shop to bob@%"];
    expect(told(severalHosts, { roles, posture, grants })).toEqual([]);
    expect(told(severalHosts, { roles, posture: { mysql: { severalPasswords: ["bob"] } } })).toEqual([]);
  });

  it("is not evaluated where passwords were not compared", () => {
    expect(runOn(severalHosts, { roles }).notEvaluated).toHaveLength(1);
    expect(runOn(severalHosts, { roles: { "app@%": {} } }).passed).toEqual(["HID-12"]);
  });
});

describe("HID-12, what it keeps apart", () => {
  const posture = { mysql: { severalPasswords: [] } };

  it("passes where the passwords were compared and are equal", () => {
    expect(runOn(severalHosts, { roles: { "app@%": {}, "app@localhost": {} }, posture }).passed).toEqual(["HID-12"]);
  });

  it("leaves accounts without a name and roles out, which are of no one user", () => {
    const roles = { "@%": {}, "@localhost": {}, r: {}, s: {} };
    expect(told(severalHosts, { roles, posture, grants: ["select on schema shop to @%, r"] })).toEqual([]);
  });
});
