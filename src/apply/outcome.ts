import type { UsedApprovals } from "../approval/used.ts";
import type { Digest } from "../base/digest.ts";
import type { ApplierLock, LiveSession } from "../engine/engine.ts";
import type { Change } from "../model/change.ts";
import type { Plan, Stage } from "../plan/plan.ts";
import type { SpoolUse } from "./spooling.ts";
import type { RunWindow } from "./window.ts";

/** How an apply ended. Whatever it says about the database, the database was asked. */
export type Outcome =
  | {
      readonly kind: "applied";
      readonly run: Run;
      /** Sessions that keep access which the plan took away, after those that were ended are gone. */
      readonly sessions: readonly LiveSession[];
      /** False when we may not see everybody's sessions: there may be more. */
      readonly sessionsComplete: boolean;
      /** Sessions that were ended because the caller asked for it. */
      readonly ended: readonly LiveSession[];
      readonly verified: Verified;
      /** What went wrong after the commit and changes nothing about it, as sentences. */
      readonly warnings: readonly string[];
      /** Where a server is several nodes, each of them read by itself after the last stage; empty where it is one. Unless all confirm, the plan does not hold everywhere. */
      readonly nodes: readonly NodeResult[];
    }
  /** Nothing remains of it: every stage that ran was rolled back, or undone by its inverse. */
  | { readonly kind: "rolled-back"; readonly run: Run; readonly because: string; readonly code: string }
  /** Some of it stands and the rest does not: says what, and what to run. */
  | {
      readonly kind: "partial";
      readonly run: Run;
      readonly because: string;
      readonly code: string;
      /** Where grants take no part in transactions: the statements that would take back what stands, and those that would finish it, in order. */
      readonly open?: OpenEnds;
    };

/** What one node says after the last stage. */
export interface NodeResult {
  /** `127.0.0.2:9042`. */
  readonly node: string;
  /** `unknown`: it could not be asked, so it may serve anything. */
  readonly result: "confirmed" | "differs" | "unknown";
  /** Where it differs, or why it could not be asked; empty where it confirmed. */
  readonly reason: string;
}

export interface OpenEnds {
  readonly back: readonly string[];
  readonly finish: readonly string[];
}

/** What stood between the statements and their commits. */
export interface Verified {
  /** How many (role, privilege, resource) triples the server's own functions were asked about and confirmed. */
  readonly asked: number;
  /** How many triples the plan affects. More than were asked: equal resources were represented by one. */
  readonly affected: number;
  /** How many steps were each read back right after they ran; absent where everything was verified before one commit. */
  readonly steps?: number;
}

/** The durable record of one apply: written before the first statement, after every stage, and at the end. Its inverse is what `revert` uses. */
export interface Run {
  readonly format_version: "1.0";
  /** The plan's digest: a plan is applied once. */
  readonly plan: Digest;
  readonly target: string;
  readonly server: string;
  readonly holder: string;
  readonly started_at: string;
  readonly stages: readonly RunStage[];
  readonly state: "started" | "applied" | "rolled-back" | "partial" | "reverted";
  readonly finished_at: string | null;
  /** The plan that this one takes back; null for a plan that was made from a manifest. */
  readonly reverts: Digest | null;
  /** By whose word it was applied; absent where nobody asked for approvals. */
  readonly approvals?: UsedApprovals;
  /** Why it was announced in a spool, the audit log being down; absent where it was announced in the log. */
  readonly spooled?: SpoolUse;
  /** The window in which it is taken back by itself unless somebody confirms it; absent where there is none. */
  readonly window?: RunWindow;
  /** The stages that took committed ones back after a later one failed; absent while nothing had to be. */
  readonly undo?: readonly RunStage[];
  /** The stages that finished a run which was cut off half-way, where grants take no part in transactions; absent while nothing had to be. */
  readonly finish?: readonly RunStage[];
}

/** One line of the journal of a run: a statement that is about to run and stands at once, where grants take no part in transactions. */
export interface StepNote {
  /** RFC 3339 in UTC. */
  readonly at: string;
  /** `apply`: the plan itself. `finish`: what was left of it after it was cut off. `undo`: its way back. */
  readonly part: "apply" | "finish" | "undo";
  /** Indexes into the stages of that part, and into the statements of the stage. */
  readonly stage: number;
  readonly statement: number;
  /** As in the plan: a secret stands in it as `$secret`. */
  readonly text: string;
  /** What it carries out, alone or with its neighbours. */
  readonly changes: readonly Change[];
}

export interface RunStage {
  readonly name: Stage["name"];
  readonly database: string;
  /** The server's own id of the transaction, known before its first statement: what a crash is reconciled by. */
  readonly transaction: string | null;
  readonly state: "pending" | "running" | "committed" | "rolled-back" | "unknown";
}

/**
 * Keeps runs and the plans they applied. Contract: `save` is durable (synced and renamed into place) when it returns, and throws RW420 when it could not be; one writer at a time;
 * `load` of an unknown digest is null, never an error; a record that was cut short is an error, not null.
 */
export interface RunStore {
  save(run: Run, plan: Plan): Promise<void>;
  load(plan: Digest): Promise<{ readonly run: Run; readonly plan: Plan } | null>;
  /** All runs, newest first. */
  list(): Promise<readonly Run[]>;
  /** Adds a line to the journal of a plan's run: durable when it returns, and RW420 when it could not be. What was written before is never changed. */
  note(plan: Digest, note: StepNote): Promise<void>;
  /**
   * The journal of a plan's run, in the order in which it was written; empty where there is none. A line that was cut short is left out, since its statement cannot have run; one that was edited is
   * RW421.
   */
  notes(plan: Digest): Promise<readonly StepNote[]>;
  /**
   * Keeps every other applier of this server away that uses the same store; weaker than a lock of the server, which keeps all of them away. Throws RW405 when another one holds it, naming it. Released by
   * dispose; that of a process which died is taken over.
   */
  lock(options: { readonly server: string; readonly holder: string }): Promise<ApplierLock>;
}
