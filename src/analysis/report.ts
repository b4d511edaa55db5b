import type { Finding } from "../model/finding.ts";
import type { Plan } from "../plan/plan.ts";
import type { PolicyAnswer } from "./checks/report.ts";
import type { AccessDelta } from "./access-delta.ts";

/** A Plan and everything that a person needs to decide about it. */
export interface Report {
  readonly plan: Plan;
  readonly delta: AccessDelta;
  /** The plan's own findings and those of the analysis, errors first. */
  readonly findings: readonly Finding[];
  /** What the policies of the manifest and of its packs say of it. @default they were not asked */
  readonly policies?: readonly PolicyAnswer[];
  /** What stands in the way of applying it, apart from approvals; empty when nothing does. */
  readonly verdict: Verdict;
  /** What is read and not touched, as counts. */
  readonly unchanged: { readonly roles: number; readonly grants: number; readonly unmanagedRoles: readonly string[] };
}

export interface Verdict {
  /** The codes of the errors among the findings, sorted. */
  readonly refusedBy: readonly string[];
  /** The number that `--accept-access-loss` must name; null when the target's environment does not ask for it or nobody loses. */
  readonly acceptLoss: number | null;
}
