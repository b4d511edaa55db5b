import type { Privilege } from "../../model/access-list.ts";
import type { ResourceKind } from "../../model/resource.ts";
import type { Product, ProductName } from "./product.ts";

/** The kinds that privileges are held on here. */
export type MysqlKind =
  | "server"
  | "all-schemas"
  | "dynamic-privilege"
  | "role"
  | "schema-pattern"
  | "schema"
  | "routine"
  | "table"
  | "column";

/** How deep a privilege can be held: on `*.*` only; also on a schema; also on a table; also on a column; or on a schema and a routine. */
export type Depth = "global" | "schema" | "table" | "column" | "routine" | "everywhere";

/** One privilege as the two products know it. The documentation is generated from this table. */
export interface PrivilegeSpec {
  readonly name: Privilege;
  readonly depth: Depth;
  /** MariaDB: its bit in `access` of `mysql.global_priv`, and the first series that has it (`1011` is 10.11); absent: MariaDB has no such privilege. */
  readonly mariadb?: { readonly bit: number; readonly since?: number };
  /** MySQL: its column in `mysql.user`; absent: MySQL has no such static privilege. */
  readonly mysql?: { readonly column: string };
  /** Its column in `mysql.db`, where it can be held on a schema. */
  readonly schemaColumn?: string;
  /** Its member in the sets of `tables_priv`, `columns_priv` and `procs_priv`, where it can be held below a schema. */
  readonly member?: string;
}

const spec = (
  name: Privilege,
  depth: Depth,
  where: Omit<PrivilegeSpec, "name" | "depth" | "mariadb" | "mysql"> & {
    readonly bit?: number;
    readonly since?: number;
    readonly column?: string;
  },
): PrivilegeSpec => {
  const { bit, since, column, ...stored } = where;
  return {
    name,
    depth,
    ...stored,
    ...(bit === undefined ? {} : { mariadb: { bit, ...(since === undefined ? {} : { since }) } }),
    ...(column === undefined ? {} : { mysql: { column } }),
  };
};

/** A privilege that has the same column in `mysql.user` and `mysql.db`. */
const below = (name: Privilege, depth: Depth, bit: number, column: string, member?: string): PrivilegeSpec =>
  spec(name, depth, { bit, column, schemaColumn: column, ...(member === undefined ? {} : { member }) });

/** Everything that can be granted, in the order of MariaDB's bits. Verified on MariaDB 10.11; MySQL's by its manual. */
export const PRIVILEGES: readonly PrivilegeSpec[] = [
  below("SELECT", "column", 0, "Select_priv", "Select"),
  below("INSERT", "column", 1, "Insert_priv", "Insert"),
  below("UPDATE", "column", 2, "Update_priv", "Update"),
  below("DELETE", "table", 3, "Delete_priv", "Delete"),
  below("CREATE", "table", 4, "Create_priv", "Create"),
  below("DROP", "table", 5, "Drop_priv", "Drop"),
  spec("RELOAD", "global", { bit: 6, column: "Reload_priv" }),
  spec("SHUTDOWN", "global", { bit: 7, column: "Shutdown_priv" }),
  spec("PROCESS", "global", { bit: 8, column: "Process_priv" }),
  spec("FILE", "global", { bit: 9, column: "File_priv" }),
  below("GRANT OPTION", "everywhere", 10, "Grant_priv", "Grant"),
  below("REFERENCES", "column", 11, "References_priv", "References"),
  below("INDEX", "table", 12, "Index_priv", "Index"),
  below("ALTER", "table", 13, "Alter_priv", "Alter"),
  spec("SHOW DATABASES", "global", { bit: 14, column: "Show_db_priv" }),
  spec("SUPER", "global", { bit: 15, column: "Super_priv" }),
  below("CREATE TEMPORARY TABLES", "schema", 16, "Create_tmp_table_priv"),
  below("LOCK TABLES", "schema", 17, "Lock_tables_priv"),
  below("EXECUTE", "routine", 18, "Execute_priv", "Execute"),
  spec("REPLICATION SLAVE", "global", { bit: 19, column: "Repl_slave_priv" }),
  spec("BINLOG MONITOR", "global", { bit: 20 }),
  spec("REPLICATION CLIENT", "global", { column: "Repl_client_priv" }),
  below("CREATE VIEW", "table", 21, "Create_view_priv", "Create View"),
  below("SHOW VIEW", "table", 22, "Show_view_priv", "Show view"),
  below("CREATE ROUTINE", "schema", 23, "Create_routine_priv"),
  below("ALTER ROUTINE", "routine", 24, "Alter_routine_priv", "Alter Routine"),
  spec("CREATE USER", "global", { bit: 25, column: "Create_user_priv" }),
  below("EVENT", "schema", 26, "Event_priv"),
  below("TRIGGER", "table", 27, "Trigger_priv", "Trigger"),
  spec("CREATE TABLESPACE", "global", { bit: 28, column: "Create_tablespace_priv" }),
  spec("DELETE HISTORY", "table", { bit: 29, schemaColumn: "Delete_history_priv", member: "Delete versioning rows" }),
  spec("SET USER", "global", { bit: 30 }),
  spec("FEDERATED ADMIN", "global", { bit: 31 }),
  spec("CONNECTION ADMIN", "global", { bit: 32 }),
  spec("READ_ONLY ADMIN", "global", { bit: 33 }),
  spec("REPLICATION SLAVE ADMIN", "global", { bit: 34 }),
  spec("REPLICATION MASTER ADMIN", "global", { bit: 35 }),
  spec("BINLOG ADMIN", "global", { bit: 36 }),
  spec("BINLOG REPLAY", "global", { bit: 37 }),
  spec("SLAVE MONITOR", "global", { bit: 38 }),
  spec("SHOW CREATE ROUTINE", "routine", {
    bit: 39,
    since: 1103,
    schemaColumn: "Show_create_routine_priv",
    member: "Show Create Routine",
  }),
  spec("CREATE ROLE", "global", { column: "Create_role_priv" }),
  spec("DROP ROLE", "global", { column: "Drop_role_priv" }),
];

