import type { RenderedStatement } from "../engine/engine.ts";
import { PUBLIC } from "../model/role.ts";
import type { Change, GrantChange } from "../model/change.ts";
import { describeName, describeResource, resourceKey, type Resource } from "../model/resource.ts";
import type { PlannedChange } from "./plan.ts";
import { anchorOf } from "./split-changes.ts";
import type { Piece } from "./steps.ts";

/*
 * A grant on a table that is narrowed to columns: taking the one from the table takes the ones from its columns too, in every engine that has both. So the columns are granted afterwards. Where grants take no part
 * in transactions that is a gap, which no order avoids (planning-and-applying.md, A2), and the plan says so.
 */

/** Cuts grants on columns by whether they are what stays of a grant on their table, and says which are. */
export function splitNarrowing(changes: readonly PlannedChange[]): {
  readonly changes: readonly PlannedChange[];
  readonly narrowing: ReadonlySet<PlannedChange>;
} {
  const narrowing = new Set<PlannedChange>();
  if (!changes.some(({ change }) => addsToColumns(change))) return { changes, narrowing };
  const removed = new Set(changes.flatMap(({ change }) => (removesFromTables(change) ? placesOf(change) : [])));
  const split = changes.flatMap((planned): PlannedChange[] => {
    const { change, origin } = planned;
    if (!addsToColumns(change)) return [planned];
    const isNarrowing = (resource: Resource): boolean =>
      placesOf({ ...change, resources: [resource] }).some((place) => removed.has(place));
    const groups = [...Map.groupBy(change.resources, isNarrowing)];
    return groups.map(([narrows, resources]) => {
      const part = groups.length === 1 ? planned : { change: { ...change, resources }, origin };
      if (narrows) narrowing.add(part);
      return part;
    });
  });
  return { changes: split, narrowing };
}

/** The statements with each grant on columns right behind the removal that it is left over from, which says what is missing between the two. */
export function narrowTogether(
  statements: readonly RenderedStatement[],
  pieces: readonly Piece[],
): readonly RenderedStatement[] {
  const changesOf = (statement: RenderedStatement): readonly Change[] =>
    statement.changes.flatMap((piece) => pieces[piece]?.change ?? []);
  const later = new Map<string, RenderedStatement[]>();
  const others: RenderedStatement[] = [];
  for (const statement of statements) {
    const [first, ...rest] = changesOf(statement);
    if (first !== undefined && addsToColumns(first) && rest.every(addsToColumns)) {
      const key = holderOf(first);
      later.set(key, [...(later.get(key) ?? []), statement]);
    } else others.push(statement);
  }
  if (later.size === 0) return statements;
  const result: RenderedStatement[] = [];
  for (const [index, statement] of others.entries()) {
    const next = others[index + 1];
    const removals = changesOf(statement).filter(removesFromTables);
    const goesOn = next?.changes.some((piece) => statement.changes.includes(piece)) === true;
    const following = goesOn ? [] : removals.flatMap((removal) => later.get(holderOf(removal)) ?? []);
    for (const removal of goesOn ? [] : removals) later.delete(holderOf(removal));
    const without = following.flatMap(changesOf).filter(addsToColumns);
    result.push(without.length === 0 ? statement : { ...statement, interrupts: statement.interrupts ?? gap(without) });
    result.push(...following);
  }
  return [...result, ...[...later.values()].flat()];
}

function addsToColumns(change: Change): change is GrantChange {
  return change.kind === "add-grant" && change.resourceKind === "column";
}

function removesFromTables(change: Change): change is GrantChange {
  return change.kind === "remove-grant" && change.resourceKind === "table";
}

function placesOf(change: GrantChange): readonly string[] {
  return change.resources.flatMap((resource) =>
    change.privileges.map(
      (privilege) => `${change.grantee}\0${change.grantor}\0${privilege}\0${resourceKey(anchorOf(resource))}`,
    ),
  );
}

/** The grantee and the table; a piece has one of each. */
function holderOf({ grantee, resources: [first] }: GrantChange): string {
  return `${grantee}\0${first === undefined ? "" : resourceKey(anchorOf(first))}`;
}

function gap(without: readonly GrantChange[]): string {
  const parts = without.map(({ privileges, resources }) => {
    const columns = resources.map((column) => describeName(column.path.at(-1) ?? "")).join(", ");
    const [first] = resources;
    return `${privileges.join(", ")} on ${columns} of ${first === undefined ? "" : describeResource(anchorOf(first))}`;
  });
  const who = without[0]?.grantee ?? PUBLIC;
  return `until the next statement ${who === PUBLIC ? "everybody (PUBLIC)" : `\`${describeName(who)}\``} is without ${parts.join(" and ")}`;
}
