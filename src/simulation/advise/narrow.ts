import type { AccessIndex } from "../../analysis/access-index.ts";
import { sortedText } from "../../base/order.ts";
import type { Declared } from "../../model/declared.ts";
import { resourceKey } from "../../model/resource.ts";
import type { Narrowing, Unit } from "./advice.ts";
import type { Clauses } from "./clauses.ts";
import type { Formula, Ways } from "./ways.ts";

/** From which share of used columns a grant on the whole table is the better one: lists of columns multiply, and break `select *`. */
const MOST_COLUMNS = 0.6;

/** Grants on whole tables that are needed for some of their columns alone. */
export function narrowings(given: {
  readonly index: AccessIndex;
  readonly ways: Ways;
  readonly clauses: Clauses;
  readonly units: readonly Unit[];
  readonly declared: Declared;
}): readonly Narrowing[] {
  const sensitive = new Set(given.declared.sensitive.flatMap((each) => each.resources.map(resourceKey)));
  return given.units.flatMap((unit) => narrowed(unit, given, sensitive) ?? []);
}

function narrowed(
  unit: Unit,
  { index, clauses }: Parameters<typeof narrowings>[0],
  sensitive: ReadonlySet<string>,
): Narrowing | null {
  const { what } = unit;
  if (what.kind !== "grant" || what.resources.length !== 1 || what.grantees.length !== 1) return null;
  const [table] = what.resources;
  const [privilege] = what.privileges;
  const [grantee] = what.grantees;
  if (table?.kind !== "table" || privilege === undefined || grantee === undefined || what.privileges.length !== 1) {
    return null;
  }
  const all = index.catalog.entries.get(resourceKey(table))?.columns ?? [];
  if (all.length === 0 || !index.rules.privilegesOf("column").includes(privilege)) return null;
  const columns = columnsNeeded(clauses.falling({ grants: unit.grants, members: [] }));
  if (columns === null || columns.length === 0) return null;
  const hides = all.some(
    (name) => !columns.includes(name) && sensitive.has(resourceKey({ kind: "column", path: [...table.path, name] })),
  );
  if (!hides && columns.length >= all.length * MOST_COLUMNS) return null;
  return columns.length >= all.length ? null : { unit, grantee, privilege, table, columns, of: all.length };
}

/** The columns that stand in for the table in all of these; null: one of them needs the table itself. */
function columnsNeeded(fallen: readonly Formula[]): readonly string[] | null {
  const names: string[] = [];
  for (const formula of fallen) {
    if (formula.kind !== "any" || formula.parts.length !== 2) return null;
    const [whole, each] = formula.parts;
    if (whole?.kind !== "held" || whole.resource.kind !== "table" || each === undefined) return null;
    if (each.kind !== "all" && each.kind !== "any") return null;
    const columns = each.parts.map((part) => (part.kind === "held" ? part.resource.path[3] : undefined));
    if (columns.includes(undefined)) return null;
    // Any one column will do: the others' list has one.
    if (each.kind === "all") names.push(...(columns as readonly string[]));
  }
  return sortedText(names);
}
