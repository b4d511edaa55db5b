import type { Clock } from "../base/clock.ts";
import { formatTime } from "../base/clock.ts";
import { shortDigest } from "../base/digest.ts";
import { RolewrightError } from "../base/error.ts";
import type { Connection } from "../engine/engine.ts";
import type { Plan } from "../plan/plan.ts";
import { standingOf } from "../plan/standing.ts";
import type { Run, RunStage, RunStore } from "./outcome.ts";
import { endingOf } from "./settle.ts";

/** What became of a run whose client did not live to say so. */
export interface Reconciled {
  readonly run: Run;
  /** `applied`: all of it stands. `nothing happened`: none of it does. `partial`: some stages stand. `unknown`: the server has forgotten
   * its transaction and the database is like neither the state before nor the one after; the record says `partial`, with the stage that is unknown. */
  readonly ending: "applied" | "nothing happened" | "partial" | "unknown";
}

export interface ReconcileOptions {
  readonly clock: Clock;
  /** How long to wait for a transaction that the server has not noticed to be dead. @default 5000 */
  readonly withinMs?: number;
}

/**
 * Settles every run on this server that was started and never finished, from the database's own truth: how the server says that each recorded transaction ended, or, where it has forgotten, the state that it is
 * in. Writes the ending into the record. Throws RW422 while a transaction is still open on the server. The caller holds the applier's lock, so that no run is settled under the feet of its client.
 */
export async function reconcile(
  runs: RunStore,
  connection: Connection,
  options: ReconcileOptions,
): Promise<readonly Reconciled[]> {
  const open = (await runs.list()).filter((run) => run.state === "started");
  if (open.length === 0) return [];
  const { server } = await connection.identify();
  const settled: Reconciled[] = [];
  for (const { plan: digest } of open.filter((run) => run.server === server)) {
    const stored = await runs.load(digest);
    if (stored === null)
      throw new RolewrightError("RW421", `the record of run ${shortDigest(digest)} vanished while it was read`);
    settled.push(await settle(stored.run, stored.plan, runs, connection, options));
  }
  return settled;
}

const STATES = {
  applied: "applied",
  "nothing happened": "rolled-back",
  partial: "partial",
  unknown: "partial",
} as const satisfies Record<Reconciled["ending"], Run["state"]>;

async function settle(
  run: Run,
  plan: Plan,
  runs: RunStore,
  connection: Connection,
  options: ReconcileOptions,
): Promise<Reconciled> {
  const stages = await settleStages(run, run.stages, connection, options);
  const undo = run.undo === undefined ? null : await settleStages(run, run.undo, connection, options);
  const ending = await endingFor(plan, stages, undo, connection);
  const next: Run = {
    ...run,
    stages,
    ...(undo === null ? {} : { undo }),
    state: STATES[ending],
    finished_at: formatTime(options.clock.now()),
  };
  await runs.save(next, plan);
  await markReverted(next, runs);
  return { run: next, ending };
}

/** A run that took another one back, and was found applied, makes the other one reverted. */
export async function markReverted(run: Run, runs: RunStore): Promise<void> {
  if (run.reverts === null || run.state !== "applied") return;
  const reverted = await runs.load(run.reverts);
  if (reverted !== null) await runs.save({ ...reverted.run, state: "reverted" }, reverted.plan);
}

async function settleStages(
  run: Run,
  stages: readonly RunStage[],
  connection: Connection,
  options: ReconcileOptions,
): Promise<readonly RunStage[]> {
  const settled: RunStage[] = [];
  for (const stage of stages) {
    if (stage.state !== "running" || stage.transaction === null) {
      settled.push(stage);
      continue;
    }
    const ending = await endingOf(connection, stage.transaction, { withinMs: options.withinMs ?? 5000 });
    if (ending === "in progress" || ending === "unreachable") throw stillOpen(run, stage);
    const state = ({ committed: "committed", aborted: "rolled-back", unknown: "unknown" } as const)[ending];
    settled.push({ ...stage, state });
  }
  return settled;
}

function stillOpen(run: Run, stage: RunStage): RolewrightError {
  return new RolewrightError(
    "RW422",
    `an earlier run of plan ${shortDigest(run.plan)} by ${run.holder} is still open on the server in transaction ${stage.transaction ?? "?"}`,
    { help: "wait until the server has noticed that its client is gone, or end that session, and run it again" },
  );
}

async function endingFor(
  plan: Plan,
  stages: readonly RunStage[],
  undo: readonly RunStage[] | null,
  connection: Connection,
): Promise<Reconciled["ending"]> {
  const states = new Set(stages.map((stage) => stage.state));
  const undone = undo !== null && undo.every((stage) => stage.state === "committed");
  // An aborted transaction cannot have been ours and committed: a commit outlives every crash.
  if (undone || (!states.has("committed") && !states.has("unknown"))) return "nothing happened";
  // A committed one may be somebody else's: an id that a crash wiped out before it reached the disk is given away again. So the database is looked at, too.
  const live = await connection.introspect();
  const standing = standingOf(plan, live, connection.engine.dialect(live).rules);
  if (standing === "none") return "nothing happened";
  if (standing === "all") return "applied";
  if (undo === null && states.size === 1 && states.has("committed")) return "applied";
  return states.has("unknown") ? "unknown" : "partial";
}
