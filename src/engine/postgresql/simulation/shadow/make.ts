import type { RoleName } from "../../../../model/role.ts";
import type { ShadowGap } from "../../../simulation.ts";
import type { Session } from "../../client.ts";
import { quoteIdentifier } from "../../quote.ts";
import { inLevels, type Piece } from "./piece.ts";

/** Statements that are made together, as one role, or not at all. */
export interface Step {
  /** What a gap calls it. */
  readonly name: string;
  /** Null: the administrator. */
  readonly owner: RoleName | null;
  readonly statements: readonly string[];
}

export interface Making {
  /** The role that connects: what it owns is made without switching. */
  readonly administrator: RoleName;
  readonly signal?: AbortSignal | undefined;
}

interface Failed {
  readonly step: Step;
  readonly reason: string;
}

/** How many objects are made in one transaction: each locks a few, and one that fails takes the others back. */
const AT_ONCE = 150;

/**
 * Makes pieces in the order in which they need each other, those that do not need each other in two sessions at a time. What cannot be made is tried again after the rest, and is a gap at last.
 */
export async function makePieces(
  sessions: readonly [Session, Session],
  pieces: readonly Piece[],
  options: Making,
): Promise<ShadowGap[]> {
  const [session, other] = sessions;
  const failed: Failed[] = [];
  for (const { alone, circles } of inLevels(pieces)) {
    const half = alone.length < AT_ONCE ? alone.length : Math.ceil(alone.length / 2);
    const made = await Promise.allSettled([
      makeSteps(session, alone.slice(0, half), options),
      makeSteps(other, alone.slice(half), options),
    ]);
    for (const one of made) {
      if (one.status === "rejected") throw one.reason;
      failed.push(...one.value);
    }
    for (const circle of circles) failed.push(...(await makeCircle(session, circle, options)));
  }
  return await makeAgain(session, failed, options);
}

/** Enough of each first; what a piece without a sketch needs is there then, or after the types of the circle. */
async function makeCircle(session: Session, circle: readonly Piece[], options: Making): Promise<Failed[]> {
  const sketched = circle.filter((one) => one.sketch !== undefined);
  const sketches = sketched.map((one) => ({ ...one, statements: one.sketch?.statements ?? [] }));
  const failed = await makeSteps(session, sketches, options);
  const rest = sketched.map((one) => ({ ...one, statements: one.sketch?.completing ?? [] }));
  let waiting: readonly Step[] = [...circle.filter((one) => one.sketch === undefined), ...rest];
  for (;;) {
    const next = await makeSteps(session, waiting, options);
    if (next.length === 0 || next.length === waiting.length) return [...failed, ...next];
    waiting = next.map(({ step }) => step);
  }
}

/** Makes steps whose order does not matter any more: each that fails is tried again while others succeed. */
export async function makeAll(session: Session, steps: readonly Step[], options: Making): Promise<ShadowGap[]> {
  return await makeAgain(session, await makeSteps(session, steps, options), options);
}

async function makeAgain(session: Session, failed: readonly Failed[], options: Making): Promise<ShadowGap[]> {
  let left = failed;
  for (;;) {
    if (left.length === 0) return [];
    const next = await makeSteps(
      session,
      left.map(({ step }) => step),
      options,
    );
    if (next.length === left.length) {
      return next.map(({ step, reason }) => ({
        name: step.name,
        reason: `the shadow's server did not take it: ${reason}`,
      }));
    }
    left = next;
  }
}

async function makeSteps(session: Session, steps: readonly Step[], options: Making): Promise<Failed[]> {
  const failed: Failed[] = [];
  for (let at = 0; at < steps.length; at += AT_ONCE) {
    options.signal?.throwIfAborted();
    await makeOrHalve(session, steps.slice(at, at + AT_ONCE), { ...options, failed });
  }
  return failed;
}

/** One transaction for all; where it fails, one for each half: a few that cannot be made cost little. */
async function makeOrHalve(
  session: Session,
  steps: readonly Step[],
  options: Making & { readonly failed: Failed[] },
): Promise<void> {
  if (steps.length === 0) return;
  try {
    await session.run(together(steps, options.administrator));
  } catch (error) {
    if (session.lost) throw error;
    const [first] = steps;
    if (steps.length === 1 && first !== undefined) {
      options.failed.push({ step: first, reason: (error as Error).message });
      return;
    }
    const half = Math.ceil(steps.length / 2);
    await makeOrHalve(session, steps.slice(0, half), options);
    await makeOrHalve(session, steps.slice(half), options);
  }
}

/** One message of the simple protocol is one transaction. */
function together(steps: readonly Step[], administrator: RoleName): string {
  const lines: string[] = ["reset role"];
  let current: RoleName | null = null;
  for (const { owner, statements } of steps) {
    const wanted = owner === administrator ? null : owner;
    if (wanted !== current) lines.push(wanted === null ? "reset role" : `set role ${quoteIdentifier(wanted)}`);
    current = wanted;
    lines.push(...statements);
  }
  return [...lines, "reset role"].join(";\n");
}
