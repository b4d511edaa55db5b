import type { StatementRequirements } from "../../../../model/requirements.ts";
import type { RoleName } from "../../../../model/role.ts";
import type { Snapshot } from "../../../../model/snapshot.ts";
import type { RequirementOptions, RequirementSource, StatementQuestion } from "../../../simulation.ts";
import { openSession, type Session } from "../../client.ts";
import { parseDsn } from "../../dsn.ts";
import { accountOf } from "../../names.ts";
import { refuseUntried } from "../untried.ts";
import { splitStatements } from "../grammar/statements.ts";
import { tokensOf } from "../grammar/tokens.ts";
import { Closure } from "./beneath.ts";
import { Needs } from "./needs.ts";
import { type Objects, readObjects } from "./objects.ts";
import { loadParser, type Parse } from "./tree.ts";

/** How many answers are kept for questions that are alike. */
const MOST_KEPT = 100_000;

/** Opens the analysis of statements. It reads views, routines and triggers once; statements are then read here, and none is sent to the server. */
export async function openRequirements(options: RequirementOptions): Promise<RequirementSource> {
  refuseUntried(options.snapshot);
  const session = await openSession(parseDsn(options.url), {
    applicationName: "rolewright",
    connectTimeoutSeconds: 10,
    signal: options.signal,
  });
  try {
    const source = new MysqlRequirements(session, await loadParser());
    await source.moved(options.snapshot);
    return source;
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

class MysqlRequirements implements RequirementSource {
  readonly #session: Session;
  readonly #parse: Parse;
  readonly #known: Map<string, StatementRequirements> = new Map();
  #at: { readonly objects: Objects; readonly snapshot: Snapshot } | null = null;

  #withDefaultRole: ReadonlySet<RoleName> = new Set();

  constructor(session: Session, parse: Parse) {
    this.#session = session;
    this.#parse = parse;
  }

  async read(
    questions: readonly StatementQuestion[],
    options: { readonly onProgress?: (done: number) => void; readonly signal?: AbortSignal } = {},
  ): Promise<readonly StatementRequirements[]> {
    const found: StatementRequirements[] = [];
    for (const question of questions) {
      found.push(this.#answer(question));
      if (found.length % 500 === 0) {
        options.signal?.throwIfAborted();
        options.onProgress?.(found.length);
        await new Promise((resolve) => void setImmediate(resolve));
      }
    }
    options.onProgress?.(found.length);
    return found;
  }

  async moved(to: Snapshot): Promise<void> {
    this.#known.clear();
    this.#at = { objects: await readObjects(this.#session, to), snapshot: to };
    const memberships = [...to.access.memberships.values()];
    this.#withDefaultRole = new Set(
      memberships.filter(({ member, inherit }) => inherit && accountOf(member) !== null).map(({ member }) => member),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }

  /** What a statement needs does not depend on who asks, but for a login that acts as another role. */
  #answer({ text, role, login = role, searchPath }: StatementQuestion): StatementRequirements {
    const also = login === role ? null : login;
    const key = `${also ?? ""}\0${searchPath?.join("\0") ?? "?"}\0${text}`;
    let known = this.#known.get(key);
    if (known === undefined) {
      known = this.#readOne(text, { also, schema: searchPath === undefined ? undefined : (searchPath[0] ?? null) });
      if (this.#known.size < MOST_KEPT) this.#known.set(key, known);
    }
    return known;
  }

  #readOne(
    text: string,
    { also, schema }: { readonly also: string | null; readonly schema: string | null | undefined },
  ): StatementRequirements {
    const needs = new Needs();
    const tokens = tokensOf(text);
    const statements = tokens === null ? [] : splitStatements(tokens);
    if (tokens === null || statements.length === 0) {
      needs.unknown("unparsed", "the statement was kept without its text, or cannot be read", []);
      return needs.requirements(also);
    }
    if (this.#at === null) throw new TypeError("it is asked before it has read what there is");
    const { objects, snapshot } = this.#at;
    const exists = (role: string): boolean => snapshot.access.roles.has(role);
    const hasDefaultRole = (role: string): boolean => this.#withDefaultRole.has(role);
    const closure = new Closure({ objects, needs, parse: this.#parse, exists, hasDefaultRole });
    for (const each of statements) {
      closure.read(each, { of: "caller", certainty: "always", origin: [], schema, variables: new Set(), depth: 0 });
    }
    return needs.requirements(also);
  }
}
