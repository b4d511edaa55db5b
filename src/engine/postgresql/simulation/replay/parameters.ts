import { bare, placeholders } from "./text.ts";
import type { Prepared } from "./dry-run.ts";

/** The columns that placeholders are compared with or written to, by number from 1; only those that the text tells. */
export async function columnsOfPlaceholders(text: string): Promise<ReadonlyMap<number, PlaceholderColumn>> {
  const { parse } = await import("libpg-query");
  const found = new Map<number, PlaceholderColumn>();
  try {
    visit(await parse(text), found);
  } catch {
    // A text that this parser does not take: samples by type remain.
  }
  return found;
}

/** By name, or by its place in a list of columns that is not written out. */
export type PlaceholderColumn =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "place"; readonly place: number };

type Node = Readonly<Record<string, unknown>>;

function visit(value: unknown, found: Map<number, PlaceholderColumn>): void {
  if (Array.isArray(value)) {
    for (const each of value) visit(each, found);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  for (const [kind, inside] of Object.entries(value)) {
    if (kind === "A_Expr") compare(inside as Node, found);
    if (kind === "InsertStmt") insert(inside as Node, found);
    if (kind === "ResTarget") assign(inside as Node, found);
    visit(inside, found);
  }
}

function compare(expression: Node, found: Map<number, PlaceholderColumn>): void {
  for (const [one, other] of [
    [expression["lexpr"], expression["rexpr"]],
    [expression["rexpr"], expression["lexpr"]],
  ]) {
    const name = columnName(one);
    if (name === null) continue;
    for (const number of placeholdersIn(other)) note(found, number, { kind: "name", name });
  }
}

function insert(statement: Node, found: Map<number, PlaceholderColumn>): void {
  const columns = (statement["cols"] as readonly Node[] | undefined) ?? [];
  const select = (statement["selectStmt"] as Node | undefined)?.["SelectStmt"] as Node | undefined;
  const lists = (select?.["valuesLists"] as readonly Node[] | undefined) ?? [];
  for (const list of lists) {
    const items = ((list["List"] as Node | undefined)?.["items"] as readonly unknown[] | undefined) ?? [];
    for (const [place, item] of items.entries()) {
      const name = (columns[place]?.["ResTarget"] as Node | undefined)?.["name"];
      for (const number of placeholdersIn(item)) {
        note(found, number, typeof name === "string" ? { kind: "name", name } : { kind: "place", place });
      }
    }
  }
}

/** `set column = $1`, of an UPDATE, a MERGE or a conflict. */
function assign(target: Node, found: Map<number, PlaceholderColumn>): void {
  const { name } = target;
  if (typeof name !== "string") return;
  for (const number of placeholdersIn(target["val"])) note(found, number, { kind: "name", name });
}

function note(found: Map<number, PlaceholderColumn>, number: number, column: PlaceholderColumn): void {
  if (!found.has(number)) found.set(number, column);
}

function columnName(value: unknown): string | null {
  const column = (value as Node | undefined)?.["ColumnRef"] as Node | undefined;
  const last = (column?.["fields"] as readonly Node[] | undefined)?.at(-1)?.["String"] as Node | undefined;
  return typeof last?.["sval"] === "string" ? last["sval"] : null;
}

/** The value itself, behind casts, and the elements of a list. */
function placeholdersIn(value: unknown): readonly number[] {
  const node = value as Node | undefined;
  if (node === undefined || node === null) return [];
  const parameter = node["ParamRef"] as Node | undefined;
  if (parameter !== undefined) return typeof parameter["number"] === "number" ? [parameter["number"]] : [];
  const cast = node["TypeCast"] as Node | undefined;
  if (cast !== undefined) return placeholdersIn(cast["arg"]);
  const list = ((node["List"] ?? node["A_ArrayExpr"]) as Node | undefined) ?? {};
  const items = (list["items"] ?? list["elements"]) as readonly unknown[] | undefined;
  return (items ?? []).flatMap(placeholdersIn);
}

/** Errors that a text has because its literals became placeholders: without them the types, or the grammar, are not what they were. */
const REPAIRABLE = new Set(["42P18", "42601", "42725", "42804", "42883", "42846", "42P08", "22P02", "42803", "0A000"]);

export function isRepairable(code: string, text: string): boolean {
  return REPAIRABLE.has(code) && placeholders(text) > 0;
}

const GUESSES: readonly string[] = [
  "int4",
  "text",
  "numeric",
  "timestamptz",
  "float8",
  "date",
  "boolean",
  "jsonb",
  "int4[]",
  "text[]",
  "numeric[]",
  "timestamptz[]",
  "uuid",
];
const MIXED: readonly string[] = ["int4", "text", "timestamptz", "interval"];
const MOST_MIXED = 4;

/** Forms of the text that may be taken where the text itself was not, most likely first (the design, 8.3). */
export function* repairs(text: string): Generator<Prepared> {
  const typed = withTypedLiterals(text);
  const count = placeholders(text);
  if (typed !== text) yield { text: typed, types: null };
  for (const guess of GUESSES) yield { text: typed, types: Array.from({ length: count }, () => guess) };
  if (count < 2 || count > MOST_MIXED) return;
  for (let number = 0; number < MIXED.length ** count; number++) {
    const types = Array.from(
      { length: count },
      (_, place) => MIXED[Math.floor(number / MIXED.length ** place) % MIXED.length] ?? "text",
    );
    if (new Set(types).size > 1) yield { text: typed, types };
  }
}

/** `interval $1` was `interval '1 day'`: a literal with a type before it, which a placeholder cannot be. */
function withTypedLiterals(text: string): string {
  if (bare(text) !== text && !/\b(?:interval|date|time|timestamp|timestamptz|timetz)\b/iu.test(bare(text))) return text;
  return text.replaceAll(
    /\b(interval|date|timestamptz|timestamp(?:\s+with(?:out)?\s+time\s+zone)?|timetz|time|uuid|json|jsonb|numeric|inet|point|bytea|bit)\s+(\$\d+)/giu,
    "cast($2 as $1)",
  );
}
