import { pause } from "../../apply/failure.ts";
import type { Run } from "../../apply/outcome.ts";
import {
  type DecideOptions,
  decideReversal,
  notedProbes,
  stopReversal,
  viewWindow,
  type WindowView,
} from "../../apply/window.ts";
import { formatTime } from "../../base/clock.ts";
import { type Digest, shortDigest } from "../../base/digest.ts";
import { RolewrightError } from "../../base/error.ts";
import type { Connection } from "../../engine/engine.ts";
import { claimWatch } from "../../store/files/window-watcher.ts";
import type { CliContext } from "../context.ts";
import { holder } from "../doer.ts";
import { escapeLine } from "../output/escape.ts";
import type { DenialsProbeEntry } from "../../config/manifest-judging.ts";
import { openTarget, type OpenTarget, readLive, type ReadManifest } from "../target.ts";
import { recordProbed } from "./confirmed.ts";
import { type DenialWatch, openDenials, whoLoses } from "./denials.ts";
import { type Probe, probesFor, runProbes } from "./probes.ts";
import { reverseRun, settleRun } from "./reverse.ts";

export interface WatchOptions {
  readonly read: ReadManifest;
  readonly target: string;
  readonly context: CliContext;
}

/** A client that lives holds the applier's lock, and every look at that is a connection. */
const LOOK_AFTER_MS = 5000;
const GRACE_MS = 2000;
/** Somebody else is at work, or the server is not there: that passes. What the server refuses so often it refuses for good. */
const PASSES = /^RW(404|405|410|411|413|422|423|428|5\d\d|6\d\d)$/;
const MAX_REFUSED = 5;
const MAX_MISSING = 6;
const MAX_PAUSE_MS = 30_000;

/**
 * Watches over the window of one run until it is settled: runs the probes when the plan is applied, and takes it back when one fails or when nobody confirmed it in time. What it needs is read and tried before it says that it watches, so
 * that files which change meanwhile do not matter to it. It ends when told to, and then the next command settles what is left.
 */
export async function watchWindow(plan: Digest, options: WatchOptions): Promise<WindowView["phase"]> {
  const { read, target, context } = options;
  const first = await load(plan, options);
  if (first === null) throw new RolewrightError("RW691", `plan ${shortDigest(plan)} was applied without a window`);
  const probes = probesFor(read, target, context);
  const denials = await openTarget(read, target, {
    context,
    work: async (open) => {
      await checkHere(first.run, open.connection);
      return await denialWatches(plan, open, context);
    },
  });
  await claimWatch(read.windowsFolder, plan, holder());
  say(`watching over plan ${shortDigest(plan)} until ${formatTime(first.view.deadline)} at the earliest`, context);
  const steps = newSteps(options, probes, denials);
  let failures = 0;
  for (;;) {
    context.signal.throwIfAborted();
    let wait: number | "ended";
    try {
      const now = await load(plan, options);
      if (now === null) throw new RolewrightError("RW421", "the record of the run vanished");
      wait = await steps[now.view.phase](now);
      if (wait === "ended") return now.view.phase;
      failures = 0;
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof RolewrightError)) throw error;
      failures += 1;
      // Somebody removed the folder: there is nothing left that could be decided.
      if (failures >= MAX_MISSING && (await read.runs.load(plan).catch(() => "damaged")) === null) throw error;
      say(`${error.code} ${error.message}; it is tried again`, context);
      wait = Math.min(MAX_PAUSE_MS, 250 * 2 ** Math.min(failures, 8));
    }
    await pause(wait, context.signal);
  }
}

/** The probes that look into logs, begun before anything is changed. */
async function denialWatches(plan: Digest, open: OpenTarget, context: CliContext): Promise<readonly DenialWatch[]> {
  const { manifest, name, connection, loaded, runs } = open;
  const entries = (manifest.probes ?? []).filter(
    (entry) => "denials" in entry && (entry.targets === undefined || entry.targets.includes(name)),
  ) as readonly DenialsProbeEntry[];
  if (entries.length === 0) return [];
  const changes = (await runs.load(plan))?.plan.changes.map(({ change }) => change) ?? [];
  const live = await readLive(open, context);
  const losing = whoLoses(changes, live, connection.engine.dialect(live).accessRules);
  const engine = connection.engine.name;
  return await Promise.all(
    entries.map((entry) => {
      const roles = entry.roles === undefined ? losing : new Set(entry.roles);
      return openDenials({ entry, engine, roles, live, root: loaded.root, context });
    }),
  );
}

async function checkHere({ plan, server }: Run, connection: Connection): Promise<void> {
  const here = await connection.identify();
  if (here.server === server) return;
  const name = shortDigest(plan);
  throw new RolewrightError("RW403", `plan ${name} was applied to server ${server}, and this is server ${here.server}`);
}

interface Standing {
  readonly run: Run;
  readonly view: WindowView;
}

