import type { Digest } from "../base/digest.ts";
import type { StoredApproval } from "./decision.ts";
import type { ReviewObligation, Reviews } from "./review.ts";
import type { Signed } from "./signed-by.ts";

/**
 * Keeps what was signed, and what emergency changes left behind. Contract: what `save`, `oblige` and `review` were given is durable when they return, and RW420 is thrown when it could not be; nothing that was kept is ever
 * changed, and the same again changes nothing; of an unknown plan there are no approvals, which is no error; what cannot be read is RW669, never left out. It proves nothing: what it gives back is verified by whoever asks.
 */
export interface ApprovalStore {
  /** Keeps an approval or refusal of a plan. Returns where. */
  save(plan: Digest, signed: Signed): Promise<string>;
  /** Those of a plan, sorted by where they are kept. */
  list(plan: Digest): Promise<readonly StoredApproval[]>;
  /** Keeps that an emergency change is to be reviewed. Returns where. */
  oblige(obligation: ReviewObligation): Promise<string>;
  /** Keeps a review of an emergency change. Returns where. */
  review(plan: Digest, signed: Signed): Promise<string>;
  /** All that was left behind, and all reviews, sorted by where they are kept. */
  reviews(): Promise<Reviews>;
}
