import { personal } from "../audit/entry/commitment.ts";
import type { Actor, AuditEvent, TargetRef } from "../audit/entry/event.ts";
import type { Plan } from "../plan/plan.ts";
import type { Run } from "./outcome.ts";
import type { ReversalCause } from "./window.ts";

/** Who applies what where, as every event says it. */
interface By {
  readonly actor: Actor;
  readonly target: TargetRef;
}

/** What each entry about a trial says of it. Only for a plan that is one. */
export function trialFields({
  digest,
  trial,
}: Plan): Pick<Extract<AuditEvent, { readonly type: "trial.began" }>, "plan" | "tries" | "subject"> {
  if (trial === undefined) throw new TypeError("a plan that is no trial has no verdict");
  const subject = { kind: "role", name: personal(trial.login) } as const;
  return { plan: { digest }, tries: trial.tries, subject };
}

/** Stands before the intents of a trial that begins; nothing for another plan. */
export function trialBegins(plan: Plan, { actor, target }: By): readonly AuditEvent[] {
  return plan.trial === undefined ? [] : [{ ...trialFields(plan), type: "trial.began", actor, target }];
}

/** What a run that ended says of its trial: a login that has again what it had. */
export function trialEnds(
  plan: Plan,
  { before, run, because }: { readonly before: Run | null; readonly run: Run; readonly because: ReversalCause },
  { actor, target }: By,
): readonly AuditEvent[] {
  if (plan.trial === undefined || run.state === before?.state) return [];
  if (run.state !== "reverted" && run.state !== "rolled-back") return [];
  const why = run.state === "reverted" ? because : "not applied";
  return [{ ...trialFields(plan), type: "trial.ended", because: why, actor, target }];
}
