import type { Resource } from "../../../../model/resource.ts";
import { DATABASE } from "../../resource-names.ts";
import { isWord, outside } from "../grammar/statements.ts";
import type { Token } from "../grammar/tokens.ts";
import type { Needs } from "./needs.ts";

/** Reads what is about roles and grants. False: it is not. */
export function roleNeeds(tokens: readonly Token[], needs: Needs): boolean {
  const [first, second] = tokens;
  const isRole = isWord(second, "role") || isWord(second, "user");
  if (isWord(first, "create") && isRole) {
    needs.need("CREATE", { kind: "all-roles", path: [] });
    if (asksSuperuser(tokens)) needs.right({ kind: "attribute", attribute: "superuser" });
    return true;
  }
  if (isWord(first, "drop") && isRole) {
    onRole(needs, tokens[skip(tokens, 2)], "DROP");
    return true;
  }
  if (isWord(first, "alter") && isRole) return altered(tokens, needs);
  if (isWord(first, "grant") || isWord(first, "revoke")) return passedOn(tokens, needs);
  if (isWord(first, "list")) {
    needs.unknown("utility", "what it lists depends on what is held");
    return true;
  }
  return false;
}

/** Literals are gone: an option that is there may say either. */
function asksSuperuser(tokens: readonly Token[]): boolean {
  const at = tokens.findIndex((token) => isWord(token, "superuser"));
  return at > 0 && !isWord(tokens[at + 2], "false");
}

function skip(tokens: readonly Token[], from: number): number {
  let at = from;
  while (isWord(tokens[at], "if") || isWord(tokens[at], "not") || isWord(tokens[at], "exists")) at++;
  return at;
}

function onRole(needs: Needs, token: Token | undefined, privilege: string): void {
  const name = token?.kind === "word" || token?.kind === "quoted" ? token.text : null;
  if (name === null) return needs.unknown("name", "the name of the role stands in a literal");
  const resource: Resource = { kind: "role", path: [name] };
  if (needs.asked.objects.knows(resource)) needs.need(privilege, resource);
  else needs.unknown("name", `there is no role \`${name}\``);
}

/** One's own password may be set by everybody. */
function altered(tokens: readonly Token[], needs: Needs): boolean {
  const at = skip(tokens, 2);
  const token = tokens[at];
  const isOwn = token?.text === needs.asked.caller && (token.kind === "word" || token.kind === "quoted");
  const others = tokens.some(
    (each) => isWord(each, "superuser") || isWord(each, "login") || isWord(each, "access") || isWord(each, "options"),
  );
  if (isOwn && !others) return true;
  if (isOwn) needs.unknown("utility", "what one may change of oneself depends on the release");
  else onRole(needs, token, "ALTER");
  if (tokens.some((each) => isWord(each, "superuser"))) needs.right({ kind: "attribute", attribute: "superuser" });
  return true;
}

function passedOn(tokens: readonly Token[], needs: Needs): boolean {
  const on = outside(tokens, "on");
  if (on < 0) {
    onRole(needs, tokens[1], "AUTHORIZE");
    return true;
  }
  const resource = resourceAt(tokens, on + 1, needs);
  if (resource === null) return true;
  if (!needs.asked.objects.knows(resource)) {
    needs.unknown("name", "what it is about is not known");
    return true;
  }
  needs.need("AUTHORIZE", resource);
  const named = tokens
    .slice(1, on)
    .filter((token) => token.kind === "word" && token.text !== "permission" && token.text !== "permissions");
  if (named.some((token) => token.text === "all"))
    needs.unknown("utility", "ALL is what can be held there in this release");
  else for (const { text } of named) needs.need(text.toUpperCase(), resource);
  return true;
}

/** What stands behind ON. Null: it cannot be told, which is noted. */
function resourceAt(tokens: readonly Token[], at: number, needs: Needs): Resource | null {
  const words = tokens.slice(at, at + 4).map((token) => (token.kind === "word" ? token.text : ""));
  const [first = "", second = "", third = ""] = words;
  const name = (place: number): string => tokens[place]?.text ?? "";
  if (first === "all") {
    if (second === "keyspaces") return { kind: "all-schemas", path: [] };
    if (second === "roles") return { kind: "all-roles", path: [] };
    if (second === "mbeans") return { kind: "all-mbeans", path: [] };
    if (second === "tables" && third === "in") return { kind: "schema-tables", path: [DATABASE, name(at + 4)] };
    if (second === "functions" && third === "in") return { kind: "schema-routines", path: [DATABASE, name(at + 4)] };
    if (second === "functions") return { kind: "all-routines", path: [] };
  }
  if (first === "keyspace") return { kind: "schema", path: [DATABASE, name(at + 1)] };
  if (first === "role") return { kind: "role", path: [name(at + 1)] };
  if (first === "mbean" || first === "mbeans") {
    needs.unknown("utility", "which MBeans are meant stands in a literal");
    return null;
  }
  const table = needs.name(tokens, first === "table" || first === "function" ? at + 1 : at);
  if (table === null) return null;
  if (first === "function") {
    const found = needs.asked.objects.routines(table.keyspace, table.name);
    if (found.length === 1) return found[0] ?? null;
    needs.unknown("overload", `which \`${table.name}\` is meant depends on the types of its arguments`);
    return null;
  }
  return { kind: "table", path: [DATABASE, table.keyspace, table.name] };
}
