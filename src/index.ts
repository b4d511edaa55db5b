/**
 * Rolewright as a library: one stage is one function.
 *
 * ```ts
 * const manifest = await loadManifest("rolewright.yaml");
 * const engine = await loadEngine("postgresql");
 * await using connection = await engine.connect({ url: new Secret(url) });
 * const live = await connection.introspect();
 * const dialect = engine.dialect(live);
 * const resolution = resolveManifest(manifest, "shop-prod", live, dialect.rules);
 * const changes = diff(live.access, resolution.desired, { rules: dialect.rules });
 * ```
 *
 * `buildPlan` makes the Plan of the changes, `analyze` the Report about it, and `applyPlan` the Outcome.
 */
export { analyze, type AnalyzeInput } from "./analysis/analyze.ts";
export type { AccessDelta, AccessFact, DeltaLine, Path, Subject } from "./analysis/access-delta.ts";
export { type Drift, type DriftItem, type DriftOptions, findDrift } from "./analysis/drift.ts";
export type { Report, Verdict } from "./analysis/report.ts";
export type { ApplyOptions } from "./apply/apply-options.ts";
export { applyPlan } from "./apply/apply.ts";
export type { Guards } from "./apply/guards.ts";
export type { Outcome, Run, RunStage, RunStore } from "./apply/outcome.ts";
export { type Clock, systemClock } from "./base/clock.ts";
export type { Digest } from "./base/digest.ts";
export { EXIT, type ExitCode, RolewrightError } from "./base/error.ts";
export { Secret } from "./base/secret.ts";
export { checkManifest } from "./config/check.ts";
export { defineManifest } from "./config/define-manifest.ts";
export {
  type ImportedFile,
  type ImportedFiles,
  importManifest,
  type ImportOptions,
} from "./config/import/import.ts";
export { type LoadedManifest, loadManifest, type LoadOptions } from "./config/load.ts";
export type { Manifest } from "./config/manifest.ts";
export type { Resolution } from "./config/resolution.ts";
export { resolveManifest } from "./config/resolve.ts";
export { manifestJsonSchema } from "./config/schema.ts";
export type { DiffOptions } from "./diff/diff-options.ts";
export { diff } from "./diff/diff.ts";
export { predict } from "./diff/predict.ts";
export type { Capabilities } from "./engine/capabilities.ts";
export type { Connection, ConnectOptions, Dialect, Engine, LiveSession, Transaction } from "./engine/engine.ts";
export { ENGINE_NAMES, loadEngine } from "./engine/registry.ts";
export type { AccessEntry, AccessList, Privilege } from "./model/access-list.ts";
export type { AccessState, DefaultPrivilege, Holding, RowPolicy } from "./model/access-state.ts";
export type { Catalog, CatalogEntry } from "./model/catalog.ts";
export type { Change, Origin } from "./model/change.ts";
export { type Finding, hasErrors, type Severity, type SourceLocation } from "./model/finding.ts";
export type { Identity } from "./model/identity.ts";
export { describeResource, type Resource, type ResourceKey, resourceKey, type ResourceKind } from "./model/resource.ts";
export { type Grantee, type Membership, PUBLIC, type Role, type RoleName } from "./model/role.ts";
export type { Facet, Scope } from "./model/scope.ts";
export type { Snapshot, TargetIdentity, Unknown } from "./model/snapshot.ts";
export type { StateRules } from "./model/state-rules.ts";
export { buildPlan, type PlanInput } from "./plan/build-plan.ts";
export { readPlan, writePlan } from "./plan/plan-json.ts";
export type { Plan, PlannedChange, Stage, Statement } from "./plan/plan.ts";
export { fileRunStore } from "./store/files/run-store.ts";
