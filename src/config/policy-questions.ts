import type { PolicyText, PolicyTextAnswer } from "../model/policy-text.ts";
import { type Resource, resourceKey } from "../model/resource.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { StateRules } from "../model/state-rules.ts";
import type { LoadedManifest } from "./load.ts";
import { resolveManifest } from "./resolve.ts";
import type { Resolution } from "./resolution.ts";

/** What resolving asks the server of a target, where the files write a row policy otherwise than it stands there: one answer a question, in order. */
export type AskPolicyTexts = (questions: readonly PolicyText[]) => Promise<readonly PolicyTextAnswer[]>;

export interface AskingOptions {
  readonly live: Snapshot;
  readonly rules: StateRules;
  readonly ask: AskPolicyTexts;
}

/** The same as `resolveManifest`, with the server's own text of row policies. The server is asked only where the files and the live text differ, and then everything at once. */
export async function resolveAsking(
  loaded: Pick<LoadedManifest, "manifest" | "findings" | "locate">,
  target: string,
  { live, rules, ask }: AskingOptions,
): Promise<Resolution> {
  const questions = new Map<string, PolicyText>();
  const first = resolveManifest(loaded, target, live, rules, {
    canonical: (table, expression) => {
      questions.set(questionKey(table, expression), { table, expression });
      return null;
    },
  });
  if (questions.size === 0) return first;
  const answers = await ask([...questions.values()]);
  const answerOf = new Map([...questions.keys()].map((key, index) => [key, answers[index]]));
  return resolveManifest(loaded, target, live, rules, {
    canonical: (table, expression) => answerOf.get(questionKey(table, expression)) ?? null,
  });
}

function questionKey(table: Resource, expression: string): string {
  return JSON.stringify([resourceKey(table), expression]);
}
