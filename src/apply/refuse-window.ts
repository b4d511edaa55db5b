import type { Clock } from "../base/clock.ts";
import { formatTime } from "../base/clock.ts";
import { type Digest, shortDigest } from "../base/digest.ts";
import { RolewrightError } from "../base/error.ts";
import type { Plan } from "../plan/plan.ts";
import type { Run, RunStore } from "./outcome.ts";
import { isUndecided, viewWindow, type WindowStore, type WindowView } from "./window.ts";

/**
 * Throws RW690 while another change on this server waits to be confirmed, or to be taken back: on top of a second one it could not be taken back cleanly. A plan that takes it back, and the plan itself, may run.
 * Without a store of windows, nobody is known to have confirmed anything.
 */
export async function refuseWindow(
  plan: Plan,
  reverts: Digest | null,
  options: { readonly runs: RunStore; readonly windows: WindowStore | null; readonly clock: Clock },
): Promise<void> {
  const { runs, windows, clock } = options;
  for (const run of await runs.list()) {
    if (run.window === undefined || run.server !== plan.target.identity.server) continue;
    if (run.plan === plan.digest || run.plan === reverts) continue;
    const view = viewWindow(run, (await windows?.events(run.plan)) ?? [], clock.now());
    if (view !== null && isUndecided(view)) throw refusal(run, view);
  }
}

function refusal(run: Run, view: WindowView): RolewrightError {
  const name = shortDigest(run.plan);
  const help = {
    open: `confirm it with \`rolewright confirm ${name}\`, or take it back with \`rolewright revert ${name}\``,
    stopped: `keep it with \`rolewright confirm ${name}\`, or take back what can be with \`rolewright revert ${name} --leave-changed\``,
    other: "`rolewright status` says how it stands, and settles what is overdue",
  };
  return new RolewrightError(
    "RW690",
    `plan ${name}, applied by ${run.holder}, ${standing(view)}; until that is settled nothing else is applied to this server`,
    {
      help: `nothing was changed; ${view.phase === "open" || view.phase === "stopped" ? help[view.phase] : help.other}`,
      details: { plan: run.plan, phase: view.phase, deadline: formatTime(view.deadline) },
    },
  );
}

function standing({ phase, deadline }: WindowView): string {
  if (phase === "open") return `waits to be confirmed until ${formatTime(deadline)}`;
  if (phase === "unfinished") return `stands in part and is taken back at ${formatTime(deadline)}`;
  if (phase === "stopped") return "was not confirmed and could not be taken back";
  if (phase === "overdue" || phase === "reverting") return "was not confirmed and is to be taken back";
  return "is held by a confirm window and has not ended";
}
