import { expect, test } from "vitest";
import { runOn, worldContext } from "../../../test/support/check-world.ts";
import type { Check, CheckContext, Need } from "./check.ts";
import { MOST_OF_ONE_CHECK, runChecks } from "./run-checks.ts";

const ROLES = { roles: { app: {}, bob: {} } };

/** A check that finds something about each of these. */
function check(principals: readonly string[], more: Partial<Check> = {}): Check {
  return {
    id: "INH-11",
    title: "",
    why: "",
    fix: "",
    danger: "high",
    principles: ["least privilege"],
    engines: "all",
    *find() {
      for (const name of principals) yield { message: name, principals: [name], fix: { text: "mend it" } };
    },
    ...more,
  };
}

test("a check of another engine or version is not run, and not passed either", () => {
  const nothing = { findings: [], passed: [], notEvaluated: [] };
  expect(runOn(check(["app"], { engines: ["mysql", "cassandra"] }), ROLES)).toMatchObject(nothing);
  expect(runOn(check(["app"], { versions: ({ major }) => major < 18 }), ROLES)).toMatchObject(nothing);
  expect(runOn(check(["app"], { engines: ["mysql", "postgresql"] }), ROLES).findings).toHaveLength(1);
});

test("a check that finds the same a thousand times is heard, and after that it was not evaluated wholly", () => {
  const names = Array.from({ length: MOST_OF_ONE_CHECK + 1 }, (_, at) => `r${at}`);
  const most = runOn(check(names.slice(1)), ROLES);
  expect([most.findings.length, most.notEvaluated.length]).toEqual([MOST_OF_ONE_CHECK, 0]);
  const more = runOn(check(names), ROLES);
  expect([more.findings.length, more.notEvaluated.length]).toEqual([MOST_OF_ONE_CHECK, 1]);
});

test("what a check needs and there is not is said, and it is not asked", () => {
  const context = worldContext({ ...ROLES, declared: null });
  const changed = { ...context, change: { before: context.index } as CheckContext["change"] };
  const lacking = (where: CheckContext, need: Need): boolean => {
    const { findings, notEvaluated } = runChecks(where, [check(["app"], { needs: [need] })]);
    expect(findings.length + notEvaluated.length).toBe(1);
    return findings.length === 0;
  };
  const all = ["posture", "declared", "plan", "usage", "previous", "records"] as const;
  expect(all.filter((need) => lacking(context, need))).toEqual(all);
  expect(all.filter((need) => !lacking(changed, need))).toEqual(["plan"]);
  const known = worldContext({ ...ROLES, posture: { postgresql: {} } });
  expect(all.filter((need) => !lacking(known, need))).toEqual(["posture", "declared"]);
  expect(all.filter((need) => !lacking({ ...context, records: [] }, need))).toEqual(["records"]);
});

test("what is switched off for some is counted, each", () => {
  const severities = [{ check: "INH-11", severity: "off" as const, roles: (name: string) => name !== "bob" }];
  const run = runOn(check(["app", "bob", "cy"]), { ...ROLES, declared: { severities } });
  expect(run).toMatchObject({ findings: [{ principals: ["bob"] }], silenced: 2 });
});
