import type { Run } from "../../apply/outcome.ts";
import { trialFields } from "../../apply/trial-events.ts";
import type { AuditEvent } from "../../audit/entry/event.ts";
import { toldOf } from "../../audit/entry/told.ts";
import { ownActor } from "../auditing.ts";
import type { CliContext } from "../context.ts";
import type { ReadManifest } from "../target.ts";
import { lazyTrail, recordOrTell } from "../trail.ts";

type Probed = Extract<AuditEvent, { readonly type: "apply.probed" }>;

/** Writes to the audit log that a change stays. */
export async function recordConfirmed(run: Run, read: ReadManifest, context: CliContext): Promise<void> {
  await recordOf(run, { type: "apply.confirmed" }, { read, context });
}

/** Writes to the audit log what the probes said. */
export async function recordProbed(
  run: Run,
  { passed, failed }: { readonly passed: number; readonly failed: readonly string[] },
  given: { readonly read: ReadManifest; readonly context: CliContext },
): Promise<void> {
  await recordOf(
    run,
    { type: "apply.probed", passed, failed: failed.slice(0, MAX_TOLD).map((text) => toldOf(text)) },
    given,
  );
}

/** So many failures are written down; entries are to stay small. */
const MAX_TOLD = 24;

/** The database is not needed for that: the plan says what it was for. */
async function recordOf(
  run: Run,
  what: { readonly type: "apply.confirmed" } | Pick<Probed, "type" | "passed" | "failed">,
  { read, context }: { readonly read: ReadManifest; readonly context: CliContext },
): Promise<void> {
  const stored = await read.runs.load(run.plan);
  if (stored === null) return;
  const { identity, name, environment } = stored.plan.target;
  const actor = ownActor();
  const target = { engine: identity.engine, name, environment, server: identity.server };
  const event: AuditEvent = { ...what, actor, target, plan: { digest: run.plan } };
  await using trail = lazyTrail(context);
  await recordOrTell(event, trail, context);
  if (what.type !== "apply.confirmed" || stored.plan.trial === undefined) return;
  await recordOrTell({ ...trialFields(stored.plan), type: "trial.passed", actor, target }, trail, context);
}
