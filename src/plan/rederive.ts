import type { Dialect } from "../engine/engine.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { derivePlan, type DerivedPlan } from "./build-plan.ts";
import type { Plan } from "./plan.ts";

/**
 * The plan anew: the same changes planned against the live database. When its digest is the one given, the statements in the file are what its changes mean, and the database is
 * still the one that it was made from.
 */
export function rederive(plan: Plan, snapshot: Snapshot, dialect: Dialect): DerivedPlan {
  return derivePlan({
    target: plan.target.name,
    environment: plan.target.environment,
    snapshot,
    dialect,
    changes: plan.changes,
    manifestDigest: plan.manifest_digest,
    tool: plan.tool,
    ...(plan.budget.allowed_removals === undefined ? {} : { allowRemovals: plan.budget.allowed_removals }),
    ...(plan.trial === undefined ? {} : { trial: plan.trial }),
    findings: plan.findings.slice(0, plan.resolution_findings ?? 0),
  });
}
