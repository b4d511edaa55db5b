import type { Relation } from "./objects.ts";

/** One entry of a FROM. */
export interface Source {
  /** What it is called in the statement, in lower case. */
  readonly name: string;
  /** The schema that it may be called by; null: it has an alias, or is derived. */
  readonly schema: string | null;
  /** Null: it is a query of the statement itself. */
  readonly relation: Relation | null;
  /** Its columns; null: not known, so that any name may be one of them. */
  readonly columns: readonly string[] | null;
  /** The columns that are read. */
  readonly used: Set<string>;
  /** Columns, in lower case, that a `*` leaves out: another table that it is joined to by them has them. */
  readonly merged: Set<string>;
}

/** A source of which nothing is read yet. */
export function source(given: Pick<Source, "name" | "columns"> & Partial<Source>): Source {
  return { schema: null, relation: null, used: new Set(), merged: new Set(), ...given };
}

/** What names mean in one query. */
export class Scope {
  readonly sources: Source[] = [];
  /** What the items of its SELECT are called, in lower case. */
  readonly aliases: Set<string> = new Set();
  /** Queries of a WITH, by their names in lower case, and their columns. */
  readonly named: Map<string, readonly string[] | null> = new Map();
  readonly parent: Scope | null;

  constructor(parent: Scope | null) {
    this.parent = parent;
  }

  /** The columns of a query of a WITH; undefined: there is none of this name. */
  namedQuery(name: string): readonly string[] | null | undefined {
    const own = this.named.get(name.toLowerCase());
    return own !== undefined || this.named.has(name.toLowerCase()) ? own : this.parent?.namedQuery(name);
  }

  /** Marks a column as read wherever it comes from. False: no such column is known. */
  use(path: readonly string[], aliasesFirst = false): boolean {
    const column = path.at(-1) ?? "";
    if (aliasesFirst && path.length === 1 && this.aliases.has(column.toLowerCase())) return true;
    const found = this.#matching(path);
    if (found.length > 0) {
      for (const source of found) markUsed(source, column);
      return true;
    }
    if (path.length === 1 && this.aliases.has(column.toLowerCase())) return true;
    return this.parent?.use(path) ?? false;
  }

  #matching(path: readonly string[]): readonly Source[] {
    const column = path.at(-1)?.toLowerCase() ?? "";
    const [table, schema] = [path.at(-2)?.toLowerCase(), path.at(-3)?.toLowerCase()];
    const called = this.sources.filter(
      (source) =>
        (table === undefined || source.name === table) &&
        (schema === undefined || source.schema?.toLowerCase() === schema),
    );
    const having = called.filter(({ columns }) => columns?.some((name) => name.toLowerCase() === column) ?? false);
    if (having.length > 0) return table === undefined ? having.slice(0, 1) : having;
    return called.filter(({ columns }) => columns === null).slice(0, 1);
  }
}

/** The column's own spelling is what is granted on. */
export function markUsed({ columns, used }: Source, column: string): void {
  const own = columns?.find((name) => name.toLowerCase() === column.toLowerCase());
  if (own !== undefined) used.add(own);
}
