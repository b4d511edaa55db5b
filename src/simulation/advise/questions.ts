import type { EngineSimulation, RequirementSource, StatementQuestion } from "../../engine/simulation.ts";
import type { StatementRequirements } from "../../model/requirements.ts";
import type { ObservedPair } from "./observed.ts";

/** What each pair needs, by its key: from whoever reads it, or from the text alone where `source` is null. What says no database, or whose text was not kept, could need anything. */
export async function requirementsOf(
  pairs: readonly ObservedPair[],
  from: {
    readonly source: RequirementSource | null;
    readonly engine: EngineSimulation;
    readonly databases: readonly string[];
  },
  options: { readonly onProgress?: (done: number, total: number) => void; readonly signal?: AbortSignal } = {},
): Promise<ReadonlyMap<string, StatementRequirements>> {
  const { asked, questions } = questionsOf(pairs, from.databases);
  const { source, engine } = from;
  const { onProgress, signal } = options;
  const answers =
    source === null
      ? questions.map((question) => engine.fromText?.(question))
      : await source.read(questions, {
          onProgress: (done) => onProgress?.(done, questions.length),
          ...(signal === undefined ? {} : { signal }),
        });
  const found = new Map<string, StatementRequirements>();
  asked.forEach((pair, at) => {
    const answer = answers[at];
    if (answer !== undefined) found.set(pair.key, answer);
  });
  return found;
}

/** The pairs that can be asked about, and the question of each, in order. */
export function questionsOf(
  pairs: readonly ObservedPair[],
  databases: readonly string[],
): { readonly asked: readonly ObservedPair[]; readonly questions: readonly StatementQuestion[] } {
  const only = databases.length === 1 ? databases[0] : undefined;
  const asked: ObservedPair[] = [];
  const questions: StatementQuestion[] = [];
  for (const pair of pairs) {
    const database = pair.database ?? only;
    if (database === undefined || !databases.includes(database) || pair.statement.text === "") continue;
    asked.push(pair);
    questions.push({
      text: pair.statement.text,
      database,
      role: pair.role,
      ...(pair.login === null || pair.login === pair.role ? {} : { login: pair.login }),
      ...(pair.searchPath === null ? {} : { searchPath: pair.searchPath }),
    });
  }
  return { asked, questions };
}
