/**
 * What is read of the catalog: one constant per query, its row type beside it. Every value arrives as text. Names are qualified by the empty `search_path` that each
 * session sets (pg_catalog is always searched), oids are the only keys, and no query depends on the number of roles or objects.
 */

type Text = string;
type Flag = "t" | "f";

/** The server, and who we are on it. */
export const SERVER = `
  select current_setting('server_version_num'), version(), current_user::text, r.rolsuper, b.rolname, pg_is_in_recovery(),
    to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    current_setting('max_locks_per_transaction')::bigint
      * (current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint),
    current_setting('max_locks_per_transaction'), current_setting('max_connections'), current_setting('block_size')
  from pg_roles r, pg_roles b
  where r.rolname = current_user and b.oid = 10`;
export type ServerRow = readonly [Text, Text, Text, Flag, Text, Flag, Text, Text, Text, Text, Text];

/** What the server calls itself. Some managed services keep it from us. */
export const SYSTEM_IDENTIFIER = "select system_identifier from pg_control_system()";
export type SystemIdentifierRow = readonly [Text];

/** Every role. Passwords are not state: pg_authid is never read. `infinity` and no end at all mean the same, and only the former can be written: both are null. */
export const ROLES = `
  select oid, rolname, rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolinherit, rolreplication, rolbypassrls, rolconnlimit,
    case when isfinite(rolvaliduntil) then to_char(rolvaliduntil at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
      else nullif(rolvaliduntil::text, 'infinity') end
  from pg_roles`;
export type RoleRow = readonly [Text, Text, Flag, Flag, Flag, Flag, Flag, Flag, Flag, Text, Text | null];

/** Settings of roles, each as \`name=value\`; database 0 stands for all. */
export const ROLE_SETTINGS = `
  select s.setrole, d.datname, c.setting
  from pg_db_role_setting s
  cross join lateral unnest(s.setconfig) c (setting)
  left join pg_database d on d.oid = s.setdatabase
  where s.setrole <> 0 and (s.setdatabase = 0 or d.oid is not null)`;
export type RoleSettingRow = readonly [Text, Text | null, Text];

/** PostgreSQL 15 and older keep one row per role and member, and the member's own attribute decides about inheriting. */
export const MEMBERSHIPS_15 = "select roleid, member, grantor, admin_option, true, true from pg_auth_members";
export const MEMBERSHIPS =
  "select roleid, member, grantor, admin_option, inherit_option, set_option from pg_auth_members";
export type MembershipRow = readonly [Text, Text, Text, Flag, Flag, Flag];

/** Every database, and whether we may read it. */
export const DATABASES = `
  select oid, datname, datdba, datallowconn, datistemplate, has_database_privilege(oid, 'CONNECT') from pg_database`;
export type DatabaseRow = readonly [Text, Text, Text, Flag, Flag, Flag];

export const TABLESPACES = "select oid, spcname, spcowner from pg_tablespace";
export type TablespaceRow = readonly [Text, Text, Text];

/** PostgreSQL 15 and later: parameters on which anything was ever granted. */
export const PARAMETERS = "select oid, parname from pg_parameter_acl";
export type ParameterRow = readonly [Text, Text];

/** A list: its kind, the resources that have it, and its items. */
export type AccessRow = readonly [Text, Text, Text | null];

/** The distinct access lists of some catalogs, in two forms that say the same. */
export interface AccessQuery {
  /** Lists as the texts of their items: many times faster where many lists differ. */
  readonly short: string;
  /** Every privilege by itself, roles by oid. The text of an item names roles, so it cannot tell a dropped role's number from a role whose name is that number; there only this form is right. */
  readonly exact: string;
}

/** Between the items of a list in the short form. A role could be called so; then the exact form is used. */
export const ITEM_SEPARATOR = "\x1f";

/** How many roles have another name by now than they had when the reading began. The texts of items are made with the names of now. */
export const RENAMED = "select count(*) from pg_roles where pg_get_userbyid(oid) is distinct from rolname";
export type RenamedRow = readonly [Text];

// What an item says: \`grantee grantor option privilege\`, one for each privilege, joined by commas. By oid, never by name.
const SAYS = (acl: string): string => `(
    select string_agg(
      said.grantee || ' ' || said.grantor || case when said.is_grantable then ' * ' else ' - ' end || said.privilege_type, ',')
    from ${acl} said
  )`;

// Equal lists are grouped by the server, exactly, before any is taken apart: 50,000 tables have some hundred lists. NULL means the built-in default; {} means nobody.
const accessQuery = (groups: string): AccessQuery => {
  const lists = `(
    select kind, resources::text, coalesce(stored, acldefault(letter, owner)) as acl
    from (${groups}) groups (kind, letter, owner, stored, resources)
  ) lists`;
  return {
    short: `select kind, resources, array_to_string(acl, e'\\x1f') from ${lists}`,
    // The server's aclexplode unpacks its whole argument for every row that it gives back, so that lists are taken to single items before.
    exact: `select kind, resources, (
    select string_agg(${SAYS("aclexplode(array[item])")}, ',') from unnest(acl) item) from ${lists}`,
  };
};

