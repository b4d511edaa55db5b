import { predict } from "../../../diff/predict.ts";
import { buildAccessIndex } from "../../access-index.ts";
import type { Check, CheckContext } from "../check.ts";
import { checkContext } from "../context.ts";
import { conflictHit, findConflicts } from "./conflicts.ts";
import { holdsOn } from "./holds.ts";

/** SOD-13. */
export const inBetween: Check = {
  id: "SOD-13",
  title: "on its way a plan puts duties into one hand that neither side has there",
  why: "What is added comes before what is taken. Where the steps do not stand together at once, somebody has both for as long as that takes.",
  fix: "Take the old duty away in a plan of its own first.",
  danger: "medium",
  principles: ["separation of duties"],
  engines: "all",
  needs: ["declared", "plan"],
  *find(context) {
    const { change, dialect, declared } = context;
    if (change === null) return;
    if (dialect.capabilities.transactionalGrants && change.plan.stages.length <= 1) return;
    const rules = declared?.separation ?? [];
    const key = ({ message }: { readonly message: string }): string => message;
    const standing = (state: CheckContext): Set<string> =>
      new Set(findConflicts(rules, holdsOn(state)).map(conflictHit).map(key));
    const around = new Set([...standing(stateOf(context, change.before)), ...standing(context)]);
    for (const conflict of findConflicts(rules, holdsOn(between(context)))) {
      const hit = conflictHit(conflict);
      if (around.has(key(hit))) continue;
      yield { ...hit, message: `while the plan runs, ${hit.message}` };
    }
  },
};

/** Everything that is added, and nothing taken yet. */
function between(context: CheckContext): CheckContext {
  const { live, dialect, change } = context;
  const adding = (change?.plan.changes ?? [])
    .map((each) => each.change)
    .filter((each) => ["prepare", "add"].includes(dialect.placement(each).stage));
  const state = predict(live.access, adding, dialect.rules);
  return stateOf(context, buildAccessIndex(state, live.catalog, dialect.accessRules));
}

function stateOf(context: CheckContext, index: CheckContext["index"]): CheckContext {
  const { target, environment, now, live, dialect, posture, declared } = context;
  return checkContext({ target, environment, now, live, dialect, posture, declared, index });
}
