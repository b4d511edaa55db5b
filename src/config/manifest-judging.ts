import type { OnEntry, Reference } from "./manifest.ts";

// How a state or a change is judged: policies, duties, limits, acceptances, approvals, tests, probes. Their schemas are in schema-judging.ts.

export interface PolicyEntry {
  readonly check: string;
  readonly severity: "error" | "warning" | "info" | "off";
  readonly targets?: readonly string[];
  readonly environments?: readonly string[];
  readonly roles?: readonly string[];
  readonly because?: string;
}

/** An expression over a plan or a state that must not be true; exactly one of the three says what happens when it is. */
export interface CelPolicyEntry {
  readonly name: string;
  readonly when: string;
  readonly deny?: string;
  readonly warn?: string;
  readonly require_approvals?: RequiredApprovals;
  readonly require_simulation?: RequiredSimulation;
  readonly targets?: readonly string[];
  readonly environments?: readonly string[];
  readonly because?: string;
}

export interface RequiredSimulation {
  readonly coverage?: number;
  readonly max_age?: string;
  readonly evidence_age?: string;
  readonly evidence_days?: number;
  readonly message?: string;
}

export interface RequiredApprovals {
  readonly count: number;
  readonly from?: readonly string[];
  readonly message?: string;
}

export const PACKS = ["baseline", "strict-production", "soc-2", "iso-27001", "hipaa", "pci-dss", "gdpr"] as const;
export type PackName = (typeof PACKS)[number];

/** Things that only these may read or write. */
export interface SensitiveEntry {
  readonly name: string;
  readonly on: string | OnEntry;
  readonly columns?: readonly string[];
  readonly readers?: readonly string[];
  readonly writers?: readonly string[];
  readonly targets?: readonly string[];
  readonly because?: string;
}

/** A grant line (`insert on table billing.payments`), or being a role. */
export type DutyEntry =
  | string
  | { readonly role: string; readonly targets?: readonly string[] }
  | { readonly grant: string; readonly targets?: readonly string[] };

/** Exactly one of `never_together`, `at_most` with `of`, `requires_approval_by` with `of`. */
export interface SeparationEntry {
  readonly never_together?: readonly string[];
  readonly at_most?: number;
  readonly requires_approval_by?: string;
  readonly of?: string;
  readonly over?: "effective" | "reachable" | "escalable";
  readonly because?: string;
}

export interface LimitsEntry {
  readonly administrators?: number;
  readonly depth?: number;
  readonly overlap?: number;
  readonly reach?: number;
  readonly dormant_days?: number;
  readonly unused_days?: number;
  readonly expiry_days?: number;
  readonly drill_days?: number;
  readonly cache_seconds?: number;
}

/** A finding that somebody answers for, until a day. */
export interface AcceptedEntry {
  readonly check: string;
  /** The key that is printed with the finding. */
  readonly finding?: string;
  readonly roles?: readonly string[];
  readonly on?: readonly string[];
  readonly because: string;
  readonly owner: string;
  readonly until: string;
  readonly targets?: readonly string[];
}

export interface ApprovalEntry {
  readonly targets?: readonly string[];
  readonly environments?: readonly string[];
  readonly risk?: "low" | "medium" | "high" | "critical";
  /** People; with `teams`, one of the two at least. */
  readonly approvers?: readonly string[];
  /** Everybody whose `team` is one of these. */
  readonly teams?: readonly string[];
  readonly count?: number;
  readonly valid_hours?: number;
  readonly break_glass?: boolean;
}

export interface AccessTestEntry {
  readonly as: string;
  readonly must: "allow" | "deny";
  readonly statement?: string;
  readonly database?: string;
  readonly privilege?: string;
  readonly on?: string;
  readonly over?: "effective" | "reachable" | "escalable";
  readonly targets?: readonly string[];
  readonly because?: string;
}

export type ProbeEntry = SqlProbeEntry | CommandProbeEntry | DenialsProbeEntry;

export interface SqlProbeEntry {
  readonly name: string;
  readonly sql: string;
  readonly url?: Reference;
  readonly must?: "allow" | "deny";
  readonly timeout?: string;
  readonly targets?: readonly string[];
  readonly because?: string;
}

export interface CommandProbeEntry {
  readonly name: string;
  /** The program and its arguments. */
  readonly run: readonly string[];
  readonly url?: Reference;
  readonly timeout?: string;
  readonly targets?: readonly string[];
  readonly because?: string;
}

/** A job that runs so seldom that its days may not have been watched. */
export interface RareEntry {
  readonly role: string;
  readonly every: "month" | "quarter" | "year";
  readonly because?: string;
}

/** How removals are taken in production: step by step. */
export interface RemovalsEntry {
  readonly announced_days?: number;
  readonly canary_days?: number;
  readonly month_end?: boolean;
}

/** Looks into logs, as long as a change waits, for statements that are refused since. */
export interface DenialsProbeEntry {
  readonly name: string;
  /** Files, or patterns of files. */
  readonly denials: string | readonly string[];
  /** Only what these roles are refused. */
  readonly roles?: readonly string[];
  readonly line_prefix?: string;
  readonly time_zone?: string;
  readonly targets?: readonly string[];
  readonly because?: string;
}