// Joined to nothing, a long list is unpacked once and not for every comparison (50,000 tables with 500 items each: 1.3 s instead of 2.9 s). NULL must stay NULL.
const unpacked = (acl: string): string => `case when ${acl} is not null then ${acl} || '{}'::aclitem[] end`;

const group = (kind: string, letter: string, owner: string, acl: string, from: string): string =>
  `select ${kind}, ${letter}::"char", ${owner}, ${unpacked(acl)}, array_agg(oid) from ${from} group by 1, 2, 3, 4`;

const SHARED_GROUPS = [
  group("'database'::text", "'d'", "datdba", "datacl", "pg_database"),
  group("'tablespace'", "'t'", "spcowner", "spcacl", "pg_tablespace"),
];
export const SHARED_ACCESS_14: AccessQuery = accessQuery(SHARED_GROUPS.join(" union all "));
export const SHARED_ACCESS: AccessQuery = accessQuery(
  [...SHARED_GROUPS, group("'parameter'", "'p'", "10::oid", "paracl", "pg_parameter_acl")].join(" union all "),
);

// What belongs to the server itself is read only where its access is no longer what initdb made it.
const SYSTEM = "(select oid from pg_namespace where nspname in ('pg_catalog', 'information_schema'))";
const changed = (catalog: string, acl: string, oid = "oid", column = "0"): string => `
  ${acl} is distinct from (
    select initprivs from pg_init_privs i where i.classoid = '${catalog}'::regclass and i.objoid = ${oid} and i.objsubid = ${column})`;
const ours = (catalog: string, namespace: string, acl: string): string =>
  `(${namespace} not in ${SYSTEM} or ${changed(catalog, acl)})`;

// Temporary and TOAST schemas belong to sessions and to tables; nobody grants on them.
const PASSING_SCHEMAS = "(select oid from pg_namespace where nspname ~ '^pg_(temp|toast)')";
// initdb makes information_schema after it has written down the initial lists; its views are readable by everybody.
const RELATIONS_WHERE = `relkind in ('r', 'v', 'm', 'f', 'p', 'S')
  and relnamespace not in ${PASSING_SCHEMAS} and ${ours("pg_class", "relnamespace", "relacl")}
  and (relnamespace <> coalesce(to_regnamespace('information_schema'), 0)
    or relacl is distinct from acldefault('r', relowner) || makeaclitem(0::oid, relowner, 'SELECT', false))`;
const ROUTINES_FROM = `pg_proc where pronamespace not in ${PASSING_SCHEMAS} and ${ours("pg_proc", "pronamespace", "proacl")}`;
// Arrays and multiranges follow another type, the row types of relations follow their relation: only a list of its own makes one worth an entry.
const TYPES_FROM = `pg_type t where typnamespace not in ${PASSING_SCHEMAS} and ${ours("pg_type", "typnamespace", "typacl")}
  and typtype in ('b', 'd', 'e', 'c', 'r', 'm')
  and not exists (select from pg_type e where e.oid = t.typelem and e.typarray = t.oid)
  and (typacl is not null or (typtype <> 'm'
    and (typtype <> 'c' or typrelid in (select oid from pg_class where relkind = 'c'))))`;
const SCHEMAS_FROM = `pg_namespace where oid not in ${PASSING_SCHEMAS}`;

/** The distinct access lists of one database, columns apart. */
export const ACCESS: AccessQuery = accessQuery(
  [
    group("'schema'::text", "'n'", "nspowner", "nspacl", SCHEMAS_FROM),
    group(
      "case relkind when 'S' then 'sequence' else 'table' end",
      "case relkind when 'S' then 's' else 'r' end",
      "relowner",
      "relacl",
      `pg_class where ${RELATIONS_WHERE}`,
    ),
    group("'routine'", "'f'", "proowner", "proacl", ROUTINES_FROM),
    group("'type'", "'T'", "typowner", "typacl", "pg_type where typacl is not null"),
    group("'language'", "'l'", "lanowner", "lanacl", "pg_language"),
    group("'foreign-data-wrapper'", "'F'", "fdwowner", "fdwacl", "pg_foreign_data_wrapper"),
    group("'foreign-server'", "'S'", "srvowner", "srvacl", "pg_foreign_server"),
    group("'large-object'", "'L'", "lomowner", "lomacl", "pg_largeobject_metadata"),
  ].join(" union all "),
);

/** The distinct access lists of columns; their resources are \`[table's oid, schema, table, column]\`, as JSON. Few columns have one, so that tables are looked up for each and not read through. */
export const COLUMN_ACCESS: AccessQuery = accessQuery(`
  select 'column'::text, 'c'::"char", 0::oid, ${unpacked("attacl")}, json_agg(json_build_array(attrelid::text, nspname, relname, attname))
  from (select attrelid, attnum, attname, attacl from pg_attribute where attacl is not null and not attisdropped offset 0) listed
  cross join lateral (select relname, relnamespace from pg_class where oid = attrelid offset 0) owning
  join pg_namespace n on n.oid = relnamespace
  where relnamespace not in ${PASSING_SCHEMAS}
    and (relnamespace not in ${SYSTEM} or ${changed("pg_class", "attacl", "attrelid", "attnum")})
  group by 4`);
