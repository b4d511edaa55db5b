import type { RoleName } from "../../model/role.ts";

/** The two products that share this folder. */
export type ProductName = "mariadb" | "mysql";

/** What is different between the two, besides privileges (see privileges.ts) and queries (see queries.ts). */
export interface Product {
  /** The name of the engine. */
  readonly engine: ProductName;
  /** As people write it. */
  readonly title: string;
  /** A role is an account with a host (MySQL), or a bare name of a kind of its own (MariaDB). */
  readonly rolesAreAccounts: boolean;
  /** Grants can be made to PUBLIC. */
  readonly publicGrantee: boolean;
  /** Any number of roles can be active in a session, or one. */
  readonly manyActiveRoles: boolean;
  readonly dynamicPrivileges: boolean;
  /** What is held everywhere can be taken away on a schema (`partial_revokes`). */
  readonly partialRevokes: boolean;
  /** Schemas that are part of the server. */
  readonly systemSchemas: readonly string[];
  /** Accounts that are part of the server. */
  readonly systemAccounts: readonly RoleName[];
  /** What those hold on the server's own tables from the start: schema, table, account, `Table_priv`. */
  readonly initialTableGrants: readonly (readonly [string, string, RoleName, string])[];
  /** The values of `sql_mode` for our sessions. */
  readonly sqlMode: string;
  /** The setting that ends long statements, and how many of its units make a second. */
  readonly statementTimeout: { readonly name: string; readonly unitsPerSecond: number };
}

/** The account that an installation makes first. */
export const BOOTSTRAP: RoleName = "root@localhost";

const SYSTEM_SCHEMAS = ["information_schema", "mysql", "performance_schema", "sys"];
const SQL_MODE = "STRICT_TRANS_TABLES,STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";

export const PRODUCTS: Readonly<Record<ProductName, Product>> = {
  mariadb: {
    engine: "mariadb",
    title: "MariaDB",
    rolesAreAccounts: false,
    publicGrantee: true,
    manyActiveRoles: false,
    dynamicPrivileges: false,
    partialRevokes: false,
    systemSchemas: SYSTEM_SCHEMAS,
    systemAccounts: ["mariadb.sys@localhost"],
    initialTableGrants: [["mysql", "global_priv", "mariadb.sys@localhost", "Select,Delete"]],
    // Without NO_AUTO_CREATE_USER a GRANT makes the account that it misspells.
    sqlMode: `${SQL_MODE},NO_AUTO_CREATE_USER`,
    statementTimeout: { name: "max_statement_time", unitsPerSecond: 1 },
  },
  mysql: {
    engine: "mysql",
    title: "MySQL",
    rolesAreAccounts: true,
    publicGrantee: false,
    manyActiveRoles: true,
    dynamicPrivileges: true,
    partialRevokes: true,
    systemSchemas: SYSTEM_SCHEMAS,
    systemAccounts: ["mysql.infoschema@localhost", "mysql.session@localhost", "mysql.sys@localhost"],
    initialTableGrants: [
      ["mysql", "user", "mysql.session@localhost", "Select"],
      ["sys", "sys_config", "mysql.sys@localhost", "Select"],
    ],
    sqlMode: SQL_MODE,
    statementTimeout: { name: "max_execution_time", unitsPerSecond: 1000 },
  },
};
