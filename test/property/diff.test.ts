import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diff } from "../../src/diff/diff.ts";
import { invert } from "../../src/diff/invert.ts";
import { predict } from "../../src/diff/predict.ts";
import { postgresStateRules } from "../../src/engine/postgresql/rules.ts";
import type { AccessState } from "../../src/model/access-state.ts";
import { snapshotOf, states } from "./diff-states.ts";

const RUNS = process.env["ROLEWRIGHT_TEST_LONG"] === "1" ? 5_000 : 250;

describe.each([13, 15, 16, 18])("any two states on PostgreSQL %i", (major) => {
  const rules = (state: AccessState) => postgresStateRules(snapshotOf(state, major));

  test("the difference leads from the first to the second", () => {
    fc.assert(
      fc.property(states(major), states(major), (a, b) => {
        const changes = diff(a, b, { rules: rules(a) });
        expect(plain(predict(a, changes, rules(a)))).toEqual(plain(b));
      }),
      { numRuns: RUNS },
    );
  });

  test("a state differs in nothing from itself", () => {
    fc.assert(
      fc.property(states(major), (a) => {
        expect(diff(a, a, { rules: rules(a) })).toEqual([]);
        expect(diff(a, structuredClone(a), { rules: rules(a) })).toEqual([]);
      }),
      { numRuns: RUNS / 2 },
    );
  });

  test("the inverse leads back", () => {
    fc.assert(
      fc.property(states(major), states(major), (a, b) => {
        const changes = diff(a, b, { rules: rules(a) });
        const after = predict(a, changes, rules(a));
        expect(plain(predict(after, invert(a, changes, rules(a)), rules(a)))).toEqual(plain(a));
      }),
      { numRuns: RUNS },
    );
  });

  test("neither the order of the states' maps nor that of the changes matters", () => {
    fc.assert(
      fc.property(states(major), states(major), (a, b) => {
        const changes = diff(a, b, { rules: rules(a) });
        expect(diff(reversed(a), reversed(b), { rules: rules(a) })).toEqual(changes);
        expect(plain(predict(a, changes.toReversed(), rules(a)))).toEqual(plain(predict(a, changes, rules(a))));
      }),
      { numRuns: RUNS / 2 },
    );
  });

  test("a renamed role keeps everything it has", () => {
    fc.assert(
      fc.property(states(major), (a) => {
        const rename = { from: "postgres", to: "Renamed, once" };
        const changes = diff(a, predict(a, [{ kind: "rename-role", ...rename }], rules(a)), {
          rules: rules(a),
          renames: [rename],
        });
        expect(changes).toEqual([{ kind: "rename-role", ...rename }]);
        const after = predict(a, changes, rules(a));
        expect(plain(predict(after, invert(a, changes, rules(a)), rules(a)))).toEqual(plain(a));
      }),
      { numRuns: RUNS / 2 },
    );
  });
});

/** A state as sorted plain data, so that two of equal meaning are equal. */
function plain(state: AccessState): unknown {
  return Object.fromEntries(
    Object.entries(state).map(([side, entries]) => [
      side,
      Object.fromEntries([...(entries as ReadonlyMap<string, unknown>)].sort(([x], [y]) => (x < y ? -1 : 1))),
    ]),
  );
}

function reversed(state: AccessState): AccessState {
  return Object.fromEntries(
    Object.entries(state).map(([side, entries]) => [
      side,
      new Map([...(entries as ReadonlyMap<string, unknown>)].reverse()),
    ]),
  ) as unknown as AccessState;
}