export type ColumnOfList = readonly [Text, Text, Text, Text];

export const SCHEMAS: string = `select oid, nspname, nspowner from ${SCHEMAS_FROM}`;
export type SchemaRow = readonly [Text, Text, Text];

/** Tables, views and sequences; columns as a JSON array in order. */
export const RELATIONS: string = `
  select oid, relnamespace, relname, relowner, relkind, relrowsecurity, relforcerowsecurity,
    case when relispartition then (select inhparent from pg_inherits where inhrelid = pg_class.oid limit 1) end,
    case when relkind = 'v' then coalesce(
      (select bool_or(option_value::boolean) from pg_options_to_table(reloptions) where option_name = 'security_invoker'), false) end,
    columns
  from pg_class
  left join (
    select attrelid, json_agg(attname order by attnum) as columns from pg_attribute where attnum > 0 and not attisdropped group by attrelid
  ) having_columns on attrelid = oid and relkind <> 'S'
  where ${RELATIONS_WHERE}`;
export type RelationRow = readonly [Text, Text, Text, Text, Text, Flag, Flag, Text | null, Flag | null, Text | null];

/** Functions, procedures and aggregates; identified by their input types, as \`integer, text\`. */
export const ROUTINES: string = `
  select oid, pronamespace, proname, proowner, oidvectortypes(proargtypes), prokind, prosecdef, to_json(proconfig)
  from ${ROUTINES_FROM}`;
export type RoutineRow = readonly [Text, Text, Text, Text, Text, Text, Flag, Text | null];

/** Types, with the built-in list where they have none of their own: most have none, and finding out which types count is what takes long. */
export const TYPES: string = `
  select oid, typnamespace, typname, typowner, typtype, case when typacl is null then ${SAYS("aclexplode(acldefault('T', typowner))")} end
  from ${TYPES_FROM}`;
export type TypeRow = readonly [Text, Text, Text, Text, Text, Text | null];

/** The kinds that live in no schema: language (trusted?), foreign-data wrapper, foreign server, large object. */
export const OTHERS = `
  select 'language', oid, lanname::text, lanowner, lanpltrusted from pg_language
  union all select 'foreign-data-wrapper', oid, fdwname, fdwowner, null from pg_foreign_data_wrapper
  union all select 'foreign-server', oid, srvname, srvowner, null from pg_foreign_server
  union all select 'large-object', oid, oid::text, lomowner, null from pg_largeobject_metadata`;
export type OtherRow = readonly [Text, Text, Text, Text, Flag | null];

/** Sequences and the table column that each serves: dependency \`a\` is serial, \`i\` is identity. */
export const SEQUENCE_LINKS = `
  select s.oid, d.refobjid, a.attname, d.deptype
  from pg_class s
  cross join lateral (
    select refobjid, refobjsubid, deptype from pg_depend
    where classid = 'pg_class'::regclass and objid = s.oid
      and refclassid = 'pg_class'::regclass and refobjsubid > 0 and deptype in ('a', 'i')
    offset 0
  ) d
  join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  where s.relkind = 'S'`;
export type SequenceLinkRow = readonly [Text, Text, Text, Text];

/** What extensions made, by the catalog it stands in. */
export const EXTENSION_MEMBERS = `
  select d.classid::regclass::text, d.objid, e.extname
  from pg_depend d
  join pg_extension e on e.oid = d.refobjid
  where d.deptype = 'e' and d.refclassid = 'pg_extension'::regclass`;
export type ExtensionMemberRow = readonly [Text, Text, Text];

/** Lists for future objects; schema NULL means in every schema. Few, so each is taken apart by itself. */
export const DEFAULT_PRIVILEGES: string = `
  select defaclrole, (select nspname from pg_namespace n where n.oid = defaclnamespace), defaclobjtype, ${SAYS("aclexplode(defaclacl)")}
  from pg_default_acl`;
export type DefaultPrivilegeRow = readonly [Text, Text | null, Text, Text | null];

/** Row policies with their expressions as the server prints them; role 0 means everybody. */
export const ROW_POLICIES = `
  select polrelid, polname, polcmd, polpermissive, polroles, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
  from pg_policy`;
export type RowPolicyRow = readonly [Text, Text, Text, Flag, Text, Text | null, Text | null];

/** Catalog columns that hold access lists and that this release does not know: newer servers have more. */
export const UNKNOWN_LISTS = `
  select c.relname || '.' || a.attname
  from pg_attribute a
  join pg_class c on c.oid = a.attrelid
  where a.atttypid = 'aclitem[]'::regtype and c.relkind = 'r' and c.relnamespace = 'pg_catalog'::regnamespace
    and a.attname not in ('relacl', 'attacl', 'proacl', 'typacl', 'nspacl', 'datacl', 'lanacl', 'fdwacl', 'srvacl', 'spcacl', 'lomacl', 'paracl',
      'defaclacl', 'initprivs')`;
export type UnknownListRow = readonly [Text];
