import { expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import type { DatabaseSetting } from "../../../model/posture/postgresql.ts";
import { hijackingSettings } from "./hijacking-settings.ts";

const NONE = { postgresql: { databaseSettings: [] as readonly DatabaseSetting[] } };

function ofRole(name: string, value: string, more: Partial<CheckWorld> = {}): CheckWorld {
  return {
    roles: { app: { login: true } },
    roleSettings: { app: [{ database: null, name, value }] },
    posture: NONE,
    ...more,
  };
}

function ofDatabase(...settings: readonly DatabaseSetting[]): CheckWorld {
  return { roles: {}, posture: { postgresql: { databaseSettings: settings } } };
}

test("settings of a role that the manifest does not say are found, with how to reset or declare them", () => {
  const world = ofRole("search_path", 'evil, "x y"');
  expect(told(hijackingSettings, world)).toEqual([
    'medium sessions of `app` start with `search_path = evil, "x y"`, which the manifest does not say',
  ]);
  const [finding] = runOn(hijackingSettings, world).findings;
  expect(finding?.mend.changes).toEqual([
    { kind: "set-role-setting", role: "app", database: null, name: "search_path", before: 'evil, "x y"', after: null },
  ]);
  expect(finding?.mend.manifest?.join("\n")).toContain('settings: { "search_path": "evil, \\"x y\\"" }');
});

test("what turns off triggers or the log is worse than a search_path", () => {
  for (const [name, value] of [
    ["session_replication_role", "replica"],
    ["log_statement", "none"],
    ["log_min_duration_statement", "-1"],
    ["pgaudit.log", "none"],
    ["session_preload_libraries", "x"],
    ["local_preload_libraries", "x"],
  ] as const)
    expect(told(hijackingSettings, ofRole(name, value))[0]).toMatch(/^high /u);
  expect(told(hijackingSettings, ofRole("row_security", "OFF"))[0]).toMatch(/^medium /u);
});

test("harmless settings and values, the setting role, and what is declared are left alone", () => {
  for (const [name, value] of [
    ["work_mem", "1GB"],
    ["session_replication_role", "origin"],
    ["row_security", "on"],
    ["role", "other"],
    ["my.log_statement", "x"],
  ] as const)
    expect(told(hijackingSettings, ofRole(name, value))).toEqual([]);
  const declared = (database: string | null, name: string): CheckWorld["declared"] => {
    const app = { name: "app", purpose: null, owner: null, reviewBy: null, because: null };
    return { roles: new Map([["app", { ...app, settings: [{ database, name }] }]]) };
  };
  const said = (...at: Parameters<typeof declared>): string[] =>
    told(hijackingSettings, ofRole("search_path", "a", { declared: declared(...at) ?? null }));
  expect(said(null, "search_path")).toEqual([]);
  expect(said("shop", "search_path")).toHaveLength(1);
  expect(said(null, "work_mem")).toHaveLength(1);
});

test("settings of a database, and of all roles, are about everybody", () => {
  expect(told(hijackingSettings, ofDatabase({ database: "shop", name: "role", value: "app" }))).toEqual([
    "high sessions of everybody in database `shop` start with `role = app`",
  ]);
  const all = ofDatabase({ database: null, name: "pgaudit.log", value: "none" });
  expect(told(hijackingSettings, all)).toEqual(["high every session starts with `pgaudit.log = none`"]);
  expect(runOn(hijackingSettings, all).findings[0]?.mend.sql).toEqual(['alter role all reset "pgaudit"."log"']);
  expect(runOn(hijackingSettings, all).findings[0]?.resources).toEqual([]);
  const odd = ofDatabase({ database: "Odd db", name: "search_path", value: "a" });
  expect(runOn(hijackingSettings, odd).findings[0]?.mend.sql).toEqual(['alter database "Odd db" reset "search_path"']);
  expect(runOn(hijackingSettings, odd).findings[0]?.resources).toEqual([{ kind: "database", path: ["Odd db"] }]);
  expect(told(hijackingSettings, ofDatabase({ database: "shop", name: "work_mem", value: "1" }))).toEqual([]);
});

test("without a manifest it is not evaluated, nor are databases that were not read", () => {
  const alone = runOn(hijackingSettings, ofRole("search_path", "a", { declared: null }));
  expect(alone.findings).toEqual([]);
  expect(alone.notEvaluated).toHaveLength(1);
  const { posture, ...unread } = ofRole("work_mem", "a");
  expect(posture).toBeDefined();
  expect(runOn(hijackingSettings, unread).notEvaluated).toMatchObject([
    { reason: "settings of databases were not read" },
  ]);
});
