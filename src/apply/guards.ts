import type { AccessState } from "../model/access-state.ts";
import type { Finding } from "../model/finding.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { PrivilegeQuestion } from "../engine/engine.ts";
import type { Plan } from "../plan/plan.ts";

/**
 * What apply has to know about access and does not compute itself, since judging access belongs to analysis. Pure and synchronous: the same arguments give the same answer, and no
 * answer may depend on anything but the arguments.
 */
export interface Guards {
  /**
   * Who would be locked out if `live` became `after`: errors refuse, and nothing waives them. Asked before the first statement with the state that the plan leads to, and before each commit with
   * the state that was read back.
   */
  lockout(live: Snapshot, after: AccessState): readonly Finding[];
  /** The access tests that `after` fails: errors refuse. Asked before the last commit with the state that was read back. */
  failingTests(live: Snapshot, after: AccessState): readonly Finding[];
  /** What stands in the way of the plan, judged on the live database and not on what a plan file says. */
  judge(plan: Plan, live: Snapshot): Judgement;
  /**
   * What the server's own privilege functions must answer in `state`, one answer a question, in order; null where it is not decided here, for example because something was not read.
   * Schemas do not gate: `has_table_privilege` does not look at them either.
   */
  expectedAnswers(
    live: Snapshot,
    state: AccessState,
    questions: readonly PrivilegeQuestion[],
  ): readonly (boolean | null)[];
}

/** The verdict on a plan, by the report of the live database. */
export interface Judgement {
  /** The codes of the checks and policies that refuse; empty when none does. */
  readonly refusedBy: readonly string[];
  /** The number of losses that must be accepted; null when the environment does not ask for it or nobody loses. */
  readonly acceptLoss: number | null;
}
