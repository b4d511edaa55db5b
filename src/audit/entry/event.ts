import type { Digest } from "../../base/digest.ts";
import type { Personal } from "./commitment.ts";

/**
 * One thing that touched access, or the log itself, as the caller tells it. What tells about a person is `Personal`, or goes through `actor` and `subject`; nothing else may, and a credential must be nowhere.
 */
export type AuditEvent = { readonly [T in EventType]: EventCore & { readonly type: T } & EventFields[T] }[EventType];

export type EventType = keyof EventFields;

/** What every event may say. */
export interface EventCore {
  readonly actor: Actor;
  readonly origin?: Origin;
  readonly target?: TargetRef;
  readonly request?: { readonly id: string; readonly reason: Personal | null; readonly ticket: string | null };
  /** It happened while the log was down, at this time, and waited in a spool. The entry's own time is when the log took it over. */
  readonly spooled?: { readonly at: string; readonly record: number };
}

/** Who did it. The name is kept apart from the log, which holds a random reference in its place. */
export interface Actor {
  /** `alice@laptop`: becomes a reference and a commitment. */
  readonly name: string;
  readonly kind: "person" | "service" | "agent" | "system";
  /** How they were known: `local` for the account that ran the command; null where nobody was asked. */
  readonly authn: string | null;
  readonly session?: string;
}

export interface Origin {
  readonly ip?: Personal;
  readonly client: string;
  readonly version: string;
}

/** What it was about. */
export interface TargetRef {
  readonly engine: string;
  /** The target's name in the manifest. */
  readonly name: string;
  readonly environment?: string;
  /** The server's own identity. */
  readonly server?: string;
  readonly database?: string;
}

export interface PlanRef {
  readonly digest: Digest;
  /** The sealed blob that holds the plan itself as JSON: 32 random bytes and the content; this is the SHA-256 of both. */
  readonly blob?: string;
  readonly manifest?: Digest | null;
}

/** One change in clear words, as far as it names no person: names of logins are personal. */
export interface ChangeRef {
  /** As the model calls it: `add-grant`, `remove-membership`. */
  readonly op: string;
  readonly subject: Personal | null;
  readonly object?: Personal | null;
  readonly privileges?: readonly string[];
  readonly grantable?: boolean;
}

/** A person, service or role that an event is about. */
export interface SubjectRef {
  readonly kind: "person" | "service" | "agent" | "role";
  readonly name: Personal;
}

/** A grant or membership that is to go, as removals in steps name it. */
export interface RemovalRef extends ChangeRef {
  /** The item's digest: it can be guessed from names, so it is committed to like them. */
  readonly item: Personal;
}

/** A plan that takes from one login what another one takes from all. */
interface TrialOf {
  readonly plan: PlanRef;
  /** The plan that is tried. */
  readonly tries: Digest;
  readonly subject: SubjectRef;
}

interface Lease {
  readonly lease: { readonly id: string; readonly from: string; readonly until: string };
  readonly subject: SubjectRef;
}

interface Review {
  readonly review: string;
}

