import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { analyze } from "../analysis/analyze.ts";
import type { Report } from "../analysis/report.ts";
import type { Guards } from "../apply/guards.ts";
import { namedBy } from "../apply/named.ts";
import type { RunStore } from "../apply/outcome.ts";
import { shortDigest } from "../base/digest.ts";
import { RolewrightError } from "../base/error.ts";
import { sortedText } from "../base/order.ts";
import { type DeclaredResult, resolveDeclared } from "../config/declared/declared.ts";
import type { ImportedFiles } from "../config/import/import.ts";
import { loadManifest } from "../config/load.ts";
import { resolveAsking } from "../config/policy-questions.ts";
import { resolveManifest } from "../config/resolve.ts";
import type { Resolution } from "../config/resolution.ts";
import { diff } from "../diff/diff.ts";
import { predict } from "../diff/predict.ts";
import type { Dialect } from "../engine/engine.ts";
import type { AccessState } from "../model/access-state.ts";
import type { Change } from "../model/change.ts";
import type { Declared } from "../model/declared.ts";
import { hasErrors, type Finding } from "../model/finding.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { StateRules } from "../model/state-rules.ts";
import { derivePlan } from "../plan/build-plan.ts";
import type { Plan } from "../plan/plan.ts";
import type { CliContext } from "./context.ts";
import { analysisGuards } from "./guards.ts";
import { manifestFindings } from "./manifest-findings.ts";
import { changeSummary } from "./render/changes.ts";
import { manifestError, readLive, type OpenTarget } from "./target.ts";
import { VERSION } from "./version.ts";

/** How a plan is made. */
export interface PlanRequest {
  /** Logins whose password is set anew although they exist. */
  readonly rotate: readonly string[];
  /** How many grants and memberships may go although that is more than the budget of a plan; null: no more than the budget. */
  readonly allowRemovals: number | null;
}

/** Both sides of a target, and what lies between them. */
export interface Comparison {
  readonly live: Snapshot;
  readonly dialect: Dialect;
  readonly resolution: Resolution;
  readonly changes: readonly Change[];
  /** What the manifest says for checks, policies and access tests. */
  readonly declared: Declared;
}

/** A plan with everything that a person decides by. */
export interface Planned {
  readonly live: Snapshot;
  readonly plan: Plan;
  readonly report: Report;
  readonly guards: Guards;
  /** What the manifest says for checks, policies and access tests. */
  readonly declared: Declared;
  /** The managed roles that stay as they are, sorted. */
  readonly unchangedRoles: readonly string[];
}

/** Files and database become the same type, and their difference is the changes. */
export async function compareLive(
  target: OpenTarget,
  context: CliContext,
  rotate: readonly string[] = [],
): Promise<Comparison> {
  const live = await readLive(target, context);
  const dialect = target.connection.engine.dialect(live);
  const resolution = await resolveAsking(target.loaded, target.name, {
    live,
    rules: dialect.rules,
    ask: async (questions) => {
      context.progress.step("asking how the server writes row policies");
      return await target.connection.canonicalPolicies(questions, { signal: context.signal });
    },
  });
  const { declared, findings: wrong } = declaredOn(target, live, dialect, resolution);
  const findings = [...manifestFindings(target.loaded), ...resolution.findings, ...wrong];
  if (hasErrors(findings)) throw manifestError(findings, target.sources);
  const changes = diff(live.access, resolution.desired, {
    rules: dialect.rules,
    renames: resolution.renames,
    passwords: resolution.passwords,
    rotate: new Set(rotate),
  });
  return { live, dialect, resolution, changes, declared };
}

function declaredOn(
  target: OpenTarget,
  live: Snapshot,
  dialect: Dialect,
  { identities, desired }: Pick<Resolution, "identities" | "desired">,
): DeclaredResult {
  const roles = new Map([...live.access.roles, ...desired.roles]);
  const given = { live, rules: dialect.rules, identities, roles };
  return resolveDeclared({ ...target.loaded, manifest: target.manifest }, target.name, given);
}

