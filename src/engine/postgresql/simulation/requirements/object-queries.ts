// What the closure of a statement is worked out from, one query a kind. Everything is read at once: a database of 10,000 tables answers in less than a second.

export const SCHEMAS = "select oid, nspname from pg_catalog.pg_namespace";

export const ROLES = `
  select r.oid, r.rolname, r.rolsuper, r.rolbypassrls, pg_catalog.to_json(d.setconfig), pg_catalog.to_json(s.setconfig)
  from pg_catalog.pg_roles r
  left join pg_catalog.pg_db_role_setting s on s.setrole = r.oid and s.setdatabase = 0
  left join pg_catalog.pg_db_role_setting d on d.setrole = r.oid
    and d.setdatabase = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())`;

/** Those that run when something is made, changed or dropped; those of sign-in do not (17). */
export const EVENT_TRIGGERS =
  "select evtname from pg_catalog.pg_event_trigger where evtenabled <> 'D' and evtevent <> 'login' order by evtname";

/** What only superusers set, and from 15 on whoever was granted SET on it. */
export const GUARDED_SETTINGS =
  "select name from pg_catalog.pg_settings where context in ('superuser', 'superuser-backend')";

export const RELATIONS = `
  select c.oid, n.nspname, c.relname, c.relkind, pg_catalog.pg_get_userbyid(c.relowner), c.relrowsecurity, c.relforcerowsecurity,
    coalesce('security_invoker=true' = any (c.reloptions) or 'security_invoker=on' = any (c.reloptions), false), c.reltype,
    c.relpersistence = 't', pg_catalog.to_json(pt.partexprs::text)
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_partitioned_table pt on pt.partrelid = c.oid
  where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c', 't')`;

export const COLUMNS = `
  select a.attrelid, a.attnum, a.attname, a.atttypid, a.attgenerated,
    case when a.attgenerated <> '' then (select d.adbin::text from pg_catalog.pg_attrdef d where d.adrelid = a.attrelid and d.adnum = a.attnum) end
  from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
  where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f', 'c', 'S')`;

/** Only what has code of its own: expressions, and triggers that are not part of the server. */
export const CHECKS = `
  select conrelid, contypid, conname, conbin::text, conislocal from pg_catalog.pg_constraint where contype = 'c'`;

export const INDEX_CODE = `
  select x.indrelid, c.relname, pg_catalog.concat_ws(' ', x.indexprs::text, x.indpred::text)
  from pg_catalog.pg_index x join pg_catalog.pg_class c on c.oid = x.indexrelid
  where (x.indexprs is not null or x.indpred is not null) and x.indislive`;

export const FOREIGN_KEYS = `
  select conname, conrelid, confrelid, pg_catalog.to_json(conkey), pg_catalog.to_json(confkey), confupdtype, confdeltype
  from pg_catalog.pg_constraint where contype = 'f'`;

/** Triggers of the server itself (foreign keys) are of the language \`internal\`. */
export const TRIGGERS = `
  select t.tgrelid, t.tgname, t.tgfoid, t.tgtype, t.tgenabled, pg_catalog.to_json(t.tgattr::int2[]), t.tgqual::text, t.tgparentid <> 0
  from pg_catalog.pg_trigger t join pg_catalog.pg_proc p on p.oid = t.tgfoid join pg_catalog.pg_language l on l.oid = p.prolang
  where t.tgenabled in ('O', 'A') and l.lanname <> 'internal'`;

export const SEQUENCES = `
  select d.refobjid, d.objid from pg_catalog.pg_depend d join pg_catalog.pg_class c on c.oid = d.objid
  where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass and c.relkind = 'S' and d.deptype in ('a', 'i')`;

export const CHILDREN = "select inhparent, inhrelid from pg_catalog.pg_inherits";

export const ROUTINES = `
  select p.oid, n.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes), pg_catalog.pg_get_userbyid(p.proowner), p.prosecdef, l.lanname, p.proisstrict,
    p.prokind, p.provolatile, pg_catalog.to_json(p.proconfig), pg_catalog.to_json(p.proargtypes::oid[]), pg_catalog.to_json(p.proallargtypes),
    pg_catalog.to_json(p.proargmodes), pg_catalog.to_json(p.proargnames), p.prorettype, p.proretset,
    case when l.lanname in ('sql', 'plpgsql') and n.nspname <> 'pg_catalog' then p.prosrc end,
    p.proacl is null or exists (select from pg_catalog.aclexplode(p.proacl) a where a.grantee = 0 and a.privilege_type = 'EXECUTE'),
    case when p.proacl is not null then (select pg_catalog.json_agg(distinct pg_catalog.pg_get_userbyid(a.grantee)) from pg_catalog.aclexplode(p.proacl) a
      where a.privilege_type = 'EXECUTE' and a.grantee <> 0) end,
    p.pronargdefaults, PROSQLBODY
  from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace join pg_catalog.pg_language l on l.oid = p.prolang`;

export const AGGREGATES = `
  select a.aggfnoid::oid, pg_catalog.to_json(array[a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn]::oid[])
  from pg_catalog.pg_aggregate a join pg_catalog.pg_proc p on p.oid = a.aggfnoid join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  where n.nspname <> 'pg_catalog'`;

export const TYPES = `
  select t.oid, n.nspname, t.typname, t.typtype, t.typrelid, t.typbasetype, t.typelem, pg_catalog.pg_get_userbyid(t.typowner)
  from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace`;

export const OPERATORS = `
  select o.oid, n.nspname, o.oprname, o.oprcode::oid, pg_catalog.format_type(nullif(o.oprleft, 0), null), pg_catalog.format_type(nullif(o.oprright, 0), null)
  from pg_catalog.pg_operator o join pg_catalog.pg_namespace n on n.oid = o.oprnamespace`;

export const POLICIES = `
  select polrelid, polname, polcmd, polpermissive, pg_catalog.to_json(polroles), pg_catalog.pg_get_expr(polqual, polrelid), pg_catalog.pg_get_expr(polwithcheck, polrelid)
  from pg_catalog.pg_policy`;

/** Who has the privileges of whom, for the roles that are asked about and those that owners and policies name. */
export const HEIRS = `
  select r.rolname, o.rolname from pg_catalog.pg_roles r cross join pg_catalog.pg_roles o
  where r.rolname = any ($1) and o.rolname = any ($2) and pg_catalog.pg_has_role(r.oid, o.oid, 'USAGE')`;

/** Which schemas each role may use. */
export const USABLE_SCHEMAS = `
  select r.rolname, n.nspname from pg_catalog.pg_roles r cross join pg_catalog.pg_namespace n
  where r.rolname = any ($1) and n.nspname = any ($2) and pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE')`;

/** What PUBLIC and others hold on the server's own relations. */
export const SYSTEM_ACCESS = `
  select c.oid, a.privilege_type, case when a.grantee = 0 then '' else pg_catalog.pg_get_userbyid(a.grantee) end
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace,
    pg_catalog.aclexplode(coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner))) a
  where n.nspname in ('pg_catalog', 'information_schema') and c.relkind in ('r', 'v', 'm', 'f', 'p')`;

export const SYSTEM_COLUMN_ACCESS = `
  select a.attrelid, a.attnum, x.privilege_type from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace, pg_catalog.aclexplode(a.attacl) x
  where n.nspname in ('pg_catalog', 'information_schema') and x.grantee = 0`;

export const TYPE_OIDS =
  "select t, pg_catalog.to_regtype(t)::oid from pg_catalog.unnest($1::text[]) t where pg_catalog.to_regtype(t) is not null";
