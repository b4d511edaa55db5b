/**
 * What checks ask of the server besides access: one constant per query, its row type beside it. As in queries.ts every value arrives as text, and the number of queries depends on nothing. No query returns a password,
 * a hash or the body of a routine.
 */

type Text = string;
type Flag = "t" | "f";
/** A JSON array of text. */
type Json = string;

const NOT_SYSTEM = "nspname not in ('pg_catalog', 'information_schema') and nspname !~ '^pg_(temp|toast)'";
const JSON_OF = (array: string): string => `coalesce(to_json(${array}), '[]')`;

/** What sessions start with. Ours has overridden some for itself; RESET gives back what it began with. */
export const ALL_SETTINGS = "select name, coalesce(reset_val, setting) from pg_settings where setting is not null";
export type SettingRow = readonly [Text, Text];

/** What is set for databases (role 0), and, for our own role or database, what hides the server's own value from us. */
export const DATABASE_SETTINGS: string = `
  select d.datname, s.setrole = 0, c.setting,
    s.setrole in (0, (select oid from pg_roles where rolname = session_user)) and (s.setdatabase = 0 or d.datname = current_database())
  from pg_db_role_setting s
  cross join lateral unnest(s.setconfig) c (setting)
  left join pg_database d on d.oid = s.setdatabase
  where s.setdatabase = 0 or d.oid is not null`;
export type DatabaseSettingRow = readonly [Text | null, Flag, Text, Flag];

export const HBA: string = `
  select line_number, coalesce(type, ''), ${JSON_OF("database")}, ${JSON_OF("user_name")}, address, netmask, coalesce(auth_method, ''),
    ${JSON_OF("options")}, error
  from pg_hba_file_rules
  order by line_number`;
export type HbaRow = readonly [Text, Text, Json, Json, Text | null, Text | null, Text, Json, Text | null];
/** From 16 on files may include others: lines are numbered per file, rules over all. */
export const HBA_16: string = HBA.replaceAll("line_number", "rule_number").replace("rule_number,", "line_number,");

/** In which form the password of each login is stored: never the password, never the hash. For superusers only. */
export const PASSWORD_FORMS = `
  select rolname,
    case when rolpassword is null then 'none'
      when rolpassword ~ '^md5[0-9a-f]{32}$' then 'md5'
      when rolpassword like 'SCRAM-SHA-256$%' then 'scram-sha-256'
      else 'other' end
  from pg_authid
  where rolcanlogin`;
export type PasswordFormRow = readonly [Text, Text];

/** Who is connected. Since when is hidden from those who may not see statistics; without it the answer is none. */
export const OPEN_SESSIONS = `
  select usename, to_char(backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
  from pg_stat_activity
  where usename is not null and datname is not null and pid <> pg_backend_pid()
  order by 2, 1`;
export type OpenSessionRow = readonly [Text, Text | null];

export const SUBSCRIPTIONS = `
  select d.datname, s.subname, pg_get_userbyid(s.subowner), s.subenabled, s.subrunasowner, s.subpasswordrequired
  from pg_subscription s
  join pg_database d on d.oid = s.subdbid`;
export type SubscriptionRow = readonly [Text, Text, Text, Flag, Flag, Flag | null];
/** Until 15 what arrives is always written with the rights of the owner of the subscription. */
export const SUBSCRIPTIONS_15: string = SUBSCRIPTIONS.replace("s.subrunasowner, s.subpasswordrequired", "true, null");

/** Bodies are searched only of routines that matter here: looking through all of a large database would cost. */
const ROUTINES_OF = (atomic: string): string => `
  select n.nspname, p.proname, oidvectortypes(p.proargtypes), pg_get_userbyid(p.proowner), l.lanname, not l.lanpltrusted, p.prosecdef,
    (select substr(c.setting, 13) from unnest(p.proconfig) c (setting) where c.setting like 'search\\_path=%' limit 1),
    l.lanname not in ('internal', 'c', 'sql') and p.prosrc ~* '\\mexecute\\M|spi_|plpy\\.',
    ${atomic}, e.extname
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
  join pg_language l on l.oid = p.prolang
  left join (pg_depend d join pg_extension e on e.oid = d.refobjid)
    on d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e' and d.refclassid = 'pg_extension'::regclass
  where ${NOT_SYSTEM}
    and (p.prosecdef or ((not l.lanpltrusted or l.lanname in ('internal', 'c')) and e.oid is null))`;
