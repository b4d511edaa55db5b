import type { Trail } from "../apply/trail.ts";
import type { AuditLog } from "../audit/log/audit-log.ts";
import type { AuditEvent } from "../audit/entry/event.ts";
import { openIntents } from "../audit/log/open-intents.ts";
import { RolewrightError } from "../base/error.ts";
import { logPlace, openLogForWriting } from "./auditing.ts";
import type { CliContext } from "./context.ts";
import { escapeLine } from "./output/escape.ts";

/** The audit log as commands write to it: opened when the first thing is to be recorded, and not before. */
export interface LazyTrail extends Trail, AsyncDisposable {}

/** The trail beside the manifest. */
export function lazyTrail(context: CliContext): LazyTrail {
  let log: AuditLog | null = null;
  const opened = async (): Promise<AuditLog> =>
    (log ??= await openLogForWriting(await logPlace(context, null), context));
  return {
    async append(events) {
      const receipts = await (await opened()).appendAll(events);
      return receipts.map(({ index }) => index);
    },
    async openIntents(since) {
      const { store } = await logPlace(context, null);
      return (await store.get("checkpoint")) === null ? [] : await openIntents(store, since);
    },
    async [Symbol.asyncDispose]() {
      await log?.close();
    },
  };
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
