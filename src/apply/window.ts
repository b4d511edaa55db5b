import { formatTime } from "../base/clock.ts";
import type { Digest } from "../base/digest.ts";
import type { Run } from "./outcome.ts";

/** The time in which an applied plan is taken back by itself unless somebody confirms it, as the record of its run keeps it. */
export interface RunWindow {
  readonly seconds: number;
  /** RFC 3339 in UTC with milliseconds. Null until the client has recorded that the plan is applied; if it did not live to do so, the time counts from the start of the run. */
  readonly deadline: string | null;
}

/** Why a change is taken back. */
export type ReversalCause = "asked" | "not confirmed" | "probe failed";

/** What happened to a window. Events of one window are numbered without a gap, and what is decided is decided by the first that gets its number. */
export type WindowEvent =
  /** The probes ran after the commit; `failed` says in sentences which did not pass. */
  | {
      readonly kind: "probed";
      readonly at: string;
      readonly by: string;
      readonly passed: number;
      readonly failed: readonly string[];
    }
  | { readonly kind: "confirmed"; readonly at: string; readonly by: string }
  /** It is to be taken back; from here on nobody can confirm it. */
  | { readonly kind: "revert"; readonly at: string; readonly by: string; readonly because: ReversalCause }
  /** It could not be taken back without overwriting what somebody else did, or locking somebody out: a person decides. */
  | {
      readonly kind: "stopped";
      readonly at: string;
      readonly by: string;
      readonly code: string;
      readonly message: string;
    };

/**
 * Keeps what happened to windows. Contract: `append` makes the event durable as the one after the first `after` events and gives true; or it gives false, and writes nothing, where there is such an event already, whoever wrote it. It throws
 * RW420 where it cannot write. `events` gives them in order, and throws RW697 for one that was cut short or edited.
 */
export interface WindowStore {
  events(plan: Digest): Promise<readonly WindowEvent[]>;
  append(plan: Digest, after: number, event: WindowEvent): Promise<boolean>;
}

/** Where a window stands. */
export interface WindowView {
  /**
   * `running`: the plan is being applied, or its client died while it was. `open`: it can be confirmed. `unfinished`: it
   * stands in part, so there is nothing that could be confirmed; it is finished, taken back, or taken back by itself in the end. `overdue`: nobody confirmed it in time, and nobody has begun to take it back. `reverting`: it is being taken back.
   * `stopped`: it could not be, and a person decides. `nothing`: the plan left nothing that could be held.
   */
  readonly phase:
    | "running"
    | "open"
    | "unfinished"
    | "overdue"
    | "reverting"
    | "stopped"
    | "confirmed"
    | "reverted"
    | "nothing";
  readonly deadline: Date;
  readonly probed: Extract<WindowEvent, { readonly kind: "probed" }> | null;
  /** What was decided last. */
  readonly decision: Exclude<WindowEvent, { readonly kind: "probed" }> | null;
  readonly events: number;
}

/** Where the window of a run stands; null for a run without one. */
export function viewWindow(run: Run, events: readonly WindowEvent[], now: Date): WindowView | null {
  const { window } = run;
  if (window === undefined) return null;
  const deadline =
    window.deadline === null
      ? new Date(new Date(run.started_at).getTime() + window.seconds * 1000)
      : new Date(window.deadline);
  const probed = events.findLast((event) => event.kind === "probed") ?? null;
  const decision = events.findLast((event) => event.kind !== "probed") ?? null;
  return { phase: phaseOf(run, decision, deadline <= now), deadline, probed, decision, events: events.length };
}

function phaseOf(run: Run, decision: WindowView["decision"], isOver: boolean): WindowView["phase"] {
  if (run.state === "started") return "running";
  if (run.state === "rolled-back") return "nothing";
  if (run.state === "reverted") return "reverted";
  if (decision === null && isOver) return "overdue";
  if (decision === null) return run.state === "partial" ? "unfinished" : "open";
  return decision.kind === "revert" ? "reverting" : decision.kind;
}

/** True while it is not settled whether the change stays. */
export function isUndecided({ phase }: WindowView): boolean {
  return phase !== "confirmed" && phase !== "reverted" && phase !== "nothing";
}

/** What a decision led to: the window as it stands then, and whether this call made it so. */
export interface Decided {
  readonly view: WindowView;
  readonly done: boolean;
}

export interface DecideOptions {
  readonly windows: WindowStore;
  readonly by: string;
  /** The time now, asked anew before each attempt. */
  readonly now: () => Date;
}

/** Ends a window: the change stays. Only in the window, or where taking it back has stopped; otherwise nothing is written, and the view says why. */
export async function confirmWindow(run: Run, options: DecideOptions): Promise<Decided> {
  return await decide(run, options, (view, at) =>
    view.phase === "open" || view.phase === "stopped" ? { kind: "confirmed", at, by: options.by } : null,
  );
}

/** Decides that a change is taken back. `not confirmed` only when the time is over, the others at any moment before somebody confirmed it. */
export async function decideReversal(run: Run, because: ReversalCause, options: DecideOptions): Promise<Decided> {
  return await decide(run, options, (view, at) => {
    const may =
      view.phase === "overdue" ||
      ((view.phase === "open" || view.phase === "unfinished") && because !== "not confirmed") ||
      (view.phase === "stopped" && because === "asked");
    return may ? { kind: "revert", at, by: options.by, because } : null;
  });
}

/** Writes down that taking a change back has stopped, unless something else was decided meanwhile. */
export async function stopReversal(
  run: Run,
  why: { readonly code: string; readonly message: string },
  options: DecideOptions,
): Promise<Decided> {
  return await decide(run, options, (view, at) =>
    view.phase === "reverting" ? { kind: "stopped", at, by: options.by, ...why } : null,
  );
}

/** Writes down what the probes said: once, and once more where one fails that goes on as long as the change waits. */
export async function notedProbes(
  run: Run,
  result: { readonly passed: number; readonly failed: readonly string[] },
  options: DecideOptions,
): Promise<Decided> {
  return await decide(run, options, (view, at) =>
    view.probed === null || (view.probed.failed.length === 0 && result.failed.length > 0 && isUndecided(view))
      ? { kind: "probed", at, by: options.by, ...result }
      : null,
  );
}

/** Whoever writes the event with the next number decides; the others look again at what stands now. */
async function decide(
  run: Run,
  { windows, now }: DecideOptions,
  next: (view: WindowView, at: string) => WindowEvent | null,
): Promise<Decided> {
  for (;;) {
    const events = await windows.events(run.plan);
    const view = viewWindow(run, events, now());
    if (view === null) throw new TypeError("a run without a window has nothing to decide");
    const event = next(view, formatTime(now()));
    if (event === null) return { view, done: false };
    if (await windows.append(run.plan, events.length, event)) {
      const after = viewWindow(run, [...events, event], now());
      if (after !== null) return { view: after, done: true };
    }
  }
}
