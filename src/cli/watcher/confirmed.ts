import type { Run } from "../../apply/outcome.ts";
import type { AuditEvent } from "../../audit/entry/event.ts";
import { ownActor } from "../auditing.ts";
import type { CliContext } from "../context.ts";
import type { ReadManifest } from "../target.ts";
import { lazyTrail, recordOrTell } from "../trail.ts";

/** Writes to the audit log that a change stays. The database is not needed for that: the plan says what it was for. */
export async function recordConfirmed(run: Run, read: ReadManifest, context: CliContext): Promise<void> {
  const stored = await read.runs.load(run.plan);
  if (stored === null) return;
  const { identity, name, environment } = stored.plan.target;
  const event: AuditEvent = {
    type: "apply.confirmed",
    actor: ownActor(),
    target: { engine: identity.engine, name, environment, server: identity.server },
    plan: { digest: run.plan },
  };
  await using trail = lazyTrail(context);
  await recordOrTell(event, trail, context);
}