export const DEFINED_ROUTINES: string = ROUTINES_OF("p.prosqlbody is not null");
/** PostgreSQL 13 knows only bodies that are text. */
export const DEFINED_ROUTINES_13: string = ROUTINES_OF("false");
export type DefinedRoutineRow = readonly [
  Text,
  Text,
  Text,
  Text,
  Text,
  Flag,
  Flag,
  Text | null,
  Flag,
  Flag,
  Text | null,
];

/** What holds secrets and is read by superusers only. The server records no dependency on what is its own, so the rule itself is asked. */
const SECRETS = "('pg_authid', 'pg_shadow', 'pg_user_mapping', 'pg_user_mappings', 'pg_subscription', 'pg_statistic')";

/** Views with the relations that they read, as \`kind letter, schema, name\`. */
export const VIEW_READS: string = `
  with secrets as materialized (
    select oid from pg_class where relnamespace = 'pg_catalog'::regnamespace and relname in ${SECRETS}
  )
  select n.nspname, v.relname, rn.nspname, r.relname, r.relkind
  from pg_rewrite w
  join pg_class v on v.oid = w.ev_class and v.relkind in ('v', 'm')
  join pg_namespace n on n.oid = v.relnamespace
  cross join lateral (select w.ev_action::text as rule offset 0) written
  join lateral (
    select distinct refobjid from pg_depend
    where classid = 'pg_rewrite'::regclass and objid = w.oid and refclassid = 'pg_class'::regclass and refobjid <> v.oid
    union
    select oid from secrets where position(':relid ' || oid || ' ' in rule) > 0
  ) d on true
  join pg_class r on r.oid = d.refobjid and r.relkind in ('r', 'v', 'm', 'f', 'p', 'S')
  join pg_namespace rn on rn.oid = r.relnamespace
  where n.${NOT_SYSTEM.replaceAll(" and nspname", " and n.nspname")}`;
export type ViewReadRow = readonly [Text, Text, Text, Text, Text];

export const TRIGGERS: string = `
  select n.nspname, c.relname, t.tgname, fn.nspname, p.proname, oidvectortypes(p.proargtypes), pg_get_userbyid(p.proowner), t.tgenabled <> 'D'
  from pg_trigger t
  join pg_class c on c.oid = t.tgrelid
  join pg_namespace n on n.oid = c.relnamespace
  join pg_proc p on p.oid = t.tgfoid
  join pg_namespace fn on fn.oid = p.pronamespace
  where not t.tgisinternal and t.tgparentid = 0`;
export type TriggerRow = readonly [Text, Text, Text, Text, Text, Text, Text, Flag];

export const EVENT_TRIGGERS = `
  select t.evtname, pg_get_userbyid(t.evtowner), t.evtevent, n.nspname, p.proname, oidvectortypes(p.proargtypes), pg_get_userbyid(p.proowner),
    t.evtenabled <> 'D'
  from pg_event_trigger t
  join pg_proc p on p.oid = t.evtfoid
  join pg_namespace n on n.oid = p.pronamespace`;
export type EventTriggerRow = readonly [Text, Text, Text, Text, Text, Text, Text, Flag];

/** Indexes with expressions or conditions, one row per routine of people that they call, one without where they call none. */
export const EXPRESSION_INDEXES: string = `
  select n.nspname, c.relname, x.relname, fn.nspname, p.proname, oidvectortypes(p.proargtypes)
  from pg_index i
  join pg_class c on c.oid = i.indrelid
  join pg_namespace n on n.oid = c.relnamespace and ${NOT_SYSTEM.replaceAll("nspname", "n.nspname")}
  join pg_class x on x.oid = i.indexrelid
  left join (pg_depend d join pg_proc p on p.oid = d.refobjid join pg_namespace fn on fn.oid = p.pronamespace)
    on d.classid = 'pg_class'::regclass and d.objid = x.oid and d.refclassid = 'pg_proc'::regclass
  where i.indexprs is not null or i.indpred is not null`;
export type ExpressionIndexRow = readonly [Text, Text, Text, Text | null, Text | null, Text | null];

export const FOREIGN_SERVERS: string = `
  select s.srvname, w.fdwname, ${JSON_OF("s.srvoptions")} from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw`;
export type ForeignServerRow = readonly [Text, Text, Json];

/** Through the view: it shows options only to those who may see them. */
export const USER_MAPPINGS = `
  select srvname, case when umuser = 0 then '' else usename::text end, to_json(umoptions),
    umoptions is null and not (select r.rolsuper from pg_roles r where r.rolname = current_user)
  from pg_user_mappings`;
