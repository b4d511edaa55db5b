import type { BodyOptions, Closure, Running } from "./closure.ts";
import { eachNode, listOf, load, type RawNode, type SqlGrammar } from "./grammar.ts";
import type { Relation, Routine } from "./objects.ts";
import { bodyRefused } from "./refused-body.ts";
import { type FieldType, substitute } from "./substitution.ts";
import type { TreeFacts } from "./tree-facts.ts";

/** What a body in plpgsql needs: every text of SQL in it is read with placeholders where its variables stand, as plpgsql does itself. */
export async function addPlpgsql(
  closure: Closure,
  routine: Routine,
  running: Running,
  options: BodyOptions,
): Promise<void> {
  const given = options.arguments ?? [];
  const types = routine.allTypes.map((type, at) => (POLYMORPHIC_OIDS.has(type) ? (given[at]?.type ?? type) : type));
  const isTrigger = routine.returns === TRIGGER_TYPE;
  if (isTrigger && options.trigger === undefined) {
    const reason = "which table its trigger belongs to is not known here";
    closure.found.unknown({ kind: "polymorphic", reason, origin: running.origin });
    return;
  }
  const head = headOf(closure, routine, isTrigger);
  await addBlocks(closure, `${head} language plpgsql as ${dollarQuoted(routine.source ?? "")}`, {
    running,
    types,
    trigger: isTrigger ? (options.trigger ?? null) : null,
    name: routine.name,
  });
}

/** A block of DO. */
export async function addDoBlock(closure: Closure, source: string, running: Running): Promise<void> {
  await addBlocks(closure, `do ${dollarQuoted(source)}`, { running, types: [], trigger: null, name: "" });
}

interface Body {
  readonly running: Running;
  /** Of the parameters, in order. */
  readonly types: readonly number[];
  readonly trigger: Relation | null;
  readonly name: string;
}

const TRIGGER_TYPE = 2279;
const RECORD_TYPE = 2249;
const POLYMORPHIC_OIDS: ReadonlySet<number> = new Set([
  2283, 2277, 2776, 3500, 3831, 4537, 5077, 5078, 5079, 5080, 4538,
]);

function headOf(closure: Closure, routine: Routine, isTrigger: boolean): string {
  if (isTrigger) return "create function f() returns trigger";
  const { types } = closure.workspace.objects;
  const typeName = (oid: number): string => {
    const type = types.get(oid);
    if (type === undefined) return "text";
    return type.schema === "pg_catalog" ? `"${type.name}"` : `"${type.schema}"."${type.name}"`;
  };
  const modes: Readonly<Record<string, string>> = { i: "", o: "out ", b: "inout ", v: "", t: "out " };
  const parameters = routine.allTypes.map((type, at) => {
    const name = routine.names[at] ?? "";
    return `${modes[routine.modes?.[at] ?? "i"] ?? ""}${name === "" ? "" : `"${name.replaceAll('"', '""')}" `}${typeName(type)}`;
  });
  const list = `(${parameters.join(", ")})`;
  if (routine.kind === "p") return `create procedure f${list}`;
  const hasOut = routine.modes?.some((mode) => mode !== "i" && mode !== "v") === true;
  if (routine.returnsSet)
    return `create function f${list} returns setof ${hasOut ? "record" : typeName(routine.returns)}`;
  return hasOut ? `create function f${list}` : `create function f${list} returns ${typeName(routine.returns)}`;
}

function dollarQuoted(source: string): string {
  let tag = "$rolewright$";
  for (let i = 0; source.includes(tag); i++) tag = `$rolewright${i}$`;
  // The parser knows no tables: `%rowtype` would make a scalar of the variable.
  return `${tag}${source.replaceAll(/\s*%\s*rowtype\b/giu, "")}${tag}`;
}

async function addBlocks(closure: Closure, text: string, body: Body): Promise<void> {
  const grammar = await load();
  let parsed: RawNode;
  try {
    parsed = grammar.plpgsql(text);
  } catch (error) {
    bodyRefused(closure, { kind: "format", reason: (error as Error).message }, body.running);
    return;
  }
  const functions = listOf(parsed["plpgsql_funcs"]);
  for (const each of functions) {
    const content = each["PLpgSQL_function"] as RawNode;
    const reader = new BlockReader(closure, grammar, body, listOf(content["datums"]));
    await reader.read(content["action"] as RawNode);
  }
}

