import { dirname, join } from "node:path";
import type { Run } from "../../apply/outcome.ts";
import { decideReversal, isUndecided, viewWindow, type WindowView } from "../../apply/window.ts";
import { type Digest, shortDigest } from "../../base/digest.ts";
import { RolewrightError } from "../../base/error.ts";
import { type Watcher, watcherOf } from "../../store/files/window-watcher.ts";
import type { CliContext } from "../context.ts";
import { holder } from "../doer.ts";
import { exists, findManifest, runsFolder } from "../files.ts";
import { escapeLine } from "../output/escape.ts";
import type { Tone } from "../output/look.ts";
import { type ReadManifest, readManifest } from "../target.ts";
import { reverseRun, settleRun } from "./reverse.ts";
import { startWatcher } from "./start.ts";
import { targetOf } from "./targets.ts";

/** A window with its run, and who watches over it. */
export interface StandingWindow {
  readonly run: Run;
  readonly view: WindowView;
  readonly watcher: Watcher | null;
}

/** A living watcher that is so late does not do its work. */
const LATE_MS = 15_000;

/** The windows of all runs that have one, newest first. */
export async function standingWindows(read: ReadManifest, context: CliContext): Promise<readonly StandingWindow[]> {
  const found: StandingWindow[] = [];
  for (const run of await read.runs.list()) {
    const window = await windowOf(run, read, context);
    if (window !== null) found.push(window);
  }
  return found;
}

/** The window of a run as it stands now; null where it has none. */
export async function windowOf(
  run: Run,
  read: Pick<ReadManifest, "windows" | "windowsFolder">,
  context: CliContext,
): Promise<StandingWindow | null> {
  if (run.window === undefined) return null;
  const view = viewWindow(run, await read.windows.events(run.plan), context.clock.now());
  return view === null ? null : { run, view, watcher: await watcherOf(read.windowsFolder, run.plan) };
}

/**
 * What every command does first that looks at plans: a change whose window is over and which nobody takes back is taken back now; a window without a watcher gets one. What is done or cannot be done is said on stderr, and never keeps the
 * command from going on. `except` is left to the caller.
 */
export async function settleWindows(
  read: ReadManifest,
  context: CliContext,
  except: Digest | null = null,
): Promise<void> {
  for (const { run } of await standingWindows(read, context)) {
    if (run.plan === except) continue;
    try {
      await settleWindow(run, read, context);
    } catch (error) {
      if (!(error instanceof RolewrightError) || context.signal.aborted) throw error;
      tell("NOT SETTLED", "bad", `plan ${shortDigest(run.plan)}: ${error.code} ${error.message}`, context);
    }
  }
}

/** The same where no manifest was read yet; without a folder of windows nothing is read. */
export async function settleWindowsHere(context: CliContext): Promise<void> {
  const manifest = await findManifest(context);
  if (manifest === null) return;
  const folder = join(dirname(runsFolder(manifest, context)), "windows");
  if (await exists(folder)) await settleWindows(await readManifest(context), context);
}

async function settleWindow(run: Run, read: ReadManifest, context: CliContext): Promise<void> {
  const standing = await windowOf(run, read, context);
  if (standing === null || !isUndecided(standing.view)) return;
  const { view, watcher } = standing;
  const name = `plan ${shortDigest(run.plan)}`;
  const target = targetOf(run, read);
  if (target === null) {
    tell("NOT SETTLED", "bad", `${name} is for target \`${run.target}\`, which is not in the manifest`, context);
    return;
  }
  if (view.phase === "stopped") {
    const why = view.decision?.kind === "stopped" ? view.decision.message : "";
    tell("NOT TAKEN BACK", "bad", `RW693 ${name}: ${why}; ${stoppedHelp(run)}`, context);
    return;
  }
  const late = context.clock.now().getTime() - view.deadline.getTime();
  const isWatched = watcher?.lives === true && late < LATE_MS;
  if (view.phase === "running") {
    if (!isWatched) await settleCutOff(run, { read, target, context });
    return;
  }
  if (isWatched) return;
  if (view.phase === "open" || view.phase === "unfinished") {
    await startWatcher(run.plan, { read, target, context });
    tell("WATCHED AGAIN", "warn", `${name}: its watcher was gone, and another one was started`, context);
    return;
  }
  await takeBack(run, { read, target, context });
}

interface Where {
  readonly read: ReadManifest;
  readonly target: string;
  readonly context: CliContext;
}

/** Client and watcher died before the end of the run was recorded. One that is still at work keeps us out, and is left alone. */
async function settleCutOff(run: Run, where: Where): Promise<void> {
  try {
    await settleRun(where);
  } catch (error) {
    if (error instanceof RolewrightError && error.code === "RW405") return;
    throw error;
  }
  const settled = await where.read.runs.load(run.plan);
  if (settled !== null && settled.run.state !== "started") await settleWindow(settled.run, where.read, where.context);
}

/** Says loudly what became of it. */
async function takeBack(run: Run, { read, target, context }: Where): Promise<void> {
  const decide = { windows: read.windows, by: holder(), now: () => context.clock.now() };
  const { view } = await decideReversal(run, "not confirmed", decide);
  if (view.phase !== "reverting") return;
  const name = `plan ${shortDigest(run.plan)}`;
  const because = view.decision?.kind === "revert" ? view.decision.because : "not confirmed";
  const reversal = await reverseRun(run, because, { read, target, context });
  if (reversal.kind === "reverted") {
    tell("TAKEN BACK", "bad", `RW696 ${name}: ${because}, and its watcher was gone`, context);
  } else if (reversal.kind === "stopped") {
    tell("NOT TAKEN BACK", "bad", `RW693 ${name}: ${reversal.message}; ${stoppedHelp(run)}`, context);
  } else {
    tell("NOT TAKEN BACK YET", "bad", `RW698 ${name}: ${reversal.code} ${reversal.message}`, context);
  }
}

/** What a person types where taking a change back has stopped. */
export function stoppedHelp({ plan }: Run): string {
  const name = shortDigest(plan);
  return `keep it with \`rolewright confirm ${name}\`, or take back what can be with \`rolewright revert ${name} --leave-changed\``;
}

function tell(label: string, tone: Tone, text: string, context: CliContext): void {
  context.progress.clear();
  context.tell([{ kind: "line", label, tone, text: escapeLine(text) }]);
}
