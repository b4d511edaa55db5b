import type { Secret } from "../base/secret.ts";
import type { ApplierLock, LiveSession } from "../engine/engine.ts";
import type { Plan, Stage, Statement } from "../plan/plan.ts";
import type { ResolvedOptions } from "./apply-options.ts";
import { changesOf, readsBack } from "./change-sets.ts";
import type { Journal, Part } from "./journal.ts";
import { namedBy } from "./named.ts";
import type { Verified } from "./outcome.ts";
import type { Basis } from "./preflight.ts";
import type { StageWork } from "./run-stage.ts";
import type { Stepwise, Trace } from "./run-steps.ts";

/** One apply while it runs. */
export interface Attempt {
  /** The plan that the record is about. */
  readonly whole: Plan;
  /** What of it is carried out. */
  readonly plan: Plan;
  readonly part: "apply" | "finish";
  readonly passwords: ReadonlyMap<Statement, Secret>;
  readonly journal: Journal;
  readonly options: ResolvedOptions;
  readonly lock: ApplierLock;
  /** Sessions of roles that the plan drops: after it the server cannot tell them any more. */
  readonly dropped: readonly LiveSession[];
  /** Read again before each attempt, as long as nothing is committed. */
  basis: Basis;
  readonly verified: Verified[];
  readonly trace: Trace;
}

export function newTrace(): Trace {
  return { begun: false, doubt: [], confirmed: 0 };
}

/** What a stage of a plan is run with. */
export interface StageSource {
  readonly plan: Plan;
  readonly part: Part;
  readonly basis: Basis;
  readonly journal: Journal;
  readonly trace: Trace;
  readonly passwords: ReadonlyMap<Statement, Secret>;
  mayCommit(): void;
}

/** One stage of a plan with everything that it is checked against. */
export function stageWork(source: StageSource, index: number): StageWork {
  const { plan, part, basis, journal } = source;
  const stage = plan.stages[index];
  const [before, after] = [basis.states[index], basis.states[index + 1]];
  if (stage === undefined || before === undefined || after === undefined)
    throw new Error("a stage has no predicted state");
  const all = plan.changes.map((planned) => planned.change);
  const { capabilities, rules } = basis.dialect;
  return {
    stage,
    index,
    of: plan.stages.length,
    passwords: source.passwords,
    expected: {
      live: basis.live,
      before,
      after,
      changes: changesOf(stage, all),
      named: namedBy(all),
      rules,
      readBack: readsBack(stage, basis.live),
      asks: capabilities.privilegeFunctions,
      last: part !== "undo" && index === plan.stages.length - 1,
    },
    mayCommit: () => source.mayCommit(),
    announce: (transaction) => journal.began(part, index, transaction),
    stepwise: capabilities.transactionalGrants ? null : stepwiseOf(source, index, stage),
  };
}

function stepwiseOf({ part, basis, journal, trace }: StageSource, index: number, stage: Stage): Stepwise {
  const steps = basis.steps[index];
  if (steps === undefined) throw new Error(`stage ${stage.name} has no steps`);
  return {
    steps,
    note: (statement, text, changes) => journal.noted(part, index, { statement, text, changes }),
    trace,
  };
}
