import { predict } from "../diff/predict.ts";
import type { Change } from "../model/change.ts";
import { fingerprint } from "../model/fingerprint.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { StateRules } from "../model/state-rules.ts";
import type { Plan } from "./plan.ts";

/**
 * How much of a plan stands in a database, by what the database is like now, whatever others changed beside it: making the changes that stand once more would change nothing. `no trace`: the plan leaves none (it
 * only sets passwords), so nothing can be told.
 */
export function standingOf(plan: Plan, live: Snapshot, rules: StateRules): "all" | "none" | "some" | "no trace" {
  const idle = (changes: readonly Change[]): boolean =>
    fingerprint(predict(live.access, changes, rules)) === live.fingerprint;
  const all = idle(plan.changes.map(({ change }) => change));
  const none = idle(plan.inverse_changes);
  if (all && none) return "no trace";
  if (all) return "all";
  return none ? "none" : "some";
}
