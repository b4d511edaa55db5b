import { expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import type { DeclaredRole, Purpose } from "../../../model/declared.ts";
import { holdingUp } from "./holding-up.ts";
import { statementReaders } from "./statement-readers.ts";

const ROLES = {
  app: {},
  boss: { superuser: true },
  pg_signal_backend: {},
  pg_maintain: {},
  pg_monitor: {},
  pg_read_all_stats: {},
};

function world(more: Partial<CheckWorld>, purpose: Purpose | null = null): CheckWorld {
  const app: DeclaredRole = { name: "app", purpose, owner: null, reviewBy: null, because: null };
  return { roles: ROLES, declared: { roles: new Map([["app", app]]) }, ...more };
}

test("members of roles that end sessions or lock tables are found, each by its role", () => {
  const both = world(
    { members: ["app in pg_signal_backend", "app in pg_maintain", "boss in pg_maintain"] },
    "application",
  );
  expect(told(holdingUp, both)).toEqual([
    "medium `app` is a member of `pg_maintain` and may lock every table",
    "medium `app` is a member of `pg_signal_backend` and may end the sessions of others",
  ]);
  expect(runOn(holdingUp, both).findings[0]?.mend.changes).toMatchObject([{ kind: "remove-membership" }]);
});

test("MAINTAIN on a table of somebody else is found", () => {
  const given = world({ grants: ["maintain, select on table sales.orders to app"] });
  expect(told(holdingUp, given)).toEqual([
    "medium `app` holds maintain on `table sales.orders` and may lock it against everybody",
  ]);
  expect(told(holdingUp, world({ grants: ["select, update, truncate on table sales.orders to app"] }))).toEqual([]);
  const own = { grants: ["maintain on table sales.orders to app"], owners: { "table sales.orders": "app" } };
  expect(told(holdingUp, world(own))).toEqual([]);
});

test("what is declared for maintenance may hold it, itself or as a member", () => {
  const grants = ["maintain on table sales.orders to app"];
  for (const purpose of ["maintenance", "migration", "admin"] as const) {
    expect(told(holdingUp, world({ grants, members: ["app in pg_maintain"] }, purpose))).toEqual([]);
  }
  const vacuum: DeclaredRole = { name: "vacuum", purpose: "maintenance", owner: null, reviewBy: null, because: null };
  const roles = { ...ROLES, vacuum: {} };
  const declared = { roles: new Map([["vacuum", vacuum]]) };
  expect(told(holdingUp, { roles, declared, grants, members: ["app in vacuum"] })).toEqual([]);
  expect(told(holdingUp, { roles, declared, grants, members: ["vacuum in app"] })).toHaveLength(1);
});

test("readers of everybody's statements are found unless they are for monitoring", () => {
  const members = ["app in pg_monitor", "app in pg_read_all_stats", "boss in pg_monitor"];
  expect(told(statementReaders, world({ members }, "application"))).toEqual([
    "low `app` is a member of `pg_monitor` and reads the statements of all sessions",
    "low `app` is a member of `pg_read_all_stats` and reads the statements of all sessions",
  ]);
  expect(told(statementReaders, world({ members }, "monitoring"))).toEqual([]);
  expect(told(statementReaders, world({ members: ["app in pg_maintain"] }))).toEqual([]);
  expect(runOn(statementReaders, world({ members })).findings[0]?.mend.changes).toMatchObject([
    { kind: "remove-membership", membership: { role: "pg_monitor", member: "app" } },
  ]);
});
