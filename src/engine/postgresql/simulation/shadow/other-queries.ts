/** What is read of a target beside its tables and functions: the kinds that few databases have. See structure-queries.ts. */

type Text = string;

const IN = (namespace: string): string => `(select nspname from pg_namespace n where n.oid = ${namespace})`;

/** Where it stands, its oid, schema and name, its owner, the statement that makes it, and whether that is only a stand-in. In the order in which they can be made. */
export const EARLY_OBJECTS: string = `
  select 'pg_collation', oid, ${IN("collnamespace")}, collname, pg_get_userbyid(collowner),
    format('create collation %I.%I (provider = libc, locale = %L)', ${IN("collnamespace")}, collname, 'C'), true
  from pg_collation where oid >= 16384
  union all
  select 'pg_ts_dict', oid, ${IN("dictnamespace")}, dictname, pg_get_userbyid(dictowner),
    format('create text search dictionary %I.%I (template = pg_catalog.simple)', ${IN("dictnamespace")}, dictname), true
  from pg_ts_dict where oid >= 16384
  union all
  select 'pg_ts_config', oid, ${IN("cfgnamespace")}, cfgname, pg_get_userbyid(cfgowner),
    format('create text search configuration %I.%I (copy = pg_catalog.simple)', ${IN("cfgnamespace")}, cfgname), true
  from pg_ts_config where oid >= 16384
  union all
  select 'pg_foreign_data_wrapper', oid, null, fdwname, pg_get_userbyid(fdwowner), format('create foreign data wrapper %I', fdwname), fdwhandler <> 0
  from pg_foreign_data_wrapper where oid >= 16384
  union all
  select 'pg_foreign_server', s.oid, null, srvname, pg_get_userbyid(srvowner), format('create server %I foreign data wrapper %I', srvname, fdwname), fdwhandler <> 0
  from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = srvfdw where s.oid >= 16384`;
export type EarlyRow = readonly [Text, Text, Text | null, Text, Text, Text, "t" | "f"];

/** Operators and casts; they name functions and types. */
export const OPERATORS: string = `
  select 'pg_operator', o.oid, 'operator ' || ${IN("oprnamespace")} || '.' || oprname, pg_get_userbyid(oprowner),
    format('create operator %I.%s (function = %s%s%s%s%s)', ${IN("oprnamespace")}, oprname, oprcode,
      case when oprleft <> 0 then ', leftarg = ' || format_type(oprleft, null) else '' end,
      case when oprright <> 0 then ', rightarg = ' || format_type(oprright, null) else '' end,
      case when oprcanhash then ', hashes' else '' end, case when oprcanmerge then ', merges' else '' end)
  from pg_operator o where o.oid >= 16384 and oprcode <> 0
  union all
  select 'pg_cast', c.oid, 'cast ' || format_type(castsource, null) || ' as ' || format_type(casttarget, null), pg_get_userbyid(10),
    format('create cast (%s as %s) %s%s', format_type(castsource, null), format_type(casttarget, null),
      case castmethod when 'f' then 'with function ' || castfunc::regprocedure when 'i' then 'with inout' else 'without function' end,
      case castcontext when 'a' then ' as assignment' when 'i' then ' as implicit' else '' end)
  from pg_cast c where c.oid >= 16384 and not exists (
    select from pg_depend d where d.classid = 'pg_cast'::regclass and d.objid = c.oid and d.deptype = 'i')`;

/** What decides how values of a type are sorted and grouped; of other access methods we would have the name without the code. With the oids of its operators and functions. */
export const OPERATOR_CLASSES: string = `
  select 'pg_opclass', o.oid, 'operator class ' || n.nspname || '.' || opcname, pg_get_userbyid(opcowner),
    format('create operator class %I.%I %s for type %s using %I as %s', n.nspname, opcname, case when opcdefault then 'default' else '' end,
      format_type(opcintype, null), amname, items.text), to_json(items.needs)
  from pg_opclass o join pg_namespace n on n.oid = opcnamespace join pg_am a on a.oid = opcmethod
  cross join lateral (
    select string_agg(text, ', ') as text, array_agg(id) as needs from (
      select 'operator ' || amopstrategy || ' ' || amopopr::regoperator as text, 'pg_operator ' || amopopr::oid as id from pg_amop
        where amopfamily = opcfamily and amoplefttype = opcintype and amoprighttype = opcintype and amoppurpose = 's'
      union all select 'function ' || amprocnum || ' ' || amproc::regprocedure, 'pg_proc ' || amproc::oid from pg_amproc
        where amprocfamily = opcfamily and amproclefttype = opcintype and amprocrighttype = opcintype
    ) item
  ) items
  where o.oid >= 16384 and amname in ('btree', 'hash') and items.text is not null`;
export type OperatorClassRow = readonly [Text, Text, Text, Text, Text, Text];

/** Languages that come with no extension that we have: their functions cannot run. */
export const LANGUAGES: string = `
  select oid, lanname, pg_get_userbyid(lanowner), lanpltrusted from pg_language where oid >= 16384`;
/** What people call it, its owner, and the statement that makes it. */
export type ObjectRow = readonly [Text, Text, Text, Text, Text];
export type LanguageRow = readonly [Text, Text, Text, "t" | "f"];

/** What is left out or put in by a stand-in that does nothing, by what people call it, and why. */
export const LEFT_OUT: string = `
  select 'event trigger ' || evtname, 'event triggers are left out: what they do on a change of the schema is not seen' from pg_event_trigger where evtenabled <> 'D'
  union all select 'access method ' || amname, 'an access method cannot be made from the catalog' from pg_am where oid >= 16384
  union all select 'operator class ' || n.nspname || '.' || opcname, 'only operator classes of btree and hash are made' from pg_opclass o join pg_namespace n on n.oid = opcnamespace
    where o.oid >= 16384 and opcmethod not in (select oid from pg_am where amname in ('btree', 'hash'))
    and not exists (select from pg_depend d where d.classid = 'pg_opclass'::regclass and d.objid = o.oid and d.deptype = 'e')
  union all select 'conversion ' || n.nspname || '.' || conname, 'conversions are left out' from pg_conversion c join pg_namespace n on n.oid = connamespace where c.oid >= 16384
    and not exists (select from pg_depend d where d.classid = 'pg_conversion'::regclass and d.objid = c.oid and d.deptype = 'e')
  union all select 'transform for ' || format_type(trftype, null), 'transforms are left out' from pg_transform t where t.oid >= 16384
    and not exists (select from pg_depend d where d.classid = 'pg_transform'::regclass and d.objid = t.oid and d.deptype = 'e')`;
export type LeftOutRow = readonly [Text, Text];

/** Large objects: only that they are there. */
export const LARGE_OBJECTS = "select oid, pg_get_userbyid(lomowner) from pg_largeobject_metadata";
export type LargeObjectRow = readonly [Text, Text];

export const WRAPPERS = "select oid, fdwname from pg_foreign_data_wrapper";
export type WrapperRow = readonly [Text, Text];