/** What each event says besides. */
export interface EventFields {
  "request.created": { readonly subject: SubjectRef };
  "request.decided": { readonly decision: "approved" | "denied"; readonly rationale: Personal | null };
  "request.withdrawn": Nothing;
  "plan.created": {
    readonly plan: PlanRef;
    readonly changes: number;
    readonly statements: number;
    readonly losing: number | null;
    readonly gaining: number | null;
    readonly refused_by: readonly string[];
  };
  "check.evaluated": {
    readonly plan: PlanRef | null;
    readonly outcome: "passed" | "refused";
    readonly findings: readonly { readonly code: string; readonly severity: string; readonly count: number }[];
  };
  "plan.simulated": {
    readonly plan: PlanRef;
    readonly outcome: "passed" | "failed";
    /** Statements that are really run and would break. */
    readonly broken: number;
    readonly simulation: Digest;
    readonly evidence: Digest;
    readonly calls: number;
    readonly calls_decided: number;
  };
  "approval.recorded": {
    readonly plan: PlanRef;
    readonly approval: {
      readonly decision: "approved" | "denied" | "withdrawn";
      readonly approver: Personal;
      readonly key: string | null;
      readonly rule: string | null;
      readonly until: string | null;
      readonly rationale: Personal | null;
      /** The digest of the signature, which is in a file of its own: so it is noticed when that is gone. */
      readonly signature?: Digest;
    };
  };
  "sod.waived": { readonly rules: readonly string[]; readonly waiver: string; readonly rationale: Personal | null };
  "change.intent": {
    readonly plan: PlanRef;
    /** `apply`: the plan itself. `finish`: what was left of it. `undo`: its way back. */
    readonly part: "apply" | "finish" | "undo" | "revert";
    readonly stage: { readonly index: number; readonly of: number; readonly name: string };
    readonly statements: number;
    /** Where each statement stands at once: which of the stage this is about. */
    readonly statement_index?: number;
    readonly statement?: Personal;
    readonly changes: readonly ChangeRef[];
    /** How many more changes there are than are listed. */
    readonly more_changes?: number;
    /** The indexes of the entries of the approvals that it rests on. */
    readonly approvals?: readonly number[];
    /** By whose word, as the record of the run has it. */
    readonly approved?: Personal;
  };
  "change.outcome": {
    readonly plan: PlanRef;
    /** The index of the intent. */
    readonly intent: number;
    readonly outcome: "success" | "failure" | "unknown";
    /** The code of what went wrong, without its words. */
    readonly error: string | null;
    /** The server's own id of the transaction. */
    readonly transaction?: string | null;
    /** True where a later run found out, from the database's own truth. */
    readonly reconciled: boolean;
  };
  /** What was announced went on with less than the manifest asks for. */
  "intent.degraded": {
    readonly plan: PlanRef;
    readonly wanted: string;
    readonly reached: string;
    readonly error: string;
  };
  "apply.refused": { readonly plan: PlanRef; readonly error: string };
  /** The probes and access tests of a confirm window ran. */
  "apply.probed": { readonly plan: PlanRef; readonly passed: number; readonly failed: readonly Personal[] };
  "apply.confirmed": { readonly plan: PlanRef };
  "apply.reverted": { readonly plan: PlanRef; readonly because: "asked" | "not confirmed" | "probe failed" };
  /** Whoever loses something is told: from here on a use of it stops its removal. */
  "removal.announced": {
    readonly plan: PlanRef;
    /** How many there are; the first of them by name. */
    readonly count: number;
    readonly items: readonly RemovalRef[];
    /** They are watched over the turn of a month. */
    readonly high_risk: boolean;
  };
  "removal.cancelled": {
    readonly items: readonly RemovalRef[];
    /** `used`: evidence shows a use, and `because` has the statement. `asked`: somebody said why it must stay. */
    readonly cause: "used" | "asked";
    readonly because: Personal;
  };
  /** Evidence was looked through. */
  "removal.watched": {
    readonly evidence: Digest;
    /** Without a gap up to here; null: there is one, so nothing counts as watched. */
    readonly until: string | null;
    /** Items that were used, and statements of which it is not known what they need. */
    readonly used: number;
    readonly open: number;
  };
  /** The audit log of the server names each use of what is to be removed, from here on until the end. */
  "canary.began": { readonly items: number; readonly privileges: number };
  "canary.ended": { readonly items: number; readonly because: string };
  /** Written before the intent of the trial's plan. */
  "trial.began": TrialOf;
  /** It was confirmed in its window: nothing that was looked at was refused. The login goes on without. */
  "trial.passed": TrialOf;
  /** The login has again what it had. `probe failed`: something was refused, so the plan fails its trial. `not applied`: it never began. */
  "trial.ended": TrialOf & { readonly because: "asked" | "not confirmed" | "probe failed" | "not applied" };
  "snapshot.taken": { readonly fingerprint: Digest; readonly blob?: string };
  "drift.detected": { readonly fingerprint: Digest; readonly items: number };
  "manifest.imported": { readonly fingerprint: Digest; readonly files: number };
  "lease.issued": Lease;
  "lease.renewed": Lease;
  "lease.expired": Lease;
  "lease.revoked": Lease;
  "breakglass.used": { readonly plan: PlanRef | null; readonly reason: Personal };
  "session.opened": { readonly subject: SubjectRef; readonly session_id: string };
  "session.closed": { readonly session_id: string };
  "review.opened": Review;
  "review.decided": Review & { readonly decision: string; readonly rationale: Personal | null };
  "review.closed": Review;
  "log.opened": {
    readonly log: string;
    readonly key: string;
    /** The last trusted checkpoint of the log that this one goes on from. */
    readonly continues?: string;
  };
  "log.paused": { readonly reason: Personal };
  "log.resumed": Nothing;
  "log.closed": Nothing;
  "log.read": { readonly filter: Personal | null; readonly entries: number };
  "log.exported": {
    readonly format: string;
    readonly filter: Personal | null;
    readonly from: number;
    readonly to: number;
    readonly rows: number;
    readonly digest: Digest;
    readonly recipient: Personal | null;
  };
  "log.verified": { readonly level: string; readonly size: number; readonly full: boolean };
  "log.pruned": { readonly minimum_index: number };
  "log.key.rotated": { readonly key: string; readonly overlap_until: string };
  "log.key.retired": { readonly key_id: string; readonly last_size: number };
  "anchor.recorded": { readonly kind: string; readonly size: number; readonly root: string; readonly place: Personal };
  "erasure.performed": {
    /** Null for somebody who had none: who is named, and did nothing. */
    readonly reference: string | null;
    readonly openings: number;
    /** How many plans that named them were removed. */
    readonly plans?: number;
    readonly basis: string;
    readonly decided_by: Personal;
  };
  "config.changed": { readonly what: string; readonly before: string | null; readonly after: string | null };
  "clock.skew": { readonly behind_ms: number };
  "gap.declared": {
    readonly from: string;
    readonly until: string;
    readonly reason: string;
    readonly spool: Digest | null;
    readonly count: number;
    /** Why, in the words of whoever went past the log. */
    readonly told?: Personal | null;
    /** What was wrong with the spool; absent for nothing. */
    readonly damage?: string;
    /** Why that was given up. */
    readonly given_up?: Personal;
  };
}

/** Nothing besides what every event says. */
type Nothing = Readonly<Record<string, unknown>>;
