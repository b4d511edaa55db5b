import type { Clock } from "../base/clock.ts";
import { formatTime } from "../base/clock.ts";
import { shortDigest } from "../base/digest.ts";
import { RolewrightError } from "../base/error.ts";
import type { Connection } from "../engine/engine.ts";
import type { Plan } from "../plan/plan.ts";
import { standingOf } from "../plan/standing.ts";
import type { Run, RunStage, RunStore, StepNote } from "./outcome.ts";
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
 * Settles every run on this server that was started and never finished, from the database's own truth: how the server says that each recorded transaction ended, or, where it has forgotten or has none, the state that it is
 * in. Where grants take no part in transactions, a run that stood in part is looked at again, since people may have settled it by hand. Writes the ending into the record. Throws RW422 while a transaction is still open
 * on the server. The caller holds the applier's lock, so that no run is settled under the feet of its client.
 */
export async function reconcile(
  runs: RunStore,
  connection: Connection,
  options: ReconcileOptions,
): Promise<readonly Reconciled[]> {
  const open = (await runs.list()).filter((run) => run.state === "started" || canBeFinished(run, connection));
  if (open.length === 0) return [];
  const { server } = await connection.identify();
  const settled: Reconciled[] = [];
  for (const { plan: digest } of open.filter((run) => run.server === server)) {
    const stored = await runs.load(digest);
    if (stored === null)
      throw new RolewrightError("RW421", `the record of run ${shortDigest(digest)} vanished while it was read`);
    const { run, plan } = stored;
    const next = await settle(run, plan, runs, connection, options);
    if (next.run.state !== run.state) settled.push(next);
  }
  return settled;
}

/** Whether a run stands in part and can be finished by applying its plan again: where grants take no part in transactions. */
export function canBeFinished(run: Run, connection: Connection): boolean {
  return run.state === "partial" && !connection.engine.capabilities.transactionalGrants;
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
  const finish = run.finish === undefined ? null : await settleStages(run, run.finish, connection, options);
  const ending = connection.engine.capabilities.transactionalGrants
    ? await endingFor(plan, stages, undo, connection)
    : await endingBySteps(plan, run, { runs, connection });
  const next: Run = {
    ...run,
    stages,
    ...(undo === null ? {} : { undo }),
    ...(finish === null ? {} : { finish }),
    state: STATES[ending],
    finished_at: formatTime(options.clock.now()),
  };
  if (run.state === "partial" && next.state === "partial") return { run, ending };
  await runs.save(next, plan);
  await markReverted(next, runs);
  return { run: next, ending };
}

/** Where each statement stood at once, only the state tells: a run of which nothing was announced did nothing. */
async function endingBySteps(
  plan: Plan,
  run: Run,
  { runs, connection }: { readonly runs: RunStore; readonly connection: Connection },
): Promise<Reconciled["ending"]> {
  if (run.stages.every((stage) => stage.state === "pending")) return "nothing happened";
  const live = await connection.introspect();
  const standing = standingOf(plan, live, connection.engine.dialect(live).rules);
  if (standing === "none") return "nothing happened";
  if (standing === "some") return "partial";
  const notes = (await runs.notes(plan.digest)).filter((note) => note.at >= run.started_at);
  if (passwordsWereSet(plan, notes)) return "applied";
  return standing === "all" ? "partial" : "unknown";
}

/** A password leaves no trace in the state, but another statement is announced only when the one that sets it is done. */
function passwordsWereSet(plan: Plan, notes: readonly StepNote[]): boolean {
  const sets = (note: StepNote, role: string): boolean =>
    note.changes.some((change) => change.kind === "set-password" && change.role === role);
  return plan.changes.every(
    ({ change }) => change.kind !== "set-password" || notes.slice(0, -1).some((note) => sets(note, change.role)),
  );
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