interface Variable {
  readonly name: string;
  readonly line: number;
  /** Null: found out when it is needed; a record without a type of its own stays null. */
  type: number | null;
  readonly typeName: string | null;
  /** The fields of a record, once something was read into it. */
  fields: Map<string, number> | null;
  readonly datum: RawNode;
}

/** Walks the statements of a body. */
class BlockReader {
  readonly #closure: Closure;
  readonly #grammar: SqlGrammar;
  readonly #body: Body;
  readonly #variables: (Variable | null)[];
  /** Whether what comes next is reached whenever the body runs. */
  #certain = true;
  #line = 0;

  constructor(closure: Closure, grammar: SqlGrammar, body: Body, datums: readonly RawNode[]) {
    this.#closure = closure;
    this.#grammar = grammar;
    this.#body = body;
    let parameters = body.trigger === null ? body.types.length : 0;
    this.#variables = datums.map((datum, at) => {
      const variable = variableOf(datum);
      if (variable !== null && parameters > 0 && at < body.types.length) {
        parameters--;
        const type = body.types[at] ?? null;
        variable.type = type === RECORD_TYPE ? null : type;
      }
      return variable;
    });
  }

  async read(action: RawNode): Promise<void> {
    for (const variable of this.#variables) {
      const value = expressionOf(variable?.datum["default_val"]);
      if (value === null || variable === null) continue;
      this.#line = variable.line;
      await this.#expression(value);
    }
    await this.#statement(action);
  }

  async #statements(value: unknown): Promise<void> {
    for (const statement of listOf(value)) await this.#statement(statement);
  }

  /** What may not be reached, and what comes after it when it may leave. */
  async #branch(statements: unknown, leaves: (statements: unknown) => boolean = mayLeave): Promise<void> {
    const before = this.#certain;
    this.#certain = false;
    await this.#statements(statements);
    this.#certain = before && !leaves(statements);
  }

  async #statement(statement: RawNode): Promise<void> {
    const [entry] = Object.entries(statement);
    if (entry === undefined) return;
    const [kind, value] = entry;
    const node = value as RawNode;
    this.#line = Number(node["lineno"] ?? this.#line);
    switch (kind) {
      case "PLpgSQL_stmt_block":
        if (node["exceptions"] === undefined) return await this.#statements(node["body"]);
        // An error is caught there, the refusal of a right too.
        await this.#branch(node["body"]);
        for (const handler of handlersOf(node)) await this.#branch(handler);
        return;
      case "PLpgSQL_stmt_if":
        await this.#expression(expressionOf(node["cond"]));
        await this.#branch(node["then_body"]);
        for (const each of listOf(node["elsif_list"])) {
          const branch = each["PLpgSQL_if_elsif"] as RawNode;
          await this.#uncertain(expressionOf(branch["cond"]));
          await this.#branch(branch["stmts"]);
        }
        return await this.#branch(node["else_body"]);
      case "PLpgSQL_stmt_case":
        await this.#expression(expressionOf(node["t_expr"]));
        for (const each of listOf(node["case_when_list"])) {
          const branch = each["PLpgSQL_case_when"] as RawNode;
          await this.#uncertain(expressionOf(branch["expr"]));
          await this.#branch(branch["stmts"]);
        }
        return await this.#branch(node["else_stmts"]);
      case "PLpgSQL_stmt_loop":
      case "PLpgSQL_stmt_while":
      case "PLpgSQL_stmt_fori":
      case "PLpgSQL_stmt_foreach_a":
        for (const field of ["cond", "lower", "upper", "step", "expr"])
          await this.#expression(expressionOf(node[field]));
        return await this.#branch(node["body"]);
      case "PLpgSQL_stmt_fors": {
        const trees = await this.#sql(expressionOf(node["query"]));
        this.#fill(node["var"], trees);
        return await this.#branch(node["body"]);
      }
      case "PLpgSQL_stmt_forc": {
        await this.#open(node);
        return await this.#branch(node["body"]);
      }
      case "PLpgSQL_stmt_execsql": {
        const trees = await this.#sql(expressionOf(node["sqlstmt"]));
        this.#fill(node["target"], trees);
        return;
      }
      case "PLpgSQL_stmt_perform":
      case "PLpgSQL_stmt_call":
        await this.#sql(expressionOf(node["expr"]));
        return;
      case "PLpgSQL_stmt_open":
        return await this.#open(node);
      case "PLpgSQL_stmt_fetch": {
        const cursor = this.#variables[Number(node["curvar"])];
        this.#fill(node["target"], await this.#sql(expressionOf(cursor?.datum["cursor_explicit_expr"])));
        return;
      }
      case "PLpgSQL_stmt_return":
        await this.#expression(expressionOf(node["expr"]));
        this.#certain = false;
        return;
      case "PLpgSQL_stmt_return_query":
        await this.#sql(expressionOf(node["query"]));
        if (node["dynquery"] !== undefined) await this.#dynamic(node, "dynquery");
        return;
      case "PLpgSQL_stmt_raise":
        for (const parameter of listOf(node["params"])) await this.#expression(expressionOf(parameter));
        if (Number(node["elog_level"] ?? 0) >= ERROR_LEVEL) this.#certain = false;
        return;
      case "PLpgSQL_stmt_dynexecute":
        await this.#dynamic(node, "query");
        return;
      case "PLpgSQL_stmt_dynfors":
        await this.#dynamic(node, "query");
        return await this.#branch(node["body"]);
      case "PLpgSQL_stmt_exit":
        this.#certain = false;
        return;
      default: {
        const texts: string[] = [];
        eachNode(node, "PLpgSQL_expr", (expression) => texts.push(expressionText(expression)));
        for (const text of texts) await this.#expression(text);
      }
    }
  }

  get #running(): Running {
    const { running } = this.#body;
    const origin = [...running.origin.slice(0, -1), `${running.origin.at(-1) ?? "block"}:${this.#line}`];
    return { ...running, origin, certainty: this.#certain ? running.certainty : "conditional" };
  }

  async #open(node: RawNode): Promise<void> {
    if (node["dynquery"] !== undefined) return await this.#dynamic(node, "dynquery");
    await this.#expression(expressionOf(node["argquery"]));
    await this.#sql(expressionOf(node["query"]));
    const cursor = this.#variables[Number(node["curvar"] ?? -1)];
    const trees = await this.#sql(expressionOf(cursor?.datum["cursor_explicit_expr"]));
    this.#fill(node["var"], trees);
  }

  /** Text that is made while it runs; a constant is read. */
  async #dynamic(node: RawNode, field: string): Promise<void> {
    const text = expressionOf(node[field]);
    for (const parameter of listOf(node["params"])) await this.#expression(expressionOf(parameter));
    const constant = /^\s*'((?:[^'\\]|'')*)'\s*$/u.exec(text ?? "");
    if (constant !== null) {
      const refusal = await this.#closure.rules.addStatement(
        this.#closure,
        (constant[1] ?? "").replaceAll("''", "'"),
        this.#running,
      );
      if (refusal === null) return;
    } else await this.#expression(text);
    const reason = "it runs text that is made while it runs";
    this.#closure.found.unknown({ kind: "dynamic-sql", reason, origin: this.#running.origin });
  }

  async #uncertain(text: string | null): Promise<void> {
    const before = this.#certain;
    this.#certain = false;
    await this.#expression(text);
    this.#certain = before;
  }

  async #expression(text: string | null): Promise<void> {
    if (text !== null && !isPlain(text)) await this.#sql(`select ${text}`);
  }

  async #sql(text: string | null): Promise<readonly TreeFacts[]> {
    if (text === null) return [];
    const running = this.#running;
    let prepared: { readonly text: string; readonly types: readonly number[] };
    try {
      await this.#learnTypes(text);
      prepared = substitute(this.#grammar, text, {
        positional: this.#body.types,
        variable: (name) => this.#scalar(name),
        record: (name, field) => this.#record(name, field),
      });
    } catch (error) {
      bodyRefused(this.#closure, { kind: "format", reason: (error as Error).message }, running);
      return [];
    }
    const trees: TreeFacts[] = [];
    const refusal = await this.#closure.rules.addStatement(this.#closure, prepared.text, running, {
      types: prepared.types,
      trees,
    });
    if (refusal !== null) bodyRefused(this.#closure, refusal, running);
    return trees;
  }

  /** The types of the variables whose names occur. */
  async #learnTypes(text: string): Promise<void> {
    const words = text.toLowerCase();
    for (const variable of this.#variables) {
      if (variable === null || variable.type !== null || variable.typeName === null) continue;
      if (!words.includes(variable.name)) continue;
      variable.type = await this.#typeOid(variable.typeName);
    }
  }

  async #typeOid(name: string): Promise<number | null> {
    if (name === "record") return null;
    const { extraction, standing, objects } = this.#closure.workspace;
    const { running } = this.#body;
    const path = standing.filtered(running.role, running.path);
    const copied = /^(.+)\.([^.]+)%type$/iu.exec(name);
    if (copied !== null) {
      const [, table = "", column = ""] = copied;
      const row = await extraction.typeOid(table, path);
      const relation = objects.types.get(row ?? 0)?.relation ?? 0;
      return objects.columns.get(relation)?.find((each) => each.name === column.replaceAll('"', ""))?.type ?? null;
    }
    const other = /^([^.]+)%type$/iu.exec(name)?.[1];
    if (other !== undefined) {
      const variable = this.#find(other);
      if (variable === null || variable.typeName === null || variable.type !== null) return variable?.type ?? null;
      return await this.#typeOid(variable.typeName);
    }
    return await extraction.typeOid(name, path);
  }

  /** The variable that a name means at this line: the one that was declared last before it. */
  #find(name: string): Variable | null {
    const plain = name.startsWith(`${this.#body.name}.`) ? name.slice(this.#body.name.length + 1) : name;
    let found: Variable | null = null;
    for (const variable of this.#variables) {
      if (variable !== null && variable.name === plain && variable.line <= this.#line) found = variable;
    }
    return found;
  }

  #scalar(name: string): number | null {
    return this.#find(name)?.type ?? null;
  }

  #record(name: string, field: string | null): FieldType | null {
    const { trigger } = this.#body;
    if (trigger !== null && (name === "new" || name === "old")) return { type: trigger.rowType, isRow: true };
    const variable = this.#find(name);
    if (variable === null) return null;
    if (variable.type !== null) {
      const type = this.#closure.workspace.objects.types.get(variable.type);
      return type !== undefined && type.relation !== 0 ? { type: variable.type, isRow: true } : null;
    }
    const known = field === null ? undefined : variable.fields?.get(field);
    return known === undefined ? null : { type: known, isRow: false };
  }

  /** Remembers what a record holds after something was read into it. */
  #fill(target: unknown, trees: readonly TreeFacts[]): void {
    const record = (target as RawNode | undefined)?.["PLpgSQL_rec"] as RawNode | undefined;
    const columns = trees.at(-1)?.columns;
    if (record === undefined || columns === undefined) return;
    const variable = this.#variables[Number(record["dno"] ?? 0)];
    if (variable === undefined || variable === null || variable.type !== null) return;
    variable.fields = new Map(columns.flatMap(({ name, type }) => (type === null ? [] : [[name, type] as const])));
  }
}

