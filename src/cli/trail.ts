import { type LeveledTrail, spoolingTrail, type SpoolingTrail } from "../apply/spooling.ts";
import type { AppendGiven, Trail } from "../apply/trail.ts";
import type { AuditLog } from "../audit/log/audit-log.ts";
import { newEntryId } from "../audit/entry/entry-id.ts";
import type { AuditEvent } from "../audit/entry/event.ts";
import type { AuditStore } from "../audit/log/audit-store.ts";
import { findEntriesSince } from "../audit/log/find-entries.ts";
import { openIntents } from "../audit/log/open-intents.ts";
import { RolewrightError } from "../base/error.ts";
import { lastWrittenNote, logPlace, openLogForWriting, spoolsBeside } from "./auditing.ts";
import type { CliContext } from "./context.ts";
import { holder } from "./doer.ts";
import { findManifest } from "./files.ts";
import { COMMITTED, type IntentLevel, reachLevel } from "./intent-level.ts";
import { escapeLine } from "./output/escape.ts";

/** The audit log as commands write to it: opened when the first thing is to be recorded, and not before. */
export interface LazyTrail extends LeveledTrail, AsyncDisposable {}

/** The trail beside the manifest. */
export function lazyTrail(context: CliContext, level: IntentLevel = COMMITTED): LazyTrail {
  let log: AuditLog | null = null;
  const opened = async (): Promise<AuditLog> =>
    (log ??= await explained(async () => await openLogForWriting(await logPlace(context, null), context)));
  return {
    async append(events, given) {
      const { store } = await explained(() => logPlace(context, null));
      return await appendOrReserve(events, given ?? {}, { store, open: opened, context });
    },
    async reached(plan, given) {
      if (level.kind === "committed" || log === null) return;
      const place = await logPlace(context, null);
      await reachLevel(plan, { level, log, place, context, mayDegrade: given?.mayDegrade === true });
    },
    async keep(content) {
      await opened();
      const { store } = await logPlace(context, null);
      try {
        return await explained(() => store.blobs.put(Buffer.from(content, "utf8")));
      } catch (error) {
        // The run's own record has the plan too; whether anything may be announced on a full disk is decided there.
        if (error instanceof RolewrightError && error.details["full"] === true) return null;
        throw error;
      }
    },
    async openIntents(since) {
      const { store, spools } = await explained(() => logPlace(context, null));
      // What was announced while the log was down stands in it when that was taken over.
      if (spools !== null && (await spools.list()).length > 0) await opened();
      return await explained(async () =>
        (await store.get("checkpoint")) === null ? [] : await openIntents(store, since),
      );
    },
    async [Symbol.asyncDispose]() {
      await log?.close();
    },
  };
}

/** The same for a command that changes something: what may goes to a spool while the log is down. */
export async function commandTrail(context: CliContext, level: IntentLevel): Promise<SpoolingTrail> {
  return spoolingTrail({
    log: lazyTrail(context, level),
    spools: spoolsBeside(await findManifest(context), context),
    clock: context.clock,
    holder: holder(),
    lastKnown: async () => await lastWrittenNote(await logPlace(context, null)),
  });
}

interface Appending {
  readonly store: AuditStore;
  readonly open: () => Promise<AuditLog>;
  readonly context: CliContext;
}

/** On a disk that is full nothing new is announced. What is to be closed, and what takes access away, gets the room that was kept. */
async function appendOrReserve(
  events: readonly AuditEvent[],
  { ids = events.map(() => newEntryId(new Date())), reserve = false }: AppendGiven,
  { store, open, context }: Appending,
): Promise<readonly number[]> {
  const isNew = events.some(({ type }) => type === "change.intent");
  try {
    const log = await open();
    if (isNew && !reserve && store.reserve !== undefined && !(await store.reserve.ensure())) throw noRoom();
    return (await log.appendAll(events, { ids })).map(({ index }) => index);
  } catch (error) {
    const isFull = error instanceof RolewrightError && error.details["full"] === true;
    if (!isFull || store.reserve === undefined || (isNew && !reserve)) throw error;
  }
  await makeRoom(context);
  const log = await open();
  // The write that failed may have been one too many: what stands in the log already is not written again.
  const day = 24 * 3600 * 1000;
  const found = await findEntriesSince(store, new Date(context.clock.now().getTime() - day), new Set(ids));
  const indexes: number[] = [];
  for (const [at, event] of events.entries()) {
    const id = ids[at] ?? "";
    const known = found.get(id)?.index;
    indexes.push(known ?? (await log.appendAll([event], { ids: [id] }))[0]?.index ?? -1);
  }
  return indexes;
}

/** Gives the room that the log keeps to whatever is written next, loudly. */
export async function makeRoom(context: CliContext): Promise<void> {
  const { store } = await logPlace(context, null);
  await store.reserve?.release();
  context.progress.clear();
  const text = "the disk of the audit log is full, and the room that was kept for this is used; make room";
  context.tell([{ kind: "line", label: "DISK FULL", tone: "bad", text }]);
}

function noRoom(): RolewrightError {
  return new RolewrightError("RW601", "the disk of the audit log is full: the room that it keeps could not be made", {
    help: "nothing was announced and nothing was done; make room, and run it again",
    details: { full: true },
  });
}

/** What the system refuses while the log is opened is a log that is down. */
async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RolewrightError || !(error instanceof Error) || !("code" in error)) throw error;
    throw new RolewrightError("RW601", `the audit log cannot be opened: ${error.message}`, {
      cause: error,
      help: "what it was to announce was not done; correct the path or its rights, and run it again",
    });
  }
}

/** An event about a target, without what every event of a command says. */
export type TargetEvent = AuditEvent extends infer E
  ? E extends AuditEvent
    ? Omit<E, "actor" | "target">
    : never
  : never;

/** Records what changes nothing: where that cannot be done, it is said, and the command goes on. */
export async function recordOrTell(event: unknown, trail: Trail, context: CliContext): Promise<void> {
  try {
    await trail.append([event as AuditEvent]);
  } catch (error) {
    if (!(error instanceof RolewrightError)) throw error;
    context.progress.clear();
    const text = `this was not written to the audit log: ${error.code} ${escapeLine(error.message)}`;
    context.tell([{ kind: "line", label: "NOT RECORDED", tone: "warn", text }]);
  }
}
