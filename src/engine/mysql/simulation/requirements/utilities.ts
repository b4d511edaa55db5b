import type { Requirement } from "../../../../model/requirements.ts";
import type { Resource } from "../../../../model/resource.ts";
import { wordOf } from "../grammar/statements.ts";
import type { Token } from "../grammar/tokens.ts";
import { DATABASE } from "../../normalize.ts";
import type { Relation } from "./objects.ts";
import type { Here, Queries } from "./queries.ts";

/** What reads statements within others. */
export interface Reading {
  readonly queries: Queries;
  readonly read: (tokens: readonly Token[]) => void;
}

const SERVER: Resource = { kind: "server", path: [] };
/** Statements that everybody may send. */
const FREE: ReadonlySet<string> = new Set(
  "begin commit rollback savepoint release start xa unlock deallocate signal resignal help prepare_nothing".split(" "),
);
/** On tables, each needs this. semantics-mysql-mariadb.md and the server's own messages, MariaDB 10.11. */
const ON_TABLES: Readonly<Record<string, readonly string[]>> = {
  truncate: ["DROP"],
  "analyze table": ["SELECT", "INSERT"],
  "optimize table": ["SELECT", "INSERT"],
  "repair table": ["SELECT", "INSERT"],
  "check table": ["SELECT"],
  "checksum table": ["SELECT"],
  "drop table": ["DROP"],
  "drop view": ["DROP"],
  "drop sequence": ["DROP"],
  "lock tables": ["SELECT"],
  "lock table": ["SELECT"],
};

/** Reads statements that are no queries, by their words. False: it is none of them. */
export function utility(tokens: readonly Token[], here: Here, { queries, read }: Reading): boolean {
  const { needs } = queries;
  const words = tokens.slice(0, 8).map(wordOf);
  const [first = "", second = ""] = words;
  const free = (): true => true;
  const unknown = (kind: string, reason: string): true => {
    needs.unknown(kind, reason, here.origin);
    return true;
  };
  if (FREE.has(first)) return free();
  if (first === "explain" || first === "describe" || first === "desc")
    return explained(tokens, here, { queries, read });
  if (first === "use") return used(tokens[1]?.text ?? "", here, queries);
  if (first === "set") return set(words, tokens, { unknown, here, queries });
  if (first === "show")
    return words.some((word) => FREE_SHOWS.has(word))
      ? free()
      : unknown("utility", `what SHOW ${second.toUpperCase()} tells depends on what is held`);
  if (first === "prepare" || first === "execute")
    return unknown("dynamic-sql", "it runs a text that is made while it runs");
  if (first === "call" || first === "do" || QUERIES.has(first)) return false;
  const local = second === "no_write_to_binlog" || second === "local" ? 1 : 0;
  const verb = `${first} ${words[1 + local] ?? ""}`;
  const onTables = ON_TABLES[verb] ?? ON_TABLES[first];
  if (onTables !== undefined) {
    const from = first === "truncate" ? (second === "table" ? 2 : 1) : 2 + local;
    for (const path of namesFrom(tokens, skipIfExists(tokens, from))) {
      const relation = queries.relation(path, here);
      if (relation === null) continue;
      for (const privilege of onTables) onTable(relation, privilege, here, queries);
      if (first === "lock") needs.on(schemaOf(relation), "LOCK TABLES", here);
    }
    return true;
  }
  if (first === "flush" && second !== "tables") {
    needs.on(SERVER, "RELOAD", here);
    return true;
  }
  if (
    (first === "create" || first === "drop" || first === "alter" || first === "rename") &&
    (words.includes("user") || (words.includes("role") && first !== "alter"))
  ) {
    needs.on(SERVER, "CREATE USER", here);
    return true;
  }
  if (defines(tokens, here, { queries, read })) return true;
  return unknown("utility", `what ${first === "" ? "it" : first.toUpperCase()} needs is not known`);
}

const QUERIES: ReadonlySet<string> = new Set([
  "select",
  "insert",
  "update",
  "delete",
  "replace",
  "with",
  "values",
  "table",
  "",
]);
const FREE_SHOWS: ReadonlySet<string> = new Set([
  "warnings",
  "errors",
  "variables",
  "status",
  "collation",
  "charset",
  "character",
  "engines",
  "privileges",
  "plugins",
  "tables",
  "databases",
  "schemas",
]);

function explained(tokens: readonly Token[], here: Here, { queries, read }: Reading): boolean {
  const at = tokens.findIndex(
    (token, index) => index > 0 && QUERIES.has(wordOf(token)) && wordOf(token) !== "" && wordOf(token) !== "table",
  );
  if (at > 0) {
    read(tokens.slice(at));
    // Of views it also wants to be shown what stands in them, and says 1345 where it may not.
    if (queries.needs.hasView)
      queries.needs.unknown("utility", "EXPLAIN of a view needs more than the query", here.origin);
    return true;
  }
  queries.needs.unknown("utility", "DESCRIBE shows what is held", here.origin);
  return true;
}

