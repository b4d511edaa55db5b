import type { Closure, Running } from "./closure.ts";
import { load, type Parsed } from "./grammar.ts";
import type { Routine } from "./objects.ts";
import { bodyRefused } from "./refused-body.ts";
import { substitute } from "./substitution.ts";
import type { Argument } from "./values.ts";

/** The body of a function in SQL whose arguments may be of any type: read with the types that it is called with. */
export async function addPolymorphicSql(
  closure: Closure,
  routine: Routine,
  running: Running,
  given: readonly Argument[],
): Promise<void> {
  const types = routine.inputs.map((_, at) => given[at]?.type ?? null);
  const unknownType = types.some((type) => type === null || type === UNKNOWN_TYPE);
  if (unknownType || routine.source === null) {
    const reason = "its arguments can be of any type, and which they are is not known here";
    closure.found.unknown({ kind: "polymorphic", reason, origin: running.origin });
    return;
  }
  const grammar = await load();
  let statements: readonly Parsed[];
  try {
    statements = grammar.statements(routine.source);
  } catch (error) {
    bodyRefused(closure, { kind: "format", reason: (error as Error).message }, running);
    return;
  }
  const variables = new Map(routine.names.map((name, at) => [name, types[at] as number]));
  for (const statement of statements) {
    const { text, types: used } = substitute(grammar, statement.text, {
      positional: types as readonly number[],
      variable: (name) => variables.get(name) ?? null,
      record: () => null,
    });
    const answer = await closure.text(text, running, used);
    if ("kind" in answer) bodyRefused(closure, answer, running);
  }
}

const UNKNOWN_TYPE = 705;
