import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diff } from "../../src/diff/diff.ts";
import { invert } from "../../src/diff/invert.ts";
import { predict } from "../../src/diff/predict.ts";
import { postgresDialect } from "../../src/engine/postgresql/dialect.ts";
import { postgresStateRules } from "../../src/engine/postgresql/rules.ts";
import type { AccessState } from "../../src/model/access-state.ts";
import { resourceKey, tableOf, type ResourceKey } from "../../src/model/resource.ts";
import { derivePlan } from "../../src/plan/build-plan.ts";
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

test("between stages nobody holds less than both states give, or more than either", () => {
  let boundaries = 0;
  fc.assert(
    fc.property(states(18), states(18), (a, b) => {
      const snapshot = snapshotOf(a);
      const dialect = postgresDialect(snapshot);
      const { states: all } = derivePlan({
        target: "t",
        environment: "e",
        snapshot,
        dialect,
        changes: diff(a, b, { rules: dialect.rules }).map((change) => ({
          change,
          origin: { locations: [], by: "declared" },
        })),
        manifestDigest: null,
        tool: "test",
      });
      const stays = (table: ResourceKey): boolean => a.holdings.get(table)?.owner === b.holdings.get(table)?.owner;
      const [before, after] = [tuples(a, stays), tuples(b, stays)];
      for (const state of all.slice(1, -1)) {
        boundaries += 1;
        const held = tuples(state, stays);
        expect([...before.intersection(after).difference(held)]).toEqual([]);
        expect([...held.difference(before.union(after))]).toEqual([]);
      }
    }),
    { numRuns: RUNS },
  );
  expect(boundaries).toBeGreaterThan(RUNS);
});

/** Grants and memberships one by one. What changes hands between the two states is left out: the server rewrites it. */
function tuples(state: AccessState, stays: (table: ResourceKey) => boolean): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [key, { list, resource }] of state.holdings) {
    if (!stays(resource.kind === "column" ? resourceKey(tableOf(resource)) : key)) continue;
    for (const { grantee, grantor, privileges } of list.entries) {
      for (const privilege of privileges) found.add(`${key}|${grantee}|${grantor}|${privilege}`);
    }
  }
  for (const key of state.memberships.keys()) found.add(key);
  return found;
}

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
