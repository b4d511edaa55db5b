import { describe, expect, test } from "vitest";
import type { Sample } from "../../../test/support/access-sample.ts";
import { sampleIndex, thing } from "../../../test/support/access-sample.ts";
import type { DeclaredTest } from "../../model/declared.ts";
import { buildEscalation } from "../escalation/build.ts";
import type { EscalationEdge } from "../escalation/escalation.ts";
import { testFindings } from "./findings.ts";
import { runTests, type TestResult } from "./run-tests.ts";

const LOGIN = { login: true };
const SHOP: Sample = {
  roles: { shop: LOGIN, ann: LOGIN, sales_rw: {}, hr_ro: {} },
  members: ["shop in sales_rw", "ann in hr_ro noinherit"],
  grants: [
    "connect on database shop to public",
    "usage on schema sales to sales_rw",
    "select, insert on table sales.orders to sales_rw",
    "select on table sales.items to sales_rw",
    "usage on schema hr to hr_ro",
    "select on table hr.salary to hr_ro",
    "select on table sales.other to postgres",
  ],
};

function asked(
  entry: Partial<DeclaredTest> & Pick<DeclaredTest, "as" | "must">,
  on = ["table sales.orders"],
): DeclaredTest {
  return {
    logins: [entry.as],
    privilege: "SELECT",
    resources: on.map(thing),
    over: entry.must === "deny" ? "reachable" : "effective",
    because: null,
    ...entry,
  };
}

function run(entry: DeclaredTest, sample: Sample = SHOP, edges: readonly EscalationEdge[] = []): TestResult {
  const index = sampleIndex(sample);
  const [result] = runTests([entry], { index, escalation: buildEscalation(index, edges), unknowns: [] });
  return result as TestResult;
}

describe("what must be allowed", () => {
  test("passes with the way that gives it", () => {
    const result = run(asked({ as: "shop", must: "allow" }));
    expect(result).toMatchObject({ passed: true, found: "allowed", why: "`shop` → `sales_rw`, which holds it" });
  });

  test("fails where one of several things is not allowed, and names it alone", () => {
    const result = run(asked({ as: "shop", must: "allow" }, ["table sales.orders", "table sales.other"]));
    expect(result).toMatchObject({ passed: false, found: "denied", why: "nothing gives it" });
    expect(result.resources).toEqual([thing("table sales.other")]);
  });

  test("fails where a door is closed, though the privilege is held", () => {
    const grants = SHOP.grants?.filter((grant) => !grant.includes("schema sales")) ?? [];
    const result = run(asked({ as: "shop", must: "allow" }), {
      ...SHOP,
      grants: [...grants, "create on schema sales to ann"],
    });
    expect(result).toMatchObject({ passed: false, why: "SELECT is held, but USAGE on schema sales is missing" });
  });

  test("counts what takes SET ROLE only where the test looks that far", () => {
    const salary = ["table hr.salary"];
    expect(run(asked({ as: "ann", must: "allow" }, salary))).toMatchObject({
      passed: false,
      why: "it takes SET ROLE to `hr_ro` first",
    });
    expect(run(asked({ as: "ann", must: "allow", over: "reachable" }, salary)).passed).toBe(true);
  });

  test("passes where one login of an identity may", () => {
    expect(run(asked({ as: "team", must: "allow", logins: ["ann", "shop"] })).passed).toBe(true);
  });
});

describe("what must be denied", () => {
  test("passes where nothing gives it, and fails where one login of several has it", () => {
    expect(run(asked({ as: "ann", must: "deny" })).passed).toBe(true);
    const result = run(asked({ as: "team", must: "deny", logins: ["ann", "shop"] }));
    expect(result).toMatchObject({ passed: false, found: "allowed", login: "shop" });
  });

  test("looks behind SET ROLE, unless it is told not to", () => {
    const salary = ["table hr.salary"];
    expect(run(asked({ as: "ann", must: "deny" }, salary))).toMatchObject({
      passed: false,
      why: "`ann` → `hr_ro`, which holds it after SET ROLE",
    });
    expect(run(asked({ as: "ann", must: "deny", over: "effective" }, salary)).passed).toBe(true);
  });

  test("looks behind escalation where it is told to", () => {
    const edge: EscalationEdge = {
      from: "sales_rw",
      to: { kind: "role", role: "hr_ro" },
      by: "sets its password",
      over: "effective",
      needsVictim: false,
      confidence: "certain",
    };
    const salary = ["table hr.salary"];
    expect(run(asked({ as: "shop", must: "deny" }, salary), SHOP, [edge]).passed).toBe(true);
    const result = run(asked({ as: "shop", must: "deny", over: "escalable" }, salary), SHOP, [edge]);
    expect(result).toMatchObject({ passed: false, found: "allowed" });
    expect(result.why).toContain("`sales_rw` sets its password");
    const up = { ...edge, to: { kind: "superuser" } } as const;
    const super_ = run(asked({ as: "shop", must: "deny", over: "escalable" }, salary), SHOP, [up]);
    expect(super_.why).toContain("it can become superuser");
  });
});

test("what cannot be told fails both ways", () => {
  const gone = ["table sales.unread"];
  expect(run(asked({ as: "shop", must: "allow" }, gone))).toMatchObject({ passed: false, found: "unknown" });
  expect(run(asked({ as: "shop", must: "deny" }, gone))).toMatchObject({ passed: false, found: "unknown" });
});

test("a failing test is an error that says who, what, what was found and why, and whether it failed before", () => {
  const failed = run(asked({ as: "ann", must: "deny", because: "salaries are for HR" }, ["table hr.salary"]));
  expect(testFindings([failed], "after the plan", [failed])).toEqual([
    {
      code: "RW360",
      severity: "error",
      message:
        "`ann` must be denied SELECT on `table hr.salary`, and is allowed it after the plan: `ann` → `hr_ro`, which holds it after SET ROLE; it fails before the plan too",
      help: "take the access away, or change the test if it is no longer meant; the test is there because: salaries are for HR",
    },
  ]);
  expect(testFindings([run(asked({ as: "shop", must: "allow" }))], "now")).toEqual([]);
});
