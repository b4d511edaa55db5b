import { hash } from "node:crypto";

/** A node of a parse tree as libpg-query prints it: `{ SelectStmt: { ... } }`, lists, and plain values. */
export type Tree = null | boolean | number | string | readonly Tree[] | { readonly [key: string]: Tree };

/** Where something stands, and how a list was written: not part of what a statement is. */
const PLACES = /^(?:location|stmt_location|stmt_len|rexpr_list_start|rexpr_list_end|list_start|list_end)$/u;

/**
 * Equal for statements whose trees differ in constants only: 16 hexadecimal digits. libpg-query's own fingerprint is not used, because it takes `orders_2025` and `orders_2026` for one table (seen with 18.1.5), and
 * they may have different owners and grants.
 */
export function fingerprintOf(statement: Tree): string {
  return hash("sha256", canonical(statement), "hex").slice(0, 16);
}

function canonical(tree: Tree): string {
  if (tree === null || typeof tree !== "object") return JSON.stringify(tree);
  if (isList(tree)) return `[${tree.map(canonical).join(",")}]`;
  if ("A_Const" in tree || "ParamRef" in tree) return "?";
  if ("VariableSetStmt" in tree)
    return JSON.stringify(tree, (key, value: Tree) => (PLACES.test(key) ? undefined : value));
  const parts: string[] = [];
  for (const key of Object.keys(tree).toSorted()) {
    if (PLACES.test(key)) continue;
    const value = tree[key] as Tree;
    parts.push(`${key}:${key === "valuesLists" && isList(value) ? distinct(value) : written(tree, key, value)}`);
  }
  return `{${parts.join(",")}}`;
}

/** The list of `in (...)` and of `array[...]` counts as what is distinct in it. */
function written(parent: { readonly [key: string]: Tree }, key: string, value: Tree): string {
  if (key === "rexpr" && parent["kind"] === "AEXPR_IN") {
    const items = (value as { List?: { items?: Tree } } | null)?.List?.items ?? value;
    return isList(items) ? distinct(items) : canonical(value);
  }
  if (key === "elements" && isList(value)) return distinct(value);
  return canonical(value);
}

function distinct(items: readonly Tree[]): string {
  return `[${[...new Set(items.map(canonical))].join(",")}]`;
}

/** Calls `visit` for every object of a tree, parents first. */
export function walk(tree: Tree, visit: (node: { readonly [key: string]: Tree }) => void): void {
  const waiting: Tree[] = [tree];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next === null || typeof next !== "object") continue;
    if (isList(next)) {
      for (const item of next) waiting.push(item);
      continue;
    }
    visit(next);
    for (const value of Object.values(next)) waiting.push(value);
  }
}

function isList(tree: Tree): tree is readonly Tree[] {
  return Array.isArray(tree);
}

const COMMANDS: Readonly<Record<string, string>> = {
  SelectStmt: "SELECT",
  InsertStmt: "INSERT",
  UpdateStmt: "UPDATE",
  DeleteStmt: "DELETE",
  MergeStmt: "MERGE",
  CallStmt: "CALL",
  CreateTableAsStmt: "CREATE",
};

/** `SELECT`, `INSERT`, also behind WITH; null for a statement that its first word names. */
export function commandOf(statement: Tree): string | null {
  const [kind] = Object.keys((statement ?? {}) as object);
  return kind === undefined ? null : (COMMANDS[kind] ?? null);
}
