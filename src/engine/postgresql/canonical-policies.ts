import type { KnownPolicyText, PolicyText, PolicyTextAnswer, UnknownPolicyText } from "../../model/policy-text.ts";
import { describeResource, type Resource, resourceKey } from "../../model/resource.ts";
import type { Session } from "./client.ts";
import { isConnectionLoss, readingError } from "./errors.ts";
import { quoteIdentifier } from "./quote.ts";

export interface PolicyAsking {
  readonly signal?: AbortSignal;
  /** Opens a session of its own for the asking. */
  open(database: string): Promise<Session>;
}

/** How often a text is given back to the server until it stays the same; two rounds do for everything that we have seen. */
const MAX_ROUNDS = 5;

const BEGIN = "begin transaction isolation level read committed";

/**
 * The system schema first and the temporary one last: then a table that is named like a built-in type or a system table changes no meaning. What has no schema of its own and stands
 * in neither is not found, as in a session that applies a plan.
 */
const SETTINGS = `
  select set_config('search_path', 'pg_catalog, pg_temp', true), set_config('lock_timeout', '5s', true), set_config('statement_timeout', '10s', true),
    set_config('temp_tablespaces', '', true)`;

/** The columns of tables, by the number of the table in the question. */
export const POLICY_COLUMNS = `
  select q.n, a.attname, format_type(a.atttypid, a.atttypmod), cn.nspname, co.collname
  from unnest($1::text[], $2::text[]) with ordinality q (schema, name, n)
  join pg_namespace s on s.nspname = q.schema
  join pg_class c on c.relnamespace = s.oid and c.relname = q.name and c.relkind in ('r', 'p')
  left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  left join pg_type t on t.oid = a.atttypid
  left join pg_collation co on co.oid = a.attcollation and a.attcollation <> t.typcollation
  left join pg_namespace cn on cn.oid = co.collnamespace
  order by q.n, a.attnum`;
export type PolicyColumnRow = readonly [string, string | null, string, string | null, string | null];

/**
 * The policy on the temporary table as the server prints it, whether a second expression came with it, and whether the expression is about the temporary table itself
 * otherwise than by its columns: then a name without a schema was taken for it.
 */
export const TEMPORARY_POLICY = `
  select pg_get_expr(p.polqual, p.polrelid), p.polwithcheck is not null,
    exists (
      select from pg_depend d
      where d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.deptype = 'n'
        and (d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid and d.refobjsubid = 0
          or d.refclassid = 'pg_type'::regclass and d.refobjid in (select t.oid from pg_type t where t.typnamespace = c.relnamespace)))
  from pg_policy p
  join pg_class c on c.oid = p.polrelid
  where c.relnamespace = pg_my_temp_schema()`;
export type TemporaryPolicyRow = readonly [string, "t" | "f", "t" | "f"];

/**
 * Asks a server how it would write expressions of row policies: on an empty temporary table of the same name with the same columns, in one transaction a database that is always
 * rolled back. The live table is never locked, but for the ACCESS SHARE of an expression that reads it in a sub-select. planning-and-applying.md, rule E6.
 */
export async function canonicalPolicies(
  questions: readonly PolicyText[],
  asking: PolicyAsking,
): Promise<readonly PolicyTextAnswer[]> {
  const answers = new Map<PolicyText, PolicyTextAnswer>();
  for (const [database, group] of Map.groupBy(questions, ({ table }) => table.path[0] ?? "")) {
    asking.signal?.throwIfAborted();
    await using session = await asking.open(database);
    const onAbort = (): void => session.destroy();
    asking.signal?.addEventListener("abort", onAbort, { once: true });
    try {
      for (const [question, answer] of await askDatabase(session, group)) answers.set(question, answer);
    } catch (error) {
      asking.signal?.throwIfAborted();
      if (isConnectionLoss(error)) throw readingError(error, "the text of row policies");
      for (const question of group) answers.set(question, notAsked(error, question.table));
    } finally {
      asking.signal?.removeEventListener("abort", onAbort);
    }
  }
  return questions.map((question) => answers.get(question) ?? noTable(question.table));
}

type Answers = ReadonlyMap<PolicyText, PolicyTextAnswer>;

async function askDatabase(session: Session, questions: readonly PolicyText[]): Promise<Answers> {
  const answers = new Map<PolicyText, PolicyTextAnswer>();
  const byTable = [...Map.groupBy(questions, ({ table }) => resourceKey(table)).values()];
  await session.run(BEGIN);
  try {
    await session.rows(SETTINGS);
    const columns = await columnsOf(
      session,
      byTable.flatMap(([first]) => (first === undefined ? [] : [first.table])),
    );
    for (const [index, group] of byTable.entries()) {
      const definition = columns.get(index);
      const table = group[0]?.table;
      if (definition === undefined || table === undefined) continue;
      const asked = await inSavepoint(session, "one_table", async () => {
        await session.run(`create temporary table ${temporaryName(table)} (${definition.join(", ")})`);
        return await askTable(session, group);
      });
      for (const question of group) {
        const answer = "error" in asked ? notAsked(asked.error, table) : asked.get(question);
        if (answer !== undefined) answers.set(question, answer);
      }
    }
    return answers;
  } finally {
    // A session that cannot roll back is about to be closed: the server then does.
    if (!session.lost) await session.run("rollback").catch(() => session.destroy());
  }
}

