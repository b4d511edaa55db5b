import type { Given } from "./decision.ts";
import type { Risk } from "./risk.ts";

/** By whose word a plan was applied: kept in the record of its run. */
export interface UsedApprovals {
  readonly risk: Risk;
  /** Who made the plan, as it says; null: it does not. */
  readonly author: string | null;
  /** Who applied it, as far as it can be told. */
  readonly applier: string;
  /** Those that counted, by person. Empty where none was asked for. */
  readonly approvals: readonly Given[];
  /** It was applied without what the manifest asks for. */
  readonly break_glass?: BrokenGlass;
}

/** Who answers for an emergency change, and why it was one. */
export interface BrokenGlass {
  readonly person: string;
  readonly reason: string;
  /** What was missing, as sentences. */
  readonly missing: readonly string[];
}
