import { applyAs } from "../../apply/apply.ts";
import { resolveOptions } from "../../apply/apply-options.ts";
import { lockApplier } from "../../apply/lock.ts";
import type { Run } from "../../apply/outcome.ts";
import { checkServer } from "../../apply/preflight.ts";
import { reconcile } from "../../apply/reconcile.ts";
import { doubtOf } from "../../apply/unfinished.ts";
import { isUndecided, type ReversalCause, stopReversal, viewWindow } from "../../apply/window.ts";
import { RolewrightError } from "../../base/error.ts";
import type { RoleName } from "../../model/role.ts";
import type { Plan } from "../../plan/plan.ts";
import { planRevert } from "../../plan/revert-plan.ts";
import type { CliContext } from "../context.ts";
import { holder } from "../doer.ts";
import { judgePlan, type Planned, untilUnused } from "../pipeline.ts";
import { openTarget, type OpenTarget, readLive, type ReadManifest } from "../target.ts";
import { windowPermit } from "../spooling.ts";
import { VERSION } from "../version.ts";

/** What became of taking a change back. */
export type Reversal =
  /** `left`: what stays all the same, as sentences. */
  | { readonly kind: "reverted"; readonly left: readonly string[] }
  /** Somebody else changed the same thing, or nobody could administer the server afterwards: trying again does not help. */
  | { readonly kind: "stopped"; readonly code: string; readonly message: string }
  /** It may work when it is tried again. */
  | { readonly kind: "later"; readonly code: string; readonly message: string };

interface Reversing {
  readonly read: ReadManifest;
  /** The target's name in the manifest. */
  readonly target: string;
  readonly context: CliContext;
}

/** Trying again changes nothing about these: a person has to look. */
const STOPS: ReadonlySet<string> = new Set(["RW403", "RW408", "RW409", "RW417", "RW421", "RW425", "RW427"]);

/** Takes a change back whose window ended without a confirmation, and writes down where that stops. Never throws for what went wrong on the way. */
export async function reverseRun(run: Run, because: ReversalCause, how: Reversing): Promise<Reversal> {
  const { read, target, context } = how;
  let reversal: Reversal;
  try {
    const work = async (open: OpenTarget): Promise<Reversal> => {
      const became = await reverse(run, open, context);
      if (became.kind === "stopped")
        await open.record({ type: "apply.refused", plan: { digest: run.plan }, error: became.code });
      return became;
    };
    reversal = await openTarget(read, target, { context, because, work });
  } catch (error) {
    if (!(error instanceof RolewrightError)) throw error;
    reversal = { kind: STOPS.has(error.code) ? "stopped" : "later", code: error.code, message: error.message };
  }
  if (reversal.kind === "stopped") {
    const { code, message } = reversal;
    await stopReversal(run, { code, message }, { windows: read.windows, by: holder(), now: () => context.clock.now() });
  }
  return reversal;
}

/** Settles a run whose client died, from the database's own truth, unless somebody is at work on the server. */
export async function settleRun({ read, target, context }: Reversing): Promise<void> {
  await openTarget(read, target, {
    context,
    work: async ({ connection, runs }) => {
      await using _lock = await lockApplier({ connection, runs, holder: holder() });
      await reconcile(runs, connection, { clock: context.clock });
    },
  });
}

async function reverse({ plan: digest }: Run, target: OpenTarget, context: CliContext): Promise<Reversal> {
  const { connection, runs, windows } = target;
  const { clock } = context;
  {
    await using _lock = await lockApplier({ connection, runs, holder: holder() });
    await reconcile(runs, connection, { clock });
  }
  const stored = await runs.load(digest);
  if (stored === null) throw new RolewrightError("RW421", "the record of the run vanished while it was read");
  const view = viewWindow(stored.run, await windows.events(digest), clock.now());
  if (view === null || !isUndecided(view)) return { kind: "reverted", left: [] };
  await checkServer(stored.plan, connection);
  const live = await readLive(target, context);
  const dialect = connection.engine.dialect(live);
  const doubt = await doubtOf(runs, stored.run);
  const tryWith = async (keeping: ReadonlySet<RoleName>): Promise<Reversal> => {
    const made = await untilUnused(runs, (findings) =>
      planRevert(stored.plan, live, dialect, { tool: VERSION, findings, doubt, keeping }),
    );
    const obstacle = made.findings.find(({ severity }) => severity === "error");
    if (obstacle !== undefined) return { kind: "stopped", code: obstacle.code, message: obstacle.message };
    const judged = judgePlan(made, target, live);
    const { guards } = notHeldUp(judged);
    target.permitSpool(windowPermit(judged.report, target.manifest, context));
    const options = resolveOptions({
      connection,
      runs,
      windows,
      guards,
      holder: holder(),
      clock,
      signal: context.signal,
      environment: context.env,
    });
    const outcome = await applyAs(made, options, digest);
    if (outcome.kind !== "applied") {
      return { kind: outcome.code === "RW408" ? "stopped" : "later", code: outcome.code, message: outcome.because };
    }
    return { kind: "reverted", left: made.findings.flatMap(({ code, message }) => (code === "RW342" ? message : [])) };
  };
  try {
    return await tryWith(new Set());
  } catch (error) {
    // Who tripped over the change gets everything back at once; what it was exchanged for goes when nobody acts as it.
    const groups = groupsMadeBy(stored.plan);
    if (!(error instanceof RolewrightError) || error.code !== "RW427" || groups.size === 0) throw error;
    return await tryWith(groups);
  }
}

/** The roles that a plan made and that nobody can log in as. */
function groupsMadeBy({ changes }: Plan): ReadonlySet<RoleName> {
  return new Set(
    changes.flatMap(({ change }) =>
      change.kind === "create-role" && change.role.attributes["login"] !== true ? change.role.name : [],
    ),
  );
}

/** A way back inside its window, which neither checks nor losses hold up: it was part of what was approved, and would be gone by itself. Only the guard against locking everybody out still does. */
export function notHeldUp(planned: Planned): Planned {
  const { plan, report, guards } = planned;
  if (plan.findings.some(({ severity }) => severity === "error")) return planned;
  const judgement = { refusedBy: [], acceptLoss: null };
  return {
    ...planned,
    report: { ...report, verdict: { ...report.verdict, ...judgement } },
    guards: { ...guards, judge: () => judgement },
  };
}
