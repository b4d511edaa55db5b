import { bare, firstWords, fromFirstWord, placeholders } from "./text.ts";

/** How a statement is tried. */
export type Way =
  /** EXPLAIN takes it. */
  | { readonly kind: "dry-run" }
  /** It runs, in a transaction that is taken back. `text`: what runs instead of it, with the same checks. `alone`: its locks would keep others waiting. */
  | { readonly kind: "run"; readonly text: string; readonly alone: boolean }
  /** COPY: the server is asked for the right to it, and one row goes in as an INSERT where it reads. */
  | { readonly kind: "copy"; readonly text: string; readonly into: CopyInto | null; readonly needs: Rule | null }
  | { readonly kind: "rule"; readonly rule: Rule };

export interface CopyInto {
  /** As written. */
  readonly relation: string;
  /** As written; null: all. */
  readonly columns: string | null;
}

/** A statement that cannot run in a transaction, or must not run at all. */
export type Rule =
  /** Nobody needs a right for it. */
  | { readonly kind: "anybody" }
  /** It cannot be decided. */
  | { readonly kind: "undecided"; readonly reason: string }
  /** `condition`: a boolean in SQL, \`$1\` is the role. Where it holds, `whereHeld`; otherwise the statement is refused. */
  | {
      readonly kind: "needs";
      readonly condition: string;
      readonly refusal: string;
      readonly whereHeld: "yes" | "undecided";
    };

