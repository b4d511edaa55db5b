import type { Right, UnknownPart } from "../../../../model/requirements.ts";
import { type ResourceKey, resourceKey } from "../../../../model/resource.ts";
import { ASKING_ROUTINES, SEQUENCE_ROUTINES, TEXT_ROUTINES } from "./builtin-routines.ts";
import type { Closure, Running } from "./closure.ts";
import { routineName } from "./closure.ts";
import type { Objects, Routine } from "./objects.ts";
import { isSystemSchema, relationResource, routineResource } from "./objects.ts";
import type { RoutineUse } from "./tree-facts.ts";

/** What calling a routine comes to: EXECUTE for whoever runs the code, and what its body does. */
export async function addRoutine(closure: Closure, use: RoutineUse, running: Running): Promise<void> {
  const { objects } = closure.workspace;
  const oid = use.routine === 0 ? (objects.operators.get(use.operator)?.routine ?? 0) : use.routine;
  const routine = objects.routines.get(oid);
  const views = use.place.views.map(
    (view) => `view ${closure.relation(view)?.schema ?? "?"}.${closure.relation(view)?.name ?? "?"}`,
  );
  const at: Running = { ...running, origin: [...running.origin, ...views] };
  if (routine === undefined) {
    closure.found.unknown({ kind: "format", reason: `there is no routine ${oid}`, origin: at.origin });
    return;
  }
  // A strict function of NULL is folded away before anybody asks whether it may be called.
  const folded = routine.strict && use.arguments.some(({ constant }) => constant?.isNull === true);
  const conditional = use.place.conditional || folded;
  const asked: Running = conditional ? { ...at, certainty: "conditional" } : at;
  addExecute(closure, routine, asked);
  if (!isSystemSchema(routine.schema)) closure.found.name(`routine ${routineName(routine)}`);
  const operator = objects.operators.get(use.operator);
  if (operator !== undefined && !isSystemSchema(operator.schema)) {
    closure.found.name(`operator ${operator.schema}.${operator.name}(${operator.left}, ${operator.right})`);
  }
  addSequence(closure, use, { routine, running: asked });
  if (isSystemSchema(routine.schema)) {
    addBuiltin(closure, routine, asked);
    return;
  }
  const runs =
    !conditional &&
    use.place.certain &&
    (!routine.strict || use.arguments.every(({ constant }) => constant?.isNull === false));
  const inside: Running = { ...asked, certainty: runs ? asked.certainty : "conditional" };
  if (routine.kind === "a") await addAggregate(closure, routine, inside);
  else await closure.rules.addBody(closure, routine, inside, { arguments: use.arguments });
}

/** The server's own routines that nobody has to ask for anything. `listed`: what stands in an access list of its own. */
export function everybodysRoutines(objects: Objects, listed: ReadonlySet<ResourceKey>): ReadonlySet<number> {
  const found = new Set<number>();
  for (const routine of objects.routines.values()) {
    if (!isSystemSchema(routine.schema) || !routine.publicMayRun || SEQUENCE_ROUTINES.has(routine.oid)) continue;
    if (TEXT_ROUTINES.has(routine.name) || ASKING_ROUTINES.has(routine.name)) continue;
    if (!listed.has(resourceKey(routineResource(objects, routine)))) found.add(routine.oid);
  }
  return found;
}

/** EXECUTE on a routine; what PUBLIC may run because nobody changed it is left out. */
export function addExecute(closure: Closure, routine: Routine, running: Running): void {
  const { objects, listed } = closure.workspace;
  const resource = routineResource(objects, routine);
  const where = { of: running.of, certainty: running.certainty, origin: running.origin };
  if (isSystemSchema(routine.schema) && !listed.has(resourceKey(resource))) {
    if (routine.publicMayRun) return;
    const roles = routine.grantees.map((role): Right => ({ kind: "role", role, mode: "privileges" }));
    closure.found.anyOf([...roles, { kind: "attribute", attribute: "superuser" }], where);
    return;
  }
  closure.found.need({ kind: "privilege", privilege: "EXECUTE", resource }, where);
}

function addSequence(
  closure: Closure,
  use: RoutineUse,
  { routine, running }: { readonly routine: Routine; readonly running: Running },
): void {
  const privileges = SEQUENCE_ROUTINES.get(routine.oid);
  if (privileges === undefined) return;
  const [argument] = use.arguments;
  const oid = argument?.constant?.relation ?? null;
  const sequence = oid === null ? undefined : closure.relation(oid);
  if (sequence === undefined) {
    if (argument?.constant?.isNull === true) return;
    const reason = `which sequence \`${routine.name}\` is called for is only known when it runs`;
    closure.found.unknown({ kind: "sequence", reason, origin: running.origin });
    return;
  }
  if (sequence.temporary) return;
  const resource = relationResource(closure.workspace.objects, sequence);
  const certainty = use.place.certain ? running.certainty : "conditional";
  closure.found.anyOf(
    privileges.map((privilege): Right => ({ kind: "privilege", privilege, resource })),
    { of: running.of, certainty, origin: running.origin },
  );
}

function addBuiltin(closure: Closure, routine: Routine, running: Running): void {
  const { name } = routine;
  const part = (kind: string, reason: string): UnknownPart => ({ kind, reason, origin: running.origin });
  if (TEXT_ROUTINES.has(name))
    closure.found.unknown(part("dynamic-sql", `\`${name}\` runs text that is made while it runs`));
  if (ASKING_ROUTINES.has(name)) {
    closure.found.unknown(part("own-check", `\`${name}\` decides by its arguments what it asks for`));
  }
}

/** The functions that an aggregate is made of are asked of its owner; what they do is done as the caller. */
async function addAggregate(closure: Closure, routine: Routine, running: Running): Promise<void> {
  const { objects } = closure.workspace;
  const origin = [...running.origin, `aggregate ${routineName(routine)}`];
  for (const oid of objects.aggregates.get(routine.oid) ?? []) {
    const part = objects.routines.get(oid);
    if (part === undefined || isSystemSchema(part.schema)) continue;
    addExecute(closure, part, { ...running, of: { role: routine.owner }, role: routine.owner, origin });
    await closure.rules.addBody(closure, part, { ...running, origin, certainty: "conditional" });
  }
}
