import type { Value } from "./client.ts";

/** `version()` and our own account and role as the server chose them. */
export const SERVER = "select version(), current_user(), utc_timestamp(3)";
export type ServerRow = readonly [string, string, string];

/** Settings that decide about access or about us. What a product or version does not have is simply not there. */
export const SETTINGS: string = `
  show global variables where variable_name in (
    'server_uid', 'server_uuid', 'lower_case_table_names', 'skip_name_resolve', 'read_only', 'super_read_only', 'secure_file_priv', 'sql_mode', 'automatic_sp_privileges', 'default_password_lifetime',
    'partial_revokes', 'mandatory_roles', 'activate_all_roles_on_login'
  )`;
export type SettingRow = readonly [string, string];

/** Refused where the server was started without its grant tables; cheap, and allowed to everybody. */
export const OWN_GRANTS = "show grants for current_user()";

const SYSTEM = "('information_schema', 'mysql', 'performance_schema', 'sys')";

// INVARIANT: no query names a column or key that holds a password or its hash.

/**
 * MariaDB: accounts and roles. Every key of `Priv` that we know by itself, as text: the number of privileges has more bits than a JSON number keeps. `auth_or` lists ways to sign in, where an object without a plugin
 * stands for the one above it.
 */
export const GLOBAL_PRIV: string = `
  select User, Host, json_value(Priv, '$.access'), json_value(Priv, '$.version_id'), json_value(Priv, '$.is_role'), json_value(Priv, '$.default_role'), json_value(Priv, '$.plugin'),
    json_array(json_length(Priv, '$.auth_or'), json_value(Priv, '$.auth_or[0].plugin'), json_value(Priv, '$.auth_or[1].plugin'), json_value(Priv, '$.auth_or[2].plugin'),
      json_value(Priv, '$.auth_or[3].plugin'), json_value(Priv, '$.auth_or[4].plugin'), json_value(Priv, '$.auth_or[5].plugin')),
    json_value(Priv, '$.account_locked'), json_value(Priv, '$.password_last_changed'), json_value(Priv, '$.password_lifetime'),
    json_value(Priv, '$.ssl_type'), json_value(Priv, '$.ssl_cipher'), json_value(Priv, '$.x509_issuer'), json_value(Priv, '$.x509_subject'),
    json_value(Priv, '$.max_questions'), json_value(Priv, '$.max_updates'), json_value(Priv, '$.max_connections'), json_value(Priv, '$.max_user_connections'),
    json_value(Priv, '$.max_statement_time'), json_keys(Priv)
  from mysql.global_priv`;
type Text = string | null;
export type GlobalPrivRow = readonly [
  ...[user: string, host: string, access: Text, versionId: Text, isRole: Text, defaultRole: Text, plugin: Text],
  ...[ways: string, locked: Text, lastChanged: Text, lifetime: Text],
  ...[sslType: Text, sslCipher: Text, issuer: Text, subject: Text],
  ...[questions: Text, updates: Text, connections: Text, userConnections: Text, statementTime: Text, keys: string],
];

/** MySQL: accounts and roles, with the columns of privileges behind those that we name. The hash and everything else in `User_attributes` stay where they are. */
export const MYSQL_USER: string = `
  select User, Host, plugin, account_locked, password_expired, password_lifetime, ssl_type, cast(ssl_cipher as char), cast(x509_issuer as char), cast(x509_subject as char),
    max_questions, max_updates, max_connections, max_user_connections, json_extract(User_attributes, '$.Restrictions')
  from mysql.user`;
export type MysqlUserRow = readonly [
  ...[user: string, host: string, plugin: string, locked: string, expired: string, lifetime: number | null],
  ...[sslType: string, cipher: string, issuer: string, subject: string],
  ...[questions: number, updates: number, connections: number, userConnections: number, restrictions: Text],
];

/** MySQL: the columns of `mysql.user` that are privileges, whatever the version. */
export const MYSQL_USER_COLUMNS: string = `
  select column_name from information_schema.columns
  where table_schema = 'mysql' and table_name = 'user' and column_name like '%\\_priv' order by ordinal_position`;

/** MySQL: the values of those columns. They come from the catalog of the server itself, and are quoted. */
export function mysqlUserPrivileges(quotedColumns: readonly string[]): string {
  return `select User, Host, ${quotedColumns.join(", ")} from mysql.user`;
}

/** MySQL: privileges that plugins and the server name as they like. */
export const GLOBAL_GRANTS = "select USER, HOST, PRIV, WITH_GRANT_OPTION from mysql.global_grants";
export type GlobalGrantRow = readonly [user: string, host: string, privilege: string, grantOption: "Y" | "N"];

/** MariaDB: who has which role; the host is empty for members that are roles. */
export const ROLES_MAPPING = "select User, Host, Role, Admin_option from mysql.roles_mapping";
export type RolesMappingRow = readonly [user: string, host: string, role: string, admin: "Y" | "N"];