async function load(plan: Digest, { read, context }: WatchOptions): Promise<Standing | null> {
  const run = (await read.runs.load(plan))?.run;
  if (run === undefined) return null;
  const view = viewWindow(run, await read.windows.events(plan), context.clock.now());
  return view === null ? null : { run, view };
}

/** What is done in each phase, and how long it is waited then. */
type Steps = Readonly<Record<WindowView["phase"], (at: Standing) => Promise<number | "ended">>>;

function newSteps(options: WatchOptions, probes: readonly Probe[], denials: readonly DenialWatch[]): Steps {
  const { read, context } = options;
  const decide: DecideOptions = { windows: read.windows, by: holder(), now: () => context.clock.now() };
  const parent = process.ppid;
  let lookedAt = performance.now();
  let attempts = 0;
  let refused = 0;
  let hasWaited = false;
  let unreadable = "";
  const end = (text: string) => () => {
    say(text, context);
    return Promise.resolve("ended" as const);
  };
  return {
    async running({ run }) {
      const isOrphan = process.ppid !== parent;
      if (!isOrphan && performance.now() - lookedAt < LOOK_AFTER_MS) return pollOf(run);
      lookedAt = performance.now();
      try {
        await settleRun(options);
      } catch (error) {
        // Somebody is at work on the server: our client, most likely.
        if (!(error instanceof RolewrightError) || error.code !== "RW405") throw error;
        return Math.max(pollOf(run), 250);
      }
      say("the client did not live to say how the run ended; the database was asked", context);
      return 0;
    },
    async open({ run, view }) {
      if (view.probed === null) {
        const result = await runProbes(run, probes, options);
        const { done } = await notedProbes(run, result, decide);
        for (const text of result.failed) say(`RW695 ${text}`, context);
        if (result.failed.length > 0) await decideReversal(run, "probe failed", decide);
        // A log that does not answer must not hold the decision up.
        if (done) await recordProbed(run, result, { read, context });
        return 0;
      }
      // One that died between the two lines above.
      if (view.probed.failed.length > 0) return await goBack(run, "probe failed");
      const refusals = await lookForRefusals();
      if (refusals.length > 0) {
        await notedProbes(run, { passed: view.probed.passed, failed: refusals }, decide);
        for (const text of refusals) say(`RW695 ${text}`, context);
        return await goBack(run, "probe failed");
      }
      return Math.max(0, Math.min(pollOf(run), view.deadline.getTime() - context.clock.now().getTime()));
    },
    unfinished: ({ run }) => Promise.resolve(pollOf(run)),
    overdue: ({ run }) => goBack(run, "not confirmed"),
    async reverting({ run, view }) {
      const because = view.decision?.kind === "revert" ? view.decision.because : "not confirmed";
      if (because === "asked" && !hasWaited) {
        // Whoever asked for it is about to do it.
        hasWaited = true;
        return GRACE_MS;
      }
      say(`taking plan ${shortDigest(run.plan)} back: ${because}`, context);
      const reversal = await reverseRun(run, because, options);
      if (reversal.kind === "reverted") for (const text of reversal.left) say(`RW342 ${text}`, context);
      if (reversal.kind !== "later") return 0;
      attempts += 1;
      refused = PASSES.test(reversal.code) ? 0 : refused + 1;
      if (refused >= MAX_REFUSED) await stopReversal(run, reversal, decide);
      say(`RW698 ${reversal.code} ${reversal.message}; it is tried again`, context);
      return Math.min(MAX_PAUSE_MS, 100 * 2 ** Math.min(attempts, 9));
    },
    stopped: ({ view }) =>
      end(`RW693 it was not taken back: ${view.decision?.kind === "stopped" ? view.decision.message : ""}`)(),
    confirmed: end("it was confirmed"),
    reverted: end("it was taken back"),
    nothing: end("nothing of it remains"),
  };

  /** A log that cannot be read is no reason to go back, and is told. */
  async function lookForRefusals(): Promise<readonly string[]> {
    const failed: string[] = [];
    for (const { entry, look } of denials) {
      try {
        for (const text of await look()) failed.push(`probe \`${entry.name}\`: ${text}`);
      } catch (error) {
        context.signal.throwIfAborted();
        const text = `probe \`${entry.name}\`: the log could not be read: ${error instanceof Error ? error.message : String(error)}`;
        if (unreadable !== text) say(text, context);
        unreadable = text;
      }
    }
    return failed;
  }

  async function goBack(run: Run, because: "probe failed" | "not confirmed"): Promise<number> {
    await decideReversal(run, because, decide);
    return 0;
  }
}

/** A twentieth of the window, so that a short one is kept and a long one costs nothing. */
function pollOf(run: Run): number {
  return Math.min(2000, Math.max(50, ((run.window?.seconds ?? 1) * 1000) / 20));
}

/** A line with its time: on stderr, which is a file for a watcher that was started by another process. */
function say(text: string, context: CliContext): void {
  context.tell([{ kind: "line", label: "", text: `${formatTime(context.clock.now())}  ${escapeLine(text)}` }]);
}
