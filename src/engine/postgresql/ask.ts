import type { ResourceKind } from "../../model/resource.ts";
import { isPostgresKind, type PostgresKind } from "./privileges.ts";
import { PUBLIC } from "../../model/role.ts";
import type { PrivilegeQuestion } from "../engine.ts";
import type { Session } from "./client.ts";

/** Questions a query; more would only make its parameters larger. */
const BATCH = 20_000;

/** The questions of one kind: parameters are parallel arrays of role, privilege and up to four parts of the path. */
const asking = (answer: string, resource: string): string => `
  select q.n, case when q.role = 'public' or exists (select from pg_roles r where r.rolname = q.role) then (${answer}) end
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
    with ordinality q (role, privilege, a, b, c, d, n)
  ${resource}`;
type AnswerRow = readonly [string, "t" | "f" | null];

const inSchema = (catalog: string, namespace: string, name: string): string =>
  `left join pg_namespace s on s.nspname = q.b left join ${catalog} o on o.${namespace} = s.oid and o.${name} = q.c`;

const byName = (catalog: string, name: string, part: "a" | "b"): string =>
  `left join ${catalog} o on o.${name} = q.${part}`;

/** One query per kind. Roles are compared as exact text: \`public\` can name no role, so it stands for everybody. Unknown resources and roles answer NULL. */
const ASK: Readonly<Record<PostgresKind, string>> = {
  database: asking("has_database_privilege(q.role, o.oid, q.privilege)", byName("pg_database", "datname", "a")),
  tablespace: asking("has_tablespace_privilege(q.role, o.oid, q.privilege)", byName("pg_tablespace", "spcname", "a")),
  parameter: asking("has_parameter_privilege(q.role, q.a, q.privilege)", ""),
  schema: asking("has_schema_privilege(q.role, o.oid, q.privilege)", byName("pg_namespace", "nspname", "b")),
  language: asking("has_language_privilege(q.role, o.oid, q.privilege)", byName("pg_language", "lanname", "b")),
  "foreign-data-wrapper": asking(
    "has_foreign_data_wrapper_privilege(q.role, o.oid, q.privilege)",
    byName("pg_foreign_data_wrapper", "fdwname", "b"),
  ),
  "foreign-server": asking(
    "has_server_privilege(q.role, o.oid, q.privilege)",
    byName("pg_foreign_server", "srvname", "b"),
  ),
  type: asking("has_type_privilege(q.role, o.oid, q.privilege)", inSchema("pg_type", "typnamespace", "typname")),
  routine: asking(
    "has_function_privilege(q.role, o.oid, q.privilege)",
    `${inSchema("pg_proc", "pronamespace", "proname")} and oidvectortypes(o.proargtypes) = q.d`,
  ),
  sequence: asking(
    "has_sequence_privilege(q.role, o.oid, q.privilege)",
    `${inSchema("pg_class", "relnamespace", "relname")} and o.relkind = 'S'`,
  ),
  table: asking("has_table_privilege(q.role, o.oid, q.privilege)", inSchema("pg_class", "relnamespace", "relname")),
  column: asking(
    "has_column_privilege(q.role, o.oid, q.d, q.privilege)",
    `${inSchema("pg_class", "relnamespace", "relname")}
      and exists (select from pg_attribute t where t.attrelid = o.oid and t.attname = q.d and not t.attisdropped)`,
  ),
  "large-object": asking(
    "has_largeobject_privilege(q.role, o.oid, q.privilege)",
    "left join pg_largeobject_metadata o on o.oid = q.b::oid",
  ),
};

/** The first major with a privilege function for a kind; the others have had theirs for longer than we look back. */
const ASKABLE_SINCE: Partial<Record<ResourceKind, number>> = { parameter: 15, "large-object": 18 };

/** Asks the server's own privilege functions, in few queries. Null: the server knows no such role or resource, or has no function for the kind. */
export async function ask(
  session: Session,
  questions: readonly PrivilegeQuestion[],
  major: number,
): Promise<readonly (boolean | null)[]> {
  const answers: (boolean | null)[] = questions.map(() => null);
  for (const [kind, indexes] of Map.groupBy(questions.keys(), (index) => questions[index]?.resource.kind ?? "table")) {
    if (!isPostgresKind(kind) || major < (ASKABLE_SINCE[kind] ?? 0)) continue;
    for (let from = 0; from < indexes.length; from += BATCH) {
      const batch = indexes.slice(from, from + BATCH);
      const rows = await session.rows<AnswerRow>(ASK[kind], parameters(batch.map((index) => questions[index])));
      for (const [n, answer] of rows) {
        const index = batch[Number(n) - 1];
        if (index !== undefined && answer !== null) answers[index] = answer === "t";
      }
    }
  }
  return answers;
}

function parameters(questions: readonly (PrivilegeQuestion | undefined)[]): (string | null)[][] {
  const columns: (string | null)[][] = [[], [], [], [], [], []];
  for (const question of questions) {
    if (question === undefined) continue;
    const { role, privilege, grantable, resource } = question;
    const values = [
      role === PUBLIC ? "public" : role,
      grantable ? `${privilege} WITH GRANT OPTION` : privilege,
      ...[0, 1, 2, 3].map((part) => resource.path[part] ?? null),
    ];
    for (const [column, value] of values.entries()) columns[column]?.push(value);
  }
  return columns;
}