/** MySQL: FROM is the role, TO the member. */
export const ROLE_EDGES = "select FROM_USER, FROM_HOST, TO_USER, TO_HOST, WITH_ADMIN_OPTION from mysql.role_edges";
export type RoleEdgeRow = readonly [string, string, string, string, admin: "Y" | "N"];

export const DEFAULT_ROLES = "select USER, HOST, DEFAULT_ROLE_USER, DEFAULT_ROLE_HOST from mysql.default_roles";
export type DefaultRoleRow = readonly [user: string, host: string, roleUser: string, roleHost: string];

/** All columns, since they are the privileges: newer servers have more. */
export const DB = "select * from mysql.db";

export const TABLES_PRIV = "select User, Host, Db, Table_name, Table_priv from mysql.tables_priv";
export type TablesPrivRow = readonly [user: string, host: string, db: string, table: string, privileges: string];

export const COLUMNS_PRIV = "select User, Host, Db, Table_name, Column_name, Column_priv from mysql.columns_priv";
export type ColumnsPrivRow = readonly [
  ...[user: string, host: string, db: string],
  ...[table: string, column: string, privileges: string],
];

export const PROCS_PRIV = "select User, Host, Db, Routine_name, Routine_type, Proc_priv from mysql.procs_priv";
export type ProcsPrivRow = readonly [
  ...[user: string, host: string, db: string],
  ...[routine: string, type: string, privileges: string],
];

export const PROXIES_PRIV = "select User, Host, Proxied_user, Proxied_host, With_grant from mysql.proxies_priv";
export type ProxiesPrivRow = readonly [user: string, host: string, proxied: string, proxiedHost: string, grant: number];

/** MariaDB: what tells that grants changed while they were read. Its grant tables take no part in transactions. */
export const CHECKSUMS: string = `
  checksum table mysql.global_priv, mysql.db, mysql.tables_priv, mysql.columns_priv, mysql.procs_priv, mysql.proxies_priv, mysql.roles_mapping, mysql.proc`;
export type ChecksumRow = readonly [table: string, checksum: Value];

/** MariaDB: how many statements began that change more than one of them. These never go back, as checksums do when something is granted and revoked again. */
export const CHANGES: string = `
  show global status where variable_name in (
    'Com_grant', 'Com_grant_role', 'Com_revoke', 'Com_revoke_all', 'Com_revoke_role', 'Com_create_user', 'Com_create_role', 'Com_alter_user', 'Com_drop_user', 'Com_drop_role', 'Com_rename_user',
    'Com_create_procedure', 'Com_create_function', 'Com_create_package', 'Com_create_package_body', 'Com_drop_procedure', 'Com_drop_function', 'Com_drop_package', 'Com_drop_package_body'
  )`;

/** MySQL: the grant tables are InnoDB, and one transaction sees them as of one moment. */
export const BEGIN = "start transaction with consistent snapshot, read only";

export const SCHEMATA: string = `select schema_name from information_schema.schemata where schema_name not in ${SYSTEM}`;
export type SchemaRow = readonly [string];

export const TABLES: string = `
  select table_schema, table_name, table_type from information_schema.tables where table_schema not in ${SYSTEM}`;
export type TableRow = readonly [schema: string, name: string, type: string];

export const COLUMNS: string = `
  select table_schema, table_name, column_name from information_schema.columns
  where table_schema not in ${SYSTEM} order by table_schema, table_name, ordinal_position`;
export type ColumnRow = readonly [schema: string, table: string, name: string];

export const VIEWS: string = `
  select table_schema, table_name, definer, security_type from information_schema.views where table_schema not in ${SYSTEM}`;
export type ViewRow = readonly [schema: string, name: string, definer: string, security: "DEFINER" | "INVOKER"];

/** MariaDB: read from the table itself, which shows all routines to whoever may read the grant tables. */
export const PROC: string = `select db, name, type, definer, security_type from mysql.proc where db not in ${SYSTEM}`;
export type RoutineRow = readonly [
  ...[schema: string, name: string, type: string],
  ...[definer: string, security: "DEFINER" | "INVOKER"],
];

export const ROUTINES: string = `
  select routine_schema, routine_name, routine_type, definer, security_type from information_schema.routines where routine_schema not in ${SYSTEM}`;

export const TRIGGERS: string = `
  select trigger_schema, trigger_name, definer from information_schema.triggers where trigger_schema not in ${SYSTEM}`;
export type DefinedRow = readonly [schema: string, name: string, definer: string | null];

export const EVENTS: string = `
  select event_schema, event_name, definer from information_schema.events where event_schema not in ${SYSTEM}`;

/** MariaDB: see PROC. */
export const EVENT: string = `select db, name, definer from mysql.event where db not in ${SYSTEM}`;
