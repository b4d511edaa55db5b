import { expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import type { DeclaredTest } from "../../../model/declared.ts";
import { revokedFromOwner } from "./revoked-from-owner.ts";

const ALL = "delete, insert, maintain, references, select, trigger, truncate, update";
const TABLE = { kind: "table", path: ["shop", "audit", "trail"] } as const;

function world(owns: string, more: Partial<CheckWorld> = {}): CheckWorld {
  return {
    roles: { app: { login: true }, owner: {}, boss: { login: true, superuser: true } },
    owners: { "table audit.trail": "owner", "database shop": "postgres" },
    grants: [`${owns} on table audit.trail to owner`],
    members: ["app in owner"],
    ...more,
  };
}

test("what was revoked from an owner that a login works as is found", () => {
  const given = world("insert, maintain, references, select, trigger");
  expect(told(revokedFromOwner, given)).toEqual([
    "high delete, truncate, update on `table audit.trail` was revoked from the owner `owner`, who can grant it to itself again",
  ]);
  expect(runOn(revokedFromOwner, given).findings[0]).toMatchObject({
    over: "escalable",
    path: ["`owner` owns it, and may grant everything on it", "the login `app` has the rights of `owner`"],
  });
});

test("an owner with all of it, a superuser, and one that nobody logs in as are left alone", () => {
  expect(told(revokedFromOwner, world(ALL))).toEqual([]);
  expect(told(revokedFromOwner, world("select", { members: [] }))).toEqual([]);
  expect(told(revokedFromOwner, world("select", { members: ["boss in owner"] }))).toEqual([]);
  const boss = { owners: { "table audit.trail": "boss" }, grants: ["select on table audit.trail to boss"] };
  expect(told(revokedFromOwner, world("select", boss))).toEqual([]);
  const builtIn = {
    roles: { ...world(ALL).roles, pg_theirs: {} },
    owners: { "table audit.trail": "pg_theirs" },
    grants: ["select on table audit.trail to pg_theirs"],
    members: ["app in pg_theirs"],
  };
  expect(told(revokedFromOwner, world("select", builtIn))).toEqual([]);
  const login = { owners: { "table audit.trail": "app" }, grants: ["select on table audit.trail to app"], members: [] };
  expect(runOn(revokedFromOwner, world("select", login)).findings.map((each) => each.path)).toEqual([
    ["`app` owns it, and may grant everything on it"],
  ]);
  const roles = { ...world(ALL).roles, pg_app: { login: true } };
  expect(told(revokedFromOwner, world("select", { roles, members: ["pg_app in owner"] }))).toEqual([]);
  const others = ["select on table audit.trail to owner", `${ALL} on table audit.trail to boss`];
  expect(told(revokedFromOwner, world(ALL, { grants: others }))[0]).toMatch(/^high delete, .*, update on /u);
});

test("the list of a column says nothing of its owner, who has it by the table", () => {
  const grants = [`${ALL} on table audit.trail to owner`, "select on column audit.trail.what to boss"];
  expect(told(revokedFromOwner, world(ALL, { grants }))).toEqual([]);
});

const DENY: DeclaredTest = {
  as: "app",
  logins: ["app"],
  must: "deny",
  privilege: "DELETE",
  resources: [TABLE],
  over: "effective",
  because: null,
};

function denied(test: Partial<DeclaredTest>, more: Partial<CheckWorld> = {}): string[] {
  const given = world("select", { declared: { tests: [{ ...DENY, ...test }] }, ...more });
  return told(revokedFromOwner, given).filter((each) => each.includes("must not"));
}

test("an access test that denies a login what it can grant itself as the owner is found", () => {
  expect(denied({})).toEqual([
    "high `app` must not have delete on `table audit.trail`, and can grant it to itself: it has the rights of the owner",
  ]);
  const location = { file: "tests.yaml", line: 3, column: 5 };
  const given = world("select", { declared: { tests: [{ ...DENY, location }] } });
  expect(runOn(revokedFromOwner, given).findings.map((each) => each.location)).toContainEqual(location);
  const first = { roles: { ...given.roles, aaa: {} }, owners: { "table audit.trail": "aaa" }, members: ["app in aaa"] };
  expect(denied({}, { ...first, grants: ["select on table audit.trail to aaa"] })).toHaveLength(1);
  expect(denied({ must: "allow" })).toEqual([]);
  expect(denied({ privilege: "SELECT" })).toEqual([]);
  expect(denied({ logins: ["boss", "gone", "postgres"] })).toEqual([]);
  expect(denied({ resources: [{ kind: "table", path: ["shop", "audit", "gone"] }] })).toEqual([]);
  expect(denied({}, { members: [] })).toEqual([]);
  const builtIn = { roles: { ...world("select").roles, pg_app: { login: true } }, members: ["pg_app in owner"] };
  expect(denied({ logins: ["pg_app"] }, builtIn)).toEqual([]);
});
