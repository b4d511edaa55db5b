import type { Privilege } from "../../model/access-list.ts";
import type { ResourceKind } from "../../model/resource.ts";

/** One privilege as PostgreSQL knows it. */
export interface PrivilegeSpec {
  readonly name: Privilege;
  /** Its letter in an `aclitem`. */
  readonly letter: string;
  /** The first major version that has it; absent: all that we support. */
  readonly since?: number;
}

/** The kinds that PostgreSQL has; the others are those of other engines. */
export type PostgresKind =
  | "database"
  | "tablespace"
  | "parameter"
  | "schema"
  | "language"
  | "foreign-data-wrapper"
  | "foreign-server"
  | "type"
  | "routine"
  | "sequence"
  | "table"
  | "column"
  | "large-object";

/** Everything that the server fixes about the access to one kind of resource. The documentation is generated from this table. */
export interface KindSpec {
  readonly kind: PostgresKind;
  /** Where the access list is stored. */
  readonly catalog: string;
  /** The first major version on which this kind has access lists; absent: all that we support. */
  readonly since?: number;
  readonly privileges: readonly PrivilegeSpec[];
  /** What the owner holds where nothing is stored: everything, or nothing. */
  readonly owner: "all" | "none";
  /** What everybody holds where nothing is stored. */
  readonly public: readonly Privilege[];
  /** The letter that `acldefault()` takes. It is not the one in `pg_default_acl`: there `S` means sequence, here it means foreign server. */
  readonly aclDefault: string;
  /** The letter in `pg_default_acl`, and the words of ALTER DEFAULT PRIVILEGES; absent where no defaults can be set. */
  readonly defaults?: { readonly letter: string; readonly keyword: string; readonly since?: number };
  /** What stands behind ON in GRANT and REVOKE. Columns are granted with a list of columns on their TABLE. */
  readonly keyword: string;
}

const SELECT: PrivilegeSpec = { name: "SELECT", letter: "r" };
const INSERT: PrivilegeSpec = { name: "INSERT", letter: "a" };
const UPDATE: PrivilegeSpec = { name: "UPDATE", letter: "w" };
const REFERENCES: PrivilegeSpec = { name: "REFERENCES", letter: "x" };
const USAGE: PrivilegeSpec = { name: "USAGE", letter: "U" };
const CREATE: PrivilegeSpec = { name: "CREATE", letter: "C" };

