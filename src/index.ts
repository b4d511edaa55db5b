/**
 * The library's face: one stage is one function. From files and a live database to a verified change:
 *
 * ```ts
 * const manifest = await loadManifest("rolewright.yaml");
 * const engine = await loadEngine("postgresql");
 * await using connection = await engine.connect({ url });
 * const live = await connection.introspect();
 * const dialect = engine.dialect(live);
 * const resolution = resolveManifest(manifest, "shop-prod", live, dialect.rules);
 * const changes = diff(live.access, resolution.desired, { rules: dialect.rules });
 * const plan = buildPlan({ target: "shop-prod", environment: "production", snapshot: live, dialect, changes: ..., ... });
 * const report = analyze({ plan, live, after: predict(live.access, changes, dialect.rules), dialect, resolution, ... });
 * const outcome = await applyPlan(plan, { connection, runs, guards, ... });
 * ```
 */
export { loadManifest, resolveUrl, type LoadedManifest, type LoadOptions } from "./config/load.ts";
export { defineManifest } from "./config/define-manifest.ts";
export type { Manifest } from "./config/manifest.ts";
export { checkManifest } from "./config/check.ts";
export { resolveManifest, type ResolveOptions } from "./config/resolve.ts";
export { resolveAsking, type AskingOptions, type AskPolicyTexts } from "./config/policy-questions.ts";
export type { Resolution } from "./config/resolution.ts";
export { importManifest, type ImportedFiles, type ImportOptions } from "./config/import/import.ts";
export { manifestJsonSchema } from "./config/schema.ts";

export { loadEngine } from "./engine/registry.ts";
export { ENGINE_NAMES } from "./model/engine-name.ts";
export type { Connection, ConnectOptions, Dialect, Engine, HealthFact, LiveSession } from "./engine/engine.ts";
export type { Capabilities } from "./engine/capabilities.ts";

export { diff } from "./diff/diff.ts";
export { predict } from "./diff/predict.ts";
export type { DiffOptions } from "./diff/diff-options.ts";

export { buildPlan, type PlanInput } from "./plan/build-plan.ts";
export { readPlan, writePlan } from "./plan/plan-json.ts";
export { planRevert, type RevertOptions } from "./plan/revert-plan.ts";
export type { Plan, PlannedChange, Stage, Statement } from "./plan/plan.ts";

export { analyze, type AnalyzeInput } from "./analysis/analyze.ts";
export { findDrift, type Drift, type DriftItem } from "./analysis/drift.ts";
export type { AccessDelta, AccessFact, DeltaLine, Path, Subject } from "./analysis/access-delta.ts";
export type { Report, Verdict } from "./analysis/report.ts";

export { riskOf, type Risk } from "./approval/risk.ts";
export { requirementsFor, type ApprovalRule, type Requirement } from "./approval/requirement.ts";
export { decide, type Decision } from "./approval/decision.ts";
export { openReviews, type OpenReview, type ReviewObligation } from "./approval/review.ts";
export { parseAllowedSigners, type AllowedSigners } from "./approval/ssh/allowed-signers.ts";
export type { ApprovalStore } from "./approval/approval-store.ts";
export { fileApprovalStore } from "./store/files/approval-store.ts";

export { applyPlan, exitCodeOf } from "./apply/apply.ts";
export type { ApplyOptions, ApprovalGate, Progress } from "./apply/apply-options.ts";
export type { Guards, Judgement } from "./apply/guards.ts";
export type { Outcome, Run, RunStage, RunStore } from "./apply/outcome.ts";
export { fileRunStore } from "./store/files/run-store.ts";

export { EXIT, RolewrightError, type ErrorOptions, type ExitCode } from "./base/error.ts";
export { Secret } from "./base/secret.ts";
export { systemClock, type Clock } from "./base/clock.ts";
export { digestJson, shortDigest, type Digest } from "./base/digest.ts";

export type { AccessEntry, AccessList, Privilege } from "./model/access-list.ts";
export type { AccessState, DefaultPrivilege, Holding, RowPolicy } from "./model/access-state.ts";
export type { Catalog, CatalogEntry } from "./model/catalog.ts";
export type { Change, Origin } from "./model/change.ts";
export type { Finding, Severity, SourceLocation } from "./model/finding.ts";
export type { Identity } from "./model/identity.ts";
export type { PolicyText, PolicyTextAnswer } from "./model/policy-text.ts";
export { describeResource, type Resource, type ResourceKind } from "./model/resource.ts";
export { PUBLIC, type Membership, type Role, type RoleName } from "./model/role.ts";
export type { Scope } from "./model/scope.ts";
export type { Snapshot, Unknown } from "./model/snapshot.ts";
export { readSnapshot, writeSnapshot } from "./model/snapshot-json.ts";
