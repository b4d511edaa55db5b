import type { ReviewObligation } from "../approval/review.ts";
import { newEntryId } from "../audit/entry/entry-id.ts";
import type { AuditEvent } from "../audit/entry/event.ts";
import { beginningLine, recordLine, type SpoolCause, type SpoolLine } from "../audit/spool/record.ts";
import type { SpoolStore, SpoolWriter } from "../audit/spool/spool-store.ts";
import type { Clock } from "../base/clock.ts";
import type { Digest } from "../base/digest.ts";
import { RolewrightError } from "../base/error.ts";
import type { Trail } from "./trail.ts";

/** That one plan may go past a log that is down, and how. */
export interface SpoolPermit {
  /** No other plan may. */
  readonly plan: Digest;
  readonly cause: SpoolCause;
  readonly reason: string | null;
  /** Whether taking back what failed may go past the log too: it gives access where the plan takes some. */
  readonly mayAdd: boolean;
  /** What is said in the spool before the plan is announced. @default nothing */
  readonly first?: readonly AuditEvent[];
  /** Called once, before the first record is written: says it loudly. Gives what somebody else has to review, durable; null for nothing. */
  begun(error: RolewrightError): Promise<ReviewObligation | null>;
}

/** As the record of a run keeps it. */
export interface SpoolUse {
  readonly cause: SpoolCause;
  readonly reason: string | null;
  /** The code of what was wrong with the log. */
  readonly error: string;
  readonly since: string;
  /** Who has to look at it: a break-glass past the log. */
  readonly break_glass?: ReviewObligation;
}

/** A trail that goes to a spool while the log is down, for what may. */
export interface SpoolingTrail extends Trail, AsyncDisposable {
  permit(permit: SpoolPermit | { readonly refused: string }): void;
}

/** A trail that can be told to go on with less than the manifest asks for, and to say so in the log. */
export interface LeveledTrail extends Trail {
  reached?(plan: Digest, given?: { readonly mayDegrade: boolean }): Promise<void>;
}

export interface SpoolingOptions {
  readonly log: LeveledTrail & AsyncDisposable;
  readonly spools: SpoolStore;
  readonly clock: Clock;
  readonly holder: string;
  /** The note of the last checkpoint that is known here; null where there is none, or it cannot be read. */
  readonly lastKnown: () => Promise<string | null>;
}

/** The log cannot be opened or written: everything but an event that must not be written (RW602), and a spool that cannot. */
const LOG_DOWN = /^RW6(0[134568]|2[024]|31|4[34578])$/;

/**
 * The trail of one command. What may not go past the log is refused as it always was. What may goes to a spool, from the announcement on and to the end: a log that fails after something was announced in it is not gone past, since what
 * stands in it as announced is found out from the database by the next command.
 */
export function spoolingTrail(options: SpoolingOptions): SpoolingTrail {
  const { log, spools, clock, holder } = options;
  let permit: SpoolPermit | { readonly refused: string } | null = null;
  let use: SpoolUse | null = null;
  let writer: SpoolWriter | null = null;
  let last: Digest | null = null;
  let count = 0;
  /** Announced in the log by this process, and open. */
  const open = new Set<number>();

  const goPast = async (thrown: unknown): Promise<void> => {
    if (!(thrown instanceof RolewrightError) || !LOG_DOWN.test(thrown.code) || permit === null || open.size > 0)
      throw thrown;
    if ("refused" in permit) throw refused(thrown, permit.refused);
    const since = clock.now().toISOString();
    const obligation = await permit.begun(thrown);
    const { cause, reason } = permit;
    const after = await options.lastKnown().catch(() => null);
    const first = beginningLine({ at: since, cause, error: thrown.code, reason, holder, after });
    writer = await spools.begin(first);
    last = first.digest;
    use = {
      cause,
      reason,
      error: thrown.code,
      since,
      ...(obligation === null ? {} : { break_glass: obligation }),
    };
    const events = permit.first ?? [];
    await toSpool(
      events,
      events.map(() => newEntryId(clock.now())),
    );
  };

  const toSpool = async (events: readonly AuditEvent[], ids: readonly string[]): Promise<readonly number[]> => {
    if (writer === null || last === null) throw new RolewrightError("RW607", "the spool was not begun");
    const lines: SpoolLine[] = [];
    const numbers: number[] = [];
    let previous = last;
    for (const [at, event] of events.entries()) {
      requirePermitted(event, permit);
      // What others announced in the log gets its outcome when that is back, from the database's own truth.
      if (event.type === "change.outcome" && event.intent >= 0) {
        numbers.push(event.intent);
        continue;
      }
      const number = count + lines.length + 1;
      const line = recordLine({ number, id: ids[at] ?? "", at: clock.now().toISOString(), event }, previous);
      lines.push(line);
      numbers.push(-number);
      previous = line.digest;
    }
    if (lines.length === 0) return numbers;
    await writer.append(lines);
    count += lines.length;
    last = previous;
    return numbers;
  };

  return {
    spooled: () => use,
    permit(given) {
      permit = given;
    },
    async append(events) {
      const ids = events.map(() => newEntryId(clock.now()));
      if (use === null) {
        try {
          const indexes = await log.append(events, { ids, reserve: permit !== null && !("refused" in permit) });
          for (const [at, event] of events.entries()) {
            if (event.type === "change.intent") open.add(indexes[at] ?? -1);
            if (event.type === "change.outcome") open.delete(event.intent);
          }
          return indexes;
        } catch (error) {
          await goPast(error);
        }
      }
      return await toSpool(events, ids);
    },
    async reached(plan) {
      if (use === null) await log.reached?.(plan, { mayDegrade: permit !== null && !("refused" in permit) });
    },
    async keep(content) {
      if (use !== null) return null;
      try {
        return (await log.keep?.(content)) ?? null;
      } catch (error) {
        await goPast(error);
        return null;
      }
    },
    async openIntents(since) {
      if (use !== null) return [];
      try {
        return await log.openIntents(since);
      } catch (error) {
        await goPast(error);
        return [];
      }
    },
    async [Symbol.asyncDispose]() {
      await writer?.[Symbol.asyncDispose]();
      await log[Symbol.asyncDispose]();
    },
  };
}

function requirePermitted(event: AuditEvent, permit: SpoolPermit | { readonly refused: string } | null): void {
  if (event.type !== "change.intent") return;
  if (permit === null || "refused" in permit || event.plan.digest !== permit.plan) {
    throw new RolewrightError("RW609", "the audit log is down, and this plan was not allowed to go past it");
  }
  if (event.part !== "undo" || permit.mayAdd) return;
  throw new RolewrightError("RW609", "the audit log is down, and taking back what failed would give access again", {
    help: "what was taken away stays so; when the log is back, `rolewright status` says how to finish it or take it back",
  });
}

function refused(error: RolewrightError, why: string): RolewrightError {
  const { code, message, help, exitCode, details } = error;
  return new RolewrightError(code, message, {
    help: help === undefined ? why : `${help}; ${why}`,
    exitCode,
    details,
    cause: error,
  });
}
