import type { UsedApprovals } from "../approval/used.ts";
import type { Clock } from "../base/clock.ts";
import { formatTime } from "../base/clock.ts";
import type { Digest } from "../base/digest.ts";
import type { Change } from "../model/change.ts";
import type { Plan } from "../plan/plan.ts";
import type { Run, RunStage, RunStore, StepNote } from "./outcome.ts";

/** What of a run is carried out: the plan itself, what was left of it, or its way back. */
export type Part = StepNote["part"];

/** The durable record of one apply while it runs. Every method returns when the record is on disk. */
export interface Journal {
  readonly run: Run;
  /** What was left of the plan, or its way back, is about to be carried out in these stages. */
  opened(part: "finish" | "undo", stages: Plan["stages"]): Promise<void>;
  /** A transaction is about to run its first statement. */
  began(part: Part, index: number, transaction: string): Promise<void>;
  ended(part: Part, index: number, state: "committed" | "rolled-back" | "unknown"): Promise<void>;
  /** A statement is about to run that stands at once. */
  noted(part: Part, stage: number, step: NotedStatement): Promise<void>;
  finish(state: "applied" | "rolled-back" | "partial"): Promise<void>;
}

export interface NotedStatement {
  readonly statement: number;
  readonly text: string;
  readonly changes: readonly Change[];
}

export interface JournalOptions {
  readonly plan: Plan;
  readonly runs: RunStore;
  readonly clock: Clock;
  readonly holder: string;
  /** The plan that this one takes back. @default null */
  readonly reverts?: Digest | null;
  /** By whose word it is applied. @default null */
  readonly approvals?: UsedApprovals | null;
  /** How long it waits to be confirmed. @default no window */
  readonly windowSeconds?: number | null;
}

/** Writes the record that announces the apply; when this returns, statements may run. Throws RW420 when it cannot. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { plan, clock } = options;
  return await journalOf(
    {
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
      ...(options.approvals == null ? {} : { approvals: options.approvals }),
      ...(options.windowSeconds == null ? {} : { window: { seconds: options.windowSeconds, deadline: null } }),
    },
    options,
  );
}

/** The same for a run that stands in part and is to be finished: its record goes on. */
export async function reopenJournal(run: Run, options: JournalOptions): Promise<Journal> {
  return await journalOf({ ...run, state: "started", finished_at: null }, options);
}

const FIELDS = { apply: "stages", finish: "finish", undo: "undo" } as const satisfies Record<Part, keyof Run>;

async function journalOf(start: Run, { plan, runs, clock }: JournalOptions): Promise<Journal> {
  let run = start;
  const save = async (next: Run): Promise<void> => {
    await runs.save(next, plan);
    run = next;
  };
  const edit = (part: Part, index: number, change: Partial<RunStage>): Promise<void> => {
    const stages = (run[FIELDS[part]] ?? []).map((stage, i) => (i === index ? { ...stage, ...change } : stage));
    return save({ ...run, [FIELDS[part]]: stages });
  };
  await save(run);
  return {
    get run() {
      return run;
    },
    opened: (part, stages) => save({ ...run, [FIELDS[part]]: pending(stages) }),
    began: (part, index, transaction) => edit(part, index, { transaction, state: "running" }),
    ended: (part, index, state) => edit(part, index, { state }),
    noted: (part, stage, step) => runs.note(plan.digest, { at: formatTime(clock.now()), part, stage, ...step }),
    finish: (state) => {
      const now = clock.now();
      return save({ ...run, ...windowFrom(run, now), state, finished_at: formatTime(now) });
    },
  };
}

/** The time to confirm begins when all is said. */
function windowFrom({ window }: Run, now: Date): Pick<Run, "window"> {
  if (window === undefined) return {};
  return { window: { ...window, deadline: new Date(now.getTime() + window.seconds * 1000).toISOString() } };
}

function pending(stages: Plan["stages"]): readonly RunStage[] {
  return stages.map(({ name, database }) => ({ name, database, transaction: null, state: "pending" }));
}
