import { RolewrightError } from "../base/error.ts";
import type { About, Transaction } from "../engine/engine.ts";
import type { AccessState } from "../model/access-state.ts";
import type { Change } from "../model/change.ts";
import { overlay } from "../plan/overlay.ts";
import type { Step } from "../plan/steps.ts";
import type { ResolvedOptions } from "./apply-options.ts";
import { compareStates, type Difference } from "./compare-states.ts";
import { backoff, pause } from "./failure.ts";
import type { Verified } from "./outcome.ts";
import { tell, tellOnly } from "./progress.ts";
import type { StageWork } from "./run-stage.ts";
import { openSession, type Session } from "./session.ts";
import { verify } from "./verify.ts";

/** What running a stage statement by statement needs besides. */
export interface Stepwise {
  readonly steps: readonly Step[];
  /** Makes the line that announces a statement durable; it does not run before that. */
  note(statement: number, text: string, changes: readonly Change[]): Promise<void>;
  /** Where it stands, for whoever takes it back. */
  readonly trace: Trace;
}

/** How far an apply came whose statements each stand at once. */
export interface Trace {
  /** True once a statement may have run: from then on there may be something to take back. */
  begun: boolean;
  /** What the last statement was about: it may stand half-made. */
  doubt: readonly Change[];
  /** How many steps were read back and were as predicted. */
  confirmed: number;
}

/**
 * Runs one stage of statements that each stand at once. After each step what it is about is read back and must be as predicted; after the last one the whole state, as before a COMMIT. When it throws, some of it stands, and the
 * caller takes that back; RW423 says that the connection was lost and it is not known how much stands.
 */
export async function runSteps(work: StageWork, stepwise: Stepwise, options: ResolvedOptions): Promise<Verified> {
  const { stage, index, expected } = work;
  await tell(options, { kind: "stage", stage, index, of: work.of });
  options.signal.throwIfAborted();
  await using session = await openSession(stage.database, options);
  await work.announce(session.transaction.id);
  const predicted = overlay(expected.before, expected.rules);
  for (const step of stepwise.steps) {
    const about = predicted.about(step.changes);
    const before = predicted.restricted(about);
    predicted.make(step.changes);
    await runStep({ work, stepwise, step, about, before, after: predicted.restricted(about), session }, options);
    stepwise.trace.confirmed += 1;
  }
  await tellStatement(work, stage.statements.length, options);
  const verified = await readAll(work, session, options);
  await tell(options, { kind: "committing", stage: index });
  work.mayCommit();
  await session.transaction.commit();
  return verified;
}

/** Reading changes nothing, so after a lost connection it is done once more. */
async function readAll(work: StageWork, session: Session, options: ResolvedOptions): Promise<Verified> {
  const read = (transaction: Transaction): Promise<Verified> =>
    verify(transaction, work.stage.database, work.expected, options.guards, (questions) =>
      tell(options, { kind: "verifying", stage: work.index, questions }),
    );
  try {
    return await read(session.transaction);
  } catch (error) {
    if (codeOf(error) !== "RW413") throw error;
    return await read(await session.reopen(error));
  }
}

interface StepWork {
  readonly work: StageWork;
  readonly stepwise: Stepwise;
  readonly step: Step;
  readonly about: About;
  /** What is predicted of it before and after. */
  readonly before: AccessState;
  readonly after: AccessState;
  readonly session: Session;
}

/** Runs the statements of one step until what it is about is as predicted. A statement that did nothing is tried again, like a stage elsewhere. */
async function runStep(at: StepWork, options: ResolvedOptions): Promise<void> {
  let next = at.step.from;
  for (let round = 1; ; round++) {
    options.signal.throwIfAborted();
    try {
      for (; next < at.step.to; next++) await runStatement(at, next, options);
      await confirm(at, await at.session.transaction.readBack(at.about));
      return;
    } catch (error) {
      const standing = await standingAfter(at, next, error);
      if (standing === "after") return;
      if (standing === "before") next = at.step.from;
      // The first of several was done, then; a later one may not have been. Whatever comes of it, the whole step is read back.
      if (standing === "between" && next === at.step.from) next += 1;
      const again = standing !== "unclear" || codeOf(error) === "RW410" || codeOf(error) === "RW411";
      if (!again || round >= options.attempts) throw error;
      const milliseconds = backoff(round, options.backoffMs);
      const waiting = { attempt: round, of: options.attempts, code: codeOf(error), milliseconds };
      await tellOnly(options, { kind: "waiting", ...waiting });
      await pause(milliseconds, options.signal);
    }
  }
}

async function runStatement({ work, stepwise, step, session }: StepWork, index: number, options: ResolvedOptions) {
  const statement = work.stage.statements[index];
  if (statement === undefined) throw new Error("a step names a statement that its stage does not have");
  await tellStatement(work, index, options);
  options.signal.throwIfAborted();
  work.mayCommit();
  await stepwise.note(index, statement.text, step.changes);
  stepwise.trace.begun = true;
  stepwise.trace.doubt = step.changes;
  const secret = work.passwords.get(statement);
  await session.transaction.execute({
    text: statement.text,
    ...(statement.as === undefined ? {} : { as: statement.as }),
    ...(secret === undefined ? {} : { secret }),
  });
}

async function tellStatement(
  { index: stage, stage: { statements } }: StageWork,
  index: number,
  options: ResolvedOptions,
) {
  const text = statements[index]?.text ?? "";
  await tell(options, { kind: "statement", stage, index, of: statements.length, text });
}

/**
 * How a step stands after an error that does not tell: it is read back, over a new connection where the old one was lost. `between`: the answer to one of its several statements was lost, and some of them stand. `unclear`: the
 * error says it itself, or nobody can. Throws RW423 when the server cannot be asked.
 */
async function standingAfter(
  at: StepWork,
  next: number,
  error: unknown,
): Promise<"before" | "between" | "after" | "unclear"> {
  const code = codeOf(error);
  if (code !== "RW413" && code !== "RW429") return "unclear";
  const { session, about, before, after } = at;
  const transaction = code === "RW413" ? await session.reopen(error) : session.transaction;
  const found = await transaction.readBack(about);
  const { database } = at.work.stage;
  if (compareStates(after, found, database).length === 0) return "after";
  if (compareStates(before, found, database).length === 0) return code === "RW413" ? "before" : "unclear";
  if (code === "RW413" && next < at.step.to && at.step.to - at.step.from > 1) return "between";
  throw new RolewrightError("RW429", `a statement was done in part: ${textOf(compareStates(after, found, database))}`, {
    cause: error,
  });
}

async function confirm({ work, after, step }: StepWork, found: AccessState): Promise<void> {
  const differences = compareStates(after, found, work.stage.database);
  if (differences.length === 0) return;
  throw new RolewrightError(
    "RW415",
    `after \`${work.stage.statements[step.to - 1]?.text ?? ""}\` the state read back is not the one predicted: ${textOf(differences)}`,
    { exitCode: 6, details: { differences: differences.slice(0, 50).map((difference) => difference.text) } },
  );
}

function textOf(differences: readonly Difference[]): string {
  const [first] = differences;
  const more = differences.length > 1 ? `, and ${differences.length - 1} more` : "";
  return `${first?.text ?? ""}${more}`;
}

function codeOf(error: unknown): string {
  return error instanceof RolewrightError ? error.code : "";
}
