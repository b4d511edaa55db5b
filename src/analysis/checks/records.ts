import type { Change } from "../../model/change.ts";

/** A change that was applied to this target and stands, by its record: who had a hand in it, as the manifest knows people today. */
export interface AppliedChange {
  /** The first digits of the plan's digest. */
  readonly plan: string;
  /** RFC 3339. */
  readonly at: string;
  /** Keys of people, sorted: who made the plan, who applied it, and whose approvals counted. */
  readonly authors: readonly string[];
  readonly appliers: readonly string[];
  readonly approvers: readonly string[];
  readonly changes: readonly Change[];
}
