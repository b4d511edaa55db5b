import { expect, test } from "vitest";
import { worldContext } from "../../../test/support/check-world.ts";
import type { Change } from "../../model/change.ts";
import type { Plan, PlannedChange } from "../../plan/plan.ts";
import type { Check, CheckContext, Hit } from "./check.ts";
import { introducedFindings } from "./introduced.ts";

const ORDERS = { kind: "table", path: ["shop", "sales", "orders"] } as const;
const ITEMS = { kind: "table", path: ["shop", "sales", "items"] } as const;
const LOCATION = { file: "r.yaml", line: 4, column: 7 };

/** A check that finds one thing before and another after, and what is told of it in a plan. */
function told(
  before: readonly Partial<Hit>[],
  after: readonly Partial<Hit>[],
  more: Partial<Check> = {},
  by: "declared" | "revert" | readonly PlannedChange[] = "declared",
) {
  const contexts = contextsOf(by);
  const check: Check = {
    id: "LPV-01",
    title: "",
    why: "",
    fix: "",
    danger: "high",
    principles: ["least privilege"],
    engines: "all",
    *find(context) {
      const hits = context === contexts.before ? before : after;
      for (const hit of hits) yield { message: "found", principals: ["app"], fix: { text: "x", changes: [] }, ...hit };
    },
    ...more,
  };
  return introducedFindings(contexts, [check]);
}

const CREATE = { kind: "create-role", role: { name: "app" } } as Change;

function planned(change: Change, by: "declared" | "revert", line: number = LOCATION.line): PlannedChange {
  return { change, origin: { by, locations: [{ ...LOCATION, line }] } };
}

function contextsOf(by: "declared" | "revert" | readonly PlannedChange[]): {
  readonly before: CheckContext;
  readonly after: CheckContext;
} {
  const context = worldContext({ roles: { app: {}, bob: {} }, posture: { postgresql: {} } });
  const plan = { changes: typeof by === "string" ? [planned(CREATE, by)] : by } as Plan;
  const after = { ...context, change: { plan, before: context.index } as CheckContext["change"] };
  return { before: { ...context }, after };
}

test("what is new is told as new, at the line that brings it", () => {
  expect(told([], [{}])).toMatchObject([
    { message: "found; this plan introduces it", severity: "error", location: LOCATION, mend: { text: "x" } },
  ]);
  expect(told([], [{}])[0]?.mend).not.toHaveProperty("changes");
});

test("what was there before is not told, and what is worse than before is", () => {
  expect(told([{}], [{}])).toEqual([]);
  expect(told([{ danger: "high" }], [{ danger: "medium" }])).toEqual([]);
  expect(told([{ danger: "medium" }], [{ danger: "high" }])).toMatchObject([
    { message: "found; this plan makes it worse, it was medium" },
  ]);
});

test("what is left of a finding is not new, and what came to it is", () => {
  const two = [{ principals: ["app", "bob"] }];
  expect(told(two, [{}])).toEqual([]);
  expect(told([{}], two)).toHaveLength(1);
  expect(told(two, [{ danger: "critical" }])).toHaveLength(1);
  expect(told([{ resources: [ORDERS, ITEMS] }], [{ resources: [ITEMS] }])).toEqual([]);
  expect(told([{ resources: [ORDERS] }], [{ resources: [ITEMS] }])).toHaveLength(1);
  expect(told([{ about: "one" }], [{ about: "another" }])).toHaveLength(1);
  const three = [{ principals: ["app", "bob", "cy"] }];
  expect(told(three, two)).toEqual([]);
  expect(told(three, [{ principals: ["app", "dan"] }])).toHaveLength(1);
});

test("a check that judges changes tells all that it finds, and is not asked about the state before", () => {
  expect(told([{}], [{}], { needs: ["plan"] })).toMatchObject([{ message: "found" }]);
});

test("a check that needs what no plan has is not run", () => {
  expect(told([], [{}], { needs: ["posture"] })).toEqual([]);
  expect(told([], [{}], { needs: ["declared", "posture"] })).toEqual([]);
  expect(told([], [{}], { needs: ["declared"] })).toHaveLength(1);
});

test("a plan that changes nothing brings nothing", () => {
  expect(told([], [{}], {}, [])).toEqual([]);
});

test("it stands at the first change of one of its roles, whoever else the change names", () => {
  const create = { kind: "create-role", role: { name: "bob" } } as Change;
  const join = { kind: "remove-membership", membership: { role: "bob", member: "app" } } as Change;
  const at = (...changes: readonly Change[]) =>
    told(
      [],
      [{}],
      {},
      changes.map((change, line) => planned(change, "declared", line)),
    )[0]?.location?.line;
  expect([at(create, CREATE), at(create, join, CREATE), at(create)]).toEqual([1, 1, undefined]);
});

test("a way back is never refused for what it brings back", () => {
  expect(told([], [{}], {}, "revert")).toMatchObject([{ severity: "warning" }]);
  expect(told([], [{ danger: "low" }], {}, "revert")).toMatchObject([{ severity: "info" }]);
  const partly = [planned(CREATE, "revert"), planned(CREATE, "declared")];
  expect(told([], [{}], {}, partly)).toMatchObject([{ severity: "error" }]);
});
