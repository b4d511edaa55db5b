import { RolewrightError } from "../base/error.ts";
import type { LiveSession } from "../engine/engine.ts";
import type { Attempt } from "./attempt.ts";
import { compareStates, concerning } from "./compare-states.ts";
import { lingeringSessions, mergeSessions } from "./lingering.ts";
import { namedBy } from "./named.ts";
import { readNodes } from "./nodes.ts";
import type { Outcome, Verified } from "./outcome.ts";
import { markReverted } from "./reconcile.ts";

/** What is left to do when everything is committed: the record, a last look, and the sessions that keep what was taken away. Nothing of it can fail the apply any more. */
export async function finish(attempt: Attempt): Promise<Outcome> {
  const { journal, options, basis } = attempt;
  const { transactionalGrants } = basis.dialect.capabilities;
  const warnings: string[] = [];
  await journal.finish("applied").catch((error: unknown) => {
    warnings.push(`the record could not be finished: ${messageOf(error)}; the next run does it`);
  });
  await markReverted(journal.run, options.runs).catch((error: unknown) => {
    warnings.push(`the run that was taken back could not be marked: ${messageOf(error)}`);
  });
  if (transactionalGrants && attempt.plan.stages.length > 1) await readEverythingBack(attempt, warnings);
  const nodes = await readNodes(attempt);
  const found = await sessionsAfter(attempt, warnings);
  return { kind: "applied", run: journal.run, ...found, verified: verifiedBy(attempt), warnings, nodes };
}

function verifiedBy({ verified, basis, trace }: Attempt): Verified {
  const asked = verified.reduce((sum, one) => sum + one.asked, 0);
  const affected = verified.reduce((sum, one) => sum + one.affected, 0);
  return { asked, affected, ...(basis.dialect.capabilities.transactionalGrants ? {} : { steps: trace.confirmed }) };
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

/** What could not be seen or ended is a warning. */
async function sessionsAfter(attempt: Attempt, warnings: string[]): Promise<SessionsAfter> {
  const { whole, options, basis } = attempt;
  const { live, dialect } = basis;
  const after = basis.states.at(-1) ?? live.access;
  const changes = whole.changes.map((planned) => planned.change);
  try {
    const found = await lingeringSessions(options.connection, changes, { before: live.access, after, dialect });
    const sessions = mergeSessions(found.sessions, attempt.dropped);
    const { complete } = found;
    if (!options.endSessions || !dialect.capabilities.endsSessions)
      return { sessions, sessionsComplete: complete, ended: [] };
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
