import type { Token } from "../grammar/tokens.ts";
import { wordOf } from "../grammar/statements.ts";
import type { Needs } from "./needs.ts";
import type { Relation } from "./objects.ts";
import type { Here, Queries } from "./queries.ts";
import { Scope, type Source } from "./scope.ts";
import { type Fields, fieldsOf, listOf, nameOf, type Node, type Parse, type Tree } from "./tree.ts";
import { utility } from "./utilities.ts";

/** What is written to a table: it fires triggers, and reaches through views. */
export interface Write {
  readonly privilege: "INSERT" | "UPDATE" | "DELETE";
  readonly columns: readonly string[];
  /** What is read of it in the same statement. */
  readonly reads: readonly string[];
  /** The statement has queries within it. */
  readonly hasQuery: boolean;
  /** The statement joins it to other tables. @default false */
  readonly isJoined?: boolean;
}

/** What runs when a table is written to. */
export interface Written {
  written(relation: Relation, write: Write, here: Here): void;
  /** The one table behind a view, and as whom it is reached. Null: there are several, or it cannot be told. */
  base(view: Relation, here: Here): { readonly table: Relation; readonly of: Here["of"] } | null;
}

/** Reads statements: those that read and change rows by their tree, the others by their words. */
export class Statements {
  readonly #queries: Queries;
  readonly #written: Written;
  readonly #parse: Parse;

  constructor(queries: Queries, written: Written, parse: Parse) {
    this.#queries = queries;
    this.#written = written;
    this.#parse = parse;
  }

