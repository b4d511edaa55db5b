import type { Digest } from "../base/digest.ts";
import { RolewrightError } from "../base/error.ts";
import type { Secret } from "../base/secret.ts";
import type { ApplierLock, LiveSession } from "../engine/engine.ts";
import type { Plan, Statement } from "../plan/plan.ts";
import type { ResolvedOptions } from "./apply-options.ts";
import { changesOf, readsBack } from "./change-sets.ts";
import { compareStates, concerning } from "./compare-states.ts";
import type { Failure } from "./failure.ts";
import { backoff, failureOf, isRetryable, pause } from "./failure.ts";
import type { Journal } from "./journal.ts";
import { openJournal } from "./journal.ts";
import { lingeringSessions, mergeSessions } from "./lingering.ts";
import { namedBy } from "./named.ts";
import type { Outcome, Verified } from "./outcome.ts";
import { resolvePasswords } from "./passwords.ts";
import type { Basis } from "./preflight.ts";
import { preflight } from "./preflight.ts";
import { tell, tellOnly } from "./progress.ts";
import { markReverted } from "./reconcile.ts";
import { runStage } from "./run-stage.ts";
import { undoStages } from "./undo.ts";

/** Runs a plan that may be run: checks it against the live database, announces it, runs its stages, and takes back what stands when a later one fails. */
export async function runPlan(
  plan: Plan,
  options: ResolvedOptions,
  under: { readonly lock: ApplierLock; readonly reverts: Digest | null },
): Promise<Outcome> {
  const { lock, reverts } = under;
  const passwords = await resolvePasswords(plan, options.connection, options.environment);
  const basis = await preflight(plan, options);
  const dropped = await sessionsOfDropped(plan, basis, options);
  const { runs, clock, holder } = options;
  const journal = await openJournal({ plan, runs, clock, holder, reverts });
  const attempt: Attempt = { plan, passwords, journal, options, lock, dropped, basis, verified: [] };
  const stopped = await announce(options);
  if (stopped !== null) return await giveUp(attempt, 0, stopped);
  for (const index of plan.stages.keys()) {
    const failure = await tryStage(attempt, index);
    if (failure !== null) return await giveUp(attempt, index, failure);
  }
  return await finish(attempt);
}

async function announce(options: ResolvedOptions): Promise<Failure | null> {
  try {
    await tell(options, { kind: "announced" });
    return null;
  } catch (error) {
    return failureOf(error, options.signal);
  }
}

interface Attempt {
  readonly plan: Plan;
  readonly passwords: ReadonlyMap<Statement, Secret>;
  readonly journal: Journal;
  readonly options: ResolvedOptions;
  readonly lock: ApplierLock;
  /** Sessions of roles that the plan drops: after it the server cannot tell them any more. */
  readonly dropped: readonly LiveSession[];
  /** Read again before each attempt, as long as nothing is committed. */
  basis: Basis;
  readonly verified: Verified[];
}

