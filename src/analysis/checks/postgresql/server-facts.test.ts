import { expect, test } from "vitest";
import { type CheckWorld, runOn, told, worldContext } from "../../../../test/support/check-world.ts";
import type { Resource } from "../../../model/resource.ts";
import { runChecks } from "../run-checks.ts";
import { ADVISORIES } from "./advisories.ts";
import { indexCode } from "./index-code.ts";
import { knownDefects } from "./known-defects.ts";
import { templateContents } from "./template-contents.ts";

test("what stands in the template of new databases is listed in one finding", () => {
  const template = (names: readonly string[] | null): CheckWorld => ({
    roles: {},
    posture: { postgresql: { template: names } },
  });
  expect(told(templateContents, template(["schema a", "schema b"]))).toEqual([
    "low new databases get schema a and 1 more from `template1`",
  ]);
  expect(runOn(templateContents, template(["schema a"])).findings[0]).toMatchObject({
    message: "new databases get schema a from `template1`",
    path: ["schema a"],
  });
  expect(runOn(templateContents, template([])).passed).toEqual(["PGE-32"]);
  expect(runOn(templateContents, template(null)).notEvaluated).toHaveLength(1);
});

const TABLE = { kind: "table", path: ["shop", "sales", "orders"] } as const;
const CODE = { kind: "routine", path: ["shop", "sales", "f"] } as const;

function indexed(
  owners: CheckWorld["owners"],
  routines: readonly Resource[] = [CODE],
  more: Partial<CheckWorld> = {},
): CheckWorld {
  return {
    major: 16,
    roles: { dev: { login: true }, group: {}, boss: { login: true, superuser: true } },
    owners: { "table sales.orders": "postgres", "routine sales.f": "postgres", ...owners },
    posture: { postgresql: { indexes: [{ table: TABLE, name: "i", routines }] } },
    ...more,
  };
}

test("the owner of a table or of a function behind an index of it is found until 16", () => {
  const said = "medium `dev` owns the code of an index on `table sales.orders`, which runs as whoever maintains that";
  expect(told(indexCode, indexed({ "table sales.orders": "dev" }))).toEqual([said]);
  expect(told(indexCode, indexed({ "routine sales.f": "dev" }))).toEqual([said]);
  expect(told(indexCode, indexed({ "table sales.orders": "dev" }, [CODE], { major: 17 }))).toEqual([]);
});

test("built-in code, superusers, and owners that no login works as are left alone", () => {
  expect(told(indexCode, indexed({ "table sales.orders": "dev" }, []))).toEqual([]);
  expect(told(indexCode, indexed({}))).toEqual([]);
  expect(told(indexCode, indexed({ "table sales.orders": "boss" }))).toEqual([]);
  expect(told(indexCode, indexed({ "table sales.orders": "boss" }, [CODE], { members: ["dev in boss"] }))).toEqual([]);
  const group = { "table sales.orders": "group" };
  expect(told(indexCode, indexed(group))).toEqual([]);
  expect(told(indexCode, indexed(group, [CODE], { members: ["boss in group"] }))).toEqual([]);
  expect(told(indexCode, indexed(group, [CODE], { members: ["dev in group"] }))).toHaveLength(1);
  const unread = indexed({}, [CODE], { posture: { postgresql: { indexes: null } } });
  expect(runOn(indexCode, unread).notEvaluated).toHaveLength(1);
});

function defectsOf(major: number, minor: number): readonly (readonly string[])[] {
  const context = worldContext({ roles: {}, major });
  const version = { product: "PostgreSQL", major, minor, text: `${major}.${minor}` };
  const live = { ...context.live, version };
  return runChecks({ ...context, live }, [knownDefects]).findings.map((each) => [
    each.message,
    each.help ?? "",
    each.danger,
  ]);
}

test("a minor version is judged by the defects that its major has", () => {
  expect(defectsOf(15, 3)[0]?.[0]).toMatch(/CVE-2023-39417, CVE-2023-39418/u);
  expect(defectsOf(15, 4)[0]?.[0]).not.toMatch(/CVE-2023-39418|CVE-2023-2454/u);
  expect(defectsOf(16, 0)[0]?.[0]).not.toContain("CVE-2023-39418");
  expect(defectsOf(17, 6)).toEqual([
    [
      "PostgreSQL 17.6 has a known defect of access control: CVE-2025-12817",
      "install PostgreSQL 17.7 or a newer minor version",
      "high",
    ],
    [
      "PostgreSQL 17.6 has 2 known defects of access control: CVE-2026-6472, CVE-2026-14666",
      "install PostgreSQL 17.11 or a newer minor version",
      "medium",
    ],
  ]);
  expect(defectsOf(18, 5)).toEqual([]);
  expect(defectsOf(13, 23)).toEqual([]);
});

test("advisories are in the order of their years, each once, and name only versions that are supported", () => {
  const years = ADVISORIES.map(({ id }) => Number(id.split("-")[1]));
  expect(new Set(ADVISORIES.map(({ id }) => id)).size).toBe(ADVISORIES.length);
  expect(years).toEqual(years.toSorted((a, b) => a - b));
  for (const { fixedIn } of ADVISORIES)
    for (const [major, minor] of Object.entries(fixedIn)) {
      expect(Number(major)).toBeGreaterThanOrEqual(13);
      expect(minor).toBeGreaterThan(0);
    }
});
