import { type Digest, digestJson, type Json } from "../base/digest.ts";
import type { ShadowGap } from "../engine/simulation.ts";
import type { SourceLocation } from "../model/finding.ts";
import type { RoleName } from "../model/role.ts";
import type { EvidenceWindow } from "../model/workload.ts";
import type { LostPrivileges } from "./exercised.ts";
import type { Untold } from "./pairs.ts";
import type { OutcomeWord } from "./outcome.ts";

/**
 * What a change does to the statements that are really run, as a value: bound to the plan, to the state of the target, to the evidence and to the tests. The same inputs give the same bytes; when it was made
 * stands beside it, not in it.
 */
export interface Simulation {
  readonly format_version: "1.0";
  readonly tool: string;
  readonly plan_digest: Digest;
  /** Of the state that the plan was made from, and of what exists there. */
  readonly fingerprint: Digest;
  readonly catalog_digest: Digest;
  readonly evidence_digest: Digest;
  readonly tests_digest: Digest;
  readonly target: {
    readonly name: string;
    readonly environment: string;
    readonly engine: string;
    readonly version: string;
  };
  readonly basis: Basis;
  /** Everything that does not stay as it is, and what cannot be known: the worst first, then the most used. */
  readonly effects: readonly Effect[];
  readonly coverage: Coverage;
  readonly windows: readonly EvidenceWindow[];
  /** Where computing and trying gave opposite answers: defects of ours, to be reported. The worse answer counted. */
  readonly contradictions: readonly string[];
  /** Where the shadow was not in the state that the plan promises after its statements. */
  readonly rehearsal: readonly string[];
  readonly tests: readonly StatementTestResult[];
  readonly digest: Digest;
}

/** What the answers rest on. `server`: a shadow that runs. `catalog`: rules over the catalog of the target. `text`: the text of the statements alone, which decides nothing for certain. */
export interface Basis {
  readonly kind: "server" | "catalog" | "text";
  /** Of the shadow. */
  readonly version: string | null;
  readonly otherMajor: boolean;
  readonly gaps: readonly ShadowGap[];
}

/** What becomes of one statement of one role. */
export interface Effect {
  readonly outcome: OutcomeWord;
  readonly database: string;
  readonly role: RoleName;
  readonly login: RoleName;
  readonly fingerprint: string;
  /** Without literals. */
  readonly text: string;
  readonly calls: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly days: readonly string[];
  readonly applications: readonly string[];
  /** One sentence each: what is missing, where it is needed, what reads something else, or why it cannot be known. Sorted. */
  readonly why: readonly string[];
  /** The least that would leave it as it is, one sentence each, sorted. */
  readonly mend: readonly string[];
  /** The changes of the plan that do it, as indexes, sorted. */
  readonly changes: readonly number[];
  /** The server itself said so too. */
  readonly confirmed: boolean;
  readonly approximate: boolean;
}

/** How much of what was observed could be decided. Whole numbers; a share is rounded down where it is shown. */
export interface Coverage {
  readonly pairs: number;
  readonly decided: number;
  readonly calls: number;
  readonly callsDecided: number;
  /** Pairs that were also tried on a shadow. */
  readonly confirmed: number;
  readonly approximate: number;
  readonly unchanged: number;
  /** Roles that gain or lose by the plan, and those of them of which anything was observed. */
  readonly rolesChanged: number;
  readonly rolesObserved: number;
  /** Those of which nothing was: no evidence is not "unused". Sorted. */
  readonly rolesUnobserved: readonly RoleName[];
  /** Of the privileges that logins lose. */
  readonly privileges: LostPrivileges;
  /** First and last instant of the evidence; null: there is none. */
  readonly from: string | null;
  readonly to: string | null;
  /** Whole days between them. */
  readonly days: number;
  readonly monthEnd: boolean;
  readonly quarterEnd: boolean;
  readonly repaired: number;
  /** What could not be tried, because the evidence does not say who, where or what. */
  readonly untold: readonly Untold[];
}

/** How an access test about a statement ended. */
export interface StatementTestResult {
  readonly as: string;
  readonly statement: string;
  readonly must: "allow" | "deny";
  readonly passed: boolean;
  readonly before: "allowed" | "denied" | "unknown" | "broken";
  readonly after: "allowed" | "denied" | "unknown" | "broken";
  readonly why: string;
  readonly location?: SourceLocation;
}

/** Closes the value with its digest. */
export function sealSimulation(simulation: Omit<Simulation, "digest">): Simulation {
  return { ...simulation, digest: digestJson(simulation as unknown as Json) };
}

/** How many pairs ended with each word. */
export function countOutcomes({
  effects,
  coverage,
}: Pick<Simulation, "effects" | "coverage">): Readonly<Record<OutcomeWord, number>> {
  const counts: Record<OutcomeWord, number> = {
    revoked: 0,
    altered: 0,
    "maybe-revoked": 0,
    unknown: 0,
    gained: 0,
    "maybe-gained": 0,
    "already-denied": 0,
    unchanged: coverage.unchanged,
  };
  for (const { outcome } of effects) counts[outcome] += 1;
  return counts;
}

/** A share in whole per cent, rounded down; 100 only where nothing is missing. Nothing of nothing is nothing: 0. */
export function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.floor((100 * part) / whole);
}
