import { assert, constantFrom, property, subarray, uniqueArray } from "fast-check";
import { expect, test } from "vitest";
import type { Sample } from "../../../test/support/access-sample.ts";
import { worldContext } from "../../../test/support/check-world.ts";
import { type AccessIndex, buildAccessIndex } from "../../analysis/access-index.ts";
import { diff } from "../../diff/diff.ts";
import { predict } from "../../diff/predict.ts";
import { accessList } from "../../model/access-list.ts";
import type { AccessState } from "../../model/access-state.ts";
import { describeResource } from "../../model/resource.ts";
import { trialOf, trialRole } from "./trial.ts";

const LOGINS = ["a", "b", "c"];
const GROUPS = ["readers", "writers", "all"];
const roles = {
  ...Object.fromEntries(LOGINS.map((name) => [name, { login: true }])),
  readers: {},
  writers: {},
  all: {},
};
const LINES = [
  "select on table sales.orders to readers",
  "select on table sales.people to readers",
  "insert, update on table sales.orders to writers",
  "select on table sales.people to all",
  "delete on table sales.orders to all",
  "select on table sales.orders to a",
  "update on table sales.people to b",
];
const MEMBERS = ["a in readers", "b in readers", "a in writers", "c in all", "writers in readers", "all in writers"];

/** Everything that each login can do, one line each. */
function access(index: AccessIndex, logins: readonly string[]): readonly string[] {
  return logins
    .flatMap((login) =>
      (index.accessOf(login) ?? []).flatMap((each) =>
        each.class.resources.flatMap((resource) =>
          each.privileges.map((privilege) => `${login} ${privilege} ${resource.kind} ${describeResource(resource)}`),
        ),
      ),
    )
    .toSorted();
}

/** The state without the grants to these groups on tables whose name holds the word. */
function without(state: AccessState, groups: readonly string[], word: string): AccessState {
  const holdings = new Map(state.holdings);
  for (const [key, holding] of state.holdings) {
    if (holding.resource.kind !== "table" || !describeResource(holding.resource).includes(word)) continue;
    const entries = holding.list.entries.filter(({ grantee }) => !groups.includes(grantee));
    holdings.set(key, { ...holding, list: accessList(entries) });
  }
  return { ...state, holdings };
}

test("the login of a trial has what the plan would leave it, and everybody else has everything", () => {
  let tried = 0;
  assert(
    property(
      subarray(LINES, { minLength: 2 }),
      subarray(MEMBERS, { minLength: 1 }),
      uniqueArray(constantFrom(...GROUPS, "a", "b"), { minLength: 1, maxLength: 3 }),
      constantFrom("orders", "people", "sales"),
      constantFrom(...LOGINS),
      (grants, members, losers, word, login) => {
        const sample: Sample = { roles, grants, members };
        const { live, dialect, index } = worldContext(sample);
        const { rules, accessRules } = dialect;
        const changes = diff(live.access, without(live.access, losers, word), { rules });
        const after = predict(live.access, changes, rules);
        const trial = trialOf(changes, { live: live.access, after }, login, rules);
        if (trial.kind === "impossible") return;
        tried += 1;
        const planned = buildAccessIndex(after, live.catalog, accessRules);
        const reached = buildAccessIndex(predict(live.access, trial.changes, rules), live.catalog, accessRules);
        const others = LOGINS.filter((each) => each !== login);
        expect(access(reached, [login])).toEqual(access(planned, [login]));
        expect(access(reached, [...others, ...GROUPS])).toEqual(access(index, [...others, ...GROUPS]));
      },
    ),
    { numRuns: 1500 },
  );
  expect(tried).toBeGreaterThan(150);
});

test("a trial that was not taken back is in the way of the next", () => {
  const { rules } = worldContext({ roles, grants: [], members: [] }).dialect;
  const sample: Sample = {
    roles: { ...roles, [trialRole("a", rules)]: {} },
    grants: ["select on table sales.orders to readers"],
    members: ["a in readers"],
  };
  const { live, dialect } = worldContext(sample);
  const changes = diff(live.access, without(live.access, ["readers"], "orders"), { rules: dialect.rules });
  const after = predict(live.access, changes, dialect.rules);
  expect(trialOf(changes, { live: live.access, after }, "a", dialect.rules)).toEqual({
    kind: "impossible",
    reasons: [
      "the role `rolewright_trial_a` is there already: an earlier trial was not taken back, or sessions were open when it was; drop it when nobody acts as it",
    ],
  });
});
