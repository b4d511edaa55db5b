import type { Input } from "./input.ts";
import { usageError } from "./usage.ts";
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
  /** How many statements may break, by the plan's simulation; null: none was accepted. */
  readonly acceptBroken: number | null;
  readonly yes: boolean;
  readonly endSessions: boolean;
  /** Null: the default of apply. */
  readonly lockTimeoutMs: number | null;
  /** Who applies, by `--as`; null: as far as it can be told. */
  readonly as: string | null;
  /** Without the approvals that are asked for, to be reviewed afterwards. */
  readonly breakGlass: boolean;
  readonly reason: string | null;
  /** Past the audit log, should that be down and the plan only take access away. */
  readonly spool: boolean;
  /** How long the change waits to be confirmed; null: it does not. */
  readonly windowSeconds: number | null;
  /** What this process does in the window. */
  readonly inWindow: "ask" | "wait" | "leave";
}

/** What was chosen for this target. A bare number of `--accept-access-loss` is for the only target, `TARGET=N` for that one. */
export function applyChoices(input: Input, target: string, window: number | null = null): ApplyChoices {
  const seconds = input.count("lock-timeout");
  if (input.flag("spool") && (input.text("reason")?.trim() ?? "") === "") {
    throw usageError("RW004", "`--spool` takes a reason", "say why it cannot wait for the audit log: `--reason TEXT`");
  }
  const accepted = acceptedLosses(input);
  return {
    acceptAccessLoss: accepted.get(target) ?? accepted.get(null) ?? null,
    acceptBroken: input.count("accept-broken"),
    yes: input.flag("yes"),
    endSessions: input.flag("end-sessions"),
    lockTimeoutMs: seconds === null ? null : seconds * 1000,
    as: input.text("as"),
    breakGlass: input.flag("break-glass"),
    reason: input.text("reason"),
    spool: input.flag("spool"),
    windowSeconds: window,
    inWindow: input.flag("wait") ? "wait" : input.flag("detach") || input.flag("yes") ? "leave" : "ask",
  };
}

/** The numbers of `--accept-access-loss` by target; null is the target that needs no name. Throws RW004 for what is no number, or is said twice. */
export function acceptedLosses(input: Input): ReadonlyMap<string | null, number> {
  const accepted = new Map<string | null, number>();
  for (const text of input.list("accept-access-loss")) {
    const at = text.lastIndexOf("=");
    const [target, number] = at < 0 ? [null, text] : [text.slice(0, at), text.slice(at + 1)];
    if (!/^\d{1,9}$/.test(number))
      throw usageError("RW004", `option \`--accept-access-loss\` takes a whole number, not \`${number}\``);
    if (accepted.has(target)) throw usageError("RW004", "--accept-access-loss is given twice for the same target");
    accepted.set(target, Number(number));
  }
  return accepted;
}
