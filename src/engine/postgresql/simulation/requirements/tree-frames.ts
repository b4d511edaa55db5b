import { COLUMNS } from "./left-out.ts";
import type { TreeNode } from "./nodes.ts";
import type { Place } from "./tree-facts.ts";

/** One query and what its variables refer to. */
export interface Frame {
  readonly outer: Frame | null;
  /** By range entry and column, 0 for whole rows: the guards of each place that it is referred to from. */
  readonly references: Map<number, (readonly Guard[])[]>;
}

/** A place that only counts when the column is read that it stands in. */
export interface Guard {
  readonly frame: Frame;
  readonly entry: number;
  readonly column: number;
}

export interface Context {
  readonly place: Place;
  /** It is a query that the planner may see to return nothing. */
  readonly dead: boolean;
  /** What its conditions compare. */
  readonly compared: ReadonlySet<number>;
  readonly frame: Frame | null;
  readonly guards: readonly Guard[];
}

/** Of a subquery in the range table: where its columns are referred to. */
export interface SubqueryContext extends Context {
  readonly entry?: {
    readonly node: TreeNode;
    readonly frame: Frame | null;
    readonly number: number;
    /** What is not read of it is left out. */
    readonly isGuarded: boolean;
  };
}

/** What stands beneath may be decided before it is planned. */
export function folded(context: Context): Context {
  return { ...context, place: { ...context.place, conditional: true, dropped: true } };
}

/** Whether a column is read: from a place that counts itself, since a column of a view may only be read by another one that nobody reads. */
export function isRead({ frame, entry, column }: Guard): boolean {
  const counts = (key: number): boolean => {
    const places = frame.references.get(key);
    if (places === undefined) return false;
    // Asked again it is known at once.
    frame.references.delete(key);
    const reached = places.some((guards) => guards.every(isRead));
    if (reached) frame.references.set(key, READ);
    return reached;
  };
  return counts(entry * COLUMNS + column) || counts(entry * COLUMNS);
}

const READ: (readonly Guard[])[] = [[]];
