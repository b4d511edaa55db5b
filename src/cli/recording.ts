import type { AuditEvent } from "../audit/entry/event.ts";
import { logPlace, ownActor } from "./auditing.ts";
import type { CliContext } from "./context.ts";
import { lazyTrail, recordOrTell } from "./trail.ts";

/** An event without what every event of a command says. */
type Told = AuditEvent extends infer E ? (E extends AuditEvent ? Omit<E, "actor"> : never) : never;

/** Writes to the audit log what a command did without a connection to a target. Where that cannot be done, it says so and goes on. */
export async function record(event: Told, context: CliContext): Promise<void> {
  await using trail = lazyTrail(context);
  await recordOrTell({ ...event, actor: ownActor() }, trail, context);
}

/** The same where there is a log already: a command that only looks does not begin one. */
export async function recordWhereBegun(event: Told, context: CliContext): Promise<void> {
  const { store } = await logPlace(context, null);
  if ((await store.get("checkpoint")) !== null) await record(event, context);
}
