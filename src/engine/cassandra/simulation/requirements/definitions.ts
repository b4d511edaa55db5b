import type { Privilege } from "../../../../model/access-list.ts";
import type { Resource } from "../../../../model/resource.ts";
import { DATABASE } from "../../resource-names.ts";
import { isSign, isWord, outside } from "../grammar/statements.ts";
import type { Token } from "../grammar/tokens.ts";
import type { Needs } from "./needs.ts";

const VERBS: Readonly<Record<string, Privilege>> = { create: "CREATE", alter: "ALTER", drop: "DROP" };

/** Reads what makes, changes or drops keyspaces, tables and what belongs to them. False: it does none of this. */
export function definitionNeeds(tokens: readonly Token[], needs: Needs): boolean {
  const privilege = VERBS[wordAt(tokens, 0)];
  if (privilege === undefined) return false;
  let at = 1;
  let replaces = false;
  while (/^(?:or|replace|materialized|custom)$/u.test(wordAt(tokens, at))) {
    replaces ||= wordAt(tokens, at) === "replace";
    at++;
  }
  const what = wordAt(tokens, at);
  at++;
  while (/^(?:if|not|exists)$/u.test(wordAt(tokens, at))) at++;
  switch (what) {
    case "keyspace":
    case "schema":
      if (privilege === "CREATE") needs.need(privilege, { kind: "all-schemas", path: [] });
      else onKeyspace(needs, "schema", { privilege, keyspace: tokens[at]?.text ?? "" });
      return true;
    case "table":
    case "columnfamily":
      if (privilege === "CREATE") inKeyspace(tokens, at, { needs, privilege });
      else needs.onTable(needs.name(tokens, at), privilege);
      return true;
    case "type":
      inKeyspace(tokens, at, { needs, privilege });
      return true;
    case "index":
      index(tokens, at, { needs, privilege });
      return true;
    case "view":
      view(tokens, at, { needs, privilege });
      return true;
    case "trigger":
      needs.right({ kind: "attribute", attribute: "superuser" });
      return true;
    case "function":
    case "aggregate":
      routine(tokens, at, { needs, privilege, what, replaces });
      return true;
    default:
      return false;
  }
}

interface Defining {
  readonly needs: Needs;
  readonly privilege: Privilege;
}

function wordAt(tokens: readonly Token[], at: number): string {
  const token = tokens[at];
  return token?.kind === "word" ? token.text : "";
}

function onKeyspace(
  needs: Needs,
  kind: "schema" | "schema-tables" | "schema-routines",
  { privilege, keyspace }: { readonly privilege: Privilege; readonly keyspace: string },
): void {
  const resource: Resource = { kind, path: [DATABASE, keyspace] };
  if (needs.asked.objects.knows(resource)) needs.need(privilege, resource);
  else needs.unknown("name", `there is no keyspace \`${keyspace}\``);
}

function inKeyspace(tokens: readonly Token[], at: number, { needs, privilege }: Defining): void {
  const name = needs.name(tokens, at);
  if (name !== null) onKeyspace(needs, "schema-tables", { privilege, keyspace: name.keyspace });
}

/** Indexes are changes of their table. */
function index(tokens: readonly Token[], at: number, { needs, privilege }: Defining): void {
  if (privilege === "CREATE") {
    const on = outside(tokens, "on");
    needs.onTable(on < 0 ? null : needs.name(tokens, on + 1), "ALTER");
    return;
  }
  const name = needs.name(tokens, at);
  const table = name === null ? null : needs.asked.objects.indexed(name.keyspace, name.name);
  if (table !== null) needs.need("ALTER", table);
  else if (name !== null) needs.unknown("name", `there is no index \`${name.keyspace}.${name.name}\``);
}

/** Views are changes of their table. */
function view(tokens: readonly Token[], at: number, { needs, privilege }: Defining): void {
  if (privilege === "CREATE") {
    const from = tokens.findIndex((token) => isWord(token, "from"));
    needs.onTable(from < 0 ? null : needs.name(tokens, from + 1), "ALTER");
    return;
  }
  const name = needs.name(tokens, at);
  const facts = name === null ? null : needs.asked.objects.table(name.keyspace, name.name);
  if (facts?.base !== undefined && facts.base !== null) needs.need("ALTER", facts.base);
  else if (name !== null) needs.unknown("name", `there is no view \`${name.keyspace}.${name.name}\``);
}

function routine(
  tokens: readonly Token[],
  at: number,
  { needs, privilege, what, replaces }: Defining & { readonly what: string; readonly replaces: boolean },
): void {
  const name = needs.name(tokens, at);
  if (name === null) return;
  const found = needs.asked.objects.routines(name.keyspace, name.name);
  if (privilege !== "CREATE") {
    const [only] = found;
    if (found.length === 1 && only !== undefined) needs.need(privilege, only);
    else needs.unknown("overload", `which \`${name.name}\` is meant depends on the types of its arguments`);
    return;
  }
  if (replaces && found.length > 0)
    needs.unknown("overload", "replacing a function needs ALTER on it instead of CREATE");
  else onKeyspace(needs, "schema-routines", { privilege, keyspace: name.keyspace });
  if (what !== "aggregate") return;
  for (const word of ["sfunc", "finalfunc"]) {
    const place = tokens.findIndex((token) => isWord(token, word));
    if (place < 0) continue;
    const parts = isSign(tokens[place + 2], ".")
      ? [tokens[place + 1]?.text ?? "", tokens[place + 3]?.text ?? ""]
      : [name.keyspace, tokens[place + 1]?.text ?? ""];
    const functions = needs.asked.objects.routines(parts[0] ?? "", parts[1] ?? "");
    const [only] = functions;
    if (functions.length === 1 && only !== undefined) needs.need("EXECUTE", only);
    else needs.unknown("overload", `which \`${parts[1] ?? ""}\` is meant depends on the types of its arguments`);
  }
}
