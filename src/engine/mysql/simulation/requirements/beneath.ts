import type { RoleName } from "../../../../model/role.ts";
import { wordOf } from "../grammar/statements.ts";
import { type Token, tokensOf } from "../grammar/tokens.ts";
import { statementsOf } from "./bodies.ts";
import type { Needs } from "./needs.ts";
import type { Objects, Relation, ViewFacts } from "./objects.ts";
import { type Beneath, type Here, Queries, step } from "./queries.ts";
import { Statements, type Write, type Written } from "./statements.ts";
import { type Fields, fieldsOf, listOf, nameOf, type Node, type Parse, stringOf } from "./tree.ts";

/** Code within code within code: deeper than this nothing is looked at. */
const DEEPEST = 16;

/** Follows a statement into views, routines and triggers, each with the rights that it runs with. */
export class Closure implements Beneath, Written {
  readonly #objects: Objects;
  readonly #needs: Needs;
  readonly #parse: Parse;
  readonly #exists: (role: RoleName) => boolean;
  readonly #hasDefaultRole: (role: RoleName) => boolean;
  readonly #queries: Queries;
  readonly #statements: Statements;
  readonly #done: Set<string> = new Set();

  constructor(given: {
    readonly objects: Objects;
    readonly needs: Needs;
    readonly parse: Parse;
    readonly exists: (role: RoleName) => boolean;
    readonly hasDefaultRole: (role: RoleName) => boolean;
  }) {
    this.#objects = given.objects;
    this.#needs = given.needs;
    this.#parse = given.parse;
    this.#exists = given.exists;
    this.#hasDefaultRole = given.hasDefaultRole;
    this.#queries = new Queries(given.objects, given.needs, this);
    this.#statements = new Statements(this.#queries, this, given.parse);
  }

  read(tokens: readonly Token[], here: Here): void {
    this.#statements.read(tokens, here);
  }

  view(relation: Relation, here: Here): void {
    const inside = this.#enterView(relation, here);
    if (inside !== null) this.#queries.query(inside.query, inside.here, null);
  }

  /** The query of a view, and as whom it is read. Null: it was read already, or cannot be. */
  #enterView({ resource, view }: Relation, here: Here): { readonly query: Fields; readonly here: Here } | null {
    if (view === null) return null;
    this.#needs.hasView = true;
    const origin = [...here.origin, step("view", resource)];
    if (!this.#enter(origin, here, view.definer)) return null;
    const query = this.#definition(view, origin);
    return query === null
      ? null
      : { query, here: this.#inside(here, view.definer, { origin, schema: resource.path[1] }) };
  }

  #definition({ definition }: ViewFacts, origin: readonly string[]): Fields | null {
    const tokens = definition === null ? null : tokensOf(definition);
    const tree = tokens === null ? null : this.#parse(withoutCheck(tokens));
    if (tree?.kind === "Query") return tree.fields;
    const reason =
      definition === null ? "what stands in the view is not shown to us" : "the view's query cannot be read";
    this.#needs.unknown("view", reason, origin);
    return null;
  }