/** From the files and the live database to a plan and the report about it. */
export async function planTarget(target: OpenTarget, context: CliContext, request: PlanRequest): Promise<Planned> {
  const { live, dialect, resolution, changes, declared } = await compareLive(target, context, request.rotate);
  context.progress.step("planning");
  const input = {
    target: target.name,
    environment: target.environment,
    snapshot: live,
    dialect,
    changes: changes.map((change) => ({ change, origin: resolution.originOf(change) })),
    manifestDigest: target.loaded.digest,
    tool: VERSION,
    ...(request.allowRemovals === null ? {} : { allowRemovals: request.allowRemovals }),
  };
  let after = live.access;
  const plan = await untilUnused(target.runs, (earlier) => {
    const derived = derivePlan({ ...input, findings: [...resolution.findings, ...earlier] });
    after = derived.states.at(-1) ?? live.access;
    return derived.plan;
  });
  context.progress.step("working out who gains and loses access");
  const basis = { plan, live, dialect, resolution, declared };
  const report = reportWith(basis, after);
  return {
    live,
    plan,
    report,
    guards: guardsWith(basis),
    declared,
    unchangedRoles: unchangedRoles(resolution, plan),
  };
}

/**
 * Plans are applied once, and equal plans have equal digests; so the same change from the same state as an earlier run, which was taken back since, would be refused for ever. It says that it happened before,
 * which a person should know, and which makes it a plan of its own.
 */
export async function untilUnused(runs: RunStore, build: (earlier: readonly Finding[]) => Plan): Promise<Plan> {
  const earlier: Finding[] = [];
  for (;;) {
    const plan = build(earlier);
    const used = plan.changes.length === 0 ? null : await runs.load(plan.digest);
    if (used === null || used.run.state === "rolled-back" || used.run.state === "started") return plan;
    earlier.push({
      code: "RW814",
      severity: "info",
      message: `the same change was applied from the same state before, at ${used.run.started_at} by ${used.run.holder}, and did not last`,
      help: `rolewright status ${shortDigest(plan.digest)}`,
    });
  }
}

/** A plan that was made before, judged on the database as it is now. Who the people are, the manifest says as it is now. */
export function judgePlan(plan: Plan, target: OpenTarget, live: Snapshot): Planned {
  const dialect = target.connection.engine.dialect(live);
  const { identities, scope, desired } = resolveManifest(target.loaded, target.name, live, dialect.rules);
  const { declared } = declaredOn(target, live, dialect, { identities, desired });
  const basis = { plan, live, dialect, resolution: { identities, scope, findings: [] }, declared };
  return { live, plan, report: reportWith(basis), guards: guardsWith(basis), declared, unchangedRoles: [] };
}

interface Basis {
  readonly plan: Plan;
  readonly live: Snapshot;
  readonly dialect: Dialect;
  readonly resolution: Pick<Resolution, "identities" | "scope" | "findings">;
  readonly declared: Declared;
}

/** `known` is the state that the plan leads to, where deriving it has worked that out already. */
function reportWith({ plan, live, dialect, resolution, declared }: Basis, known?: AccessState): Report {
  const changes = plan.changes.map(({ change }) => change);
  const after = known ?? predict(live.access, changes, dialect.rules);
  return analyze({ plan, live, after, dialect, resolution, declared, environment: plan.target.environment });
}

function guardsWith(basis: Basis): Guards {
  const { plan, dialect, resolution, declared } = basis;
  return analysisGuards({
    plan,
    dialect,
    identities: resolution.identities,
    managed: resolution.scope.roles,
    tests: declared.tests,
    report: (given, live) => reportWith({ ...basis, plan: given, live, resolution: { ...resolution, findings: [] } }),
  });
}

function unchangedRoles(resolution: Resolution, plan: Plan): string[] {
  const touched = namedBy(plan.changes.map(({ change }) => change)).roles;
  return sortedText([...resolution.scope.roles].filter((name) => !touched.has(name)));
}

/** Resolves freshly imported files against the state that they were made from, in a folder of their own. Throws RW812 unless there is nothing to change. */
export async function proveZeroChanges(
  files: ImportedFiles,
  live: Snapshot,
  { target, rules }: { readonly target: string; readonly rules: StateRules },
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "rolewright-import-"));
  try {
    for (const file of files.files) {
      await mkdir(dirname(join(folder, file.path)), { recursive: true });
      await writeFile(join(folder, file.path), file.text);
    }
    const loaded = await loadManifest(folder);
    const resolution = resolveManifest(loaded, target, live, rules);
    const errors = [...loaded.findings, ...resolution.findings].filter((finding) => finding.severity === "error");
    const changes = diff(live.access, resolution.desired, { rules, renames: resolution.renames });
    const [first] = [
      ...errors.map((finding) => `${finding.code} ${finding.message}`),
      ...changes.map((change) => changeSummary({ change, origin: resolution.originOf(change) })),
    ];
    if (first === undefined) return;
    throw new RolewrightError("RW812", `the files would not plan to zero changes: ${first}`, {
      help: "this is a defect of rolewright, please report it; nothing was written",
      details: { errors: errors.length, changes: changes.length },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
