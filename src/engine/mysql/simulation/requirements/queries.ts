import type { Privilege } from "../../../../model/access-list.ts";
import type { Resource } from "../../../../model/resource.ts";
import { describeTyped } from "../../../../model/resource.ts";
import { DATABASE } from "../../normalize.ts";
import type { Needs, Place } from "./needs.ts";
import type { Objects, Relation } from "./objects.ts";
import { markUsed, Scope, type Source, source as sourceOf } from "./scope.ts";
import { type Fields, fieldsOf, listOf, nameOf, type Node, stringOf } from "./tree.ts";

/** Where in a statement, or in the code beneath it, we are. */
export interface Here extends Place {
  /** What names without a schema are looked up in. Null: there is none; undefined: it is not known. */
  readonly schema: string | null | undefined;
  /** Parameters and variables of the routine around, in lower case. */
  readonly variables: ReadonlySet<string>;
  /** How much code is around. */
  readonly depth: number;
  /** In a trigger: whose rows NEW and OLD are. */
  readonly row?: Relation;
}

/** What runs beneath statements: views, routines, triggers. */
export interface Beneath {
  view(relation: Relation, here: Here): void;
  routine(path: readonly string[], type: "function" | "procedure", here: Here): boolean;
}

/** Schemas of the server itself; what stands in them is not in the catalog. */
const ALWAYS_READABLE: ReadonlySet<string> = new Set(["information_schema"]);

/** Reads queries and expressions, and what they need of whom. */
export class Queries {
  readonly #objects: Objects;
  readonly #needs: Needs;
  readonly #beneath: Beneath;

  constructor(objects: Objects, needs: Needs, beneath: Beneath) {
    this.#objects = objects;
    this.#needs = needs;
    this.#beneath = beneath;
  }

  /** Reads a query. Returns the names of its columns; null where they are not known. */
  query(query: Fields, here: Here, parent: Scope | null): readonly string[] | null {
    const outer = new Scope(parent);
    const clause = fieldsOf(query["with"]);
    for (const each of listOf(clause["cte_tables"])) {
      const { alias, query: body } = fieldsOf(each);
      const name = (stringOf(fieldsOf(fieldsOf(alias)["name"])["value"]) ?? "").toLowerCase();
      const given = listOf(fieldsOf(alias)["columns"]).map(
        (column) => stringOf(fieldsOf(fieldsOf(column)["name"])["value"]) ?? "",
      );
      if (clause["recursive"] === true) outer.named.set(name, given.length > 0 ? given : null);
      const columns = this.query(fieldsOf(body), here, outer);
      outer.named.set(name, given.length > 0 ? given : columns);
    }
    const { columns, scope } = this.#body(fieldsOf(query["body"]), here, outer);
    this.expression(fieldsOf(query["order_by"])["kind"] ?? null, here, { scope: scope ?? outer, aliasesFirst: true });
    for (const source of scope?.sources ?? []) this.read(source, here);
    return columns;
  }