export type UserMappingRow = readonly [Text, Text | null, Json | null, Flag];

export const EXTENSIONS =
  "select e.extname, e.extversion, n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace";
export type ExtensionRow = readonly [Text, Text, Text];

export const INHERITS = `
  select cn.nspname, c.relname, pn.nspname, p.relname
  from pg_inherits i
  join pg_class c on c.oid = i.inhrelid and c.relkind in ('r', 'f') and not c.relispartition
  join pg_namespace cn on cn.oid = c.relnamespace
  join pg_class p on p.oid = i.inhparent
  join pg_namespace pn on pn.oid = p.relnamespace`;
export type InheritRow = readonly [Text, Text, Text, Text];

/** One kind of object with its list now and at first. information_schema is made after initdb has written the first lists down. */
const changed = (kind: string, catalog: string, parts: readonly [string, string, string], rest: string): string => `
  select ${kind} as kind, n.nspname as a, ${parts[0]} as b, ${rest} as c, '${catalog}'::regclass as class, o.oid,
    ${parts[2]} as acl, i.initprivs as first, acldefault(${parts[1]}) as built_in
  from ${catalog} o
  join pg_namespace n on n.oid = ${catalog === "pg_namespace" ? "o.oid" : `o.${parts[0].slice(2, 5)}namespace`}
  left join pg_init_privs i on i.classoid = '${catalog}'::regclass and i.objoid = o.oid and i.objsubid = 0
  where ${parts[2]} is distinct from i.initprivs and (i.initprivs is not null or n.nspname = 'pg_catalog')`;

/** Objects of the server and of extensions whose list is not the first one any more, one row for each privilege of the first; one without where there was none. */
export const CHANGED_LISTS: string = `
  select l.kind, l.a, l.b, l.c, e.extname, case when said.grantee = 0 then '' else pg_get_userbyid(said.grantee)::text end,
    said.privilege_type, said.is_grantable
  from (
    ${changed("case o.relkind when 'S' then 'sequence' else 'table' end", "pg_class", ["o.relname", "case o.relkind when 'S' then 's' else 'r' end::\"char\", o.relowner", "o.relacl"], "null::text")}
      and o.relkind in ('r', 'v', 'm', 'f', 'p', 'S')
    union all ${changed("'routine'", "pg_proc", ["o.proname", "'f', o.proowner", "o.proacl"], "oidvectortypes(o.proargtypes)")}
    union all ${changed("'type'", "pg_type", ["o.typname", "'T', o.typowner", "o.typacl"], "null")}
    union all ${changed("'schema'", "pg_namespace", ["o.nspname", "'n', o.nspowner", "o.nspacl"], "null")}
  ) l
  left join lateral aclexplode(coalesce(l.first, l.built_in)) said on true
  left join (pg_depend d join pg_extension e on e.oid = d.refobjid)
    on d.classid = l.class and d.objid = l.oid and d.deptype = 'e' and d.refclassid = 'pg_extension'::regclass`;
export type ChangedListRow = readonly [
  Text,
  Text,
  Text,
  Text | null,
  Text | null,
  Text | null,
  Text | null,
  Flag | null,
];

/** Whether template1 is there and lets us in. */
export const TEMPLATE_OPEN =
  "select datallowconn and has_database_privilege(oid, 'CONNECT') from pg_database where datname = 'template1'";
export type TemplateOpenRow = readonly [Flag];

/** What initdb did not put there, twenty of each kind at most: objects of extensions follow their extension. */
export const TEMPLATE = `
  (select 'schema ' || nspname from pg_namespace where oid >= 16384 and nspname !~ '^pg_' order by nspname limit 20)
  union all (
    select 'other rights on schema public' from pg_namespace n
    where nspname = 'public' and nspacl is distinct from (
      select initprivs from pg_init_privs where classoid = 'pg_namespace'::regclass and objoid = n.oid)
  )
  union all (select 'extension ' || extname from pg_extension where extname <> 'plpgsql' order by extname limit 20)
  union all (
    select 'relation ' || c.oid::regclass from pg_class c
    where c.oid >= 16384 and c.relkind in ('r', 'v', 'm', 'f', 'p', 'S')
      and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('e', 'i', 'a'))
    order by c.relname limit 20
  )
  union all (
    select 'routine ' || p.oid::regprocedure from pg_proc p
    where p.oid >= 16384 and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
    order by p.proname limit 20
  )
  union all (select distinct 'default privileges of ' || pg_get_userbyid(defaclrole) from pg_default_acl limit 20)`;
export type TemplateRow = readonly [Text];
