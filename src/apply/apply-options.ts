import type { UsedApprovals } from "../approval/used.ts";
import type { Clock } from "../base/clock.ts";
import type { Connection } from "../engine/engine.ts";
import type { Plan, Stage } from "../plan/plan.ts";
import type { Guards } from "./guards.ts";
import type { Run, RunStore } from "./outcome.ts";
import type { WindowStore } from "./window.ts";

/** How a plan is applied. */
export interface ApplyOptions {
  readonly connection: Connection;
  readonly runs: RunStore;
  readonly guards: Guards;
  /** Who applies, as the lock and the record show it: `alice@laptop`. */
  readonly holder: string;
  readonly clock: Clock;
  /** The number of losses that a person accepted; it must be exactly the one that the plan has on the live database. @default none accepted */
  readonly acceptAccessLoss?: number;
  /** Rolls back what is open when it is aborted; a COMMIT that was sent is waited for. @default never */
  readonly signal?: AbortSignal;
  /** Awaited between steps, so that what it shows is where the apply stands. What it throws ends the apply like an interruption. @default silent */
  readonly onProgress?: (progress: Progress) => void | Promise<void>;
  /** How long a statement waits for one lock. Longer: more people queue behind us; shorter: more attempts on a busy server. @default 3000 */
  readonly lockTimeoutMs?: number;
  /** How long one statement may run. @default 300000 */
  readonly statementTimeoutMs?: number;
  /** How often a stage is tried when others hold its locks or change the same rows. @default 5 */
  readonly attempts?: number;
  /** The longest pause before the second attempt; it doubles with each up to sixteen times, and each is shortened at random so that two appliers do not meet again. @default 250 */
  readonly backoffMs?: number;
  /** How long to try to reach a server that went away in the middle of a COMMIT, to learn how it ended. @default 5000 */
  readonly reconnectMs?: number;
  /** Ends the sessions that would keep revoked access, after the commit. @default false: they are only listed */
  readonly endSessions?: boolean;
  /** Who must have agreed. @default nobody: a caller that reads a manifest with `approvals` lends what asks for them */
  readonly approvals?: ApprovalGate;
  /** Holds the change in a window: unless somebody confirms it, it is taken back. @default no window */
  readonly window?: ApplyWindow;
  /** What was decided about windows. @default nothing is known, so every window is taken for undecided */
  readonly windows?: WindowStore;
  /** Where passwords come from. @default process.env */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** How a change is held until somebody confirms it. */
export interface ApplyWindow {
  /** How long; null: not at all, but a run that is finished keeps the window that it began with. */
  readonly seconds: number | null;
  /** Starts whoever takes the change back when nobody confirms it, even if this process is dead by then. Called when the record of the run is durable, before its first statement; what it throws ends the apply, and nothing was changed. */
  arm(run: Run): Promise<void>;
}

/** Asks for the approvals of a plan, at the last moment before it is announced. */
export interface ApprovalGate {
  /** By whose word the plan may be applied now; null where none is asked for. Throws RW650 or RW651 where it may not: nothing was changed then. */
  demand(plan: Plan): Promise<UsedApprovals | null>;
}

/** Where an apply stands. */
export type Progress =
  | { readonly kind: "reading"; readonly what: string }
  /** Everything was checked; the record is durable; the first statement comes next. */
  | { readonly kind: "announced" }
  | { readonly kind: "stage"; readonly stage: Stage; readonly index: number; readonly of: number }
  /** Before a statement runs. */
  | {
      readonly kind: "statement";
      readonly stage: number;
      readonly index: number;
      readonly of: number;
      readonly text: string;
    }
  | { readonly kind: "verifying"; readonly stage: number; readonly questions: number }
  | { readonly kind: "committing"; readonly stage: number }
  | { readonly kind: "committed"; readonly stage: number }
  | {
      readonly kind: "waiting";
      readonly attempt: number;
      readonly of: number;
      readonly code: string;
      readonly milliseconds: number;
    }
  | { readonly kind: "undoing"; readonly stages: number };

/** Every option with its value. */
export type ResolvedOptions = Required<Omit<ApplyOptions, "acceptAccessLoss" | "window" | "windows">> & {
  readonly acceptAccessLoss: number | null;
  readonly window: ApplyWindow | null;
  readonly windows: WindowStore | null;
};

const NEVER: AbortSignal = new AbortController().signal;

export function resolveOptions(options: ApplyOptions): ResolvedOptions {
  return {
    connection: options.connection,
    runs: options.runs,
    guards: options.guards,
    holder: options.holder,
    clock: options.clock,
    acceptAccessLoss: options.acceptAccessLoss ?? null,
    signal: options.signal ?? NEVER,
    onProgress: options.onProgress ?? (() => undefined),
    lockTimeoutMs: options.lockTimeoutMs ?? 3000,
    statementTimeoutMs: options.statementTimeoutMs ?? 300_000,
    attempts: Math.max(1, options.attempts ?? 5),
    backoffMs: options.backoffMs ?? 250,
    reconnectMs: options.reconnectMs ?? 5000,
    endSessions: options.endSessions ?? false,
    environment: options.environment ?? process.env,
    window: options.window ?? null,
    windows: options.windows ?? null,
    approvals: options.approvals ?? { demand: () => Promise.resolve(null) },
  };
}
