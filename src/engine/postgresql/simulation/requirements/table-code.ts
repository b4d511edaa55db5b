import type { Closure, Running } from "./closure.ts";
import { namesOf } from "./closure.ts";
import type { ForeignKey, Relation, Trigger } from "./objects.ts";
import { tableRight } from "./relation-needs.ts";
import type { Write, WriteCommand } from "./tree-facts.ts";

/** The bits of pg_trigger.tgtype. */
const ROW = 1;
const EVENTS: Readonly<Record<WriteCommand | "TRUNCATE", number>> = { INSERT: 4, DELETE: 8, UPDATE: 16, TRUNCATE: 32 };

/** What writing to a table sets going: its triggers, and the code of its checks, indexes, generated columns, partitions and keys. */
export async function addTableCode(closure: Closure, write: Write, running: Running): Promise<void> {
  const table = closure.relation(write.relation);
  if (table === undefined || table.temporary) return;
  if (
    !closure.enter(
      `write\0${table.oid}\0${write.command}\0${write.columns.join()}\0${write.certain}\0${running.role}`,
      running,
    )
  )
    return;
  const name = `${table.schema}.${table.name}`;
  const at: Running = { ...running, text: null };
  await addTriggers(closure, write, { table, running: at, direct: true });
  if (write.command === "INSERT") await addMissingColumns(closure, write, { table, running: at });
  if (write.command !== "DELETE") await addRowCode(closure, table, { write, running: at, certain: write.certain });
  for (const child of childrenOf(closure, table.oid)) {
    const relation = closure.relation(child);
    if (relation === undefined) continue;
    const origin = [...at.origin, `partition of ${name}`];
    const inside: Running = { ...at, certainty: "conditional", origin };
    await addTriggers(closure, write, { table: relation, running: inside, direct: false });
    if (write.command !== "DELETE") await addRowCode(closure, relation, { write, running: inside, certain: false });
  }
  await addKeys(closure, write, { table, running: at });
}

/** All that inherit from a table, in any number of steps. */
export function childrenOf(closure: Closure, table: number): readonly number[] {
  const { children } = closure.workspace.objects;
  const found = new Set<number>();
  const visit = (oid: number): void => {
    for (const child of children.get(oid) ?? []) {
      if (found.has(child)) continue;
      found.add(child);
      visit(child);
    }
  };
  visit(table);
  return [...found];
}

/** The triggers of a statement without rows of its own: TRUNCATE. */
export async function addTriggersOf(
  closure: Closure,
  table: Relation,
  event: "TRUNCATE",
  running: Running,
): Promise<void> {
  for (const trigger of closure.workspace.objects.triggers.get(table.oid) ?? []) {
    if ((trigger.type & EVENTS[event]) === 0) continue;
    const routine = closure.workspace.objects.routines.get(trigger.routine);
    const origin = [...running.origin, `trigger ${trigger.name} of ${table.schema}.${table.name}`];
    if (routine !== undefined)
      await closure.rules.addBody(closure, routine, { ...running, text: null, origin }, { trigger: table });
  }
}

async function addTriggers(
  closure: Closure,
  write: Write,
  { table, running, direct }: { readonly table: Relation; readonly running: Running; readonly direct: boolean },
): Promise<void> {
  for (const trigger of closure.workspace.objects.triggers.get(table.oid) ?? []) {
    const perRow = (trigger.type & ROW) !== 0;
    if ((trigger.type & EVENTS[write.command]) === 0) continue;
    // Of a child that was not named itself, only what is done for each row.
    if (!direct && (!perRow || trigger.cloned)) continue;
    const fires = !perRow || (write.certain && trigger.condition === null);
    const certain = fires && trigger.condition === null && trigger.columns.length === 0;
    await addTrigger(closure, trigger, {
      table,
      running: certain ? running : { ...running, certainty: "conditional" },
      write,
    });
  }
}

async function addTrigger(
  closure: Closure,
  trigger: Trigger,
  { table, running, write }: { readonly table: Relation; readonly running: Running; readonly write: Write },
): Promise<void> {
  const isNamed = trigger.columns.length === 0 || trigger.columns.some((column) => write.columns.includes(column));
  // UPDATE OF counts what the statement sets; triggers before may set more without it firing.
  if (write.command === "UPDATE" && !isNamed) return;
  const { objects } = closure.workspace;
  const origin = [...running.origin, `trigger ${trigger.name} of ${table.schema}.${table.name}`];
  if (trigger.condition !== null)
    await closure.expressions(trigger.condition, { ...running, certainty: "conditional", origin });
  const routine = objects.routines.get(trigger.routine);
  if (routine === undefined) {
    closure.found.unknown({ kind: "format", reason: "there is no such trigger function", origin });
    return;
  }
  await closure.rules.addBody(closure, routine, { ...running, origin }, { trigger: table });
}

