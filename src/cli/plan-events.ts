import { countedFindings } from "./counted-findings.ts";
import type { Planned } from "./pipeline.ts";
import type { TargetEvent } from "./trail.ts";

/** What the audit log says of a plan that was saved. */
export function planCreated({ plan: made, report }: Pick<Planned, "plan" | "report">): TargetEvent {
  return {
    type: "plan.created",
    plan: { digest: made.digest, manifest: made.manifest_digest },
    changes: made.changes.length,
    statements: made.budget.statements,
    losing: report.delta.subjectsLosing,
    gaining: report.delta.subjectsGaining,
    refused_by: report.verdict.refusedBy,
  };
}

/** What it says of what checks, policies and tests found about it. */
export function planChecked({ plan: made, report }: Pick<Planned, "plan" | "report">): TargetEvent {
  return {
    type: "check.evaluated",
    plan: { digest: made.digest, manifest: made.manifest_digest },
    outcome: report.verdict.refusedBy.length === 0 ? "passed" : "refused",
    findings: countedFindings(report.findings),
  };
}
