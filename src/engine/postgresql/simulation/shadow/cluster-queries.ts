/** What is read of the roles of a target, by name, exactly as the catalog holds it. Passwords are never asked for. */

type Text = string;
type Flag = "t" | "f";

export const ROLES = `
  select rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit, rolvaliduntil::text, oid < 16384
  from pg_roles order by oid`;
export type RoleRow = readonly [Text, Flag, Flag, Flag, Flag, Flag, Flag, Flag, Text, Text | null, Flag];

export const MEMBERSHIPS = (major: number): string => `
  select pg_get_userbyid(roleid), pg_get_userbyid(member), pg_get_userbyid(grantor), admin_option${major >= 16 ? ", inherit_option, set_option" : ""}
  from pg_auth_members`;
export type MembershipRow = readonly Text[];

export const SETTINGS = `
  select pg_get_userbyid(setrole), datname, to_json(setconfig), setrole = 0
  from pg_db_role_setting s left join pg_database d on d.oid = setdatabase where setdatabase = 0 or d.oid is not null`;
export type SettingRow = readonly [Text, Text | null, Text, Flag];

/** What a server may be started with that decides which names are found, which rows are seen and what is checked. */
export const SERVER_SETTINGS: readonly string[] = [
  "array_nulls",
  "backslash_quote",
  "datestyle",
  "default_tablespace",
  "intervalstyle",
  "lo_compat_privileges",
  "row_security",
  "search_path",
  "session_replication_role",
  "temp_tablespaces",
  "timezone",
  "transform_null_equals",
  "xmloption",
];
