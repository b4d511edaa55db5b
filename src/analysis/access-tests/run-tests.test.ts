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

  test("counts what escalation gives only where the test looks that far", () => {
    const edge: EscalationEdge = {
      from: "shop",
      to: { kind: "role", role: "hr_ro" },
      by: "sets its password",
      over: "effective",
      needsVictim: false,
      confidence: "certain",
    };
    const other = { ...edge, to: { kind: "role", role: "sales_rw" } } as const;
    const salary = ["table hr.salary"];
    const asks = (over: DeclaredTest["over"], ...edges: readonly EscalationEdge[]): TestResult =>
      run(asked({ as: "shop", must: "allow", over }, salary), SHOP, edges);
    expect(asks("escalable", edge)).toMatchObject({ passed: true, why: "`hr_ro` holds it itself" });
    expect(asks("reachable", edge).passed).toBe(false);
    expect(asks("escalable", other)).toMatchObject({ passed: false, why: "nothing gives it" });
    const nobody = run(asked({ as: "ann", must: "allow", over: "escalable" }), SHOP, [{ ...edge, from: "ann" }]);
    expect(nobody).toMatchObject({ passed: false, why: "nothing gives it" });
  });

  test("says that a role cannot log in, and that sessions start as another", () => {
    const grants = [...(SHOP.grants ?? []), "select on table sales.orders to hr_ro", "usage on schema sales to hr_ro"];
    expect(run(asked({ as: "hr_ro", must: "allow" }), { ...SHOP, grants }).why).toBe(
      "SELECT is held, but `hr_ro` cannot log in",
    );
    const roleSettings = { shop: [{ database: null, name: "role", value: "hr_ro" }] };
    const started = { ...SHOP, members: [...(SHOP.members ?? []), "shop in hr_ro"], roleSettings };
    expect(run(asked({ as: "shop", must: "allow" }), started).why).toBe(
      "SELECT is held, but USAGE on schema sales is missing",
    );
  });

  test("fails where nothing is tested", () => {
    expect(run(asked({ as: "shop", must: "allow" }, []))).toMatchObject({ passed: false, why: "nothing was tested" });
    expect(run(asked({ as: "shop", must: "deny" }, []))).toMatchObject({ passed: false, found: "unknown" });
  });

  test("says that everybody has it where that is the way", () => {
    const grants = [
      "connect on database shop to public",
      "usage on schema sales to public",
      "select on table sales.orders to public",
    ];
    expect(run(asked({ as: "ann", must: "allow" }), { ...SHOP, grants }).why).toBe("everybody holds it");
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
    expect(result.why).toBe(
      "`shop` may become `sales_rw` by SET ROLE, then `sales_rw` sets its password, then `hr_ro` holds it itself",
    );
    const empty = { ...edge, to: { kind: "role", role: "aa" } } as const;
    const more = { ...SHOP, roles: { ...SHOP.roles, aa: {} } };
    const passing = run(asked({ as: "shop", must: "deny", over: "escalable" }, salary), more, [empty]);
    expect(passing).toMatchObject({ passed: true, found: "denied" });
    const up = { ...edge, to: { kind: "superuser" } } as const;
    const super_ = run(asked({ as: "shop", must: "deny", over: "escalable" }, salary), SHOP, [up]);
    expect(super_.why).toContain("it can become superuser");
  });
});

test("what cannot be told fails both ways", () => {
  const gone = ["table sales.unread"];
  expect(run(asked({ as: "shop", must: "allow" }, gone))).toMatchObject({ passed: false, found: "unknown" });
  expect(run(asked({ as: "shop", must: "deny" }, gone))).toMatchObject({ passed: false, found: "unknown" });
  const team = run(asked({ as: "team", must: "deny", logins: ["ann", "nobody"] }));
  expect(team).toMatchObject({ passed: false, found: "unknown", login: "nobody" });
  const [finding] = testFindings([run(asked({ as: "shop", must: "allow" }, gone))], "now");
  expect(finding?.help).toBe("let us read it, or limit the test with `targets`");
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
  const location = { file: "tests.yaml", line: 2, column: 3 };
  const located = run(asked({ as: "ann", must: "deny", location }, ["table hr.salary"]));
  expect(testFindings([located], "now")[0]?.location).toEqual(location);
  expect(testFindings([failed], "now")[0]).not.toHaveProperty("location");
});