/** The depths of the privileges that a kind can carry. On `all-schemas` stands what can be held below too, on `server` what cannot. */
const DEPTHS: Readonly<Record<MysqlKind, readonly Depth[]>> = {
  server: ["global"],
  "all-schemas": ["schema", "table", "column", "routine", "everywhere"],
  schema: ["schema", "table", "column", "routine", "everywhere"],
  "schema-pattern": ["schema", "table", "column", "routine", "everywhere"],
  table: ["table", "column", "everywhere"],
  column: ["column"],
  routine: ["routine", "everywhere"],
  role: [],
  "dynamic-privilege": [],
};

/** What a partial revoke is kept as, on the schema that it is about (MySQL). */
export const REVOKED = "NOT ";

/** Where each kind is stored, for people. */
export const STORED: Readonly<Record<ProductName, Readonly<Record<MysqlKind, string>>>> = {
  mariadb: {
    server: "mysql.global_priv, `access`",
    "all-schemas": "mysql.global_priv, `access`",
    schema: "mysql.db",
    "schema-pattern": "mysql.db",
    table: "mysql.tables_priv",
    column: "mysql.columns_priv",
    routine: "mysql.procs_priv",
    role: "mysql.proxies_priv",
    "dynamic-privilege": "",
  },
  mysql: {
    server: "mysql.user",
    "all-schemas": "mysql.user",
    schema: "mysql.db; partial revokes in mysql.user, `User_attributes`",
    "schema-pattern": "mysql.db",
    table: "mysql.tables_priv",
    column: "mysql.columns_priv",
    routine: "mysql.procs_priv",
    role: "mysql.proxies_priv",
    "dynamic-privilege": "mysql.global_grants",
  },
};

/** The privileges that one product has in one series. */
export class Privileges {
  readonly all: readonly PrivilegeSpec[];
  readonly #product: Product;
  readonly #byKind: Map<ResourceKind, readonly Privilege[]> = new Map();

  constructor(product: Product, series: number) {
    this.#product = product;
    this.all = PRIVILEGES.filter((each) =>
      product.engine === "mariadb"
        ? each.mariadb !== undefined && (each.mariadb.since ?? 0) <= series
        : each.mysql !== undefined,
    );
  }

  /** The privileges that a kind can carry, sorted; empty where the product has no such kind. */
  of(kind: ResourceKind): readonly Privilege[] {
    let names = this.#byKind.get(kind);
    if (names === undefined) this.#byKind.set(kind, (names = this.#namesOf(kind)));
    return names;
  }

  #namesOf(kind: ResourceKind): readonly Privilege[] {
    if (kind === "role") return ["PROXY"];
    if (kind === "dynamic-privilege") return this.#product.dynamicPrivileges ? ["USAGE"] : [];
    const depths = isMysqlKind(kind) ? DEPTHS[kind] : [];
    const names = this.all.filter((each) => depths.includes(each.depth)).map((each) => each.name);
    return names.toSorted();
  }
}

export function isMysqlKind(kind: ResourceKind): kind is MysqlKind {
  return Object.hasOwn(DEPTHS, kind);
}
