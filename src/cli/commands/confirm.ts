import type { Run } from "../../apply/outcome.ts";
import { confirmWindow, isUndecided, type WindowView } from "../../apply/window.ts";
import { formatTime } from "../../base/clock.ts";
import { shortDigest } from "../../base/digest.ts";
import { EXIT, RolewrightError } from "../../base/error.ts";
import type { Action } from "../command-spec.ts";
import type { CliContext } from "../context.ts";
import { holder } from "../doer.ts";
import { findPlan } from "../plan-files.ts";
import { readManifest, type ReadManifest } from "../target.ts";
import { usageError } from "../usage.ts";
import { recordConfirmed } from "../watcher/confirmed.ts";
import { settleWindows, standingWindows } from "../watcher/settle-windows.ts";

/** Ends a confirm window: the change stays. Needs no database. */
export const confirm: Action = async (context, input) => {
  const read = await readManifest(context);
  const run = await chosenRun(input.argument(0), read, context);
  const decided = await confirmWindow(run, {
    windows: read.windows,
    by: holder(),
    now: () => context.clock.now(),
  });
  const { view } = decided;
  if (view.phase !== "confirmed") {
    await settleWindows(read, context);
    throw refusal(run, view);
  }
  if (decided.done) await recordConfirmed(run, read, context);
  const name = shortDigest(run.plan);
  const text = decided.done
    ? `plan ${name} stays`
    : `plan ${name} was confirmed at ${view.decision?.at ?? ""} by ${view.decision?.by ?? ""}`;
  context.progress.clear();
  context.show([{ kind: "line", label: "CONFIRMED", tone: "good", text }], () => ({
    result: "confirmed",
    plan_digest: run.plan,
    decision: view.decision,
  }));
  return EXIT.done;
};

/** The plan that is named, or the only one that waits. */
async function chosenRun(named: string | null, read: ReadManifest, context: CliContext): Promise<Run> {
  if (named !== null) {
    const { run, plan } = await findPlan(named, read.runs, context);
    if (run?.window === undefined) throw noWindow(`plan ${shortDigest(plan.digest)} has no confirm window`);
    return run;
  }
  const waiting = (await standingWindows(read, context)).filter(({ view }) => isUndecided(view));
  const [only, ...others] = waiting.map(({ run }) => run);
  if (only === undefined) throw noWindow("no change waits to be confirmed");
  if (others.length === 0) return only;
  const names = [only, ...others].map((run) => `${shortDigest(run.plan)} (${run.target})`).join(", ");
  throw usageError("RW003", `${others.length + 1} changes wait to be confirmed`, `name one of them: ${names}`);
}

function refusal(run: Run, { phase, deadline, decision }: WindowView): RolewrightError {
  const name = `plan ${shortDigest(run.plan)}`;
  if (phase === "running") return noWindow(`${name} is being applied, or was cut off`);
  if (phase === "unfinished") return noWindow(`${name} stands in part, so there is nothing to confirm yet`);
  if (phase === "nothing") return noWindow(`nothing remains of ${name}`);
  const why =
    decision?.kind === "revert"
      ? decision.because === "not confirmed"
        ? `its window ended at ${formatTime(deadline)}`
        : `it is taken back: ${decision.because}`
      : phase === "reverted"
        ? "it was taken back"
        : `its window ended at ${formatTime(deadline)}`;
  return new RolewrightError("RW692", `it is too late to confirm ${name}: ${why}`, {
    exitCode: EXIT.reverted,
    help: `rolewright status ${shortDigest(run.plan)}`,
    details: { plan: run.plan, phase },
  });
}

function noWindow(message: string): RolewrightError {
  return new RolewrightError("RW691", message, { help: "`rolewright status` lists what was applied" });
}
