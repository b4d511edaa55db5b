import type { AccessDelta } from "../../analysis/access-delta.ts";
import type { Report } from "../../analysis/report.ts";
import type { JsonDocument } from "../context.ts";
import { snakeCase } from "../output/snake-case.ts";
import type { PlanSurroundings } from "./plan-page.ts";
import { countChanges } from "./summary.ts";

export type PlanResult = "ready" | "refused" | "no-changes";

/** What a report comes to, in one word. */
export function planResult(report: Report): PlanResult {
  if (report.verdict.refusedBy.length > 0) return "refused";
  return report.plan.changes.length === 0 ? "no-changes" : "ready";
}

/** The document of `plan --json` and `show --json`: the result first, then who is touched, then everything. */
export function planDocument(report: Report, around: PlanSurroundings): JsonDocument {
  const { plan, delta, verdict } = report;
  return {
    result: planResult(report),
    ...(around.warning === undefined ? {} : { warning: around.warning }),
    plan_digest: plan.digest,
    target: snakeCase(plan.target),
    fingerprint: plan.fingerprint,
    manifest_digest: plan.manifest_digest,
    ...(around.readAt === null ? {} : { read_at: around.readAt }),
    summary: {
      changes: countChanges(plan.changes),
      ...(around.accessUnknown !== undefined
        ? {}
        : {
            subjects_losing: delta.subjectsLosing,
            subjects_gaining: delta.subjectsGaining,
            unknowns: delta.unknowns.length,
          }),
    },
    verdict: { refused_by: verdict.refusedBy, accept_access_loss: verdict.acceptLoss },
    access: around.accessUnknown !== undefined ? { unknown: true, reason: around.accessUnknown } : deltaDocument(delta),
    findings: snakeCase(report.findings),
    changes: plan.changes.map(({ change, origin }) => ({
      ...(snakeCase(change) as object),
      origin: snakeCase(origin),
    })),
    stages: snakeCase(plan.stages),
    inverse: snakeCase(plan.inverse),
    irreversible: plan.irreversible,
    budget: plan.budget,
    unchanged: {
      roles: report.unchanged.roles,
      grants: report.unchanged.grants,
      unmanaged_roles: report.unchanged.unmanagedRoles,
    },
    next: around.next,
  };
}

/** Who loses and gains what, as fields of a document. */
export function deltaDocument(delta: AccessDelta): JsonDocument {
  return { losses: snakeCase(delta.losses), gains: snakeCase(delta.gains), unknowns: snakeCase(delta.unknowns) };
}
