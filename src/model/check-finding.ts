import type { Change } from "./change.ts";
import type { Finding } from "./finding.ts";
import type { Resource } from "./resource.ts";
import type { RoleName } from "./role.ts";

/** How bad what a check found is. `critical`: a way to superuser, to the operating system or to all data. */
export const DANGERS = ["critical", "high", "medium", "low", "info"] as const;
export type Danger = (typeof DANGERS)[number];

/** The principle that a check stands for. */
export type Principle =
  | "least privilege"
  | "separation of duties"
  | "inheritance control"
  | "traceability"
  | "lock-out safety"
  | "availability";

/**
 * How far one looks. `effective`: what is held without a further statement. `reachable`: after SET ROLE too. `escalable`: after using what is held to get more, by code, by passing on, by setting a password.
 */
export const REACHES = ["effective", "reachable", "escalable"] as const;
export type Reach = (typeof REACHES)[number];

/** What mends a finding, as a person is told, as lines of the manifest, and as what it changes. */
export interface Fix {
  /** One sentence, lower-case first letter, no full stop. */
  readonly text: string;
  /** Lines of YAML, as they would stand in the manifest. */
  readonly manifest?: readonly string[];
  /** What that changes; its SQL is the engine's. */
  readonly changes?: readonly Change[];
  /** SQL that no Change says: settings, code, what lies outside of access. */
  readonly sql?: readonly string[];
}

/** A finding of a check of the catalogue: a diagnostic that says who, what, by which way, and what mends it. */
export interface CheckFinding extends Finding {
  /** 16 hexadecimal digits; the same facts give the same key, whatever else is on the server. Acceptances, baselines and SARIF refer to it. */
  readonly key: string;
  readonly target: string;
  readonly danger: Danger;
  /** The roles that it is about, sorted; the empty name is everybody. */
  readonly principals: readonly RoleName[];
  /** The people, services and agents behind them by their keys in the manifest, sorted. */
  readonly identities: readonly string[];
  readonly resources: readonly Resource[];
  /** The whole way from who to what, one edge a sentence; empty where it is held directly. */
  readonly path: readonly string[];
  readonly over: Reach;
  /** `documented`: it rests on the engine's manual and was not seen on a live server. */
  readonly confidence: "certain" | "documented";
  readonly mend: Fix;
  /** Who accepted it until when; it counts as information then. */
  readonly accepted?: { readonly owner: string; readonly because: string; readonly until: string };
}

/** A check that could not be evaluated. That is never a pass. */
export interface NotEvaluated {
  readonly check: string;
  readonly target: string;
  /** What could not be known, in one sentence. */
  readonly reason: string;
  /** What would let it be known. */
  readonly help?: string;
}
