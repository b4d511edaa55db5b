import type { AccessDelta } from "../analysis/access-delta.ts";
import { type AccessIndex, buildAccessIndex } from "../analysis/access-index.ts";
import type { Secret } from "../base/secret.ts";
import type { Dialect } from "../engine/engine.ts";
import type { EngineSimulation } from "../engine/simulation.ts";
import type { AccessState } from "../model/access-state.ts";
import type { DeclaredStatementTest } from "../model/declared.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Evidence } from "../model/workload.ts";
import type { Plan } from "../plan/plan.ts";

/** What a simulation is made from. */
export interface SimulationInput {
  readonly plan: Plan;
  readonly live: Snapshot;
  /** The state that the plan leads to. */
  readonly after: AccessState;
  readonly delta: AccessDelta;
  readonly dialect: Dialect;
  readonly evidence: Evidence;
  /** The access tests of the manifest that are about statements. */
  readonly tests: readonly DeclaredStatementTest[];
  readonly engine: EngineSimulation;
  /** The target: only read. */
  readonly url: Secret;
  /** A server to build the shadow on. @default one of our own */
  readonly staging?: Secret;
  /** A file with rows for the shadow. */
  readonly rows?: string;
  /** Read the text alone, without any server: quick, and certain of nothing. @default false */
  readonly textOnly?: boolean;
  readonly tool: string;
  readonly onProgress?: (progress: SimulationProgress) => void;
  readonly signal?: AbortSignal;
}

/** How far it is. */
export interface SimulationProgress {
  readonly step: string;
  readonly done: number;
  /** 0: not known. */
  readonly total: number;
}

/** Both states of the target as questions are decided in them. */
export interface World {
  readonly before: AccessIndex;
  readonly after: AccessIndex;
}

export function worldOf({ live, after, dialect }: Pick<SimulationInput, "live" | "after" | "dialect">): World {
  const rules = dialect.accessRules;
  const before = buildAccessIndex(live.access, live.catalog, rules, { alsoNumber: after.roles.keys() });
  return {
    before,
    after: buildAccessIndex(after, live.catalog, rules, { alsoNumber: live.access.roles.keys(), like: before }),
  };
}