  get #needs(): Needs {
    return this.#queries.needs;
  }

  read(tokens: readonly Token[], here: Here): void {
    if (utility(tokens, here, { queries: this.#queries, read: (rest) => this.read(rest, here) })) return;
    const tree = this.#parse(tokens);
    if (tree === null) {
      const word = wordOf(tokens[0]);
      this.#needs.unknown(
        "unparsed",
        `the grammar of this ${word === "" ? "statement" : word.toUpperCase()} is not known`,
        here.origin,
      );
      return;
    }
    if (tree.outfile) this.#needs.on({ kind: "server", path: [] }, "FILE", here);
    this.#tree(tree, here);
  }

  #tree({ kind, fields, noColumns }: Tree, here: Here): void {
    if (kind === "Query") return void this.#queries.query(fields, here, null);
    if (kind === "Insert") return this.#insert(fields, here, noColumns);
    if (kind === "Update") return this.#update(fields, here);
    if (kind === "Delete") return this.#delete(fields, here);
    if (kind === "Set") return this.#queries.expression(fields, here, { scope: new Scope(null) });
    if (kind === "Call") return this.#call(fields, here);
    this.#needs.unknown("unparsed", `what ${kind} needs is not known`, here.origin);
  }

  #insert(insert: Fields, here: Here, noColumns: boolean): void {
    const path = nameOf(fieldsOf(insert["table"])["TableName"]);
    const relation = this.#queries.relation(path, here);
    const scope = new Scope(null);
    this.#queries.table(path, here, { scope, alias: null });
    const assigned = listOf(insert["assignments"]);
    const named =
      assigned.length > 0 ? targets(assigned) : listOf(insert["columns"]).map((name) => nameOf(name).at(-1) ?? "");
    const inner: Here = relation === null ? here : { ...here };
    const source = fieldsOf(insert["source"]);
    const rows = fieldsOf(fieldsOf(source["body"])["Values"]);
    if (Object.keys(rows).length > 0) this.#queries.expression(rows["rows"] ?? null, inner, { scope });
    else if (Object.keys(source).length > 0) this.#queries.query(source, inner, null);
    this.#queries.expression(
      assigned.map((each) => fieldsOf(each)["value"] ?? null),
      inner,
      { scope },
    );
    const onDuplicate = listOf(fieldsOf(insert["on"])["DuplicateKeyUpdate"]);
    // What stands behind ON DUPLICATE KEY UPDATE may also name columns of the query that is inserted.
    if (onDuplicate.length > 0 && Object.keys(rows).length === 0 && Object.keys(source).length > 0) {
      this.#queries.from(listOf(fieldsOf(fieldsOf(source["body"])["Select"])["from"]), inner, scope);
    }
    this.#queries.expression(
      onDuplicate.map((each) => fieldsOf(each)["value"] ?? null),
      inner,
      { scope },
    );
    this.#queries.projection(listOf(insert["returning"]), inner, scope);
    // Which reading of a view an INSERT asks for follows no rule that was found.
    const reading: Here = relation?.view == null ? here : { ...here, certainty: "conditional" };
    const reads = this.#readUsed(scope, reading, new Set(scope.sources.slice(0, 1)));
    if (relation === null) return;
    const returned = listOf(insert["returning"]).length > 0 ? reads : [];
    const columns = named.length > 0 ? named.map((name) => spelled(relation, name)) : noColumns ? [] : relation.columns;
    this.#write(relation, { privilege: "INSERT", columns, reads, hasQuery: false }, here);
    if (returned.length > 0) {
      // With RETURNING the server asks for both rights on all of them.
      const both = new Set([...columns, ...returned]);
      for (const privilege of ["INSERT", "SELECT"]) {
        this.#needs.onColumns(relation.resource, privilege, { ...here, columns: both });
      }
    }
    if (insert["replace_into"] === true)
      this.#write(relation, { privilege: "DELETE", columns: [], reads, hasQuery: false }, here);
    if (onDuplicate.length > 0) {
      const changed = targets(onDuplicate).map((name) => spelled(relation, name));
      // The server also asks for UPDATE of what is inserted, and for SELECT of what is changed.
      this.#selectOfWritten(relation, changed, reading);
      this.#write(
        relation,
        { privilege: "UPDATE", columns: [...new Set([...columns, ...changed])], reads, hasQuery: false },
        here,
      );
    }
    if (relation.view === null) this.#defaults(relation, here);
  }

  /** Defaults run with the rights of who inserts; the server asks for them even where the column is given a value. */
  #defaults(relation: Relation, here: Here): void {
    for (const [column, text] of relation.defaults) {
      const [, kind = "", schema, name = ""] =
        /(nextval|lastval)\((?:`((?:[^`]|``)*)`\.)?`((?:[^`]|``)*)`\)/iu.exec(text) ?? [];
      const path = [...(schema === undefined ? [] : [schema]), name].map((part) => part.replaceAll("``", "`"));
      const sequence = name === "" ? null : this.#queries.relation(path, here);
      if (sequence === null) {
        this.#needs.unknown("default", `the default of \`${column}\` runs something that is not known`, here.origin);
        continue;
      }
      const place = { ...here, origin: [...here.origin, `default of ${column}`] };
      for (const privilege of kind.toLowerCase() === "nextval" ? ["SELECT", "INSERT"] : ["SELECT"]) {
        this.#needs.onColumns(sequence.resource, privilege, { ...place, columns: [] });
      }
    }
  }

  #update(update: Fields, here: Here): void {
    const scope = new Scope(null);
    this.#queries.from([update["table"] ?? null], here, scope);
    const assignments = listOf(update["assignments"]);
    for (const part of [
      assignments.map((each) => fieldsOf(each)["value"] ?? null),
      update["selection"] ?? null,
      update["order_by"] ?? null,
    ]) {
      this.#queries.expression(part, here, { scope });
    }
    const written = new Map<Source, string[]>();
    for (const { target } of assignments.map(fieldsOf)) {
      const path = nameOf(fieldsOf(target)["ColumnName"]);
      const source = sourceOf(scope, path);
      if (source === null) this.#needs.unknown("name", `there is no column \`${path.join(".")}\``, here.origin);
      else written.set(source, [...(written.get(source) ?? []), path.at(-1) ?? ""]);
    }
    this.#readUsed(scope, here, new Set(written.keys()));
    const isJoined = scope.sources.length > 1;
    for (const [{ relation, used }, columns] of written) {
      if (relation === null) continue;
      const changed = columns.map((name) => spelled(relation, name));
      this.#write(
        relation,
        { privilege: "UPDATE", columns: changed, reads: [...used], hasQuery: hasQuery(update), isJoined },
        here,
      );
    }
  }

  #delete(statement: Fields, here: Here): void {
    const scope = new Scope(null);
    const [from] = Object.values(fieldsOf(statement["from"])).map(listOf);
    const using = listOf(statement["using"]);
    const named =
      using.length > 0
        ? (from ?? []).map((each) => nameOf(fieldsOf(fieldsOf(fieldsOf(each)["relation"])["Table"])["name"]))
        : listOf(statement["tables"]).map(nameOf);
    this.#queries.from(using.length > 0 ? using : (from ?? []), here, scope);
    for (const part of ["selection", "order_by"]) this.#queries.expression(statement[part] ?? null, here, { scope });
    this.#queries.projection(listOf(statement["returning"]), here, scope);
    const written = new Set<Source>();
    if (named.length === 0) for (const source of scope.sources.slice(0, 1)) written.add(source);
    for (const path of named) {
      const name = path.at(-1)?.toLowerCase();
      const source = scope.sources.find((each) => each.name === name);
      if (source === undefined) this.#needs.unknown("name", `there is no table \`${path.join(".")}\``, here.origin);
      else written.add(source);
    }
    // Of a table that rows are deleted from by its name, one column that may be read is enough where DELETE is held on the table itself. Measured on MariaDB 10.11.
    this.#readUsed(scope, here, written, named.length > 0);
    for (const { relation, used } of written) {
      if (relation !== null)
        this.#write(
          relation,
          { privilege: "DELETE", columns: [], reads: [...used], hasQuery: hasQuery(statement) },
          here,
        );
    }
  }

  /** What is read of each table. Of one that is written nothing has to be read, and what lies behind it is looked at where it is written. Returns what is read of the first. */
  #readUsed(scope: Scope, here: Here, written: ReadonlySet<Source>, anyColumn = false): readonly string[] {
    for (const source of scope.sources) {
      if (!written.has(source)) this.#queries.read(source, here);
      else if (source.relation !== null && source.used.size > 0) {
        const { resource } = source.relation;
        if (anyColumn) {
          this.#needs.onColumns(resource, "SELECT", { ...here, columns: [] });
          this.#needs.onColumns(resource, "SELECT", { ...here, certainty: "conditional", columns: source.used });
        } else this.#selectOfWritten(source.relation, [...source.used], here);
      }
    }
    return [...(scope.sources[0]?.used ?? [])];
  }

  /**
   * SELECT for what is read of a relation that is written to. Of a view the server does not ask the caller for it where whoever the table behind is reached as may read all of that: it takes the table's rights for the
   * view's. Measured on MariaDB 10.11.
   */
  #selectOfWritten(relation: Relation, columns: readonly string[], here: Here): void {
    if (relation.view === null) {
      return this.#needs.onColumns(relation.resource, "SELECT", { ...here, columns });
    }
    const base = this.#written.base(relation, here);
    if (base === null) {
      return this.#needs.onColumns(relation.resource, "SELECT", { ...here, certainty: "conditional", columns });
    }
    const { certainty, origin } = here;
    const right = { kind: "privilege", privilege: "SELECT" } as const;
    for (const name of columns) {
      const own = { ...right, resource: relation.resource, columns: { kind: "listed", names: [name] } } as const;
      this.#needs.add({
        kind: "any-of",
        options: [
          { kind: "need", right: own, of: here.of, certainty, origin },
          { kind: "need", right: { ...right, resource: base.table.resource }, of: base.of, certainty, origin },
        ],
      });
    }
  }

  #write(relation: Relation, write: Write, here: Here): void {
    const { privilege, columns } = write;
    if (privilege === "DELETE") this.#needs.on(relation.resource, "DELETE", here);
    else this.#needs.onColumns(relation.resource, privilege, { ...here, columns });
    this.#written.written(relation, write, here);
  }

  #call(call: Fields, here: Here): void {
    const path = nameOf(call["name"]);
    this.#queries.expression(call["args"] ?? null, here, { scope: new Scope(null) });
    if (!this.#queries.beneath.routine(path, "procedure", here)) {
      this.#needs.unknown("name", `there is no procedure \`${path.join(".")}\``, here.origin);
    }
  }
}

function hasQuery(statement: Fields): boolean {
  return /"(?:S|InS|s)ubquery"/u.test(JSON.stringify(statement));
}

function targets(assignments: readonly Node[]): readonly string[] {
  return assignments.map((each) => nameOf(fieldsOf(fieldsOf(each)["target"])["ColumnName"]).at(-1) ?? "");
}

function spelled({ columns }: Relation, name: string): string {
  return columns.find((column) => column.toLowerCase() === name.toLowerCase()) ?? name;
}

function sourceOf(scope: Scope, path: readonly string[]): Source | null {
  const column = path.at(-1)?.toLowerCase() ?? "";
  const table = path.at(-2)?.toLowerCase();
  const called = scope.sources.filter(({ name }) => table === undefined || name === table);
  return called.find(({ columns }) => columns?.some((name) => name.toLowerCase() === column)) ?? null;
}
