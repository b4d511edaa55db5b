import type { RenderedStatement } from "../engine/engine.ts";
import { isGrantChange, type Change } from "../model/change.ts";
import { resourceKey, type Resource } from "../model/resource.ts";
import { anchorOf } from "./split-changes.ts";

/*
 * Where grants take no part in transactions, each statement stands at once. So its changes are cut until a statement is about one object and one grantee, and it is known exactly what stands after each of them.
 */

/** Statements that follow each other and together carry out whole changes: nearly always one. After its last one the state is known, and read back. */
export interface Step {
  /** Indexes into the statements of the stage: the first, and the one behind the last. */
  readonly from: number;
  readonly to: number;
  /** What it carries out: each about one resource, or about columns of one table. */
  readonly changes: readonly Change[];
}

/** A part of a change that is about one object. */
export interface Piece {
  readonly change: Change;
  /** The index of the change that it was cut from. */
  readonly of: number;
}

/** Cuts changes of grants so that each part is about one resource, or about the columns of one table. Parts of changes that share their resources share them too. */
export function cutIntoPieces(changes: readonly Change[]): Piece[] {
  const known = new Map<readonly Resource[], readonly (readonly Resource[])[]>();
  return changes.flatMap((change, of): Piece[] => {
    if (!isGrantChange(change)) return [{ change, of }];
    let parts = known.get(change.resources);
    if (parts === undefined) {
      parts = [...Map.groupBy(change.resources, (resource) => resourceKey(anchorOf(resource))).values()];
      known.set(change.resources, parts);
    }
    if (parts.length === 1) return [{ change, of }];
    return parts.map((resources) => ({ change: { ...change, resources }, of }));
  });
}

/** The steps of a stage, in order. Throws where the renderer left a change out, or carries one out by statements that do not follow each other: then nobody could say what stands between them. */
export function stepsOf(statements: readonly RenderedStatement[], pieces: readonly Piece[]): Step[] {
  const last = lastStatements(statements, pieces);
  const steps: Step[] = [];
  let from = 0;
  let end = 0;
  let changes: number[] = [];
  for (const [index, statement] of statements.entries()) {
    for (const piece of statement.changes) {
      if (!changes.includes(piece)) changes.push(piece);
      end = Math.max(end, last[piece] ?? index);
    }
    if (index < end) continue;
    const made = changes.flatMap((piece) => pieces[piece]?.change ?? []);
    steps.push({ from, to: index + 1, changes: made });
    [from, end, changes] = [index + 1, index + 1, []];
  }
  return steps;
}

function lastStatements(statements: readonly RenderedStatement[], pieces: readonly Piece[]): readonly number[] {
  const seen = pieces.map(() => ({ first: -1, last: -1, count: 0 }));
  for (const [index, statement] of statements.entries()) {
    for (const piece of new Set(statement.changes)) {
      const place = seen[piece];
      if (place === undefined)
        throw new Error(`a statement names change ${piece}, and there is none: ${statement.text}`);
      if (place.count === 0) place.first = index;
      place.last = index;
      place.count += 1;
    }
  }
  return seen.map(({ first, last, count }, piece) => {
    if (count > 0 && last - first + 1 === count) return last;
    const what = count === 0 ? "by no statement" : "by statements that do not follow each other";
    throw new Error(`a change is carried out ${what}: ${JSON.stringify(pieces[piece]?.change)}`);
  });
}
