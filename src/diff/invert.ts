import type { AccessState } from "../model/access-state.ts";
import type { Change } from "../model/change.ts";
import type { StateRules } from "../model/state-rules.ts";
import { diff } from "./diff.ts";
import { predict } from "./predict.ts";

/**
 * The changes that lead back to `before` from where `changes` lead to. They are compared anew and not just turned around, because some changes forget: two entries that
 * a new owner's name makes equal are one from then on. Passwords have no way back.
 */
export function invert(before: AccessState, changes: readonly Change[], rules: StateRules): Change[] {
  const renames = changes
    .filter((change) => change.kind === "rename-role")
    .map(({ from, to }) => ({ from: to, to: from }));
  return diff(predict(before, changes, rules), before, { rules, renames });
}
