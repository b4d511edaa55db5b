import { shortDigest } from "../base/digest.ts";
import { doubtAbout } from "../plan/doubt.ts";
import { planFinish } from "../plan/finish-plan.ts";
import type { Plan } from "../plan/plan.ts";
import { planRevert } from "../plan/revert-plan.ts";
import type { Attempt } from "./attempt.ts";
import type { Failure } from "./failure.ts";
import type { OpenEnds, Outcome } from "./outcome.ts";
import { undoStages } from "./undo.ts";

/** Takes back what stands after a failure, where that is safe, and says what was not. `failed` stages ran to their end before. */
export async function giveUp(attempt: Attempt, failed: number, failure: Failure): Promise<Outcome> {
  return attempt.basis.dialect.capabilities.transactionalGrants
    ? await giveUpStages(attempt, failed, failure)
    : await giveUpSteps(attempt, failed, failure);
}

async function giveUpStages(attempt: Attempt, failed: number, failure: Failure): Promise<Outcome> {
  const { journal } = attempt;
  const { code } = failure;
  if (failed === 0) return await nothingStands(attempt, failure, failure.because);
  const problem = await undoStages(attempt, failed);
  if (problem === null) {
    return await nothingStands(
      attempt,
      failure,
      `${failure.because}; the ${failed} committed before it were taken back`,
    );
  }
  await journal.finish("partial").catch(() => undefined);
  const standing = describeStanding(attempt.plan, failed);
  const because = `${failure.because}. ${standing} stand and were not taken back (${problem}); run \`rolewright plan\` to finish, or \`rolewright revert\` to go back`;
  return { kind: "partial", run: journal.run, because, code };
}

/** Each statement stood at once, so there is something to take back from the first one on. */
async function giveUpSteps(attempt: Attempt, failed: number, failure: Failure): Promise<Outcome> {
  const { journal, part, trace } = attempt;
  if (!trace.begun && part === "apply") return await nothingStands(attempt, failure, failure.because);
  // A run that stood in part before, and of which nothing more was done, is left as it was found.
  const problem = trace.begun ? await undoStages(attempt, failed) : "nothing more was done";
  if (problem === null) {
    if (journal.run[part === "apply" ? "stages" : "finish"]?.[failed]?.state === "unknown")
      await journal.ended(part, failed, "rolled-back").catch(() => undefined);
    return await nothingStands(attempt, failure, `${failure.because}; what stood by then was taken back`);
  }
  await journal.finish("partial").catch(() => undefined);
  const name = shortDigest(attempt.whole.digest);
  const because = `${failure.because}. What stands was not taken back (${problem}); run \`rolewright apply ${name}\` to finish, or \`rolewright revert ${name}\` to go back`;
  const open = await openEnds(attempt);
  return { kind: "partial", run: journal.run, because, code: failure.code, ...(open === null ? {} : { open }) };
}

async function nothingStands({ journal }: Attempt, failure: Failure, because: string): Promise<Outcome> {
  await journal.finish("rolled-back").catch(() => undefined);
  if (failure.code === "RW499") throw failure.error;
  return { kind: "rolled-back", run: journal.run, because, code: failure.code };
}

function describeStanding(plan: Plan, failed: number): string {
  return plan.stages
    .slice(0, failed)
    .map((stage) => `${stage.name} in ${stage.database}`)
    .join(", ");
}

/** The statements both ways from here; null when the database cannot be read. */
async function openEnds({ whole, options, trace }: Attempt): Promise<OpenEnds | null> {
  try {
    const live = await options.connection.introspect();
    const dialect = options.connection.engine.dialect(live);
    const doubt = doubtAbout(trace.doubt);
    const texts = (plan: Plan): string[] => plan.stages.flatMap((stage) => stage.statements.map(({ text }) => text));
    return {
      back: texts(planRevert(whole, live, dialect, { tool: whole.tool, doubt, leaveChanged: true })),
      finish: texts(planFinish(whole, live, dialect, { doubt })),
    };
  } catch {
    // It can be asked for with `rolewright revert` when the server is back.
    return null;
  }
}
