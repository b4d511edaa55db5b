import { maybeSeveral, placeholders, trimmed } from "./text.ts";
import type { Reply, Wire } from "./wire.ts";

/** A statement with its placeholders' types, where they had to be guessed. */
export interface Prepared {
  readonly text: string;
  /** Null: the server finds them. */
  readonly types: readonly string[] | null;
}

const OPTIONS = "verbose, costs off";
/** Its name, in sessions of ours only. */
const NAME = "rolewright_trial";

/**
 * Asks for the plan of a statement, without a word about its values. The server checks the rights of everything in the plan as for an execution.
 * PostgreSQL 16+: GENERIC_PLAN, which is one message; before, and where the text may hold several statements, PREPARE and EXPLAIN EXECUTE, in a session with `plan_cache_mode = force_generic_plan`.
 */
export async function dryRun(wire: Wire, { text, types }: Prepared, major: number): Promise<Reply> {
  const statement = trimmed(text);
  const count = types?.length ?? placeholders(statement);
  const several = maybeSeveral(statement);
  // A line of its own: the text may end in a comment.
  if (types === null && !several && count === 0) return await wire.ask(`explain (${OPTIONS}) ${statement}\n`);
  if (types === null && !several && major >= 16)
    return await wire.ask(`explain (${OPTIONS}, generic_plan) ${statement}\n`);
  const [, prepared, explained] = await Promise.all([
    wire.ask("deallocate all"),
    prepare(wire, { text: statement, types }),
    wire.ask(`explain (${OPTIONS}) ${execution(Array.from({ length: count }, () => null))}`),
  ]);
  return prepared.failure === null ? explained : prepared;
}

/** Gives the statement a name in this session. The extended protocol takes no more than one statement. */
export function prepare(wire: Wire, { text, types }: Prepared): Promise<Reply> {
  const list = types === null || types.length === 0 ? "" : ` (${types.join(", ")})`;
  return wire.ask(`prepare ${NAME}${list} as ${trimmed(text)}\n`, { extended: maybeSeveral(trimmed(text)) });
}

/** `values`: literals of SQL, null for NULL. */
export function execution(values: readonly (string | null)[]): string {
  const list = values.length === 0 ? "" : `(${values.map((value) => value ?? "null").join(", ")})`;
  return `execute ${NAME}${list}`;
}

/** The types of a prepared statement's placeholders, as the server found them. */
export const TYPES_OF_PREPARED: string = `select t::oid::text, t::text from pg_catalog.pg_prepared_statements, unnest(parameter_types) with ordinality p (t, n) where name = '${NAME}' order by n`;

/** The plan as one text. */
export function planText(reply: Reply): string {
  return reply.rows.map(([line]) => line ?? "").join("\n");
}
