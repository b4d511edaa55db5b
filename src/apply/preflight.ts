import { RolewrightError } from "../base/error.ts";
import { type Digest, shortDigest } from "../base/digest.ts";
import type { Connection, Dialect } from "../engine/engine.ts";
import type { AccessState } from "../model/access-state.ts";
import { movedBetween } from "../model/fingerprint.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { digestOf } from "../plan/digest.ts";
import type { Doubt } from "../plan/doubt.ts";
import { planFinish } from "../plan/finish-plan.ts";
import type { Plan } from "../plan/plan.ts";
import { rederive } from "../plan/rederive.ts";
import type { Step } from "../plan/steps.ts";
import type { ResolvedOptions } from "./apply-options.ts";
import { tell } from "./progress.ts";
import type { Run } from "./outcome.ts";
import { refuseLockout } from "./verify.ts";

/** The live database as it was read just now, after every check that needs no statement. */
export interface Basis {
  readonly live: Snapshot;
  readonly dialect: Dialect;
  /** The predicted state before each stage, and after the last. */
  readonly states: readonly AccessState[];
  /** Where grants take no part in transactions, what stands after which statements of each stage; empty elsewhere. */
  readonly steps: readonly (readonly Step[])[];
}

/** Throws RW402 when the plan is not the one that its digest was made of, and RW409 when it refuses itself. */
export function checkIntegrity(plan: Plan): void {
  const digest = digestOf(plan);
  if (digest !== plan.digest) {
    throw new RolewrightError(
      "RW402",
      `the plan was changed after it was made: its digest says ${shortDigest(plan.digest)}, its content is ${shortDigest(digest)}`,
      { help: "nothing was changed; plan again, and apply that file unchanged" },
    );
  }
  const error = plan.findings.find((finding) => finding.severity === "error");
  if (error === undefined) return;
  throw new RolewrightError("RW409", `the plan is refused by ${error.code}: ${error.message}`, {
    exitCode: 3,
    ...(error.help === undefined ? {} : { help: error.help }),
  });
}

/** Throws RW401 when the plan was used: a run of it stands, stood, or stands in part. A run that left nothing behind uses nothing up. */
export function checkUnused(run: Run | null): void {
  if (run === null || run.state === "rolled-back") return;
  const when = run.finished_at ?? run.started_at;
  throw new RolewrightError(
    "RW401",
    `plan ${shortDigest(run.plan)} was ${run.state} already, at ${when} by ${run.holder}`,
    {
      help: "a plan is applied once; plan again",
      details: { run },
    },
  );
}

/** Throws RW424 when there was no run of the plan that is to be taken back, and RW426 when nothing is left of it. */
export function checkRevertible(digest: Digest, run: Run | null): void {
  const name = shortDigest(digest);
  if (run === null) throw new RolewrightError("RW424", `there is no record of a run of plan ${name} here`);
  if (run.state === "applied" || run.state === "partial") return;
  throw new RolewrightError(
    "RW426",
    `nothing is left of plan ${name}: it was ${run.state} at ${run.finished_at ?? run.started_at}`,
    { help: "nothing was changed", details: { run } },
  );
}

/** Throws RW403 when the connection leads to another server than the plan was made for. */
export async function checkServer(plan: Plan, connection: Connection): Promise<void> {
  const here = await connection.identify();
  const { identity } = plan.target;
  if (here.engine === identity.engine && here.server === identity.server) return;
  throw new RolewrightError(
    "RW403",
    `the plan was made for server ${identity.server} (\`${plan.target.name}\`), and this is server ${here.server}`,
    { help: "nothing was changed; check the URL of the target, or make a plan for this server" },
  );
}