const READS = new Set(["SELECT", "VALUES", "TABLE", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE"]);

/** They take no lock that others wait for. */
const BESIDE_OTHERS = new Set(["CALL", "EXPLAIN", "SHOW", "SET", "DECLARE", "PREPARE", "NOTIFY"]);

const ANYBODY: Rule = { kind: "anybody" };

/** By their first words, longest first. Transactions, cursors, prepared statements and notifications are everybody's (PostgreSQL 18 manual, "SQL Commands": no privilege is named for them). */
const RULES: readonly (readonly [words: string, rule: Rule])[] = [
  ...["BEGIN", "START TRANSACTION", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE"].map(
    (words) => [words, ANYBODY] as const,
  ),
  ...["PREPARE TRANSACTION", "FETCH", "MOVE", "CLOSE", "DEALLOCATE", "DISCARD", "LISTEN", "UNLISTEN", "NOTIFY"].map(
    (words) => [words, ANYBODY] as const,
  ),
  ["RESET SESSION AUTHORIZATION", ANYBODY],
  ["RESET", ANYBODY],
  ["SET SESSION AUTHORIZATION DEFAULT", ANYBODY],
  ["SET SESSION AUTHORIZATION", needs(superuser(), "permission denied to set session authorization", "undecided")],
  ["EXECUTE", undecided("the statement that was prepared under this name is not known")],
  ["LOAD", undecided("libraries are not loaded in a trial")],
  ["IMPORT FOREIGN SCHEMA", undecided("another server would be asked")],
  ["CREATE DATABASE", needs(attribute("rolcreatedb"), "permission denied to create database", "undecided")],
  ["DROP DATABASE", undecided("a database cannot be dropped in a transaction")],
  ["ALTER SYSTEM", needs(superuser(), "permission denied to set a parameter of the server", "yes")],
  ["CREATE TABLESPACE", needs(superuser(), "permission denied to create tablespace", "undecided")],
  ["DROP TABLESPACE", undecided("a tablespace cannot be dropped in a transaction")],
  ["CREATE SUBSCRIPTION", undecided("another server would be asked")],
  ["ALTER SUBSCRIPTION", undecided("another server would be asked")],
  ["DROP SUBSCRIPTION", undecided("another server would be asked")],
];

/** Which way, by the text alone. */
export function wayOf(text: string): Way {
  const words = firstWords(text);
  const [first] = words;
  // A statement that could not be normalised is kept without its text.
  if (first === undefined) return rule(undecided("there is no text to try"));
  if (READS.has(first)) return isSelectInto(first, text) ? { kind: "run", text, alone: false } : { kind: "dry-run" };
  if (first === "COPY") return copy(text);
  if (first === "VACUUM") return vacuum(text);
  if (first === "REINDEX" || first === "CLUSTER") return reindex(text, words);
  if (first === "ROLLBACK" && words[1] === "PREPARED")
    return rule(undecided("prepared transactions are not reproduced"));
  if (first === "COMMIT" && words[1] === "PREPARED") return rule(undecided("prepared transactions are not reproduced"));
  const known = RULES.find(([start]) => start.split(" ").every((word, place) => words[place] === word));
  if (known !== undefined) return rule(known[1]);
  if (first === "SET" && placeholders(text) > 0) return setting(text);
  const alone = !BESIDE_OTHERS.has(first);
  const together = /^\s*(?:create|drop)\s/iu.test(text) ? text.replace(/\bconcurrently\b/iu, "") : text;
  return { kind: "run", text: together, alone };
}

function rule(value: Rule): Way {
  return { kind: "rule", rule: value };
}

function undecided(reason: string): Rule {
  return { kind: "undecided", reason };
}

function needs(condition: string, refusal: string, whereHeld: "yes" | "undecided"): Rule {
  return { kind: "needs", condition, refusal, whereHeld };
}

function superuser(): string {
  return attribute("rolsuper");
}

function attribute(column: string): string {
  return `exists (select from pg_catalog.pg_roles where rolname = $1 and (rolsuper or ${column}))`;
}

/** It makes a table, which EXPLAIN does not look at. INSERT INTO is no SELECT INTO; a WITH may hold either. */
function isSelectInto(first: string, text: string): boolean {
  if (first !== "SELECT" && first !== "WITH") return false;
  return /\binto\b/iu.test(bare(text).replaceAll(/\b(?:insert|merge)\s+into\b/giu, " "));
}

const COPY =
  /^copy\s+(?:(?<relation>[^\s(]+)\s*(?<columns>\([^)]*\))?|\(.*\))\s+(?<way>from|to)\s+(?<target>stdin|stdout|program\s+(?:'(?:[^']|'')*'|\$\d+)|'(?:[^']|'')*'|\$\d+)(?<rest>.*)$/isu;

/** The roles that may reach what lies outside the database (manual, "Predefined Roles"). */
const OUTSIDE = {
  program: "pg_execute_server_program",
  from: "pg_read_server_files",
  to: "pg_write_server_files",
} as const;

function copy(text: string): Way {
  const groups = COPY.exec(fromFirstWord(text))?.groups;
  if (groups === undefined) return rule(undecided("this form of COPY is not understood"));
  const { relation, columns, way = "", target = "", rest = "" } = groups;
  const reads = way.toLowerCase() === "from";
  const outside = /^(?:stdin|stdout)$/iu.test(target)
    ? null
    : /^program/iu.test(target)
      ? "program"
      : reads
        ? "from"
        : "to";
  const head = fromFirstWord(text).slice(0, -(target.length + rest.length));
  const role = outside === null ? null : OUTSIDE[outside];
  return {
    kind: "copy",
    text: `${head}${reads ? "stdin" : "stdout"}${rest}`,
    into: reads && relation !== undefined ? { relation, columns: columns ?? null } : null,
    needs:
      role === null
        ? null
        : needs(
            `pg_catalog.pg_has_role($1, '${role}', 'usage')`,
            `permission denied to COPY: ${role} is needed`,
            "yes",
          ),
  };
}

/** VACUUM asks for what ANALYZE asks for (`vacuum_is_permitted_for_relation`), and ANALYZE runs in a transaction. */
function vacuum(text: string): Way {
  const tables = fromFirstWord(text).replace(
    /^vacuum\s*(?:\([^)]*\))?\s*(?:(?:full|freeze|verbose|analyze|analyse)\b\s*)*/iu,
    "",
  );
  // Without a table it takes those that it may, whoever runs it.
  return tables.trim() === "" ? rule(ANYBODY) : { kind: "run", text: `analyze ${tables}`, alone: true };
}

const MAY_MAINTAIN_ALL =
  "exists (select from pg_catalog.pg_roles where rolname = 'pg_maintain' and pg_catalog.pg_has_role($1, oid, 'usage'))";

function reindex(text: string, words: readonly string[]): Way {
  const inside = words.slice(1).filter((word) => word !== "CONCURRENTLY" && word !== "VERBOSE");
  if (words[0] === "CLUSTER" && inside.length === 0) return rule(ANYBODY);
  const whole = inside.find((word) => word === "DATABASE" || word === "SYSTEM");
  if (words[0] === "REINDEX" && whole !== undefined) {
    const owner =
      "pg_catalog.pg_has_role($1, (select datdba from pg_catalog.pg_database where datname = current_database()), 'usage')";
    return rule(needs(`(${owner} or ${MAY_MAINTAIN_ALL})`, `must be owner of database`, "yes"));
  }
  if (words[0] === "REINDEX" && inside.includes("SCHEMA"))
    return rule(undecided("a schema cannot be reindexed in a transaction"));
  return { kind: "run", text: text.replace(/\bconcurrently\b/iu, ""), alone: true };
}

/** A setting whose value is not known: who may change it hangs on its name alone. */
function setting(text: string): Way {
  const name = /^set\s+(?:session\s+|local\s+)?([a-z_][\w.]*)\s*(?:=|to\b)/iu
    .exec(fromFirstWord(text))?.[1]
    ?.toLowerCase();
  if (name === undefined || name === "role") return rule(undecided("what it sets is not known"));
  const everybody = `not exists (select from pg_catalog.pg_settings where name = '${name}' and context <> 'user')`;
  return rule(needs(`(${everybody} or ${superuser()})`, `permission denied to set parameter "${name}"`, "yes"));
}