  routine(path: readonly string[], type: "function" | "procedure", here: Here): boolean {
    const name = path.at(-1) ?? "";
    const schema = path.at(-2) ?? here.schema;
    if (schema === undefined || schema === null) return false;
    const routine = this.#objects.routine(schema, name, type);
    if (routine === null) return false;
    this.#needs.resolved(routine.resource);
    this.#needs.on(routine.resource, "EXECUTE", here);
    const origin = [...here.origin, step(type, routine.resource)];
    if (!this.#enter(origin, here, routine.definer)) return true;
    const inside = this.#inside(here, routine.definer, { origin, schema: routine.resource.path[1] });
    if (routine.definer !== null) this.#needs.on(routine.resource, "EXECUTE", { ...inside, certainty: "conditional" });
    this.#body(routine.body, { ...inside, variables: new Set(routine.parameters.map((each) => each.toLowerCase())) });
    return true;
  }

  written(relation: Relation, write: Write, here: Here): void {
    if (relation.view !== null) return this.#writeView(relation, write, here);
    for (const { name, event, definer, body } of relation.triggers) {
      if (event.toUpperCase() !== write.privilege) continue;
      const origin = [...here.origin, `trigger ${name} of ${step("", relation.resource).trim()}`];
      if (definer === null) {
        this.#needs.unknown("trigger", "the trigger is not shown to us", origin);
        continue;
      }
      if (!this.#enter(origin, here, definer)) continue;
      const inside = this.#inside(here, definer, { origin, schema: relation.resource.path[1] });
      const conditional: Here = { ...inside, certainty: "conditional" };
      this.#needs.on(relation.resource, "TRIGGER", conditional);
      this.#body(body, { ...conditional, row: relation });
    }
  }

  /**
   * What is written to a view is written to the tables behind it, with the rights of its definer. The server asks him for what the statement writes of it, and for SELECT of what the view filters by; an INSERT also
   * wants SELECT of the columns that it leaves out; a DELETE none of this. What else it asks where the statement reads too follows no rule that was found. Measured on MariaDB 10.11.
   */
  #writeView(relation: Relation, write: Write, here: Here): void {
    const known = this.#definedBy(relation, here);
    if (known === null) return;
    const { origin } = known.here;
    const bases = basesOf(known.query);
    const [only] = bases.tables;
    const base = only === undefined || bases.tables.length > 1 ? null : this.#queries.relation(only, known.here);
    // Through a join, or through several views, the server asks for less here and for more there.
    if (base === null || base.view !== null) {
      return this.#needs.unknown(
        "view",
        "what a change through a join or through several views needs is not known",
        origin,
      );
    }
    const columns = write.columns.flatMap((name) => bases.columns.get(name.toLowerCase())?.column ?? []);
    if (write.privilege === "DELETE") {
      this.#needs.on(base.resource, "DELETE", known.here);
    } else {
      // In a join the server asks for less of this; and what it was asked to read it does not ask for once more.
      const isLess = write.isJoined === true;
      const inside: Here = isLess ? { ...known.here, certainty: "conditional" } : known.here;
      this.#queries.conditions(known.query, inside);
      if (columns.length < write.columns.length) {
        this.#needs.unknown("view", "which column is written through the view is not known", origin);
      }
      const read = new Set(write.reads.flatMap((name) => bases.columns.get(name.toLowerCase())?.column ?? []));
      const [again, first] = [columns.filter((name) => read.has(name)), columns.filter((name) => !read.has(name))];
      if (first.length > 0 || again.length === 0)
        this.#needs.onColumns(base.resource, write.privilege, { ...inside, columns: first });
      if (again.length > 0)
        this.#needs.onColumns(base.resource, write.privilege, { ...inside, certainty: "conditional", columns: again });
    }
    if (write.privilege === "INSERT") {
      const left = relation.columns.filter((name) => !write.columns.includes(name));
      const read = left.flatMap((name) => bases.columns.get(name.toLowerCase())?.column ?? []);
      if (read.length > 0) this.#needs.onColumns(base.resource, "SELECT", { ...known.here, columns: read });
    } else if (write.reads.length > 0 || write.hasQuery) {
      this.#needs.unknown("view", "what is read in a change through a view may need more of its definer", origin);
    }
    this.written(base, { ...write, columns, reads: [] }, known.here);
  }

  base(view: Relation, here: Here): { readonly table: Relation; readonly of: Here["of"] } | null {
    const known = this.#definedBy(view, here);
    const tables = known === null ? [] : basesOf(known.query).tables;
    const [only] = tables;
    if (known === null || only === undefined || tables.length > 1) return null;
    const table = this.#queries.relation(only, known.here);
    if (table === null) return null;
    return table.view === null ? { table, of: known.here.of } : this.base(table, known.here);
  }

  /** The query of a view, and as whom it is taken apart, also where the statement read it already. */
  #definedBy({ resource, view }: Relation, here: Here): { readonly query: Fields; readonly here: Here } | null {
    if (view === null || here.depth >= DEEPEST) return null;
    const origin = [...here.origin, step("view", resource)];
    this.#enter([...origin, "written"], here, view.definer);
    const query = this.#definition(view, origin);
    return query === null
      ? null
      : { query, here: this.#inside(here, view.definer, { origin, schema: resource.path[1] }) };
  }

