import type { Input } from "./input.ts";
import type { Sources } from "./output/frame.ts";
import type { PlanPart, PlanView } from "./render/plan-page.ts";

/** The options that say what of a plan is shown. */
export function planView(input: Input, sources: Sources): PlanView {
  return {
    detail: input.flag("detail"),
    summary: input.flag("summary"),
    only: input.text("only") as PlanPart | null,
    sql: input.flag("sql"),
    unchanged: input.flag("unchanged"),
    unmanaged: input.flag("unmanaged"),
    frames: input.count("frames") ?? 1,
    sources,
  };
}

/** The options that say how a plan is applied. */
export interface ApplyChoices {
  /** Null: no loss was accepted. */
  readonly acceptAccessLoss: number | null;
  readonly yes: boolean;
  readonly endSessions: boolean;
  /** Null: the default of apply. */
  readonly lockTimeoutMs: number | null;
}

export function applyChoices(input: Input): ApplyChoices {
  const seconds = input.count("lock-timeout");
  return {
    acceptAccessLoss: input.count("accept-access-loss"),
    yes: input.flag("yes"),
    endSessions: input.flag("end-sessions"),
    lockTimeoutMs: seconds === null ? null : seconds * 1000,
  };
}
