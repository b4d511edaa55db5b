import type { Digest } from "../base/digest.ts";
import { diff } from "../diff/diff.ts";
import type { Dialect } from "../engine/engine.ts";
import type { AccessState } from "../model/access-state.ts";
import type { Change, Origin } from "../model/change.ts";
import { fingerprint, sections } from "../model/fingerprint.ts";
import { type Finding, hasErrors } from "../model/finding.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { digestOf } from "./digest.ts";
import { interruptionFindings } from "./interruptions.ts";
import { irreversible } from "./irreversible.ts";
import { layout, requestFor, type Layout, type LayoutInput } from "./layout.ts";
import type { Plan, PlannedChange, PlanTrial } from "./plan.ts";
import type { Step } from "./steps.ts";
import { countHeld, countRemovals, removalFinding } from "./removals.ts";

export interface PlanInput {
  /** The target's name and environment in the manifest. */
  readonly target: string;
  readonly environment: string;
  readonly snapshot: Snapshot;
  readonly dialect: Dialect;
  /** What `diff(live, desired)` gave, each with its origin, in any order. */
  readonly changes: readonly PlannedChange[];
  /** Null for a plan that undoes another one. */
  readonly manifestDigest: Digest | null;
  /** The version of this tool. */
  readonly tool: string;
  /** How many grants and memberships the plan may take away although that is more than its budget; see removals.ts. @default 0 */
  readonly allowRemovals?: number;
  /** What it tries on one login. @default it is no trial */
  readonly trial?: PlanTrial;
  /** Findings that were made before planning and belong to it. @default none */
  readonly findings?: readonly Finding[];
}

/** A plan with the states that it goes through: before each stage, and after the last. */
export interface DerivedPlan {
  readonly plan: Plan;
  readonly states: readonly AccessState[];
  /** Where grants take no part in transactions, what stands after which statements of each stage; empty elsewhere. */
  readonly steps: readonly (readonly Step[])[];
}

/** Orders and renders changes, computes the way back, and says what stands in the way: the whole is a value with a digest. */
export function buildPlan(input: PlanInput): Plan {
  return derivePlan(input).plan;
}

/** The plan, and the predicted states at its stage boundaries. The same input always gives the same bytes. */
export function derivePlan(input: PlanInput): DerivedPlan {
  const { snapshot, dialect } = input;
  const common = layoutInput(snapshot, dialect);
  const forward = layout({ ...common, changes: input.changes, before: snapshot.access });
  const after = forward.states.at(-1) ?? snapshot.access;
  const backward = layout({ ...common, changes: inverseOf(forward, after, snapshot, dialect), before: after });
  const given = input.findings ?? [];
  const removals = countRemovals(forward.changes.map(({ change }) => change));
  const budget = {
    statements: forward.stages.reduce((sum, stage) => sum + stage.statements.length, 0),
    locks: forward.locks,
    max_locks: snapshot.limits["max_locks"] ?? 0,
    removals,
    ...(input.allowRemovals === undefined ? {} : { allowed_removals: input.allowRemovals }),
  };
  const plan: Omit<Plan, "digest"> = {
    format_version: "1.0",
    tool: input.tool,
    target: {
      name: input.target,
      environment: input.environment,
      identity: snapshot.identity,
      version: snapshot.version,
      actor: snapshot.actor.role,
    },
    manifest_digest: input.manifestDigest,
    fingerprint: { before: snapshot.fingerprint, after: fingerprint(after) },
    basis: sections(snapshot.access),
    changes: forward.changes,
    stages: forward.stages,
    inverse_changes: backward.changes.map(({ change }) => change),
    inverse: backward.stages,
    irreversible: irreversible(forward.changes, snapshot.catalog),
    budget,
    findings: [...given, ...findingsOf(input, forward, backward, removals)],
    ...(given.length === 0 ? {} : { resolution_findings: given.length }),
    ...(input.trial === undefined ? {} : { trial: input.trial }),
  };
  return { plan: { ...plan, digest: digestOf(plan) }, states: forward.states, steps: forward.steps };
}

/** A quarter of the lock table: the rest is for everybody else. */
const LOCK_SHARE = 4;

function layoutInput(snapshot: Snapshot, dialect: Dialect): Omit<LayoutInput, "changes" | "before"> {
  const locks = snapshot.limits["max_locks"];
  return {
    dialect,
    databases: snapshot.identity.databases,
    lockBudget: locks === undefined ? Number.POSITIVE_INFINITY : Math.floor(locks / LOCK_SHARE),
  };
}

/** A right that is missing for the way there, and one that is missing for the way back. */
const MISSING_RIGHT = "RW310";
const NOT_UNDOABLE = "RW311";

const UNDO: Origin = { locations: [], by: "revert" };

function inverseOf(forward: Layout, after: AccessState, snapshot: Snapshot, { rules }: Dialect): PlannedChange[] {
  const renames = forward.changes.flatMap(({ change }) =>
    change.kind === "rename-role" ? [{ from: change.to, to: change.from }] : [],
  );
  return diff(after, snapshot.access, { rules, renames }).map((change: Change) => ({ change, origin: UNDO }));
}

const UNREAD_DATABASE = "RW312";

/**
 * Taking back the creation of a role drops one that a plan of ours made, so a database that was not read is a warning then: where the role came to hold something there since, the server itself refuses to
 * drop it, and the whole stage is rolled back.
 */
function forgiving(plan: Layout, findings: readonly Finding[]): readonly Finding[] {
  const drops = plan.changes.filter(({ change }) => change.kind === "drop-role");
  if (drops.some(({ origin }) => origin.by !== "revert")) return findings;
  return findings.map((finding) =>
    finding.code === UNREAD_DATABASE ? { ...finding, severity: "warning" as const } : finding,
  );
}

function findingsOf(input: PlanInput, forward: Layout, backward: Layout, removals: number): readonly Finding[] {
  const { snapshot, dialect } = input;
  if (forward.changes.length === 0) return [];
  const after = forward.states.at(-1) ?? snapshot.access;
  const changes = forward.changes.map(({ change }) => change);
  const budget = removalFinding(removals, countHeld(snapshot.access), input.allowRemovals ?? 0);
  const missing = forgiving(forward, dialect.obstacles(requestFor(forward.changes, snapshot.access, dialect, after)));
  // Who may not do it may not undo it either, and would be the wrong grantor: saying so thrice helps nobody.
  if (hasErrors(missing)) return [...missing, ...(budget === undefined ? [] : [budget])];
  return [
    ...missing,
    ...dialect
      .obstacles(requestFor(backward.changes, after, dialect, backward.states.at(-1)))
      // What the way back drops, this plan creates: nothing can depend on it in a database that was not read.
      .filter((finding) => finding.code !== UNREAD_DATABASE)
      .map((finding) => ({
        ...finding,
        code: finding.code === MISSING_RIGHT ? NOT_UNDOABLE : finding.code,
        message: `undoing this plan: ${finding.message}`,
      })),
    ...dialect.limits(after, changes),
    ...interruptionFindings(forward.stages),
    ...(budget === undefined ? [] : [budget]),
  ];
}