/** A schema may be used by whoever holds anything in it. */
function used(schema: string, here: Here, queries: Queries): boolean {
  const resource: Resource = { kind: "schema", path: [DATABASE, schema] };
  const place = { of: here.of, certainty: here.certainty, origin: here.origin };
  const option = (privilege: string, on: Resource = resource): Requirement => ({
    kind: "need",
    right: { kind: "privilege", privilege, resource: on },
    ...place,
  });
  queries.needs.add({
    kind: "any-of",
    options: [
      ...IN_SCHEMAS.map((privilege) => option(privilege)),
      ...queries.inSchema(schema).flatMap((table) => anyOf(table, here)),
      ...queries
        .routinesIn(schema)
        .flatMap((routine) => ["ALTER ROUTINE", "EXECUTE"].map((privilege) => option(privilege, routine))),
    ],
  });
  return true;
}

const IN_SCHEMAS: readonly string[] = [
  "ALTER",
  "ALTER ROUTINE",
  "CREATE",
  "CREATE ROUTINE",
  "CREATE TEMPORARY TABLES",
  "CREATE VIEW",
  "DELETE",
  "DROP",
  "EVENT",
  "EXECUTE",
  "INDEX",
  "INSERT",
  "LOCK TABLES",
  "REFERENCES",
  "SELECT",
  "SHOW VIEW",
  "TRIGGER",
  "UPDATE",
];
const ON_COLUMNS: readonly string[] = ["SELECT", "INSERT", "UPDATE", "REFERENCES"];
const ON_TABLE: readonly string[] = [
  "ALTER",
  "CREATE",
  "CREATE VIEW",
  "DELETE",
  "DROP",
  "INDEX",
  "SHOW VIEW",
  "TRIGGER",
];

function anyOf({ resource }: Relation, here: Here): readonly Requirement[] {
  const place = { of: here.of, certainty: here.certainty, origin: here.origin };
  return [...ON_COLUMNS, ...ON_TABLE].map((privilege) => ({
    kind: "need",
    right: {
      kind: "privilege",
      privilege,
      resource,
      ...(ON_COLUMNS.includes(privilege) ? { columns: { kind: "any" } as const } : {}),
    },
    ...place,
  }));
}

function set(
  words: readonly string[],
  tokens: readonly Token[],
  {
    unknown,
    here,
    queries,
  }: { readonly unknown: (kind: string, reason: string) => true; readonly here: Here; readonly queries: Queries },
): boolean {
  const second = words[1] ?? "";
  if (second === "role") {
    const name = tokens[2];
    if (wordOf(name) === "none") return true;
    queries.needs.add({
      kind: "need",
      right: { kind: "role", role: name?.text ?? "", mode: "set" },
      of: here.of,
      certainty: here.certainty,
      origin: here.origin,
    });
    return true;
  }
  if (second === "password" || second === "default")
    return unknown("utility", "whose it may set depends on what is held");
  if (second === "global" || tokens.some(({ kind, text }) => kind === "variable" && /^@@global\b/iu.test(text))) {
    return unknown("utility", "what a global variable needs depends on the variable");
  }
  if (
    /^(?:names|character|charset|session|local|transaction|statement|autocommit|sql_\w+|time_zone|wait_timeout|foreign_key_checks|unique_checks|net_\w+|collation_\w+|character_\w+|tx_\w+|lock_wait_timeout|innodb_lock_wait_timeout|max_statement_time|group_concat_max_len)$/u.test(
      second,
    )
  ) {
    return !tokens.some((token) => QUERIES.has(wordOf(token)) && wordOf(token) !== "" && wordOf(token) !== "values");
  }
  return false;
}

