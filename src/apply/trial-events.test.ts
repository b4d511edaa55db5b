import { expect, test } from "vitest";
import type { Plan } from "../plan/plan.ts";
import type { Run } from "./outcome.ts";
import { trialBegins, trialEnds } from "./trial-events.ts";

const by = {
  actor: { name: "ana@desk", kind: "person", authn: "local" },
  target: { engine: "postgresql", name: "shop" },
} as const;
const plan = { digest: "sha256:2" } as unknown as Plan;
const trial: Plan = { ...plan, trial: { tries: "sha256:1", login: "alice" } };
const run = (state: Run["state"]): Run => ({ plan: "sha256:2", state }) as unknown as Run;
const ends = (
  of: Plan,
  before: Run["state"] | null,
  after: Run["state"],
  because: "asked" | "probe failed" = "asked",
) => trialEnds(of, { before: before === null ? null : run(before), run: run(after), because }, by);

test("a trial begins once, and ends once: when it is taken back with the reason, or when nothing of it was applied", () => {
  expect(trialBegins(trial, by)).toMatchObject([{ type: "trial.began", tries: "sha256:1" }]);
  expect(ends(trial, "applied", "reverted", "probe failed")).toMatchObject([
    { type: "trial.ended", because: "probe failed", plan: { digest: "sha256:2" } },
  ]);
  expect(ends(trial, "started", "rolled-back")).toMatchObject([{ because: "not applied" }]);
  for (const still of ["started", "applied", "partial"] as const) expect(ends(trial, "started", still)).toEqual([]);
  expect(ends(trial, "reverted", "reverted")).toEqual([]);
});

test("another plan has no trial", () => {
  expect(trialBegins(plan, by)).toEqual([]);
  expect(ends(plan, "applied", "reverted")).toEqual([]);
});
