import { isUndecided } from "../../apply/window.ts";
import { shortDigest, type Digest } from "../../base/digest.ts";
import { EXIT, RolewrightError, type ExitCode } from "../../base/error.ts";
import type { Action } from "../command-spec.ts";
import type { CliContext } from "../context.ts";
import { findPlan } from "../plan-files.ts";
import { readManifest, type ReadManifest } from "../target.ts";
import { standingWindows } from "../watcher/settle-windows.ts";
import { targetOf } from "../watcher/targets.ts";
import { watchWindow } from "../watcher/watch.ts";

/** Watches over confirm windows until they are settled. `apply` starts one of these for each window. */
export const watch: Action = async (context, input) => {
  const read = await readManifest(context);
  const plans = await chosenPlans(input.argument(0), read, context);
  const codes = await Promise.all(plans.map((plan) => watchOne(plan, read, context)));
  return codes.find((code) => code !== EXIT.done) ?? EXIT.done;
};

async function watchOne(plan: Digest, read: ReadManifest, context: CliContext): Promise<ExitCode> {
  const run = (await read.runs.load(plan))?.run;
  const target = run === undefined ? null : (context.globals.targets[0] ?? targetOf(run, read));
  if (target === null) {
    throw new RolewrightError("RW691", `plan ${shortDigest(plan)} is for a target that is not in the manifest`);
  }
  const phase = await watchWindow(plan, { read, target, context });
  if (phase === "reverted") return EXIT.reverted;
  return phase === "stopped" ? EXIT.failed : EXIT.done;
}

async function chosenPlans(named: string | null, read: ReadManifest, context: CliContext): Promise<readonly Digest[]> {
  if (named !== null) return [(await findPlan(named, read.runs, context)).plan.digest];
  const windows = await standingWindows(read, context);
  return windows.filter(({ view }) => isUndecided(view)).map(({ run }) => run.plan);
}
