import type { Argument } from "./values.ts";

/** Where in a tree something stands. */
export interface Place {
  /** The views that it came in with, the outermost first: oids. */
  readonly views: readonly number[];
  /** It stands in a row policy or a check option: no name of it was written by the caller. */
  readonly policy: boolean;
  /** It may be left out of the plan: in a column of a view that nobody reads, beneath a condition. */
  readonly conditional: boolean;
  /** It may be dropped before it is planned: then nobody asks even for its relations. */
  readonly dropped: boolean;
  /** It is evaluated whenever the statement runs, once at least. */
  readonly certain: boolean;
}

/** One check that the server makes before it runs the statement. */
export interface RelationCheck {
  readonly relation: number;
  /** The bits of requiredPerms. */
  readonly permissions: number;
  /** 0: who runs it. */
  readonly asRole: number;
  /** Column numbers; 0 is the whole row, negative ones are system columns. */
  readonly selected: readonly number[];
  readonly inserted: readonly number[];
  readonly updated: readonly number[];
  readonly place: Place;
}

/** A routine that is called. */
export interface RoutineUse {
  readonly routine: number;
  /** The operator that stands for it; 0: it is called by its name. */
  readonly operator: number;
  readonly arguments: readonly Argument[];
  /** Somebody wrote its name: a call, and not a cast that the server adds. */
  readonly named: boolean;
  readonly place: Place;
}

export type WriteCommand = "INSERT" | "UPDATE" | "DELETE";

/** A table that rows are written to. */
export interface Write {
  readonly relation: number;
  readonly command: WriteCommand;
  /** UPDATE: the columns that are set. */
  readonly columns: readonly number[];
  /** INSERT: the columns that are given a value by the statement. */
  readonly inserted: readonly number[];
  /** At least one row is written for certain: VALUES without ON CONFLICT. */
  readonly certain: boolean;
  readonly place: Place;
}

/** What one tree says. */
export interface TreeFacts {
  readonly relations: readonly RelationCheck[];
  readonly routines: readonly RoutineUse[];
  readonly writes: readonly Write[];
  readonly domains: readonly { readonly type: number; readonly place: Place }[];
  /** Types of constants and explicit casts: somebody may have written their names. */
  readonly types: readonly number[];
  readonly operators: readonly number[];
  /** Relations named in constants of type regclass. */
  readonly namedRelations: readonly number[];
  /** What the first query returns: for records that are filled from it. */
  readonly columns: readonly { readonly name: string; readonly type: number | null }[];
  /** The node of a utility statement that is not read here; `?` where the server prints none. */
  readonly utility: string | null;
}