  #body(body: string | null, here: Here): void {
    if (body === null || body === "") {
      this.#needs.unknown("body", "what it runs is not shown to us", here.origin);
      return;
    }
    const tokens = tokensOf(body);
    const read = tokens === null ? null : statementsOf(tokens);
    if (read === null) {
      this.#needs.unknown("body", "what it runs cannot be read", here.origin);
      return;
    }
    const variables = new Set([...here.variables, ...read.variables]);
    const certainty = read.isStraight ? here.certainty : "conditional";
    for (const statement of read.statements) {
      this.read(statement, { ...here, variables, certainty });
    }
    this.#rows(tokens ?? [], here);
  }

  /** A trigger needs SELECT for what it reads of a row, and UPDATE for what it sets. */
  #rows(tokens: readonly Token[], { row, ...here }: Here): void {
    if (row === undefined) return;
    const columns = { SELECT: new Set<string>(), UPDATE: new Set<string>() };
    for (const [at, token] of tokens.entries()) {
      if (!/^(?:new|old)$/u.test(wordOf(token)) || tokens[at + 1]?.text !== ".") continue;
      const name = tokens[at + 2]?.text.toLowerCase();
      const own = row.columns.find((column) => column.toLowerCase() === name);
      const before = wordOf(tokens[at - 1]);
      const isSet = /^:?=$/u.test(tokens[at + 3]?.text ?? "") && (before === "set" || tokens[at - 1]?.text === ",");
      if (own !== undefined) columns[isSet ? "UPDATE" : "SELECT"].add(own);
    }
    for (const privilege of ["SELECT", "UPDATE"] as const) {
      if (columns[privilege].size > 0)
        this.#needs.onColumns(row.resource, privilege, { ...here, columns: columns[privilege] });
    }
  }

  /** False: this way was taken already, or is too deep; or who it runs as is not there, which nobody gets past. */
  #enter(origin: readonly string[], here: Here, definer: RoleName | null): boolean {
    const key = `${here.of === "caller" ? "" : here.of.role}\0${here.certainty}\0${origin.join("\0")}`;
    if (this.#done.has(key)) return false;
    this.#done.add(key);
    if (new Set(origin).size < origin.length) return false; // It calls itself: what it needs is read already.
    if (here.depth >= DEEPEST) {
      this.#needs.unknown("depth", "there is more code beneath than is looked at", origin);
      return false;
    }
    if (definer !== null && this.#hasDefaultRole(definer)) {
      // It is in force when he logs in, and not when his code runs: 1356 and 1142 on MariaDB 10.11.
      this.#needs.unknown(
        "definer",
        `\`${definer}\` has a default role, which does not count where code runs with its rights`,
        origin,
      );
    }
    if (definer === null || this.#exists(definer)) return true;
    const message = `The user specified as a definer ('${definer}') does not exist`;
    if (here.certainty === "always") this.#needs.refused ??= { code: "1449", message };
    else this.#needs.unknown("definer", message, origin);
    return false;
  }

  #inside(
    here: Here,
    definer: RoleName | null,
    at: { readonly origin: readonly string[]; readonly schema: string | undefined },
  ): Here {
    return {
      of: definer === null ? here.of : { role: definer },
      certainty: here.certainty,
      origin: at.origin,
      schema: at.schema,
      variables: new Set(),
      depth: here.depth + 1,
    };
  }
}

/** `with cascaded check option` behind a view's query. */
function withoutCheck(tokens: readonly Token[]): readonly Token[] {
  const at = tokens.findLastIndex((token) => wordOf(token) === "with");
  return at > 0 && tokens.slice(at).some((token) => wordOf(token) === "check") ? tokens.slice(0, at) : tokens;
}

interface Bases {
  readonly tables: readonly (readonly string[])[];
  /** By the view's columns in lower case, which column of which table each is. */
  readonly columns: ReadonlyMap<string, { readonly table: readonly string[]; readonly column: string }>;
}

/** What a view that can be written to is made of: the server writes its columns in full. */
function basesOf(query: Fields): Bases {
  const select = fieldsOf(fieldsOf(query["body"])["Select"]);
  const tables = new Map<string, readonly string[]>();
  const add = (node: Node | undefined): void => {
    const table = fieldsOf(fieldsOf(node)["Table"]);
    const path = nameOf(table["name"]);
    const alias = stringOf(fieldsOf(fieldsOf(table["alias"])["name"])["value"]);
    if (path.length > 0) tables.set((alias ?? path.at(-1) ?? "").toLowerCase(), path);
    const nested = fieldsOf(fieldsOf(fieldsOf(node)["NestedJoin"])["table_with_joins"]);
    if (Object.keys(nested).length > 0) addAll(nested);
  };
  const addAll = (node: Fields): void => {
    add(node["relation"]);
    for (const join of listOf(node["joins"])) add(fieldsOf(join)["relation"]);
  };
  for (const each of listOf(select["from"])) addAll(fieldsOf(each));
  const columns = new Map<string, { readonly table: readonly string[]; readonly column: string }>();
  for (const item of listOf(select["projection"]).map(fieldsOf)) {
    const { expr, alias } = fieldsOf(item["ExprWithAlias"]);
    const path = nameOf(fieldsOf(expr)["CompoundIdentifier"]);
    const table = tables.get(path.at(-2)?.toLowerCase() ?? "");
    const name = (stringOf(fieldsOf(alias)["value"]) ?? "").toLowerCase();
    if (table !== undefined) columns.set(name, { table, column: path.at(-1) ?? "" });
  }
  return { tables: [...tables.values()], columns };
}
