import { spoolingTrail, type SpoolingTrail } from "../apply/spooling.ts";
import type { Trail } from "../apply/trail.ts";
import type { AuditLog } from "../audit/log/audit-log.ts";
import type { AuditEvent } from "../audit/entry/event.ts";
import { openIntents } from "../audit/log/open-intents.ts";
import { RolewrightError } from "../base/error.ts";
import { lastWrittenNote, logPlace, openLogForWriting, spoolsBeside } from "./auditing.ts";
import type { CliContext } from "./context.ts";
import { holder } from "./doer.ts";
import { findManifest } from "./files.ts";
import { escapeLine } from "./output/escape.ts";

/** The audit log as commands write to it: opened when the first thing is to be recorded, and not before. */
export interface LazyTrail extends Trail, AsyncDisposable {}

/** The trail beside the manifest. */
export function lazyTrail(context: CliContext): LazyTrail {
  let log: AuditLog | null = null;
  const opened = async (): Promise<AuditLog> =>
    (log ??= await explained(async () => await openLogForWriting(await logPlace(context, null), context)));
  return {
    async append(events, ids) {
      const receipts = await (await opened()).appendAll(events, ids === undefined ? {} : { ids });
      return receipts.map(({ index }) => index);
    },
    async keep(content) {
      await opened();
      const { store } = await logPlace(context, null);
      return await explained(() => store.blobs.put(Buffer.from(content, "utf8")));
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
export async function commandTrail(context: CliContext): Promise<SpoolingTrail> {
  return spoolingTrail({
    log: lazyTrail(context),
    spools: spoolsBeside(await findManifest(context), context),
    clock: context.clock,
    holder: holder(),
    lastKnown: async () => await lastWrittenNote(await logPlace(context, null)),
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
