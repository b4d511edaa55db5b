import { describe, expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import type { DeclaredRole, Purpose } from "../../../model/declared.ts";
import { weakOwners } from "./weak-owners.ts";

const roles = {
  dev: { login: true },
  owner: {},
  boss: { login: true, createrole: true },
  nightly: { login: true },
  app: { login: true },
};

function world(owner: string, user: string, changed: Partial<CheckWorld> = {}): CheckWorld {
  return { roles, owners: { "table app.t": owner }, grants: [`select on table app.t to ${user}`], ...changed };
}

function declared(name: string, purpose: Purpose): Partial<CheckWorld> {
  const role: DeclaredRole = { name, purpose, owner: null, reviewBy: null, because: null };
  return { declared: { roles: new Map([[name, role]]) } };
}

describe("PGE-12", () => {
  test("finds what a login owns and a stronger role uses", () => {
    expect(told(weakOwners, world("dev", "boss"))).toEqual([
      "high `boss` manages roles and uses `table app.t`, whose code `dev` can change",
    ]);
    const copies = { roles: { ...roles, boss: { login: true, replication: true } } };
    expect(told(weakOwners, world("dev", "boss", copies))).toEqual([
      "high `boss` copies the whole server and uses `table app.t`, whose code `dev` can change",
    ]);
    expect(runOn(weakOwners, world("dev", "boss")).findings[0]).toMatchObject({
      principals: ["dev"],
      over: "escalable",
    });
  });

  test("what a role owns that a login has the privileges of, or can become", () => {
    expect(told(weakOwners, world("owner", "boss", { members: ["dev in owner"] }))).toHaveLength(1);
    expect(told(weakOwners, world("owner", "boss", { members: ["dev in owner noinherit"] }))).toHaveLength(1);
    expect(told(weakOwners, world("owner", "boss"))).toEqual([]);
  });

  test("what roles use that were declared to run jobs or maintenance", () => {
    expect(told(weakOwners, world("dev", "nightly"))).toEqual([]);
    expect(told(weakOwners, world("dev", "nightly", declared("nightly", "scheduler")))).toEqual([
      "high `nightly` is for jobs and uses `table app.t`, whose code `dev` can change",
    ]);
    expect(told(weakOwners, world("dev", "nightly", declared("nightly", "maintenance")))).toHaveLength(1);
    expect(told(weakOwners, world("dev", "nightly", declared("nightly", "application")))).toEqual([]);
  });

  test("is silent between equals, for owners that are trusted, and where nothing runs", () => {
    expect(told(weakOwners, world("dev", "app"))).toEqual([]);
    expect(told(weakOwners, world("boss", "boss"))).toEqual([]);
    expect(told(weakOwners, world("dev", "boss", declared("dev", "migration")))).toEqual([]);
    expect(told(weakOwners, { ...world("dev", "boss"), grants: ["references on table app.t to boss"] })).toEqual([]);
    expect(told(weakOwners, { ...world("dev", "boss"), owners: {} })).toEqual([]);
    const root = { roles: { ...roles, root: { superuser: true } }, members: ["dev in root"] };
    expect(told(weakOwners, world("root", "boss", root))).toEqual([]);
  });

  test("groups what the same roles use in one schema", () => {
    const two = {
      ...world("dev", "boss"),
      owners: { "table app.t": "dev", "table app.u": "dev", "table lab.t": "dev" },
      grants: ["select on table app.t to boss", "insert on table app.u to boss", "select on table lab.t to boss"],
    };
    expect(told(weakOwners, two)).toEqual([
      "high `boss` manages roles and uses 2 tables in schema `app`, whose code `dev` can change",
      "high `boss` manages roles and uses `table lab.t`, whose code `dev` can change",
    ]);
  });
});
