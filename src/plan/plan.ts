import type { Digest } from "../base/digest.ts";
import type { Change, Origin } from "../model/change.ts";
import type { Finding } from "../model/finding.ts";
import type { RoleName } from "../model/role.ts";
import type { ServerVersion, TargetIdentity } from "../model/snapshot.ts";

/**
 * What will be done to one Target, in order, as a value: it can be stored, shown, approved by its digest and applied once.
 * It is bound to the server, to the state that it was made from, to the manifest and to the version of the tool; apply derives it anew from the live
 * database and refuses if a single byte differs.
 */
export interface Plan {
  readonly format_version: "1.0";
  readonly tool: string;
  readonly target: PlanTarget;
  /** The digest of the manifest files as read; null for a plan that undoes another one. */
  readonly manifest_digest: Digest | null;
  /** The state that it was made from, and the one that it leads to. */
  readonly fingerprint: Fingerprints;
  /** Section digests of the state before, so that a stale plan can say by name what moved. */
  readonly basis: Readonly<Record<string, string>>;
  /** Sorted by a total order; statements name them by index. */
  readonly changes: readonly PlannedChange[];
  readonly stages: readonly Stage[];
  /** The changes that lead back from the state that this plan leads to, sorted; the statements of `inverse` name them by index. */
  readonly inverse_changes: readonly Change[];
  /** The statements that lead back, computed before anything runs, for the state that this plan leads to. */
  readonly inverse: readonly Stage[];
  /** What no inverse can bring back, in plain sentences: passwords and ids of dropped roles. */
  readonly irreversible: readonly string[];
  /** What the plan costs the server. */
  readonly budget: Budget;
  /** Errors among them refuse the plan. */
  readonly findings: readonly Finding[];
  /** How many of the findings, the first ones, were made while the manifest was resolved; the others follow from the plan itself. @default 0 */
  readonly resolution_findings?: number;
  /** Set where it takes from one login what another plan takes from all. */
  readonly trial?: PlanTrial;
  /** The digest of everything above: what is approved. */
  readonly digest: Digest;
  /** Who made it, as far as that could be told. Not part of the digest, since the same plan is the same whoever makes it; an approval is bound to it. Absent: nobody said. */
  readonly made_by?: PlanAuthor;
}

/** What a trial tries, and on whom. */
export interface PlanTrial {
  readonly tries: Digest;
  readonly login: RoleName;
}

/** Who made a plan: nothing here is proved. */
export interface PlanAuthor {
  /** People of the manifest that it may be, sorted: none of them can approve the plan. */
  readonly people: readonly string[];
  /** How it is shown: a name, an email, `alice@laptop`. */
  readonly label: string;
  /** True when it is somebody of the manifest: a person, or a service or agent that was named. */
  readonly known: boolean;
}

export interface PlanTarget {
  /** Its name in the manifest. */
  readonly name: string;
  readonly environment: string;
  readonly identity: TargetIdentity;
  readonly version: ServerVersion;
  /** The role that the statements are planned for: another one may not be able to run them, or would be recorded as another grantor. */
  readonly actor: RoleName;
}

export interface Fingerprints {
  readonly before: Digest;
  readonly after: Digest;
}

export interface PlannedChange {
  readonly change: Change;
  readonly origin: Origin;
}

/** What runs together: one transaction in one database where grants take part in transactions; elsewhere statements that each stand at once. */
export interface Stage {
  /** `prepare`, `add`, `heavy`, `remove`, `finish`. Where grants take part in transactions, a plan without heavy locks in one database is a single stage named `all`. */
  readonly name: "all" | "prepare" | "add" | "heavy" | "remove" | "finish";
  readonly database: string;
  readonly statements: readonly Statement[];
}

/** One statement and the changes that it carries out. */
export interface Statement {
  /** Complete text without a trailing semicolon. A secret stands in it as `$secret`, quoted by the applier when it runs. */
  readonly text: string;
  /** Indexes into `Plan.changes` (in `Plan.inverse`: into `Plan.inverse_changes`), sorted. A change is carried out wholly within one stage, by as many statements as it takes. */
  readonly changes: readonly number[];
  /** The role to act as while it runs, when not the connection's own: the grantor whose copy is given or taken. */
  readonly as?: RoleName;
  /** Where the secret comes from: `env:NAME` or `file:PATH`. */
  readonly secret?: string;
  /** The lock that blocks readers or writers while it waits, with whom it hurts. */
  readonly heavy?: string;
  /** Who is without what until one of the next statements gives it back: no order is free of that gap. */
  readonly interrupts?: string;
}

export interface Budget {
  readonly statements: number;
  /** Entries of the shared lock table that the largest stage takes, and how many the server has. */
  readonly locks: number;
  readonly max_locks: number;
  /** How many grants and memberships it takes away, as role × resource × privilege. */
  readonly removals?: number;
  /** How many it was allowed to take away although they are more than its budget; absent: none. */
  readonly allowed_removals?: number;
}
