import type { Given } from "./decision.ts";
import type { ReviewObligation } from "./review.ts";
import type { Risk } from "./risk.ts";

/** By whose word a plan was applied: kept in the record of its run. */
export interface UsedApprovals {
  readonly risk: Risk;
  /** Who made the plan, as it says; null: it does not. */
  readonly author: string | null;
  /** Who applied it, as far as it can be told. */
  readonly applier: string;
  /** People of the manifest that this may be, sorted; absent in older records. */
  readonly applier_people?: readonly string[];
  /** Those that counted, by person. Empty where none was asked for. */
  readonly approvals: readonly Given[];
  /** It was applied without what the manifest asks for: what somebody else has to review. */
  readonly break_glass?: ReviewObligation;
}
