import { expect, test } from "vitest";
import { worldContext } from "../../../../test/support/check-world.ts";
import type { AccessDelta } from "../../access-delta.ts";
import type { Plan } from "../../../plan/plan.ts";
import { runChecks } from "../run-checks.ts";
import type { ObservedLoss } from "../usage.ts";
import { recentlyUsed } from "./recently-used.ts";

const LOSS: ObservedLoss = { used: [], unobserved: [], from: "2026-08-01T00:00:00Z", to: "2026-11-20T00:00:00Z" };

function run(loss: Partial<ObservedLoss> | null, losing: readonly string[] = []) {
  const context = worldContext({
    roles: { ann: { login: true }, bob: { login: true } },
    usage: {
      days: 110,
      unused: [],
      unclear: [],
      lastSeen: new Map(),
      ...(loss === null ? {} : { loss: { ...LOSS, ...loss } }),
    },
  });
  const losses = losing.map((login) => ({ subjects: [{ kind: "person", login }], what: { kind: "privilege" } }));
  const change = { plan: {} as Plan, delta: { losses } as unknown as AccessDelta, before: context.index };
  return runChecks({ ...context, change }, [recentlyUsed]);
}
const told = (...given: Parameters<typeof run>) =>
  run(...given).findings.map((each) => `${each.danger} ${each.message}`);
const used = (lastSeen: string) => ({ login: "ann", statements: 2, lastSeen, why: "select on table sales.orders" });

test("what was used lately is an error, what was used long ago a warning", () => {
  expect(told({ used: [used("2026-11-19T08:00:00Z")] })).toEqual([
    "high `ann` loses what 2 statements of it needed, last seen 2026-11-19: select on table sales.orders",
  ]);
  expect(told({ used: [used("2026-08-02T08:00:00Z")] })[0]).toMatch(/^medium /);
  expect(run({}).passed).toEqual(["AVL-10"]);
});

test("whoever loses something and was never observed is told, and whoever only gains is not", () => {
  expect(told({ unobserved: ["ann", "bob"] }, ["bob"])).toEqual([
    "medium `bob` loses something, and nothing of it was observed from 2026-08-01 to 2026-11-20",
  ]);
});

test("a plan that was not simulated is not judged", () => {
  expect(run(null)).toMatchObject({ findings: [], passed: [], notEvaluated: [{ check: "AVL-10" }] });
});
