import { compareBy, compareParts, sorted, type Comparator } from "../../base/order.ts";
import type { Privilege } from "../../model/access-list.ts";
import type { ResourceKind } from "../../model/resource.ts";
import type { Grantee, RoleName } from "../../model/role.ts";
import type { Selector } from "./selector.ts";

/** One grant or revocation as a manifest states it for one grantee. */
export interface GrantStatement {
  readonly grantee: Grantee;
  readonly absent: boolean;
  readonly privileges: readonly Privilege[];
  /** Exact names; empty: the whole resource. */
  readonly columns: readonly string[];
  readonly kind: ResourceKind;
  /** Null where no database needs to be named. */
  readonly database: string | null;
  readonly schema: string | null;
  readonly on: Selector;
  readonly grantable: boolean;
  readonly by: RoleName | null;
  /** The creators whose future objects it holds for too. */
  readonly creators: readonly RoleName[];
  /** Nothing that exists is meant. */
  readonly futureOnly: boolean;
  /** What it is about does not exist: it may be forgotten without anybody noticing. */
  readonly missing: boolean;
}

/** Whole schemas of which the same is said are named in one line. */
export function joinSchemas(statements: readonly GrantStatement[]): readonly GrantStatement[] {
  const joined = new Map<string, GrantStatement>();
  for (const statement of statements) {
    const { schema, on, ...rest } = statement;
    const whole = on.pattern && on.except.length === 0 && on.names[0]?.endsWith(".*") === true;
    const key = JSON.stringify(whole ? [rest, on.partitions] : statement);
    const first = joined.get(key);
    const names = [...(first?.on.names ?? []), ...on.names];
    joined.set(key, { ...statement, schema: first?.schema ?? schema, on: { ...on, names } });
  }
  return [...joined.values()];
}

const KIND_RANK: readonly ResourceKind[] = [
  "server",
  "dynamic-privilege",
  "all-schemas",
  "all-routines",
  "all-roles",
  "all-mbeans",
  "database",
  "tablespace",
  "parameter",
  "schema-pattern",
  "schema",
  "schema-tables",
  "schema-routines",
  "table",
  "column",
  "sequence",
  "routine",
  "type",
  "language",
  "foreign-data-wrapper",
  "foreign-server",
  "large-object",
  "role",
  "mbean",
];

/** The order in which a person reads what a role may do: what the cluster shares, then schema by schema, the schema itself first. */
export function inReadingOrder(statements: Iterable<GrantStatement>): readonly GrantStatement[] {
  return sorted(statements, readingOrder);
}

const byPlace = compareBy<GrantStatement>(
  (one) => one.database,
  (one) => sectionOf(one),
  (one) => one.futureOnly,
  (one) => KIND_RANK.indexOf(one.kind),
  (one) => !one.on.pattern,
);
const byText = compareBy<GrantStatement>(
  (one) => one.columns.join("\0"),
  (one) => one.privileges.join("\0"),
  (one) => one.by,
  (one) => one.grantable,
  (one) => one.creators.join("\0"),
);
const readingOrder: Comparator<GrantStatement> = (a, b) =>
  byPlace(a, b) || compareParts(a.on.names, b.on.names) || byText(a, b);

function sectionOf(statement: GrantStatement): string {
  if (statement.schema !== null) return `2${statement.schema}`;
  if (AS_SCHEMA.has(statement.kind)) return `2${statement.on.names[0] ?? ""}`;
  return KIND_RANK.indexOf(statement.kind) < KIND_RANK.indexOf("schema") ? "1" : "3";
}

/** Kinds that are named as their schema is. */
const AS_SCHEMA: ReadonlySet<ResourceKind> = new Set(["schema", "schema-tables", "schema-routines"]);

const USUAL: readonly Privilege[] = ["CONNECT", "USAGE", "SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "CREATE"];

/** Privileges in the order in which people say them; those that nobody says come last, by name. */
export function inSpokenOrder(privileges: readonly Privilege[]): readonly Privilege[] {
  const rank = (privilege: Privilege): number => (USUAL.includes(privilege) ? USUAL.indexOf(privilege) : USUAL.length);
  return sorted(
    privileges,
    compareBy<Privilege>(rank, (privilege) => privilege),
  );
}