/** elog levels from here on end the function: EXCEPTION. */
const ERROR_LEVEL = 20;

function variableOf(datum: RawNode): Variable | null {
  const node = (datum["PLpgSQL_var"] ?? datum["PLpgSQL_rec"]) as RawNode | undefined;
  if (node === undefined) return null;
  const type = (node["datatype"] as RawNode | undefined)?.["PLpgSQL_type"] as RawNode | undefined;
  return {
    name: String(node["refname"]),
    line: Number(node["lineno"] ?? 0),
    type: null,
    typeName: type === undefined ? null : String(type["typname"]),
    fields: null,
    datum: node,
  };
}

function handlersOf(block: RawNode): readonly unknown[] {
  const found: unknown[] = [];
  eachNode(block["exceptions"], "PLpgSQL_exception", (handler) => found.push(handler["action"]));
  return found;
}

/** Whether statements may end what they stand in. */
function mayLeave(statements: unknown): boolean {
  let leaves = false;
  const leave = (): void => {
    leaves = true;
  };
  eachNode(statements, "PLpgSQL_stmt_return", leave);
  eachNode(statements, "PLpgSQL_stmt_exit", leave);
  eachNode(statements, "PLpgSQL_stmt_raise", (node) => {
    if (Number(node["elog_level"] ?? 0) >= ERROR_LEVEL) leaves = true;
  });
  return leaves;
}

function expressionOf(value: unknown): string | null {
  const expression = (value as RawNode | undefined)?.["PLpgSQL_expr"] as RawNode | undefined;
  return expression === undefined ? null : expressionText(expression);
}

/** parseMode 0 is a statement, 2 an expression, 3 to 5 an assignment to something with that many parts. */
function expressionText(expression: RawNode): string {
  const text = String(expression["query"]);
  return Number(expression["parseMode"] ?? 0) < ASSIGNMENT ? text : text.replace(/^[\s\S]*?:?=/u, "");
}

const ASSIGNMENT = 3;

/** Constants, variables and comparisons of them need nothing and lead nowhere. */
function isPlain(text: string): boolean {
  return /^[\s\w.'<>=+-]*$/u.test(text) && !/\b(?:select|current_\w+|session_user|table|values)\b/iu.test(text);
}
