import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compareStates } from "../../src/apply/compare-states.ts";
import { diff } from "../../src/diff/diff.ts";
import { predict } from "../../src/diff/predict.ts";
import type { AccessState } from "../../src/model/access-state.ts";
import { isGrantChange, type Change } from "../../src/model/change.ts";
import { fingerprint } from "../../src/model/fingerprint.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { derivePlan, type DerivedPlan } from "../../src/plan/build-plan.ts";
import { doubtAbout, NO_DOUBT } from "../../src/plan/doubt.ts";
import { planFinish } from "../../src/plan/finish-plan.ts";
import { planRevert } from "../../src/plan/revert-plan.ts";
import { overlay, restrictedTo } from "../../src/plan/overlay.ts";
import { stepwiseDialect } from "../support/stepwise-dialect.ts";
import { snapshotOf, states } from "./diff-states.ts";

/* Plans whose statements each stand at once, between any two states: what is predicted of each boundary, and what is true there. */

const RUNS = process.env["ROLEWRIGHT_TEST_LONG"] === "1" ? 3_000 : 150;

test("what is predicted step by step is what is predicted at once, whatever is looked at", () => {
  between((live, { states: [before, ...after], steps }) => {
    const { rules } = stepwiseDialect(live);
    let [state, start] = [before ?? live.access, before ?? live.access];
    for (const [index, stage] of steps.entries()) {
      const predicted = overlay(start, rules);
      const made: Change[] = [];
      for (const { changes } of stage) {
        const about = predicted.about(changes);
        expect(plain(predicted.restricted(about))).toEqual(plain(restrictedTo(about, state)));
        predicted.make(changes);
        made.push(...changes);
        state = predict(start, made, rules);
        expect(plain(predicted.restricted(about))).toEqual(plain(restrictedTo(about, state)));
      }
      start = after[index] ?? start;
      expect(fingerprint(state)).toBe(fingerprint(start));
    }
  });
});

test("at every boundary every grant and membership stands that stands before and after, and none that stands in neither", () => {
  between((live, { states: all, steps }) => {
    const { rules } = stepwiseDialect(live);
    const [before, after] = [tuples(live.access), tuples(all.at(-1) ?? live.access)];
    let state = live.access;
    for (const { changes } of steps.flat()) {
      state = predict(state, changes, rules);
      const now = tuples(state);
      expect([...now].filter((one) => !before.has(one) && !after.has(one))).toEqual([]);
      expect([...before].filter((one) => after.has(one) && !now.has(one))).toEqual([]);
    }
    expect(compareStates(all.at(-1) ?? live.access, state, "shop")).toEqual([]);
  });
});

test("from every boundary the plan is finished exactly, and taken back exactly", () => {
  between((live, { steps, plan, states: all }) => {
    const dialect = stepwiseDialect(live);
    const [changes, done] = [steps.flat().map((step) => step.changes), plan.fingerprint];
    let state = live.access;
    for (const step of [[], ...changes]) {
      state = predict(state, step, dialect.rules);
      const now = { ...live, access: state, fingerprint: fingerprint(state) };
      const rest = planFinish(plan, now, dialect, { doubt: NO_DOUBT });
      const back = planRevert(plan, now, dialect, { tool: "0" });
      expect([...rest.findings, ...back.findings].filter(({ severity }) => severity === "error")).toEqual([]);
      expect([rest.fingerprint.after, back.fingerprint.after]).toEqual([done.after, done.before]);
    }
    expect(fingerprint(all.at(-1) ?? live.access)).toBe(done.after);
  }, RUNS / 10);
});

test("what a step has left half-made is finished or taken back, and is nobody else's change", () => {
  between((live, { steps, plan }) => {
    const dialect = stepwiseDialect(live);
    let state = live.access;
    for (const { changes } of steps.flat()) {
      for (const half of halvesOf(changes)) {
        const made = predict(state, half, dialect.rules);
        const now = { ...live, access: made, fingerprint: fingerprint(made) };
        const doubt = doubtAbout(changes);
        const rest = planFinish(plan, now, dialect, { doubt });
        const back = planRevert(plan, now, dialect, { tool: "0", doubt });
        expect([...rest.findings, ...back.findings].filter(({ severity }) => severity === "error")).toEqual([]);
        expect([rest.fingerprint.after, back.fingerprint.after]).toEqual([
          plan.fingerprint.after,
          plan.fingerprint.before,
        ]);
      }
      state = predict(state, changes, dialect.rules);
    }
  }, RUNS / 3);
});

/** States between before and after that statements may leave: a role without its attributes, a membership without its options. */
function halvesOf(changes: readonly Change[]): readonly (readonly Change[])[] {
  return changes.flatMap((change): readonly (readonly Change[])[] => {
    if (change.kind === "create-role") {
      const attributes = { ...change.role.attributes, connection_limit: 99 };
      return [[{ ...change, role: { ...change.role, attributes } }]];
    }
    if (change.kind !== "add-membership") return [];
    const { membership } = change;
    return [[{ ...change, membership: { ...membership, admin: !membership.admin } }]];
  });
}

function between(check: (live: Snapshot, derived: DerivedPlan) => void, runs = RUNS): void {
  fc.assert(
    fc.property(states(18), states(18), (a, b) => {
      const live = { ...snapshotOf(a), fingerprint: fingerprint(a) };
      const dialect = stepwiseDialect(live);
      const changes = diff(a, withOwnersOf(a, b), { rules: dialect.rules }).filter(isStepwise);
      const derived = derivePlan({
        target: "t",
        environment: "e",
        snapshot: live,
        dialect,
        changes: changes.map((change) => ({ change, origin: { locations: [], by: "declared" } })),
        manifestDigest: null,
        tool: "0",
      });
      check(live, derived);
    }),
    { numRuns: Math.floor(runs) },
  );
}

/** Such engines have no owners, so none changes here. */
function withOwnersOf(a: AccessState, b: AccessState): AccessState {
  const holdings = [...b.holdings].map(([key, holding]) => {
    return [key, { ...holding, owner: a.holdings.get(key)?.owner ?? holding.owner }] as const;
  });
  return { ...b, holdings: new Map(holdings) };
}

/** What engines without transactional grants have. */
function isStepwise(change: Change): boolean {
  return isGrantChange(change) || /-(role|membership)$/.test(change.kind);
}

function plain(state: AccessState): unknown {
  const sorted = (map: ReadonlyMap<string, unknown>): unknown[] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  return [sorted(state.roles), sorted(state.memberships), sorted(state.holdings)];
}

/** Each grant and each membership as text. */
function tuples(state: AccessState): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { role, member, grantor } of state.memberships.values()) found.add(`${role}\0${member}\0${grantor}`);
  for (const [key, { list }] of state.holdings) {
    for (const { grantee, grantor, privileges } of list.entries) {
      if (grantee === grantor) continue; // A list that is not recorded holds these too.
      for (const privilege of privileges) found.add(`${key}\0${grantee}\0${grantor}\0${privilege}`);
    }
  }
  return found;
}
