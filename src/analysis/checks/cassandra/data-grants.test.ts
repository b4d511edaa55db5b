import { describe, expect, it } from "vitest";
import {
  about,
  type CassandraWorld,
  runOn,
  told,
  toldAfterFix,
} from "../../../../test/support/check-world-cassandra.ts";
import type { Purpose } from "../../../model/declared.ts";
import { altersTables, futureTables, passesOn } from "./data-grants.ts";

const roles = { app: { login: true }, app_rw: {}, boss: { superuser: true } };
const purposes: Readonly<Record<string, Purpose>> = { app: "application" };

describe("CSE-09", () => {
  const on = (...grants: string[]): CassandraWorld => ({ roles, members: ["app in app_rw"], grants, purposes });

  it("finds ALTER that an application has, itself or by a role that it is in", () => {
    const world = on("alter, select on schema shop to app_rw", "alter on table crm.a to app");
    expect(told(altersTables, world)).toEqual([
      "medium `app` may alter `table crm.a`",
      "medium `app_rw` may alter `schema shop`, which gives it to `app`",
    ]);
    expect(toldAfterFix(altersTables, world)).toEqual([]);
    expect(told(altersTables, on("alter on schema-tables shop to app"))).toHaveLength(1);
  });

  it("is silent about other rights, other things, migrations, and logins that nobody said to be programs", () => {
    const grant = "alter on schema shop to app";
    expect(told(altersTables, on("select, modify, drop on schema shop to app"))).toEqual([]);
    expect(told(altersTables, on("alter on all-roles to app", "alter on schema-routines shop to app"))).toEqual([]);
    expect(told(altersTables, { ...on(grant), purposes: { app: "migration" } })).toEqual([]);
    expect(told(altersTables, { ...on(grant), purposes: { app: "maintenance" } })).toEqual([]);
    expect(told(altersTables, { ...on(grant), purposes: {} })).toEqual([]);
    expect(told(altersTables, on("alter on schema shop to boss"))).toEqual([]);
    expect(runOn(altersTables, { ...on(grant), declared: null }).notEvaluated).toHaveLength(1);
  });
});

describe("CSE-12", () => {
  const on = (...grants: string[]): CassandraWorld => ({ roles, grants, purposes });

  it("finds reading and writing on keyspaces and on all of them", () => {
    const world = on("select, modify, drop on schema shop to app");
    expect(told(futureTables, world)).toEqual([
      "low `app` holds modify, select on `schema shop`, and so on every table made there later",
    ]);
    expect(told(futureTables, on("select on all-schemas to app"))).toHaveLength(1);
  });

  it("moves what is held to all tables of the keyspace, where it shows", () => {
    const world = on("select on schema shop to app", "modify on all-schemas to app_rw");
    const changes = runOn(futureTables, world).findings.flatMap(({ mend }) => mend.changes ?? []);
    expect(changes.map((each) => each.kind)).toEqual(["add-grant", "remove-grant", "remove-grant"]);
    const [onKeyspace, onAll] = runOn(futureTables, world).findings.map(({ mend }) => mend.manifest?.join("\n"));
    expect(onKeyspace).toContain("- select on tables-of-schema shop");
    expect(onKeyspace).toContain("- select on schema shop");
    expect(onAll).not.toContain("tables-of-schema");
    expect(toldAfterFix(futureTables, world)).toEqual([]);
  });

  it("is silent about tables, other rights, and roles that are there for everything", () => {
    expect(told(futureTables, on("select on schema-tables shop to app", "select on table shop.a to app"))).toEqual([]);
    expect(told(futureTables, on("create, alter, drop, authorize on schema shop to app"))).toEqual([]);
    for (const purpose of ["audit", "backup", "maintenance", "migration", "admin"] as const) {
      const world = { ...on("select on schema shop to app"), purposes: { app: purpose } };
      expect(told(futureTables, world), purpose).toEqual([]);
    }
    expect(told(futureTables, on("select on schema shop to boss"))).toEqual([]);
    expect(told(futureTables, on("select on schema system_auth to app"))).toEqual([]);
    // The one that the server makes itself is judged by a check of its own.
    const first = { ...roles, cassandra: { login: true, superuser: false } };
    expect(told(futureTables, { ...on("select on schema shop to cassandra"), roles: first })).toEqual([]);
  });
});

describe("CSE-14", () => {
  const on = (...grants: string[]): CassandraWorld => ({ roles, grants, purposes });

  it("finds AUTHORIZE on data and on code, wherever it is held", () => {
    const world = on("authorize, select on schema shop to app");
    expect(told(passesOn, world)).toEqual(["high `app` may pass on what it holds on `schema shop`, to anybody"]);
    expect(toldAfterFix(passesOn, world)).toEqual([]);
    const places = [
      "all-schemas",
      "schema-tables shop",
      "table shop.a",
      "all-routines",
      "schema-routines shop",
      "routine shop.f.int",
    ];
    for (const place of places) expect(about(passesOn, on(`authorize on ${place} to app`)), place).toHaveLength(1);
  });

  it("is silent about roles, whose memberships are another matter, other rights, administrators and superusers", () => {
    expect(told(passesOn, on("authorize on role app_rw to app", "authorize on all-mbeans to app"))).toEqual([]);
    expect(told(passesOn, on("select, alter on schema shop to app"))).toEqual([]);
    expect(told(passesOn, { ...on("authorize on schema shop to app"), purposes: { app: "admin" } })).toEqual([]);
    expect(told(passesOn, on("authorize on schema shop to boss"))).toEqual([]);
  });
});
