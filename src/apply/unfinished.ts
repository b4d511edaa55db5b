import type { Clock } from "../base/clock.ts";
import { type Digest, shortDigest } from "../base/digest.ts";
import { RolewrightError } from "../base/error.ts";
import type { Connection } from "../engine/engine.ts";
import { doubtAbout, NO_DOUBT, type Doubt } from "../plan/doubt.ts";
import type { MembershipKey, RoleName } from "../model/role.ts";
import type { Plan } from "../plan/plan.ts";
import { lockApplier } from "./lock.ts";
import type { Run, RunStore, StepNote } from "./outcome.ts";
import { canBeFinished, reconcile } from "./reconcile.ts";

/**
 * What of a run may stand half-made: what the last statement was about that was announced, unless it is known how that ended; each time that it was cut off, until a later time got beyond it. The same of runs that were
 * taking it back when they were cut off: what they left is as much ours.
 */
export async function doubtOf(runs: RunStore, run: Run | null): Promise<Doubt> {
  if (run === null) return NO_DOUBT;
  const open = (await runs.list()).filter(
    (one) =>
      (one.state === "started" || one.state === "partial") && (one.plan === run.plan || one.reverts === run.plan),
  );
  const doubts = await Promise.all(open.map(async (one) => doubtAfter(await runs.notes(one.plan))));
  return {
    roles: new Set(doubts.flatMap(({ roles }) => [...roles])),
    memberships: new Set(doubts.flatMap(({ memberships }) => [...memberships])),
  };
}

/** A statement was done as predicted where the same attempt went on to the next one. */
function doubtAfter(notes: readonly StepNote[]): Doubt {
  const roles = new Set<RoleName>();
  const memberships = new Set<MembershipKey>();
  for (const [index, note] of notes.entries()) {
    const last = notes[index - 1];
    if (last !== undefined && goesOn(last, note)) {
      const done = doubtAbout(last.changes);
      for (const role of done.roles) roles.delete(role);
      for (const key of done.memberships) memberships.delete(key);
    }
    const begun = doubtAbout(note.changes);
    for (const role of begun.roles) roles.add(role);
    for (const key of begun.memberships) memberships.add(key);
  }
  return { roles, memberships };
}

/** Each attempt begins with its first statement; one that is tried again is announced again. */
function goesOn(last: StepNote, next: StepNote): boolean {
  if (last.part !== next.part) return false;
  return next.stage > last.stage || (next.stage === last.stage && next.statement > last.statement);
}

/**
 * How a run stands, before its plan is shown to be applied once more: one that was cut off, where grants take no part in transactions, is settled first. Takes the applier's lock for that moment; throws RW405 while the
 * run is still at work.
 */
export async function settledRun(
  run: Run | null,
  options: { readonly connection: Connection; readonly runs: RunStore; readonly holder: string; readonly clock: Clock },
): Promise<Run | null> {
  const { connection, runs, clock } = options;
  if (run === null || connection.engine.capabilities.transactionalGrants) return run;
  if (run.state !== "started" && run.state !== "partial") return run;
  await using _lock = await lockApplier(options);
  await reconcile(runs, connection, { clock });
  return (await runs.load(run.plan))?.run ?? null;
}

/**
 * Throws RW430 while another plan stands in part on this server, where grants take no part in transactions: on top of it nothing could be taken back cleanly. A plan that takes it back, or that is about the
 * same plan as it, may run. The caller has reconciled, so what was settled by hand is settled here too.
 */
export async function refuseUnfinished(
  plan: Plan,
  reverts: Digest | null,
  { runs, connection }: { readonly runs: RunStore; readonly connection: Connection },
): Promise<void> {
  const { server } = plan.target.identity;
  const own = new Set([plan.digest, reverts].filter((digest) => digest !== null));
  const other = (await runs.list()).find(
    (run) =>
      run.server === server &&
      canBeFinished(run, connection) &&
      !own.has(run.plan) &&
      !(run.reverts !== null && own.has(run.reverts)),
  );
  if (other === undefined) return;
  const name = shortDigest(other.plan);
  throw new RolewrightError(
    "RW430",
    `plan ${name}, begun at ${other.started_at} by ${other.holder}, stands in part on this server`,
    {
      help: `nothing was changed; finish it with \`rolewright apply ${name}\`, or take it back with \`rolewright revert ${name}\``,
      details: { run: other },
    },
  );
}
