/**
 * Access lists as they are stored, exactly: the order of items too, and null where the built-in default holds. Objects that `initdb` made are read only where their list is no longer the initial one.
 */

type Text = string;

const PASSING = "(select oid from pg_namespace where nspname ~ '^pg_(temp|toast)')";
const OWNER = (owner: string): string => `pg_get_userbyid(${owner})`;

/** Read where there is a list, or where an extension made it (with a list of its own, perhaps), or where the server made it and the list is another one by now. */
const worth = (catalog: string, acl: string, oid = "oid"): string => `(
  ${oid} >= 16384 and (${acl} is not null or ${oid} in (select objid from pg_depend where classid = '${catalog}'::regclass and deptype = 'e'))
  or ${oid} < 16384 and ${acl} is distinct from (select initprivs from pg_init_privs i where i.classoid = '${catalog}'::regclass and i.objoid = ${oid} and i.objsubid = 0))`;

/** One row a list: the catalog, schema, name, input types or column, owner, list. */
export const LISTS: string = `
  select 'pg_namespace', null, nspname, null, ${OWNER("nspowner")}, nspacl::text from pg_namespace where oid not in ${PASSING}
  union all select 'pg_class', nspname, relname, null, ${OWNER("relowner")}, relacl::text from pg_class c join pg_namespace n on n.oid = relnamespace
    where relkind in ('r', 'v', 'm', 'f', 'p', 'S') and relnamespace not in ${PASSING} and ${worth("pg_class", "relacl", "c.oid")}
  union all select 'pg_proc', nspname, proname, oidvectortypes(proargtypes), ${OWNER("proowner")}, proacl::text from pg_proc p join pg_namespace n on n.oid = pronamespace
    where pronamespace not in ${PASSING} and ${worth("pg_proc", "proacl", "p.oid")}
  union all select 'pg_type', nspname, typname, null, ${OWNER("typowner")}, typacl::text from pg_type t join pg_namespace n on n.oid = typnamespace
    where typnamespace not in ${PASSING} and (typacl is not null or typrelid = 0 and typelem = 0) and ${worth("pg_type", "typacl", "t.oid")}
  union all select 'pg_language', null, lanname, null, ${OWNER("lanowner")}, lanacl::text from pg_language
  union all select 'pg_foreign_data_wrapper', null, fdwname, null, ${OWNER("fdwowner")}, fdwacl::text from pg_foreign_data_wrapper
  union all select 'pg_foreign_server', null, srvname, null, ${OWNER("srvowner")}, srvacl::text from pg_foreign_server
  union all select 'pg_largeobject_metadata', null, oid::text, null, ${OWNER("lomowner")}, lomacl::text from pg_largeobject_metadata`;

export const COLUMN_LISTS: string = `
  select 'pg_attribute', nspname, relname, attname, ${OWNER("relowner")}, attacl::text
  from (select attrelid, attname, attnum, attacl from pg_attribute where attacl is not null and not attisdropped offset 0) a
  join pg_class c on c.oid = attrelid join pg_namespace n on n.oid = relnamespace
  where relnamespace not in ${PASSING} and (attrelid >= 16384 or attacl is distinct from (
    select initprivs from pg_init_privs i where i.classoid = 'pg_class'::regclass and i.objoid = attrelid and i.objsubid = attnum))`;

export const SHARED_LISTS = (major: number): string => `
  select 'pg_database', null, datname, null, ${OWNER("datdba")}, datacl::text from pg_database
  union all select 'pg_tablespace', null, spcname, null, ${OWNER("spcowner")}, spcacl::text from pg_tablespace
  ${major >= 15 ? "union all select 'pg_parameter_acl', null, parname, null, null, paracl::text from pg_parameter_acl" : ""}`;

export type ListRow = readonly [ListCatalog, Text | null, Text, Text | null, Text | null, Text | null];
/** Where lists stand. Those on parameters are made anew, because their row comes with the first list. */
export type ListCatalog = WrittenCatalog | "pg_parameter_acl";
export type WrittenCatalog =
  | "pg_namespace"
  | "pg_class"
  | "pg_proc"
  | "pg_type"
  | "pg_language"
  | "pg_foreign_data_wrapper"
  | "pg_foreign_server"
  | "pg_largeobject_metadata"
  | "pg_attribute"
  | "pg_database"
  | "pg_tablespace";

export interface Writing {
  readonly acl: string;
  /** Null: the owner of its table counts. */
  readonly owner: string | null;
  readonly row: string;
  readonly alter: string | null;
}

/** How a list is written where it stands: the join that finds the row of each `v`, and what kind of thing ALTER calls it. */
export const WRITING: Readonly<Record<WrittenCatalog, Writing>> = {
  pg_namespace: {
    acl: "nspacl",
    owner: "nspowner",
    row: "t.nspname = v.name",
    alter: "'schema ' || quote_ident(t.nspname)",
  },
  pg_class: {
    acl: "relacl",
    owner: "relowner",
    row: "t.relname = v.name and t.relnamespace = (select n.oid from pg_namespace n where n.nspname = v.schema)",
    alter: "case relkind when 'S' then 'sequence ' else 'table ' end || t.oid::regclass",
  },
  pg_proc: {
    acl: "proacl",
    owner: "proowner",
    row: "t.proname = v.name and t.pronamespace = (select n.oid from pg_namespace n where n.nspname = v.schema) and oidvectortypes(t.proargtypes) = v.part",
    alter: "'routine ' || t.oid::regprocedure",
  },
  pg_type: {
    acl: "typacl",
    owner: "typowner",
    row: "t.typname = v.name and t.typnamespace = (select n.oid from pg_namespace n where n.nspname = v.schema)",
    alter: "'type ' || t.oid::regtype",
  },
  pg_language: {
    acl: "lanacl",
    owner: "lanowner",
    row: "t.lanname = v.name",
    alter: "'language ' || quote_ident(t.lanname)",
  },
  pg_foreign_data_wrapper: {
    acl: "fdwacl",
    owner: "fdwowner",
    row: "t.fdwname = v.name",
    alter: "'foreign data wrapper ' || quote_ident(t.fdwname)",
  },
  pg_foreign_server: {
    acl: "srvacl",
    owner: "srvowner",
    row: "t.srvname = v.name",
    alter: "'server ' || quote_ident(t.srvname)",
  },
  pg_largeobject_metadata: {
    acl: "lomacl",
    owner: "lomowner",
    row: "t.oid = v.name::oid",
    alter: "'large object ' || t.oid",
  },
  pg_attribute: {
    acl: "attacl",
    owner: null,
    row: "t.attname = v.part and t.attrelid = (select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relname = v.name and n.nspname = v.schema)",
    alter: null,
  },
  pg_database: {
    acl: "datacl",
    owner: "datdba",
    row: "t.datname = v.name",
    alter: "'database ' || quote_ident(t.datname)",
  },
  pg_tablespace: {
    acl: "spcacl",
    owner: "spcowner",
    row: "t.spcname = v.name",
    alter: "'tablespace ' || quote_ident(t.spcname)",
  },
};