/** Columns that nothing is said of get NULL, which the planner still puts through the checks of a domain. */
async function addMissingColumns(
  closure: Closure,
  write: Write,
  { table, running }: { readonly table: Relation; readonly running: Running },
): Promise<void> {
  const { objects } = closure.workspace;
  for (const column of objects.columns.get(table.oid) ?? []) {
    if (write.inserted.includes(column.number) || objects.types.get(column.type)?.form !== "d") continue;
    const conditional = write.place.conditional || !write.place.certain;
    await closure.domain(column.type, conditional ? { ...running, certainty: "conditional" } : running);
  }
}

/** Code that is run for each row, by whoever writes it. */
async function addRowCode(
  closure: Closure,
  table: Relation,
  { write, running, certain }: { readonly write: Write; readonly running: Running; readonly certain: boolean },
): Promise<void> {
  const { objects } = closure.workspace;
  const name = `${table.schema}.${table.name}`;
  const at = (what: string): Running => ({
    ...running,
    certainty: certain ? running.certainty : "conditional",
    origin: [...running.origin, `${what} of ${name}`],
  });
  for (const check of objects.checks.get(table.oid) ?? [])
    await closure.expressions(check.tree, at(`check ${check.name}`));
  for (const column of objects.columns.get(table.oid) ?? []) {
    // A placeholder takes the domain's own type, and a column that is left out is made a NULL of it when the plan is made: the tree shows neither.
    const inside = at(`column ${column.name}`);
    if (closure.isChecked(column.type)) {
      if (write.command === "INSERT") await closure.domain(column.type, inside);
      else if (write.columns.includes(column.number)) {
        await closure.domain(column.type, { ...inside, certainty: "conditional" });
      }
    }
    if (column.generated !== null) await closure.expressions(column.generated, at(`generated column ${column.name}`));
  }
  for (const index of objects.indexCode.get(table.oid) ?? []) {
    const inside = at(`index ${index.name}`);
    // Behind a predicate, or an update that leaves the index alone, nothing of it is run.
    await closure.expressions(
      index.tree,
      write.command === "INSERT" ? inside : { ...inside, certainty: "conditional" },
    );
  }
  if (table.partitionCode !== null) await closure.expressions(table.partitionCode, at("partition key"));
}

/** Foreign keys ask for nothing of the writer; the server looks as the owner of the other table. */
async function addKeys(
  closure: Closure,
  write: Write,
  { table, running }: { readonly table: Relation; readonly running: Running },
): Promise<void> {
  const { objects } = closure.workspace;
  if (write.command !== "DELETE") {
    for (const key of objects.foreignKeys.get(table.oid) ?? []) {
      if (write.command === "UPDATE" && !key.columns.some((column) => write.columns.includes(column))) continue;
      const other = closure.relation(key.references);
      if (other !== undefined)
        addLook(closure, other, { columns: key.referenced, running: keyed(key, other, running) });
    }
  }
  if (write.command === "INSERT") return;
  for (const key of objects.referencing.get(table.oid) ?? []) {
    if (write.command === "UPDATE" && !key.referenced.some((column) => write.columns.includes(column))) continue;
    const other = closure.relation(key.table);
    if (other === undefined) continue;
    const inside = keyed(key, other, running);
    addLook(closure, other, { columns: key.columns, running: inside });
    const action = write.command === "UPDATE" ? key.onUpdate : key.onDelete;
    if (action === "a" || action === "r") continue;
    const command: WriteCommand = action === "c" && write.command === "DELETE" ? "DELETE" : "UPDATE";
    const columns = command === "UPDATE" ? key.columns : [];
    const listed = { kind: "listed", names: namesOf(objects, other.oid, key.columns) } as const;
    closure.found.need(tableRight(objects, other, command, command === "UPDATE" ? listed : undefined), inside);
    await addTableCode(
      closure,
      { relation: other.oid, command, columns, inserted: [], certain: false, place: write.place },
      inside,
    );
  }
}

function keyed(key: ForeignKey, other: Relation, running: Running): Running {
  return {
    ...running,
    of: { role: other.owner },
    role: other.owner,
    certainty: "conditional",
    origin: [...running.origin, `foreign key ${key.name}`],
    text: null,
  };
}

/** The server looks a key up and locks the row: as the owner, by its full name. */
function addLook(
  closure: Closure,
  table: Relation,
  { columns, running }: { readonly columns: readonly number[]; readonly running: Running },
): void {
  const { objects } = closure.workspace;
  closure.schemaUsage(table.schema, running);
  const names = namesOf(objects, table.oid, columns);
  closure.found.need(tableRight(objects, table, "SELECT", { kind: "listed", names }), running);
  closure.found.need(tableRight(objects, table, "UPDATE", { kind: "any" }), running);
}
