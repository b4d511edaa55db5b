import { availableParallelism } from "node:os";
import type { Secret } from "../../../../base/secret.ts";
import type { Replay, ReplayAnswer, ReplayQuestion, Shadow } from "../../../simulation.ts";
import { tryInDatabase } from "./database-trial.ts";

export interface ReplayOptions {
  /** A throw-away server, as its superuser. What is committed there: one row in each table that has none. */
  readonly url: Secret;
  /** Sessions at once in a database. More than there are processors wait for each other. @default the number of processors */
  readonly sessions?: number;
  readonly signal?: AbortSignal;
}

/** Opens the trial of statements on a shadow. */
export async function openReplay(shadow: Shadow, options: { readonly signal?: AbortSignal } = {}): Promise<Replay> {
  return replayOn({ url: shadow.url, ...options });
}

/** Sessions live no longer than one `attempt`, so that nothing stands in the way of what changes the shadow in between. */
export function replayOn({ url, sessions = availableParallelism(), signal }: ReplayOptions): Replay {
  const closed = new AbortController();
  return {
    async attempt(questions, options = {}) {
      const asked = [closed.signal, signal, options.signal].filter((each) => each !== undefined);
      return await attempt(questions, { url, sessions, signal: AbortSignal.any(asked), ...pick(options.onProgress) });
    },
    async [Symbol.asyncDispose]() {
      closed.abort(new Error("the replay is closed"));
    },
  };
}

interface Attempt {
  readonly url: Secret;
  readonly sessions: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number) => void;
}

function pick(onProgress: ((done: number) => void) | undefined): { onProgress?: (done: number) => void } {
  return onProgress === undefined ? {} : { onProgress };
}

async function attempt(questions: readonly ReplayQuestion[], options: Attempt): Promise<readonly ReplayAnswer[]> {
  const { signal } = options;
  signal.throwIfAborted();
  const same = new Map<string, number[]>();
  for (const [number, question] of questions.entries()) {
    const key = JSON.stringify([
      question.database,
      question.login ?? null,
      question.role,
      question.searchPath ?? null,
      question.text,
      question.deep,
      question.rows ?? false,
    ]);
    const known = same.get(key);
    if (known === undefined) same.set(key, [number]);
    else known.push(number);
  }
  const answers: ReplayAnswer[] = [];
  let done = 0;
  const byDatabase = Map.groupBy(same.values(), ([first = 0]) => questions[first]?.database ?? "");
  try {
    for (const [database, groups] of byDatabase) {
      const first = new Map(groups.map((group) => [group[0] ?? 0, group]));
      const asked = [...first.keys()].map((number) => [number, questions[number] as ReplayQuestion] as const);
      await tryInDatabase(asked, {
        url: options.url,
        database,
        sessions: options.sessions,
        signal,
        onAnswer(number, answer) {
          const alike = first.get(number) ?? [];
          for (const each of alike) answers[each] = answer;
          done += alike.length;
          options.onProgress?.(done);
        },
      });
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
  return answers;
}
