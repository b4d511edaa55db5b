import type { ReplayQuestion } from "../../../simulation.ts";
import type { Prepared } from "./dry-run.ts";
import { type Actor, actorKey, actorOf } from "./session-state.ts";
import { type Way, wayOf } from "./statement-way.ts";
import type { Failure } from "./wire.ts";

/** A question on its way to an answer. */
export interface TrialItem {
  /** Its place among the questions. */
  readonly number: number;
  readonly question: ReplayQuestion;
  readonly actor: Actor;
  readonly way: Way;
  /** What it is tried with: its text, or a form of it that the server takes. */
  prepared: Prepared;
  /** `prepared` was changed, and an administrator can ask it. */
  repaired: boolean;
  /** The search path of its session, as the server says it. Empty: not known yet. */
  path: string;
  /** Empty: it has none. */
  plan: string;
  /** Its plan does not show everything that it does. */
  unseen: boolean;
  /** Why its dry run failed. */
  failure: Failure | null;
  /** It was in the way of others, or they of it: it is tried once more, by itself. */
  again: boolean;
}

export function newItem(number: number, question: ReplayQuestion): TrialItem {
  return {
    number,
    question,
    actor: actorOf(question),
    way: wayOf(question.text),
    prepared: { text: question.text, types: null },
    repaired: false,
    path: "",
    plan: "",
    unseen: true,
    failure: null,
    again: false,
  };
}

/** Items of one actor. */
export interface Batch {
  readonly actor: Actor;
  readonly items: readonly TrialItem[];
}

/** Questions that a session answers before it becomes somebody else. */
const BATCH = 512;

/** By actor, and in pieces, so that several sessions share the work. */
export function batchesOf(items: readonly TrialItem[], sessions: number): readonly Batch[] {
  const byActor = new Map<string, TrialItem[]>();
  for (const item of items) {
    const key = actorKey(item.actor);
    const known = byActor.get(key);
    if (known === undefined) byActor.set(key, [item]);
    else known.push(item);
  }
  const size = Math.max(1, Math.min(BATCH, Math.ceil(items.length / sessions)));
  const batches: Batch[] = [];
  for (const all of byActor.values()) {
    const [first] = all;
    if (first === undefined) continue;
    for (let at = 0; at < all.length; at += size) batches.push({ actor: first.actor, items: all.slice(at, at + size) });
  }
  return batches;
}
