import type { StatementRequirements } from "../../../../model/requirements.ts";
import type { Snapshot } from "../../../../model/snapshot.ts";
import type { RequirementOptions, RequirementSource, StatementQuestion } from "../../../simulation.ts";
import { openSession, type Session } from "../../client.ts";
import { parseDsn } from "../../dsn.ts";
import { readingError } from "../../errors.ts";
import { splitStatements } from "../grammar/statements.ts";
import { readTokens } from "../grammar/tokens.ts";
import { type Objects, readObjects } from "./objects.ts";
import { Needs } from "./needs.ts";
import { readStatement } from "./rules.ts";

/** Opens the analysis of statements: rules over the catalog. No statement is sent to the server, which has no way to be asked without executing. */
export async function openRequirements(options: RequirementOptions): Promise<RequirementSource> {
  const session = await openSession(parseDsn(options.url), {
    applicationName: "rolewright",
    connectTimeoutSeconds: 10,
    signal: options.signal,
  });
  try {
    const source = new CassandraRequirements(session);
    await source.moved(options.snapshot);
    return source;
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw readingError(error, "indexes and masks");
  }
}

class CassandraRequirements implements RequirementSource {
  readonly #session: Session;
  #objects: Objects | null = null;

  constructor(session: Session) {
    this.#session = session;
  }

  async read(
    questions: readonly StatementQuestion[],
    options: { readonly onProgress?: (done: number) => void; readonly signal?: AbortSignal } = {},
  ): Promise<readonly StatementRequirements[]> {
    const found: StatementRequirements[] = [];
    for (const question of questions) {
      found.push(this.#answer(question));
      if (found.length % 1000 > 0) continue;
      options.signal?.throwIfAborted();
      options.onProgress?.(found.length);
      await new Promise((resolve) => void setImmediate(resolve));
    }
    options.onProgress?.(found.length);
    return found;
  }

  async moved(to: Snapshot): Promise<void> {
    this.#objects = await readObjects(this.#session, to);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }

  #answer({ text, role, searchPath }: StatementQuestion): StatementRequirements {
    if (this.#objects === null) throw new TypeError("it is asked before it has read what there is");
    const keyspace = searchPath === undefined ? undefined : (searchPath[0] ?? null);
    const needs = new Needs({ objects: this.#objects, caller: role, keyspace });
    const { tokens, whole } = readTokens(text);
    const statements = whole ? splitStatements(tokens) : [];
    if (statements.length === 0)
      needs.unknown("unparsed", "the statement was kept without its text, or cannot be read");
    for (const each of statements) readStatement(each, needs);
    return needs.requirements();
  }
}
