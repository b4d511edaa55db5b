import type { CheckFinding, NotEvaluated } from "../../model/check-finding.ts";
import type { DeclaredTest, WantedSimulation } from "../../model/declared.ts";
import type { Finding, SourceLocation } from "../../model/finding.ts";
import type { Control } from "./controls.ts";
import type { AcceptanceUse } from "./run-checks.ts";

/** Everything that one run of `rolewright check` says, as a value: what text, JSON, SARIF, JUnit, Markdown and annotations are made from. */
export interface CheckReport {
  /** In the order of the manifest. */
  readonly targets: readonly TargetReport[];
  /** What could not be read at all. Never a pass. */
  readonly failed: readonly FailedTarget[];
  /** What is wrong with what the manifest says for checks, each once: an acceptance that has ended, a check that does not exist, a duty of an unknown role. */
  readonly diagnostics: readonly Finding[];
}

/** What checks, policies and access tests say of one target. */
export interface TargetReport {
  readonly target: string;
  /** Where the manifest declares it: the place of findings that have none of their own. */
  readonly location?: SourceLocation;
  readonly environment: string;
  readonly engine: string;
  readonly version: string;
  /** When it was read, RFC 3339 in UTC. */
  readonly readAt: string;
  readonly fingerprint: string;
  /** `live`: the server itself was asked; `snapshot`: a file was, and what it does not hold is not evaluated. */
  readonly source: "live" | "snapshot";
  /** What stands, the most dangerous first. */
  readonly findings: readonly CheckFinding[];
  /** What somebody answers for until a day: information, never hidden. Each has `accepted`. */
  readonly accepted: readonly CheckFinding[];
  readonly notEvaluated: readonly NotEvaluated[];
  /** The ids that were evaluated wholly and found nothing, sorted. */
  readonly passed: readonly string[];
  /** The ids that the manifest switches off here, sorted. */
  readonly off: readonly string[];
  /** How many findings the manifest switches off for single roles. */
  readonly silenced: number;
  /** Whether anything needed each acceptance of this target. */
  readonly acceptances: readonly AcceptanceUse[];
  /** Roles that no check is about: built in, a provider's, the server's first superuser; sorted. */
  readonly outOfScope: readonly string[];
  readonly policies: readonly PolicyAnswer[];
  readonly tests: readonly TestAnswer[];
  /** What this state gives that the base does not; null: nobody asked. */
  readonly newAccess: NewAccess | null;
}

export interface FailedTarget {
  readonly target: string;
  readonly code: string;
  readonly message: string;
  readonly help?: string;
}

/** What one policy says. */
export interface PolicyAnswer {
  /** Its name. */
  readonly policy: string;
  /** The pack that it comes from; null: the manifest's own. */
  readonly pack: string | null;
  /** `unknown`: it could not be evaluated, which is never a pass. */
  readonly result: "passed" | "denied" | "warned" | "approvals" | "simulation" | "unknown";
  /** What is told of it; null only where it passed. Denied is an error, warned and unknown are warnings unless the policy says more. */
  readonly finding: Finding | null;
  /** How many have to agree, and who may; only with `approvals`. */
  readonly approvals?: { readonly count: number; readonly from: readonly string[] };
  /** What a simulation must be like; only with `simulation`. */
  readonly simulation?: WantedSimulation;
  /** The controls that it supports. */
  readonly controls: readonly Control[];
}

/** What became of one access test. */
export interface TestAnswer {
  readonly test: DeclaredTest;
  /** What it asks, in one line: `` `tom` must not have `delete` on `sales.orders` ``. */
  readonly title: string;
  readonly result: "passed" | "failed" | "unknown";
  /** Expected, found, and why; null only where it passed. */
  readonly finding: Finding | null;
}

/** What the new side of `--no-new-access` gives and the base does not. */
export interface NewAccess {
  /** What it was compared with, as it was given. */
  readonly base: string;
  /** One for each thing that somebody would newly get; each is an error at the line that gives it. */
  readonly findings: readonly Finding[];
  /** What could not be compared. */
  readonly unknowns: readonly { readonly subject: string; readonly reason: string }[];
}