/** Makes, changes and drops things. */
function defines(tokens: readonly Token[], here: Here, { queries, read }: Reading): boolean {
  const { needs } = queries;
  const words = tokens.map(wordOf);
  const [first = ""] = words;
  const at = words.findIndex((word) => DEFINED.has(word));
  const what = words[at] ?? "";
  const [path = []] = namesFrom(tokens, skipIfExists(tokens, at + 1));
  const schemaName = path.at(-2) ?? here.schema;
  if (at < 0 || path.length === 0) return false;
  const schema: Resource = {
    kind: "schema",
    path: [DATABASE, (what === "database" || what === "schema" ? path.at(-1) : schemaName) ?? ""],
  };
  const replaces = words.slice(0, at).includes("replace");
  if (what === "database" || what === "schema") {
    needs.on(schema, first === "create" ? "CREATE" : first === "drop" ? "DROP" : "ALTER", here);
    return true;
  }
  if (schemaName === undefined || schemaName === null) {
    needs.unknown("name", `the schema of \`${path.at(-1) ?? ""}\` is not known`, here.origin);
    return true;
  }
  if (first === "create" && (what === "table" || what === "sequence" || what === "view")) {
    if (words.includes("temporary")) needs.on(schema, "CREATE TEMPORARY TABLES", here);
    else queries.made(path, what === "view" ? ["CREATE VIEW"] : ["CREATE"], here);
    if (replaces && !words.includes("temporary")) queries.made(path, ["DROP"], here);
    const query = words.findIndex((word, index) => index > at && (word === "select" || word === "with"));
    const like = words.findIndex((word, index) => index > at && word === "like");
    if (query > 0) {
      if (what === "table") queries.made(path, ["INSERT"], here);
      if (what === "view" && words.includes("definer"))
        needs.unknown("definer", "who may make code of others is not known", here.origin);
      read(unwrapped(tokens.slice(query)));
    } else if (like > 0 && what === "table") {
      const [other = []] = namesFrom(tokens, like + 1);
      const relation = queries.relation(other, here);
      if (relation !== null) onTable(relation, "SELECT", here, queries);
    }
    if (words.includes("references"))
      needs.unknown("utility", "a foreign key needs REFERENCES on the other table", here.origin);
    return true;
  }
  if (first === "alter" && what === "table") {
    const relation = queries.relation(path, here);
    if (relation !== null) needs.on(relation.resource, "ALTER", here);
    if (words.some((word) => /^(?:rename|references|partition|exchange|drop)$/u.test(word))) {
      needs.unknown("utility", "some changes of a table need more than ALTER", here.origin);
    }
    return true;
  }
  if (what === "index" && (first === "create" || first === "drop")) {
    const on = words.indexOf("on");
    const [table = []] = on < 0 ? [] : namesFrom(tokens, on + 1);
    const relation = table.length === 0 ? null : queries.relation(table, here);
    if (relation !== null) needs.on(relation.resource, "INDEX", here);
    return true;
  }
  if (what === "trigger" && first === "create") {
    const on = words.indexOf("on");
    const [table = []] = on < 0 ? [] : namesFrom(tokens, on + 1);
    const relation = table.length === 0 ? null : queries.relation(table, here);
    if (relation !== null) needs.on(relation.resource, "TRIGGER", here);
    if (words.slice(0, at).includes("definer"))
      needs.unknown("definer", "who may make code of others is not known", here.origin);
    return true;
  }
  if (what === "event") {
    needs.on(schema, "EVENT", here);
    return true;
  }
  if ((what === "procedure" || what === "function") && first === "create" && !words.slice(0, at).includes("definer")) {
    needs.on(schema, "CREATE ROUTINE", here);
    return !replaces || (needs.unknown("utility", "replacing a routine needs ALTER ROUTINE", here.origin), true);
  }
  return false;
}

const DEFINED: ReadonlySet<string> = new Set([
  "database",
  "schema",
  "table",
  "view",
  "sequence",
  "index",
  "trigger",
  "event",
  "procedure",
  "function",
]);

function unwrapped(tokens: readonly Token[]): readonly Token[] {
  let depth = 0;
  for (const [at, { text, kind }] of tokens.entries()) {
    if (kind !== "punctuation") continue;
    if (text === "(") depth++;
    if (text === ")" && --depth < 0) return tokens.slice(0, at);
  }
  const option = tokens.findIndex(
    (token, at) => wordOf(token) === "with" && at > 0 && /^(?:check|cascaded|local)$/u.test(wordOf(tokens[at + 1])),
  );
  return option > 0 ? tokens.slice(0, option) : tokens;
}

/** SELECT and INSERT on any of its columns will do. */
function onTable(relation: Relation, privilege: string, here: Here, queries: Queries): void {
  if (ON_COLUMNS.includes(privilege)) queries.needs.onColumns(relation.resource, privilege, { ...here, columns: [] });
  else queries.needs.on(relation.resource, privilege, here);
}

function schemaOf({ resource }: Relation): Resource {
  return { kind: "schema", path: resource.path.slice(0, 2) };
}

function skipIfExists(tokens: readonly Token[], from: number): number {
  let at = from;
  while (/^(?:if|not|exists)$/u.test(wordOf(tokens[at]))) at++;
  return at;
}

/** The names of a list: `a, b.c read, d as e write`. */
function namesFrom(tokens: readonly Token[], from: number): readonly (readonly string[])[] {
  const found: string[][] = [];
  let at = from;
  for (;;) {
    const path: string[] = [];
    while (tokens[at]?.kind === "word" || tokens[at]?.kind === "quoted") {
      path.push(tokens[at]?.text ?? "");
      if (tokens[at + 1]?.text !== ".") break;
      at += 2;
    }
    if (path.length === 0) return found;
    found.push(path);
    at++;
    while (at < tokens.length && tokens[at]?.text !== ",") {
      if (tokens[at]?.text === "(") return found;
      at++;
    }
    if (tokens[at]?.text !== ",") return found;
    at++;
  }
}