  #body(
    body: Fields,
    here: Here,
    outer: Scope,
  ): { readonly columns: readonly string[] | null; readonly scope?: Scope } {
    const [kind] = Object.keys(body);
    const inner = fieldsOf(body[kind ?? ""]);
    if (kind === "Select") return this.#select(inner, here, outer);
    if (kind === "Query") return { columns: this.query(inner, here, outer) };
    if (kind === "SetOperation") {
      const left = this.#body(fieldsOf(inner["left"]), here, outer);
      const right = this.#body(fieldsOf(inner["right"]), here, outer);
      for (const { scope } of [left, right]) for (const source of scope?.sources ?? []) this.read(source, here);
      // What it is ordered by are its own columns.
      const scope = new Scope(outer);
      scope.sources.push(sourceOf({ name: "", columns: left.columns }));
      return { columns: left.columns, scope };
    }
    if (kind === "Values") {
      this.expression(inner["rows"] ?? null, here, { scope: outer });
      return { columns: null };
    }
    this.#needs.unknown("unparsed", `a query of a kind that is not known: ${kind ?? "none"}`, here.origin);
    return { columns: null };
  }

  #select(
    select: Fields,
    here: Here,
    outer: Scope,
  ): { readonly columns: readonly string[] | null; readonly scope: Scope } {
    const scope = new Scope(outer);
    this.from(listOf(select["from"]), here, scope);
    const columns = this.projection(listOf(select["projection"]), here, scope);
    for (const part of ["selection", "prewhere", "connect_by", "distinct", "named_window", "qualify"]) {
      this.expression(select[part] ?? null, here, { scope });
    }
    this.expression(select["group_by"] ?? null, here, { scope });
    this.expression(select["having"] ?? null, here, { scope, aliasesFirst: true });
    return { columns, scope };
  }

  /** Reads what a query joins and filters by, and not what it selects. */
  conditions(query: Fields, here: Here): void {
    const select = fieldsOf(fieldsOf(query["body"])["Select"]);
    const scope = new Scope(null);
    this.from(listOf(select["from"]), here, scope);
    this.expression(select["selection"] ?? null, here, { scope });
    for (const each of scope.sources) if (each.used.size > 0) this.read(each, here);
  }

  /** Reads the items of a SELECT or a RETURNING. Returns what they are called; null where that is not known. */
  projection(items: readonly Node[], here: Here, scope: Scope): readonly string[] | null {
    const names: string[] = [];
    let known = true;
    for (const item of items) {
      const [[kind, inner] = ["", null]] = Object.entries(fieldsOf(item));
      if (kind === "Wildcard" || item === "Wildcard") known = star(scope.sources, names) && known;
      else if (kind === "QualifiedWildcard") {
        const path = nameOf(fieldsOf(listOf(inner)[0])["ObjectName"]);
        const table = path.at(-1)?.toLowerCase();
        known =
          star(
            scope.sources.filter(({ name }) => name === table),
            names,
          ) && known;
      } else if (kind === "ExprWithAlias") {
        const { expr, alias } = fieldsOf(inner);
        const name = stringOf(fieldsOf(alias)["value"]) ?? "";
        this.expression(expr ?? null, here, { scope });
        names.push(name);
        scope.aliases.add(name.toLowerCase());
      } else {
        const expression = fieldsOf(inner);
        this.expression(inner ?? null, here, { scope });
        const path =
          expression["CompoundIdentifier"] ??
          (expression["Identifier"] === undefined ? [] : [expression["Identifier"]]);
        names.push(nameOf(path).at(-1) ?? "");
      }
    }
    return known ? names : null;
  }

  /** Reads the tables of a FROM, and what joins them. */
  from(tables: readonly Node[], here: Here, scope: Scope): void {
    for (const table of tables) {
      const { relation, joins } = fieldsOf(table);
      const first = scope.sources.length;
      this.#source(fieldsOf(relation), here, scope);
      for (const join of listOf(joins)) {
        const before = scope.sources.length;
        this.#source(fieldsOf(fieldsOf(join)["relation"]), here, scope);
        const sides = [scope.sources.slice(first, before), scope.sources.slice(before)] as const;
        this.#joined(fieldsOf(join)["join_operator"] ?? null, here, { scope, sides });
      }
    }
  }

  #joined(
    operator: Node,
    here: Here,
    { scope, sides }: { readonly scope: Scope; readonly sides: readonly [readonly Source[], readonly Source[]] },
  ): void {
    const [inner] = Object.values(fieldsOf(operator));
    const { On: condition, Using: using } = fieldsOf(inner);
    if (condition !== undefined) this.expression(condition, here, { scope });
    const common = inner === "Natural" ? commonColumns(sides) : listOf(using).flatMap((name) => nameOf(name).slice(-1));
    // What tables are joined by, by its name, is not asked for.
    for (const column of common) for (const source of sides[1]) source.merged.add(column.toLowerCase());
  }

  #source(relation: Fields, here: Here, scope: Scope): void {
    const [[kind, node] = ["", null]] = Object.entries(relation);
    const inner = fieldsOf(node);
    const alias = stringOf(fieldsOf(fieldsOf(inner["alias"])["name"])["value"]);
    if (kind === "Table") return this.table(nameOf(inner["name"]), here, { scope, alias });
    if (kind === "Derived") {
      const columns = this.query(fieldsOf(inner["subquery"]), here, inner["lateral"] === true ? scope : scope.parent);
      scope.sources.push(sourceOf({ name: (alias ?? "").toLowerCase(), columns }));
      return;
    }
    if (kind === "NestedJoin") return this.from([inner["table_with_joins"] ?? null], here, scope);
    this.#needs.unknown("unparsed", `a table of a kind that is not known: ${kind}`, here.origin);
    scope.sources.push(sourceOf({ name: (alias ?? "").toLowerCase(), columns: null }));
  }

  /** Adds a table by its name. */
  table(
    path: readonly string[],
    here: Here,
    { scope, alias }: { readonly scope: Scope; readonly alias: string | null },
  ): void {
    const name = path.at(-1) ?? "";
    const given = path.at(-2);
    const called = (alias ?? name).toLowerCase();
    const named = given === undefined ? scope.namedQuery(name) : undefined;
    const other = (columns: readonly string[] | null): void =>
      void scope.sources.push(sourceOf({ name: called, columns }));
    if (named !== undefined) return other(named);
    if (name.toLowerCase() === "dual" && given === undefined) return;
    const schema = given ?? here.schema;
    if (schema !== undefined && schema !== null && ALWAYS_READABLE.has(schema.toLowerCase())) return other(null);
    const relation = this.relation(path, here);
    if (relation === null) return other(null);
    const columns = relation.columns.length > 0 ? relation.columns : null;
    scope.sources.push(sourceOf({ name: called, schema: alias === null ? (schema ?? null) : null, relation, columns }));
  }

  /** What a name stands for. Null: nothing that is known, which is noted. */
  relation(path: readonly string[], here: Here): Relation | null {
    const name = path.at(-1) ?? "";
    const schema = path.at(-2) ?? here.schema;
    if (schema === undefined) {
      this.#needs.unknown("name", `the schema of \`${name}\` is not known`, here.origin);
      return null;
    }
    if (schema === null) {
      this.#needs.refused ??= { code: "1046", message: "No database selected" };
      return null;
    }
    const relation = this.#objects.relation(schema, name);
    if (relation === null) {
      this.#needs.unknown("name", `there is no table \`${schema}.${name}\`; it may be one of the session`, here.origin);
    } else this.#needs.resolved(relation.resource);
    return relation;
  }

  /** What is read of a table at the end of its query. */
  read({ relation, used }: Source, here: Here): void {
    if (relation === null) return;
    this.#needs.onColumns(relation.resource, "SELECT", { ...here, columns: used });
    if (relation.view !== null) this.#beneath.view(relation, here);
  }

  /** Reads an expression, or anything that has expressions in it. */
  expression(node: Node, here: Here, at: { readonly scope: Scope; readonly aliasesFirst?: boolean }): void {
    if (Array.isArray(node)) {
      for (const each of node as readonly Node[]) this.expression(each, here, at);
      return;
    }
    if (typeof node !== "object" || node === null) return;
    for (const [kind, inner] of Object.entries(node as Fields)) {
      if (inner === undefined || inner === null || NO_EXPRESSION.has(kind)) continue;
      if (kind === "Identifier") this.#column(nameOf([{ Identifier: inner }]), here, at);
      else if (kind === "CompoundIdentifier") this.#column(nameOf(inner), here, at);
      else if (kind === "MatchAgainst") {
        for (const name of listOf(fieldsOf(inner)["columns"])) this.#column(nameOf(name), here, at);
      } else if (kind === "Function") this.#call(fieldsOf(inner), here, at);
      else if (kind === "Subquery" || kind === "subquery") this.query(fieldsOf(inner), here, at.scope);
      else this.expression(inner, here, at);
    }
  }

  #column(path: readonly string[], here: Here, at: { readonly scope: Scope; readonly aliasesFirst?: boolean }): void {
    const [first = ""] = path;
    if (first.startsWith("@") || (path.length === 1 && /^(?:default|null|true|false)$/iu.test(first))) return;
    if (at.scope.use(path, at.aliasesFirst)) return;
    if (here.variables.has(first.toLowerCase())) return;
    if (here.row !== undefined && path.length === 2 && /^(?:new|old)$/iu.test(first)) return;
    // Functions that are written without parentheses.
    if (
      path.length === 1 &&
      /^(?:current_\w+|local\w+|utc_\w+|row_count|sysdate|binary|year|month|day|hour|minute|second|week|quarter|microsecond)$/iu.test(
        first,
      )
    )
      return;
    this.#needs.unknown("name", `there is no column \`${path.join(".")}\``, here.origin);
  }

  #call(call: Fields, here: Here, at: { readonly scope: Scope; readonly aliasesFirst?: boolean }): void {
    const path = nameOf(call["name"]);
    const name = path.at(-1)?.toLowerCase() ?? "";
    const args = listOf(fieldsOf(fieldsOf(call["args"])["List"])["args"]);
    if (path.length === 1 && SEQUENCES.has(name)) return this.#sequence(name, args, here);
    if (path.length === 1 && name === "load_file") this.#needs.on({ kind: "server", path: [] }, "FILE", here);
    this.expression(call["args"] ?? null, here, at);
    this.expression(call["over"] ?? null, here, at);
    this.expression(call["filter"] ?? null, here, at);
    const known = this.#beneath.routine(path, "function", here);
    if (!known && path.length > 1)
      this.#needs.unknown("name", `there is no function \`${path.join(".")}\``, here.origin);
  }

  #sequence(name: string, args: readonly Node[], here: Here): void {
    const argument = fieldsOf(fieldsOf(fieldsOf(args[0])["Unnamed"])["Expr"]);
    const path = nameOf(
      argument["CompoundIdentifier"] ?? (argument["Identifier"] === undefined ? [] : [argument["Identifier"]]),
    );
    const relation = path.length === 0 ? null : this.relation(path, here);
    if (relation === null) return;
    for (const privilege of SEQUENCES.get(name) ?? [])
      this.#needs.onColumns(relation.resource, privilege, { ...here, columns: [] });
  }

  /** Rights on something that is made here, and mostly is not there yet: held on its schema, or granted ahead on its name. */
  made(path: readonly string[], privileges: readonly Privilege[], here: Here): void {
    const name = path.at(-1) ?? "";
    const schema = path.at(-2) ?? here.schema ?? "";
    const known = this.#objects.relation(schema, name)?.resource ?? this.#objects.missing(schema, name);
    const resource: Resource = known ?? { kind: "schema", path: [DATABASE, schema] };
    for (const privilege of privileges) this.#needs.on(resource, privilege, here);
  }

  inSchema(schema: string): readonly Relation[] {
    return this.#objects.inSchema(schema);
  }

  routinesIn(schema: string): readonly Resource[] {
    return this.#objects.routinesIn(schema).map(({ resource }) => resource);
  }

  get needs(): Needs {
    return this.#needs;
  }

  get beneath(): Beneath {
    return this.#beneath;
  }
}

