import { expect, test } from "vitest";
import type { ResolvedName, StatementRequirements } from "../model/requirements.ts";
import { alterations, rowAlterations, settingAlterations } from "./alteration.ts";

const reads = (...resolved: readonly ResolvedName[]): StatementRequirements => ({
  allOf: [],
  unknown: [],
  resolved,
  approximate: false,
  refused: null,
});
const APP = { name: "table app.totals" };
const PUBLIC = { name: "table public.totals" };

test("the same names and policies, in any order, are no alteration", () => {
  expect(alterations(reads(APP, PUBLIC), reads(PUBLIC, APP))).toEqual([]);
});

test("another table of the same name is named with the one it takes the place of", () => {
  expect(alterations(reads(APP), reads(PUBLIC))).toEqual([
    "it uses `table public.totals` in place of `table app.totals`",
  ]);
  expect(alterations(reads(APP, APP), reads(APP, PUBLIC))).toHaveLength(1);
});

test("row policies that come, go or change are named with the table", () => {
  const filtered = { ...APP, rowPolicies: ["(owner = current_user)"] };
  expect(alterations(reads(APP), reads(filtered))).toEqual([
    "row policies now filter `table app.totals`: (owner = current_user)",
  ]);
  expect(alterations(reads(filtered), reads(APP))).toEqual(["no row policy filters `table app.totals` any more"]);
  expect(alterations(reads(filtered), reads({ ...APP, rowPolicies: ["true"] }))).toEqual([
    "other row policies filter `table app.totals`: true in place of (owner = current_user)",
  ]);
  expect(alterations(reads(filtered), reads(filtered))).toEqual([]);
});

test("what is refused or read from its text alone is not compared", () => {
  const refused = { ...reads(), refused: { code: "42P01", message: "there is no totals" } };
  expect(alterations(reads(APP), refused)).toEqual([]);
  expect(alterations(reads(APP), { ...reads(PUBLIC), approximate: true })).toEqual([]);
});

test("other rows are told by their number, or as others where the number is the same", () => {
  const answer = (count: number, digest: string) => ({
    verdict: "yes" as const,
    means: "execution" as const,
    code: null,
    message: null,
    rows: { count, digest },
  });
  expect(rowAlterations(answer(2, "a"), answer(0, "b"))).toEqual(["it returns 0 rows in place of 2"]);
  expect(rowAlterations(answer(2, "a"), answer(2, "b"))).toEqual(["it returns other rows"]);
  expect(rowAlterations(answer(2, "a"), answer(2, "a"))).toEqual([]);
  expect(rowAlterations(null, answer(2, "a"))).toEqual([]);
});

test("settings that decide silently count for the login and the database that they are of", () => {
  const change = (given: { role?: string; name?: string; database?: string | null }) => ({
    kind: "set-role-setting" as const,
    role: "app",
    database: null,
    name: "default_transaction_read_only",
    before: null,
    after: "on",
    ...given,
  });
  expect(settingAlterations([change({})], "app", "shop")).toEqual([
    "its session starts with `default_transaction_read_only` `on` in place of unset",
  ]);
  const others = [change({ role: "other" }), change({ name: "work_mem" }), change({ database: "other" })];
  expect(settingAlterations(others, "app", "shop")).toEqual([]);
});
