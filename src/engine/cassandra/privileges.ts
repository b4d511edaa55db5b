import type { Privilege } from "../../model/access-list.ts";
import type { ResourceKind } from "../../model/resource.ts";

/** The kinds that privileges are held on here. */
export type CassandraKind =
  | "all-schemas"
  | "schema"
  | "schema-tables"
  | "table"
  | "all-routines"
  | "schema-routines"
  | "routine"
  | "all-roles"
  | "role"
  | "all-mbeans"
  | "mbean";

/** What a kind can carry, and how the server calls it. The documentation is generated from this table. */
export interface KindSpec {
  readonly kind: CassandraKind;
  readonly privileges: readonly Privilege[];
  /** What it can carry besides since a series: `500` is 5.0. */
  readonly later?: { readonly since: number; readonly privileges: readonly Privilege[] };
  /** How it is stored in `system_auth.role_permissions`, for people. */
  readonly stored: string;
  /** How GRANT takes it, for people. */
  readonly cql: string;
}

const MASKS = { since: 500, privileges: ["SELECT_MASKED", "UNMASK"] } as const;
const DATA = ["ALTER", "AUTHORIZE", "CREATE", "DROP", "MODIFY", "SELECT"] as const;
const CODE = ["ALTER", "AUTHORIZE", "CREATE", "DROP", "EXECUTE"] as const;
const ROLES = ["ALTER", "AUTHORIZE", "CREATE", "DESCRIBE", "DROP"] as const;
const MBEANS = ["AUTHORIZE", "DESCRIBE", "EXECUTE", "MODIFY", "SELECT"] as const;

const withoutCreate = (privileges: readonly Privilege[]): readonly Privilege[] =>
  privileges.filter((name) => name !== "CREATE");

/** Everything that can be granted, from the widest kind to the narrowest of each family. Verified on 4.1 and 5.0, by what ALL becomes on each. */
export const KINDS: readonly KindSpec[] = [
  { kind: "all-schemas", privileges: DATA, later: MASKS, stored: "data", cql: "ALL KEYSPACES" },
  { kind: "schema", privileges: DATA, later: MASKS, stored: "data/ks", cql: "KEYSPACE ks" },
  { kind: "schema-tables", privileges: DATA, later: MASKS, stored: "data/ks/*", cql: "ALL TABLES IN KEYSPACE ks" },
  { kind: "table", privileges: withoutCreate(DATA), later: MASKS, stored: "data/ks/t", cql: "TABLE ks.t" },
  { kind: "all-routines", privileges: CODE, stored: "functions", cql: "ALL FUNCTIONS" },
  { kind: "schema-routines", privileges: CODE, stored: "functions/ks", cql: "ALL FUNCTIONS IN KEYSPACE ks" },
  { kind: "routine", privileges: withoutCreate(CODE), stored: "functions/ks/f[classes]", cql: "FUNCTION ks.f(types)" },
  { kind: "all-roles", privileges: ROLES, stored: "roles", cql: "ALL ROLES" },
  { kind: "role", privileges: withoutCreate(ROLES), stored: "roles/name", cql: "ROLE name" },
  { kind: "all-mbeans", privileges: MBEANS, stored: "mbean", cql: "ALL MBEANS" },
  { kind: "mbean", privileges: MBEANS, stored: "mbean/name", cql: "MBEAN 'name', MBEANS 'pattern'" },
];

const BY_KIND: ReadonlyMap<ResourceKind, KindSpec> = new Map(KINDS.map((spec) => [spec.kind, spec]));

/** The privileges that a kind can carry on a server of this series (`401` is 4.1), sorted; empty where the server has no such kind. */
export function privilegesOf(kind: ResourceKind, series: number): readonly Privilege[] {
  const spec = BY_KIND.get(kind);
  if (spec === undefined) return [];
  const { later } = spec;
  return later === undefined || series < later.since
    ? spec.privileges
    : [...spec.privileges, ...later.privileges].toSorted();
}

export function isCassandraKind(kind: ResourceKind): kind is CassandraKind {
  return BY_KIND.has(kind);
}