/** What can be held on what, by kind. Verified against PostgreSQL 13 to 18. */
export const PRIVILEGES: Readonly<Record<PostgresKind, KindSpec>> = {
  database: {
    kind: "database",
    catalog: "pg_database.datacl",
    privileges: [CREATE, { name: "CONNECT", letter: "c" }, { name: "TEMPORARY", letter: "T" }],
    owner: "all",
    public: ["CONNECT", "TEMPORARY"],
    aclDefault: "d",
    keyword: "DATABASE",
  },
  tablespace: {
    kind: "tablespace",
    catalog: "pg_tablespace.spcacl",
    privileges: [CREATE],
    owner: "all",
    public: [],
    aclDefault: "t",
    keyword: "TABLESPACE",
  },
  parameter: {
    kind: "parameter",
    catalog: "pg_parameter_acl.paracl",
    since: 15,
    privileges: [
      { name: "SET", letter: "s" },
      { name: "ALTER SYSTEM", letter: "A" },
    ],
    owner: "all",
    public: [],
    aclDefault: "p",
    keyword: "PARAMETER",
  },
  schema: {
    kind: "schema",
    catalog: "pg_namespace.nspacl",
    privileges: [USAGE, CREATE],
    owner: "all",
    public: [],
    aclDefault: "n",
    defaults: { letter: "n", keyword: "SCHEMAS" },
    keyword: "SCHEMA",
  },
  language: {
    kind: "language",
    catalog: "pg_language.lanacl",
    privileges: [USAGE],
    owner: "all",
    public: ["USAGE"],
    aclDefault: "l",
    keyword: "LANGUAGE",
  },
  "foreign-data-wrapper": {
    kind: "foreign-data-wrapper",
    catalog: "pg_foreign_data_wrapper.fdwacl",
    privileges: [USAGE],
    owner: "all",
    public: [],
    aclDefault: "F",
    keyword: "FOREIGN DATA WRAPPER",
  },
  "foreign-server": {
    kind: "foreign-server",
    catalog: "pg_foreign_server.srvacl",
    privileges: [USAGE],
    owner: "all",
    public: [],
    aclDefault: "S",
    keyword: "FOREIGN SERVER",
  },
  type: {
    kind: "type",
    catalog: "pg_type.typacl",
    privileges: [USAGE],
    owner: "all",
    public: ["USAGE"],
    aclDefault: "T",
    defaults: { letter: "T", keyword: "TYPES" },
    keyword: "TYPE",
  },
  routine: {
    kind: "routine",
    catalog: "pg_proc.proacl",
    privileges: [{ name: "EXECUTE", letter: "X" }],
    owner: "all",
    public: ["EXECUTE"],
    aclDefault: "f",
    defaults: { letter: "f", keyword: "FUNCTIONS" },
    keyword: "ROUTINE",
  },
  sequence: {
    kind: "sequence",
    catalog: "pg_class.relacl",
    privileges: [SELECT, UPDATE, USAGE],
    owner: "all",
    public: [],
    aclDefault: "s",
    defaults: { letter: "S", keyword: "SEQUENCES" },
    keyword: "SEQUENCE",
  },
  table: {
    kind: "table",
    catalog: "pg_class.relacl",
    privileges: [
      SELECT,
      INSERT,
      UPDATE,
      { name: "DELETE", letter: "d" },
      { name: "TRUNCATE", letter: "D" },
      REFERENCES,
      { name: "TRIGGER", letter: "t" },
      { name: "MAINTAIN", letter: "m", since: 17 },
    ],
    owner: "all",
    public: [],
    aclDefault: "r",
    defaults: { letter: "r", keyword: "TABLES" },
    keyword: "TABLE",
  },
  column: {
    kind: "column",
    catalog: "pg_attribute.attacl",
    privileges: [SELECT, INSERT, UPDATE, REFERENCES],
    owner: "none",
    public: [],
    aclDefault: "c",
    keyword: "TABLE",
  },
  "large-object": {
    kind: "large-object",
    catalog: "pg_largeobject_metadata.lomacl",
    privileges: [SELECT, UPDATE],
    owner: "all",
    public: [],
    aclDefault: "L",
    defaults: { letter: "L", keyword: "LARGE OBJECTS", since: 18 },
    keyword: "LARGE OBJECT",
  },
};

/** Whether the kind is one of PostgreSQL's. */
export function isPostgresKind(kind: ResourceKind): kind is PostgresKind {
  return Object.hasOwn(PRIVILEGES, kind);
}

/** What the server fixes about a kind. Throws for a kind of another engine: nothing of that kind can be in a state of ours. */
export function specOf(kind: ResourceKind): KindSpec {
  if (!isPostgresKind(kind)) throw new TypeError(`PostgreSQL has no ${kind}`);
  return PRIVILEGES[kind];
}

/** The privileges that a kind can carry on a major version, sorted by name; empty where that version does not know the kind. */
export function privilegesOf(kind: ResourceKind, major: number): readonly Privilege[] {
  if (!isPostgresKind(kind)) return [];
  const spec = PRIVILEGES[kind];
  if (major < (spec.since ?? 0)) return [];
  return spec.privileges
    .filter((privilege) => major >= (privilege.since ?? 0))
    .map((privilege) => privilege.name)
    .toSorted();
}

/** The kind that a letter of `pg_default_acl` stands for; undefined for one that this release does not know. */
export function kindOfDefaultLetter(letter: string): PostgresKind | undefined {
  return Object.values(PRIVILEGES).find((spec) => spec.defaults?.letter === letter)?.kind;
}
