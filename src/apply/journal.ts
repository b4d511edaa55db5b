import type { Clock } from "../base/clock.ts";
import { formatTime } from "../base/clock.ts";
import type { Digest } from "../base/digest.ts";
import type { Plan } from "../plan/plan.ts";
import type { Run, RunStage, RunStore } from "./outcome.ts";

/** The durable record of one apply while it runs. Every method returns when the record is on disk. */
export interface Journal {
  readonly run: Run;
  /** A transaction is about to run its first statement. */
  began(index: number, transaction: string): Promise<void>;
  ended(index: number, state: "committed" | "rolled-back"): Promise<void>;
  /** The same for the stages that take committed ones back. */
  undoing(stages: Plan["stages"]): Promise<void>;
  undoBegan(index: number, transaction: string): Promise<void>;
  undoEnded(index: number, state: "committed" | "rolled-back"): Promise<void>;
  finish(state: "applied" | "rolled-back" | "partial"): Promise<void>;
}

export interface JournalOptions {
  readonly plan: Plan;
  readonly runs: RunStore;
  readonly clock: Clock;
  readonly holder: string;
  /** The plan that this one takes back. @default null */
  readonly reverts?: Digest | null;
}

/** Writes the record that announces the apply; when this returns, statements may run. Throws RW420 when it cannot. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { plan, runs, clock } = options;
  let run: Run = {
    format_version: "1.0",
    plan: plan.digest,
    target: plan.target.name,
    server: plan.target.identity.server,
    holder: options.holder,
    started_at: formatTime(clock.now()),
    stages: pending(plan.stages),
    state: "started",
    finished_at: null,
    reverts: options.reverts ?? null,
  };
  const save = async (next: Run): Promise<void> => {
    await runs.save(next, plan);
    run = next;
  };
  await save(run);
  return {
    get run() {
      return run;
    },
    began: (index, transaction) => save({ ...run, stages: edit(run.stages, index, { transaction, state: "running" }) }),
    ended: (index, state) => save({ ...run, stages: edit(run.stages, index, { state }) }),
    undoing: (stages) => save({ ...run, undo: pending(stages) }),
    undoBegan: (index, transaction) =>
      save({ ...run, undo: edit(run.undo ?? [], index, { transaction, state: "running" }) }),
    undoEnded: (index, state) => save({ ...run, undo: edit(run.undo ?? [], index, { state }) }),
    finish: (state) => save({ ...run, state, finished_at: formatTime(clock.now()) }),
  };
}

function pending(stages: Plan["stages"]): readonly RunStage[] {
  return stages.map(({ name, database }) => ({ name, database, transaction: null, state: "pending" }));
}

function edit(stages: readonly RunStage[], index: number, change: Partial<RunStage>): readonly RunStage[] {
  return stages.map((stage, i) => (i === index ? { ...stage, ...change } : stage));
}