/** What each needs on the sequence. Measured on MariaDB 10.11. */
const SEQUENCES: ReadonlyMap<string, readonly string[]> = new Map([
  ["nextval", ["SELECT", "INSERT"]],
  ["lastval", ["SELECT"]],
  ["setval", ["INSERT"]],
]);

/** Parts of an expression that hold no columns. */
const NO_EXPRESSION: ReadonlySet<string> = new Set(["data_type", "collation", "charset", "span", "alias", "name"]);

/** Marks all columns as read. False: some are not known. */
function star(sources: readonly Source[], names: string[]): boolean {
  let known = true;
  for (const source of sources) {
    for (const column of source.columns ?? []) {
      if (source.merged.has(column.toLowerCase())) continue;
      markUsed(source, column);
      names.push(column);
    }
    known &&= source.columns !== null;
  }
  return known;
}

function commonColumns([left, right]: readonly [readonly Source[], readonly Source[]]): readonly string[] {
  const of = (sources: readonly Source[]): Set<string> =>
    new Set(sources.flatMap(({ columns }) => (columns ?? []).map((name) => name.toLowerCase())));
  const ours = of(left);
  return [...of(right)].filter((name) => ours.has(name));
}

/** A step of the way to a need: `view shop.report`. */
export function step(word: string, resource: Resource): string {
  return `${word} ${describeTyped(resource).replace(/^[a-z]+ /u, "")}`;
}