/** Throws RW427 when a role that is to be dropped is in use, and its sessions are not to be ended. */
async function sessionsOfDropped(plan: Plan, basis: Basis, options: ResolvedOptions): Promise<readonly LiveSession[]> {
  const drops = plan.changes.map((planned) => planned.change).filter((change) => change.kind === "drop-role");
  if (drops.length === 0) return [];
  const after = basis.states.at(-1) ?? basis.live.access;
  const { sessions } = await lingeringSessions(options.connection, drops, basis.live.access, after);
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
  const { options, journal } = attempt;
  for (let round = 1; ; round++) {
    const failure = await runOnce(attempt, index);
    if (failure === null) return null;
    if (failure.code === "RW423") throw failure.error;
    await journal.ended(index, "rolled-back").catch(() => undefined);
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
  const { plan, basis, options, journal, passwords } = attempt;
  const stage = plan.stages[index];
  const [before, after] = [basis.states[index], basis.states[index + 1]];
  if (stage === undefined || before === undefined || after === undefined)
    throw new Error("a stage has no predicted state");
  const all = plan.changes.map((planned) => planned.change);
  try {
    const verified = await runStage(
      {
        stage,
        index,
        of: plan.stages.length,
        passwords,
        expected: {
          live: basis.live,
          before,
          after,
          changes: changesOf(stage, all),
          named: namedBy(all),
          rules: basis.dialect.rules,
          readBack: readsBack(stage, basis.live),
        },
        mayCommit: () => requireLock(attempt.lock),
        announce: (transaction) => journal.began(index, transaction),
      },
      options,
    );
    attempt.verified.push(verified);
  } catch (error) {
    return failureOf(error, options.signal);
  }
  // The commit stands whatever becomes of this line; when it cannot be written, the next run learns it from the server.
  await journal.ended(index, "committed").catch(() => undefined);
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

/** Takes back what is committed, where that is safe, and says what stands. */
async function giveUp(attempt: Attempt, failed: number, failure: Failure): Promise<Outcome> {
  const { journal } = attempt;
  const { code } = failure;
  if (failed === 0) {
    await journal.finish("rolled-back").catch(() => undefined);
    if (code === "RW499") throw failure.error;
    return { kind: "rolled-back", run: journal.run, because: failure.because, code };
  }
  const problem = await undoStages(attempt, failed);
  const state = problem === null ? "rolled-back" : "partial";
  await journal.finish(state).catch(() => undefined);
  if (problem === null) {
    const because = `${failure.because}; the ${failed} committed before it were taken back`;
    return { kind: "rolled-back", run: journal.run, because, code };
  }
  const standing = describeStanding(attempt.plan, failed);
  const because = `${failure.because}. ${standing} stand and were not taken back (${problem}); run \`rolewright plan\` to finish, or \`rolewright revert\` to go back`;
  return { kind: "partial", run: journal.run, because, code };
}

function describeStanding(plan: Plan, failed: number): string {
  return plan.stages
    .slice(0, failed)
    .map((stage) => `${stage.name} in ${stage.database}`)
    .join(", ");
}

async function finish(attempt: Attempt): Promise<Outcome> {
  const { journal, options } = attempt;
  const warnings: string[] = [];
  await journal.finish("applied").catch((error: unknown) => {
    warnings.push(`the record could not be finished: ${messageOf(error)}; the next run does it`);
  });
  await markReverted(journal.run, options.runs).catch((error: unknown) => {
    warnings.push(`the run that was taken back could not be marked: ${messageOf(error)}`);
  });
  if (attempt.plan.stages.length > 1) await readEverythingBack(attempt, warnings);
  const found = await sessionsAfter(attempt, warnings);
  const asked = attempt.verified.reduce((sum, one) => sum + one.asked, 0);
  const affected = attempt.verified.reduce((sum, one) => sum + one.affected, 0);
  return { kind: "applied", run: journal.run, ...found, verified: { asked, affected }, warnings };
}

/** Stages of several databases, and those under a lock that others wait behind, were each proven alone: at the end all of it is read once more. */
async function readEverythingBack({ plan, basis, options }: Attempt, warnings: string[]): Promise<void> {
  const after = basis.states.at(-1) ?? basis.live.access;
  const named = namedBy(plan.changes.map((planned) => planned.change));
  try {
    const read = await options.connection.introspect();
    for (const database of read.identity.databases) {
      for (const { text } of concerning(named, compareStates(after, read.access, database))) {
        if (!warnings.includes(text)) warnings.push(text);
      }
    }
  } catch (error) {
    warnings.push(`the state could not be read once more after the last stage: ${messageOf(error)}`);
  }
}

interface SessionsAfter {
  readonly sessions: readonly LiveSession[];
  readonly sessionsComplete: boolean;
  readonly ended: readonly LiveSession[];
}

/** After the commit nothing may fail the apply any more: what could not be seen or ended is a warning. */
async function sessionsAfter(attempt: Attempt, warnings: string[]): Promise<SessionsAfter> {
  const { plan, options, basis } = attempt;
  const after = basis.states.at(-1) ?? basis.live.access;
  const changes = plan.changes.map((planned) => planned.change);
  try {
    const found = await lingeringSessions(options.connection, changes, basis.live.access, after);
    const sessions = mergeSessions(found.sessions, attempt.dropped);
    const { complete } = found;
    if (!options.endSessions) return { sessions, sessionsComplete: complete, ended: [] };
    const [ended, left]: [LiveSession[], LiveSession[]] = [[], []];
    for (const session of sessions) {
      try {
        await options.connection.endSession(session.id);
        ended.push(session);
      } catch (error) {
        left.push(session);
        warnings.push(`session ${session.id} of ${session.login} could not be ended: ${messageOf(error)}`);
      }
    }
    return { sessions: left, sessionsComplete: complete, ended };
  } catch (error) {
    warnings.push(`the sessions that keep revoked access could not be listed: ${messageOf(error)}`);
    return { sessions: [], sessionsComplete: false, ended: [] };
  }
}

function messageOf(error: unknown): string {
  return error instanceof RolewrightError ? error.message : String(error);
}
