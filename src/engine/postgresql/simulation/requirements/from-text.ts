import type { Right, StatementRequirements } from "../../../../model/requirements.ts";
import type { StatementQuestion } from "../../../simulation.ts";
import { Gathering } from "./gathering.ts";
import { eachNode, listOf, load, type RawNode, type SqlGrammar, stringOf, textOf } from "./grammar.ts";

let grammar: SqlGrammar | null = null;

/** Once, before `fromText` is asked. */
export async function loadText(): Promise<void> {
  grammar = await load();
}

/** What the text alone says: relations and columns as they are written, nothing resolved. Marked approximate, so that it can lead to `maybe` and `unknown` only. */
export function fromText(question: StatementQuestion): StatementRequirements {
  if (grammar === null) throw new Error("the text was read before its grammar was loaded");
  const reading = new TextReading(question);
  try {
    for (const { node } of grammar.statements(question.text)) reading.statement(node);
  } catch (error) {
    reading.found.unknown({ kind: "unparsed", reason: (error as Error).message, origin: [] });
  }
  return reading.found.result({ approximate: true });
}

const ALWAYS = { of: "caller", certainty: "always", origin: [] } as const;

class TextReading {
  readonly found: Gathering = new Gathering();
  readonly #question: StatementQuestion;

  constructor(question: StatementQuestion) {
    this.#question = question;
  }

  statement(node: RawNode): void {
    const made = new Set<string>();
    eachNode(node, "CommonTableExpr", (cte) => made.add(textOf(cte, "ctename")));
    const targets = new Set<unknown>();
    const target = (value: unknown, privilege: string, columns: readonly string[] | null): void => {
      const relation = value as RawNode | undefined;
      if (relation === undefined) return;
      targets.add(relation);
      this.#relation(relation, privilege, columns);
    };
    const columnsOf = (list: unknown): readonly string[] =>
      listOf(list).flatMap((each) => {
        const name = textOf(each["ResTarget"] as RawNode | undefined, "name");
        return name === "" ? [] : [name];
      });
    eachNode(node, "InsertStmt", (insert) => {
      const columns = columnsOf(insert["cols"]);
      target(insert["relation"], "INSERT", columns.length > 0 ? columns : null);
      const conflict = insert["onConflictClause"] as RawNode | undefined;
      if (conflict?.["action"] === "ONCONFLICT_UPDATE")
        target(insert["relation"], "UPDATE", columnsOf(conflict["targetList"]));
    });
    eachNode(node, "UpdateStmt", (update) => target(update["relation"], "UPDATE", columnsOf(update["targetList"])));
    eachNode(node, "DeleteStmt", (gone) => target(gone["relation"], "DELETE", null));
    eachNode(node, "MergeStmt", (merge) => target(merge["relation"], "SELECT", null));
    for (const each of listOf((node["TruncateStmt"] as RawNode | undefined)?.["relations"])) {
      target(each["RangeVar"], "TRUNCATE", null);
    }
    const copy = node["CopyStmt"] as RawNode | undefined;
    if (copy?.["relation"] !== undefined) {
      const columns = listOf(copy["attlist"]).map((each) => stringOf(each) ?? "");
      target(copy["relation"], copy["is_from"] === true ? "INSERT" : "SELECT", columns.length > 0 ? columns : null);
    }
    eachNode(node, "RangeVar", (relation) => {
      const name = textOf(relation, "relname");
      if (targets.has(relation) || (relation["schemaname"] === undefined && made.has(name))) return;
      // Which of the columns are its own cannot be told from the text: any of them.
      this.#relation(relation, "SELECT", []);
    });
    eachNode(node, "FuncCall", (call) => {
      const parts = listOf(call["funcname"]).map((part) => stringOf(part) ?? "");
      if (parts.length > 1 && parts[0] !== "pg_catalog") this.#usage(parts[0] ?? "");
    });
    const call = ((node["CallStmt"] as RawNode | undefined)?.["funccall"] ?? null) as RawNode | null;
    if (call !== null || Object.keys(node).some((kind) => !READ.has(kind))) {
      const reason = "what it does cannot be told from the text";
      this.found.unknown({ kind: "utility", reason, origin: [] });
    }
  }

  /** `columns`: null the table, empty any column. */
  #relation(relation: RawNode, privilege: string, columns: readonly string[] | null): void {
    const { database } = this.#question;
    const named = textOf(relation, "schemaname");
    const schema = named === "" ? this.#firstSchema() : named;
    if (schema === "pg_catalog" || schema === "information_schema") return;
    this.#usage(schema);
    const name = textOf(relation, "relname");
    const need = columns === null ? null : columnNeed(columns);
    const right: Right = {
      kind: "privilege",
      privilege,
      resource: { kind: "table", path: [database, schema, name] },
      ...(need === null ? {} : { columns: need }),
    };
    this.found.need(right, ALWAYS);
    this.found.name(`relation ${schema}.${name}`);
  }

  #usage(schema: string): void {
    const resource = { kind: "schema", path: [this.#question.database, schema] } as const;
    this.found.need({ kind: "privilege", privilege: "USAGE", resource }, ALWAYS);
  }

  /** Where a name without a schema is most likely found. */
  #firstSchema(): string {
    return this.#question.searchPath?.find((schema) => schema !== "$user" && schema !== "pg_catalog") ?? "public";
  }
}

function columnNeed(columns: readonly string[]): Extract<Right, { kind: "privilege" }>["columns"] & {} {
  return columns.length === 0 ? { kind: "any" } : { kind: "listed", names: [...columns].sort() };
}

const READ: ReadonlySet<string> = new Set([
  "SelectStmt",
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
  "TruncateStmt",
  "CopyStmt",
]);