/** Reads the database anew and checks that the plan is still exactly what it calls for. Throws RW404, RW406, RW407, RW408, RW409, RW418 or RW425; nothing was changed then. */
export async function preflight(plan: Plan, options: ResolvedOptions): Promise<Basis> {
  const { connection, guards } = options;
  const live = await readLive(options);
  checkActor(plan, live);
  checkFresh(plan, live);
  const dialect = connection.engine.dialect(live);
  const derived = rederive(plan, live, dialect);
  if (derived.plan.digest !== plan.digest) {
    throw new RolewrightError("RW406", "the plan derived from the live database is not the one given", {
      exitCode: 5,
      details: { tool: plan.tool },
      help: "nothing was changed; plan again",
    });
  }
  const after = derived.states.at(-1) ?? live.access;
  refuseLockout(guards.lockout(live, after));
  checkJudgement(plan, live, options);
  return { live, dialect, states: derived.states, steps: derived.steps };
}

/**
 * The same for a plan that stands in part and is to be finished: what is left of it, against the live database. Whoever began it accepted its losses, and its number was checked then. Throws RW431 where somebody changed what it is
 * about, RW408, RW409 or RW425.
 */
export async function preflightFinish(
  plan: Plan,
  options: ResolvedOptions,
  doubt: Doubt,
): Promise<{ readonly rest: Plan; readonly basis: Basis }> {
  const { connection, guards } = options;
  const live = await readLive(options);
  checkActor(plan, live);
  const dialect = connection.engine.dialect(live);
  const rest = planFinish(plan, live, dialect, { doubt });
  const error = rest.findings.find((finding) => finding.severity === "error");
  if (error !== undefined) {
    throw new RolewrightError(error.code, error.message, {
      exitCode: error.code === "RW431" ? 5 : 3,
      ...(error.help === undefined ? {} : { help: error.help }),
    });
  }
  const { states, steps } = rederive(rest, live, dialect);
  refuseLockout(guards.lockout(live, states.at(-1) ?? live.access));
  checkRefusal(guards.judge(rest, live).refusedBy);
  return { rest, basis: { live, dialect, states, steps } };
}

async function readLive(options: ResolvedOptions): Promise<Snapshot> {
  let broken: RolewrightError | null = null;
  const live = await options.connection.introspect({
    onProgress: (what) => {
      tell(options, { kind: "reading", what }).catch((error: RolewrightError) => {
        broken ??= error;
      });
    },
    signal: options.signal,
  });
  if (broken !== null) throw broken as RolewrightError;
  return live;
}

function checkActor(plan: Plan, live: Snapshot): void {
  if (live.actor.role === plan.target.actor) return;
  throw new RolewrightError(
    "RW425",
    `the plan was made for the role \`${plan.target.actor}\`, and the connection is \`${live.actor.role}\``,
    { help: `nothing was changed; connect as \`${plan.target.actor}\`, or plan again` },
  );
}

function checkFresh(plan: Plan, live: Snapshot): void {
  if (live.fingerprint === plan.fingerprint.before) return;
  const moved = movedBetween(plan.basis, live.access);
  throw new RolewrightError(
    "RW404",
    `the database changed since this plan was made (fingerprint ${shortDigest(plan.fingerprint.before)} became ${shortDigest(live.fingerprint)}): ${moved.join(", ")}`,
    { exitCode: 5, help: "nothing was changed; plan again, and have the new plan approved", details: { moved } },
  );
}

function checkJudgement(plan: Plan, live: Snapshot, options: ResolvedOptions): void {
  const { refusedBy, acceptLoss } = options.guards.judge(plan, live);
  checkRefusal(refusedBy);
  if (acceptLoss === null || acceptLoss === options.acceptAccessLoss) return;
  const given = options.acceptAccessLoss === null ? "was not accepted" : `is not ${options.acceptAccessLoss}`;
  throw new RolewrightError(
    "RW407",
    `\`${plan.target.name}\` is ${plan.target.environment}, and the number of those who lose access, ${acceptLoss}, ${given}`,
    {
      exitCode: 3,
      help: `nothing was changed; if this loss is meant, apply with \`--accept-access-loss=${acceptLoss}\``,
      details: { accept_loss: acceptLoss },
    },
  );
}

function checkRefusal(refusedBy: readonly string[]): void {
  if (refusedBy.length === 0) return;
  throw new RolewrightError("RW409", `the plan is refused by ${refusedBy.join(", ")}`, {
    exitCode: 3,
    help: `rolewright explain ${refusedBy[0]}`,
    details: { refused_by: refusedBy },
  });
}
