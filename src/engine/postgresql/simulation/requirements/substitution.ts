import { eachNode, listOf, type RawNode, type SqlGrammar, stringOf } from "./grammar.ts";

/** What names of a body stand for besides columns. */
export interface Variables {
  /** The types of `$1`, `$2` ... of the body itself. */
  readonly positional: readonly number[];
  /** The type of a variable; null: there is none of this name. */
  variable(name: string): number | null;
  /** The type of a field of a record, `rec.field`; of the whole record for a null field. Null: it is no record, or its fields are not known. */
  record(name: string, field: string | null): FieldType | null;
}

export interface FieldType {
  /** The type to declare: of the row, whose field is then taken, or of the field itself. */
  readonly type: number;
  readonly isRow: boolean;
}

interface Replacement {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Puts placeholders where variables stand, as plpgsql does itself. Places in a parse are bytes. */
export function substitute(
  grammar: SqlGrammar,
  text: string,
  variables: Variables,
): { readonly text: string; readonly types: readonly number[] } {
  const bytes = Buffer.from(text, "utf8");
  const types = [...variables.positional];
  const numbers = new Map<string, number>();
  const placeholder = (name: string, type: number): string => {
    let number = numbers.get(name);
    if (number === undefined) {
      types.push(type);
      numbers.set(name, (number = types.length));
    }
    return `$${number}`;
  };
  const found: Replacement[] = [];
  for (const statement of grammar.statements(text)) {
    eachNode(statement.node, "ColumnRef", (node) => {
      const replacement = replacementFor(node, bytes, { variables, placeholder });
      if (replacement !== null) found.push(replacement);
    });
  }
  found.sort((a, b) => b.from - a.from);
  let result = bytes;
  for (const { from, to, text: by } of found) {
    result = Buffer.concat([result.subarray(0, from), Buffer.from(by, "utf8"), result.subarray(to)]);
  }
  return { text: result.toString("utf8"), types };
}

function replacementFor(
  node: RawNode,
  bytes: Buffer,
  {
    variables,
    placeholder,
  }: { readonly variables: Variables; readonly placeholder: (name: string, type: number) => string },
): Replacement | null {
  const from = Number(node["location"] ?? 0);
  const parts = listOf(node["fields"]).map((field) => ("A_Star" in field ? "*" : stringOf(field)));
  const [first, second] = parts;
  if (typeof first !== "string") return null;
  const end = (count: number): number => from + lengthOf(bytes.subarray(from), count);
  const record = variables.record(first, null);
  if (second === undefined) {
    const type = variables.variable(first) ?? record?.type ?? null;
    return type === null ? null : { from, to: end(1), text: placeholder(first, type) };
  }
  if (second === "*") {
    return record === null ? null : { from, to: end(1), text: `(${placeholder(first, record.type)})` };
  }
  if (second === null) return null;
  const field = variables.record(first, second);
  if (field !== null) {
    return field.isRow
      ? { from, to: end(1), text: `(${placeholder(first, field.type)})` }
      : { from, to: end(2), text: placeholder(`${first}.${second}`, field.type) };
  }
  // A variable with the name of its block or function in front.
  const type = variables.variable(`${first}.${second}`);
  return type === null ? null : { from, to: end(2), text: placeholder(second, type) };
}

/** How many bytes the first parts of a dotted name take. */
function lengthOf(bytes: Buffer, parts: number): number {
  const text = bytes.toString("utf8");
  const one = String.raw`(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)`;
  const pattern = new RegExp(`^${one}(?:\\s*\\.\\s*${one}){${parts - 1}}`, "u");
  return Buffer.byteLength(pattern.exec(text)?.[0] ?? "", "utf8");
}
