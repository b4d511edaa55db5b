import type { Digest } from "../base/digest.ts";
import { RolewrightError } from "../base/error.ts";
import type { ApplierLock, LiveSession } from "../engine/engine.ts";
import type { Plan } from "../plan/plan.ts";
import { finish } from "./aftermath.ts";
import type { ResolvedOptions } from "./apply-options.ts";
import { newTrace, stageWork, type Attempt } from "./attempt.ts";
import type { Failure } from "./failure.ts";
import { backoff, failureOf, isRetryable, pause } from "./failure.ts";
import { giveUp } from "./give-up.ts";
import { openJournal, reopenJournal } from "./journal.ts";
import { lingeringSessions } from "./lingering.ts";
import type { Outcome, Run } from "./outcome.ts";
import { resolvePasswords } from "./passwords.ts";
import type { Basis } from "./preflight.ts";
import { preflight, preflightFinish } from "./preflight.ts";
import { tell, tellOnly } from "./progress.ts";
import { runStage } from "./run-stage.ts";
import { doubtOf } from "./unfinished.ts";

/** Runs a plan that may be run: checks it against the live database, announces it, runs its stages, and takes back what stands when one fails. */
export async function runPlan(
  plan: Plan,
  options: ResolvedOptions,
  under: { readonly lock: ApplierLock; readonly reverts: Digest | null },
): Promise<Outcome> {
  const { lock, reverts } = under;
  const passwords = await resolvePasswords(plan, options.connection, options.environment);
  const basis = await preflight(plan, options);
  const dropped = await sessionsOfDropped(plan, basis, options);
  const approvals = await options.approvals.demand(plan);
  const { runs, clock, holder } = options;
  // A way back is not held: what it leads to was there before.
  const windowSeconds = reverts === null ? (options.window?.seconds ?? null) : null;
  const journal = await openJournal({ plan, runs, clock, holder, reverts, approvals, windowSeconds });
  const part = "apply";
  const trace = newTrace();
  return await runAll({
    whole: plan,
    plan,
    part,
    passwords,
    journal,
    options,
    lock,
    dropped,
    basis,
    verified: [],
    trace,
  });
}

/** Finishes a plan that stands in part: what is left of it is planned against the live database, and run, verified and taken back like any plan. Its record goes on. */
export async function finishPlan(
  plan: Plan,
  options: ResolvedOptions,
  under: { readonly lock: ApplierLock; readonly run: Run },
): Promise<Outcome> {
  const { lock, run } = under;
  const { runs, clock, holder } = options;
  const { rest, basis } = await preflightFinish(plan, options, await doubtOf(runs, run));
  const passwords = await resolvePasswords(rest, options.connection, options.environment);
  const dropped = await sessionsOfDropped(rest, basis, options);
  const journal = await reopenJournal(run, { plan, runs, clock, holder });
  await journal.opened("finish", rest.stages);
  const part = "finish";
  const trace = newTrace();
  return await runAll({
    whole: plan,
    plan: rest,
    part,
    passwords,
    journal,
    options,
    lock,
    dropped,
    basis,
    verified: [],
    trace,
  });
}

async function runAll(attempt: Attempt): Promise<Outcome> {
  const stopped = await announce(attempt);
  if (stopped !== null) return await giveUp(attempt, 0, stopped);
  for (const index of attempt.plan.stages.keys()) {
    const failure = await tryStage(attempt, index);
    if (failure !== null) return await giveUp(attempt, index, failure);
  }
  return await finish(attempt);
}

async function announce({ options, journal }: Attempt): Promise<Failure | null> {
  try {
    if (journal.run.window !== undefined) await options.window?.arm(journal.run);
    await tell(options, { kind: "announced" });
    return null;
  } catch (error) {
    return failureOf(error, options.signal);
  }
}

/** Throws RW427 when a role that is to be dropped is in use, and its sessions are not to be ended. */
async function sessionsOfDropped(plan: Plan, basis: Basis, options: ResolvedOptions): Promise<readonly LiveSession[]> {
  const drops = plan.changes.map((planned) => planned.change).filter((change) => change.kind === "drop-role");
  if (drops.length === 0) return [];
  const { live, dialect, states } = basis;
  const after = states.at(-1) ?? live.access;
  const { sessions } = await lingeringSessions(options.connection, drops, { before: live.access, after, dialect });
  const [first] = sessions;
  if (first === undefined || options.endSessions) return sessions;
  const name = drops.find((drop) => drop.role.name === first.login || drop.role.name === first.current)?.role.name;
  throw new RolewrightError(
    "RW427",
    `role \`${name ?? first.login}\` is in use by ${sessions.length} sessions and cannot be dropped now`,
    {
      help: "nothing was changed; wait until they end, or apply with `--end-sessions`",
      details: { sessions },
    },
  );
}

/** Null when the stage is committed. Throws only what leaves the ending unknown (RW423). */
async function tryStage(attempt: Attempt, index: number): Promise<Failure | null> {
  const { options, journal, part, basis } = attempt;
  for (let round = 1; ; round++) {
    const failure = await runOnce(attempt, index);
    if (failure === null) return null;
    if (failure.code === "RW423") throw failure.error;
    if (!basis.dialect.capabilities.transactionalGrants) {
      // What did nothing was tried again already, statement by statement. What stands is seen when it is taken back.
      await journal.ended(part, index, "unknown").catch(() => undefined);
      return failure;
    }
    await journal.ended(part, index, "rolled-back").catch(() => undefined);
    const moved = index === 0 && mayHaveMoved(failure) ? await readAgain(attempt) : null;
    if (moved !== null) return moved;
    if (!isRetryable(failure) || round >= options.attempts) return failure;
    const milliseconds = backoff(round, options.backoffMs);
    await tellOnly(options, {
      kind: "waiting",
      attempt: round,
      of: options.attempts,
      code: failure.code,
      milliseconds,
    });
    await pause(milliseconds, options.signal);
    const stale = index === 0 ? await readAgain(attempt) : null;
    if (stale !== null) return stale;
  }
}

async function runOnce(attempt: Attempt, index: number): Promise<Failure | null> {
  const { options, journal, part } = attempt;
  const work = stageWork({ ...attempt, mayCommit: () => requireLock(attempt.lock) }, index);
  try {
    attempt.verified.push(await runStage(work, options));
  } catch (error) {
    return failureOf(error, options.signal);
  }
  // The commit stands whatever becomes of this line; when it cannot be written, the next run learns it from the server.
  await journal.ended(part, index, "committed").catch(() => undefined);
  await tellOnly(options, { kind: "committed", stage: index });
  return null;
}

function requireLock(lock: ApplierLock): void {
  if (!lock.lost) return;
  throw new RolewrightError("RW428", "the session that keeps other appliers away was lost", {
    help: "nothing was committed without it; run it again",
  });
}

function mayHaveMoved(failure: Failure): boolean {
  return failure.code === "RW415" || failure.code === "RW416";
}

/** Reads the database anew before another attempt; a Failure when the plan is no longer what it calls for. */
async function readAgain(attempt: Attempt): Promise<Failure | null> {
  try {
    attempt.basis = await preflight(attempt.plan, attempt.options);
    return null;
  } catch (error) {
    return failureOf(error, attempt.options.signal);
  }
}