/** What stands between the parentheses of CREATE TABLE, by the number of the table. Those that are not there have none. */
async function columnsOf(session: Session, tables: readonly Resource[]): Promise<ReadonlyMap<number, string[]>> {
  const part = (index: number): string[] => tables.map((table) => table.path[index] ?? "");
  const definitions = new Map<number, string[]>();
  for (const [n, column, type, schema, collation] of await session.rows<PolicyColumnRow>(POLICY_COLUMNS, [
    part(1),
    part(2),
  ])) {
    const index = Number(n) - 1;
    const definition = definitions.get(index) ?? [];
    definitions.set(index, definition);
    if (column === null) continue;
    const collate = collation === null ? "" : ` collate ${quoteIdentifier(schema ?? "")}.${quoteIdentifier(collation)}`;
    definition.push(`${quoteIdentifier(column)} ${type}${collate}`);
  }
  return definitions;
}

async function askTable(session: Session, questions: readonly PolicyText[]): Promise<Answers> {
  const answers = new Map<PolicyText, PolicyTextAnswer>();
  for (const question of questions) answers.set(question, await settle(session, question));
  return answers;
}

/** Gives the expression to the server, then its text of it, until that stays the same: what a plan says must be what the server then has. */
async function settle(session: Session, { table, expression }: PolicyText): Promise<PolicyTextAnswer> {
  let text = expression;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const answer = await askOnce(session, { table, expression: text });
    if (answer.kind !== "known") return round === 0 ? answer : neverSettled(table);
    if (answer.text === text) return answer;
    text = answer.text;
  }
  return neverSettled(table);
}

async function askOnce(session: Session, { table, expression }: PolicyText): Promise<PolicyTextAnswer> {
  if (expression.includes("\0")) {
    return { kind: "refused", message: "an expression cannot hold NUL", offset: expression.indexOf("\0") };
  }
  const start = `create policy p on ${temporaryName(table)} using (`;
  const asked = await inSavepoint(session, "one_policy", async (): Promise<PolicyTextAnswer> => {
    await session.runOne(`${start}${expression}\n)`); // A comment at its end must not hide the parenthesis.
    const [row] = await session.rows<TemporaryPolicyRow>(TEMPORARY_POLICY);
    const [text, second, itself] = row ?? ["", "f", "f"];
    if (second === "t")
      return { kind: "refused", message: "it closes a parenthesis that it did not open", offset: null };
    if (itself === "t") {
      const help = `write \`${describeResource(table)}\``;
      return {
        kind: "refused",
        message: `it names the table \`${table.path[2] ?? ""}\` without its schema`,
        offset: null,
        help,
      };
    }
    return { kind: "known", text } satisfies KnownPolicyText;
  });
  return "error" in asked ? refusal(asked.error, { table, expression }, start) : asked;
}

interface Failed {
  readonly error: unknown;
}

/** Runs work of which nothing remains. What the server refuses is given back; a lost session is thrown. */
async function inSavepoint<T extends object>(
  session: Session,
  name: string,
  work: () => Promise<T>,
): Promise<T | Failed> {
  await session.run(`savepoint ${name}`);
  let result: T | Failed;
  try {
    result = await work();
  } catch (error) {
    if (session.lost || isConnectionLoss(error)) throw error;
    result = { error };
  }
  await session.run(`rollback to savepoint ${name}; release savepoint ${name}`);
  return result;
}

function temporaryName(table: Resource): string {
  return `pg_temp.${quoteIdentifier(table.path[2] ?? "")}`;
}

interface ServerError {
  readonly code?: string;
  readonly message: string;
  /** Counted in characters from 1, in the whole statement. */
  readonly position?: string;
}

/** What was not found, does not fit or is not allowed in a policy: the expression is wrong. Everything else says nothing about it. */
const EXPRESSION_ERRORS = /^(?:42(?!501)|22|0A000$)/;
/** No function, operator or cast for these types. */
const TYPE_ERRORS: ReadonlySet<string> = new Set(["42883", "42725", "42804", "42846"]);

function refusal(error: unknown, { table, expression }: PolicyText, start: string): PolicyTextAnswer {
  const { code = "", message, position } = error as ServerError;
  if (!EXPRESSION_ERRORS.test(code)) return notAsked(error, table);
  if (TYPE_ERRORS.has(code) && message.includes(table.path[2] ?? "")) {
    const help = "write it with columns instead of whole rows, or exactly as the live policy has it";
    return { kind: "unknown", reason: `the row type of the table cannot be stood in for: ${message}`, help };
  }
  const before = position === undefined ? -1 : Number(position) - 1 - Array.from(start).length;
  const offset = before < 0 ? null : Array.from(expression).slice(0, before).join("").length;
  const help = HELP[code];
  return { kind: "refused", message, offset, ...(help === undefined ? {} : { help }) };
}

const HELP: Readonly<Record<string, string>> = {
  "42883": "name functions with their schema, and operators too: `operator(schema.+)`",
  "42P01": "name other tables with their schema, and columns of the table itself without it",
  "42704": "name types with their schema",
};

function notAsked(error: unknown, table: Resource): UnknownPolicyText {
  const { code, message } = error as ServerError;
  const database = quoteIdentifier(table.path[0] ?? "");
  const help =
    code === "42501"
      ? `\`grant temporary on database ${database} to\` the connection's role, and let it use the schemas and types that the table and the expression name`
      : code === "25006"
        ? "point the target at the primary: a standby can make no temporary table"
        : "write the expression exactly as the live policy has it, or try again when the server allows it";
  return { kind: "unknown", reason: message, help };
}

function noTable(table: Resource): UnknownPolicyText {
  return { kind: "unknown", reason: `table \`${describeResource(table)}\` is not there any more`, help: "plan again" };
}

function neverSettled(table: Resource): UnknownPolicyText {
  const reason = `the server writes its own text of it otherwise each time, on \`${describeResource(table)}\``;
  return { kind: "unknown", reason, help: "write the expression in another way" };
}
