/**
 * What is read of a target to build its like: one constant per query, its row type beside it. Names are qualified because the session's `search_path` is empty. Everything that `initdb` did not make has
 * an oid from 16384 on; only that is read. No password, no option of a server or a user mapping, no subscription and no data is ever asked for.
 */

type Text = string;
type Flag = "t" | "f";

const PASSING = "(select oid from pg_namespace where nspname ~ '^pg_(temp|toast)')";
const OURS = (oid = "oid"): string => `${oid} >= 16384`;
const IN = (namespace: string): string => `(select nspname from pg_namespace n where n.oid = ${namespace})`;
const OWNER = (owner: string): string => `pg_get_userbyid(${owner})`;

// The constructors of a range come with its type.
const COMES_ALONG = (catalog: string, oid: string): string =>
  `exists (select from pg_depend d where d.classid = '${catalog}'::regclass and d.objid = ${oid} and d.deptype = 'i')`;

/** Databases, with how their text is encoded. */
export const DATABASES: string = `
  select datname, ${OWNER("datdba")}, pg_encoding_to_char(encoding), datallowconn, datistemplate, datconnlimit from pg_database order by oid`;
export type DatabaseRow = readonly [Text, Text, Text, Flag, Flag, Text];

export const TABLESPACES: string = `select spcname, ${OWNER("spcowner")} from pg_tablespace where ${OURS()}`;
export type TablespaceRow = readonly [Text, Text];

export const SCHEMAS: string = `select oid, nspname, ${OWNER("nspowner")} from pg_namespace where oid not in ${PASSING}`;
export type SchemaRow = readonly [Text, Text, Text];

export const EXTENSIONS: string = `select oid, extname, ${OWNER("extowner")}, ${IN("extnamespace")}, extversion from pg_extension order by oid`;
export type ExtensionRow = readonly [Text, Text, Text, Text, Text];

export const EXTENSION_MEMBERS: string = `
  select d.classid::regclass::text, d.objid, d.refobjid from pg_depend d
  where d.deptype = 'e' and d.refclassid = 'pg_extension'::regclass`;
export type ExtensionMemberRow = readonly [Text, Text, Text];

/** Types that people name: labels, attributes or the base of each as JSON. Arrays, multiranges and row types follow what they belong to. */
export const TYPES = (major: number): string => `
  select t.oid, ${IN("typnamespace")}, typname, ${OWNER("typowner")}, typtype, typisdefined,
    case typtype
      when 'e' then (select json_agg(enumlabel order by enumsortorder) from pg_enum e where e.enumtypid = t.oid)
      when 'd' then json_build_array(
        format_type(typbasetype, typtypmod),
        case when typcollation <> (select b.typcollation from pg_type b where b.oid = t.typbasetype) then typcollation::regcollation::text end,
        pg_get_expr(typdefaultbin, 0), typnotnull,
        (select json_agg(json_build_array(conname, pg_get_constraintdef(c.oid)) order by conname) from pg_constraint c where c.contypid = t.oid and contype = 'c'))
      when 'c' then (
        select json_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod) || case when attcollation <> 0
          and attcollation <> (select b.typcollation from pg_type b where b.oid = atttypid) then ' collate ' || attcollation::regcollation else '' end order by attnum)
        from pg_attribute a where a.attrelid = t.typrelid and attnum > 0 and not attisdropped)
      when 'r' then (
        select json_build_array(format_type(rngsubtype, null), case when rngcollation <> 0 then rngcollation::regcollation::text end,
          ${major >= 14 ? "(select m.typname from pg_type m where m.oid = rngmultitypid)" : "null"},
          case when rngsubdiff <> 0 then rngsubdiff::regproc::text end,
          (select quote_ident(n.nspname) || '.' || quote_ident(opcname) from pg_opclass o join pg_namespace n on n.oid = opcnamespace where o.oid = rngsubopc))
        from pg_range r where r.rngtypid = t.oid)
      else json_build_array(typinput::oid::text, typoutput::oid::text, typreceive::oid::text, typsend::oid::text, typmodin::oid::text, typmodout::oid::text,
        typcategory, typispreferred, typdelim, typcollation <> 0)
    end
  from pg_type t
  where ${OURS("t.oid")} and typnamespace not in ${PASSING} and typtype in ('b', 'd', 'e', 'c', 'r')
    and not exists (select from pg_type e where e.oid = t.typelem and e.typarray = t.oid)
    and (typtype <> 'c' or typrelid in (select oid from pg_class where relkind = 'c'))`;
export type TypeRow = readonly [Text, Text, Text, Text, Text, Flag, Text | null];

/** What a type belongs to that nobody names by itself: the relation of a row type, the element of an array, the range of a multirange. */
export const IMPLIED_TYPES = (major: number): string => `
  select t.oid, case when typrelid <> 0 then 'pg_class' else 'pg_type' end, case when typrelid <> 0 then typrelid ${
    major >= 14 ? "when typtype = 'm' then (select rngtypid from pg_range where rngmultitypid = t.oid)" : ""
  } else typelem end
  from pg_type t where ${OURS("t.oid")} and typnamespace not in ${PASSING}
    and (typrelid in (select oid from pg_class where relkind <> 'c') or typtype = 'm' or exists (select from pg_type e where e.oid = t.typelem and e.typarray = t.oid))`;
export type ImpliedTypeRow = readonly [Text, Text, Text];

/** Relations of every kind; columns as JSON arrays `[name, type, not null?, identity, generated, default, local?]`, CHECK constraints as `[name, text, local?]`. */
export const RELATIONS: string = `
  select c.oid, ${IN("relnamespace")}, relname, ${OWNER("relowner")}, relkind, relispartition, pg_get_expr(relpartbound, c.oid),
    case when relkind = 'p' then pg_get_partkeydef(c.oid) end,
    (select json_agg(option_name || '=' || option_value) from pg_options_to_table(reloptions) where relkind = 'v'),
    parents, columns, checks, (select srvname from pg_foreign_table ft join pg_foreign_server s on s.oid = ftserver where ftrelid = c.oid)
  from pg_class c
  left join (
    select attrelid, json_agg(json_build_array(attname,
      format_type(atttypid, case when t.typtype = 'b' and t.oid >= 16384 then -1 else atttypmod end)
        || case when attcollation <> 0 and attcollation <> t.typcollation then ' collate ' || attcollation::regcollation else '' end,
      attnotnull, attidentity, attgenerated, pg_get_expr(adbin, adrelid), attislocal) order by attnum) as columns
    from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where attnum > 0 and not attisdropped and ${OURS("attrelid")}
    group by attrelid
  ) cols on cols.attrelid = c.oid
  left join (
    select conrelid, json_agg(json_build_array(conname, pg_get_constraintdef(oid), conislocal) order by conname) as checks
    from pg_constraint where contype = 'c' and ${OURS("conrelid")}
    group by conrelid
  ) chk on chk.conrelid = c.oid
  left join (
    select inhrelid, json_agg(inhparent::text order by inhseqno) as parents from pg_inherits group by inhrelid
  ) inh on inh.inhrelid = c.oid
  where ${OURS("c.oid")} and relkind in ('r', 'p', 'v', 'm', 'f') and relnamespace not in ${PASSING}`;
export type RelationRow = readonly [
  Text,
  Text,
  Text,
  Text,
  "r" | "p" | "v" | "m" | "f",
  Flag,
  Text | null,
  Text | null,
  Text | null,
  Text | null,
  Text | null,
  Text | null,
  Text | null,
];

/** Sequences with what they count by, and the column that they serve: `a` is serial, `i` identity. */
export const SEQUENCES: string = `
  select c.oid, ${IN("relnamespace")}, relname, ${OWNER("relowner")}, format_type(seqtypid, null),
    'start ' || seqstart || ' increment ' || seqincrement || ' minvalue ' || seqmin || ' maxvalue ' || seqmax || ' cache ' || seqcache
      || case when seqcycle then ' cycle' else ' no cycle' end,
    d.deptype, d.refobjid, (select attname from pg_attribute where attrelid = d.refobjid and attnum = d.refobjsubid)
  from pg_class c
  join pg_sequence s on s.seqrelid = c.oid
  left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0
    and d.deptype in ('a', 'i')
  where ${OURS("c.oid")} and relnamespace not in ${PASSING}`;
export type SequenceRow = readonly [Text, Text, Text, Text, Text, Text, "a" | "i" | null, Text | null, Text | null];

/** Functions and procedures: signature, language, body and everything that decides how it runs. */
export const ROUTINES = (major: number): string => `
  select p.oid, ${IN("pronamespace")}, proname, ${OWNER("proowner")}, prokind, oidvectortypes(proargtypes),
    pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), lanname, prosrc, provolatile, prosecdef, proleakproof, proisstrict, proparallel,
    procost, prorows, to_json(proconfig), ${major >= 14 ? "prosqlbody is not null" : "false"}
  from pg_proc p join pg_language l on l.oid = prolang
  where ${OURS("p.oid")} and prokind <> 'a' and pronamespace not in ${PASSING} and not ${COMES_ALONG("pg_proc", "p.oid")}`;
export type RoutineRow = readonly [
  Text,
  Text,
  Text,
  Text,
  "f" | "p" | "w",
  Text,
  Text,
  Text | null,
  Text,
  Text,
  Text,
  Flag,
  Flag,
  Flag,
  Text,
  Text,
  Text,
  Text | null,
  Flag,
];

/** Aggregates, as the statement that makes them. */
export const AGGREGATES: string = `
  select p.oid, ${IN("pronamespace")}, proname, ${OWNER("proowner")}, oidvectortypes(proargtypes),
    format('create aggregate %I.%I(%s) (sfunc = %s, stype = %s%s%s%s%s%s%s%s, parallel = %s)', ${IN("pronamespace")}, proname,
      case when aggkind = 'n' and pronargs = 0 then '*' else pg_get_function_arguments(p.oid) end,
      aggtransfn, format_type(aggtranstype, null),
      case when aggtransspace <> 0 then ', sspace = ' || aggtransspace else '' end,
      case when aggfinalfn <> 0 then ', finalfunc = ' || aggfinalfn || case when aggfinalextra then ', finalfunc_extra' else '' end
        || ', finalfunc_modify = ' || case aggfinalmodify when 'r' then 'read_only' when 's' then 'shareable' else 'read_write' end else '' end,
      case when aggcombinefn <> 0 then ', combinefunc = ' || aggcombinefn else '' end,
      case when aggserialfn <> 0 then ', serialfunc = ' || aggserialfn || ', deserialfunc = ' || aggdeserialfn else '' end,
      case when agginitval is not null then ', initcond = ' || quote_literal(agginitval) else '' end,
      case when aggmtransfn <> 0 then ', msfunc = ' || aggmtransfn || ', minvfunc = ' || aggminvtransfn || ', mstype = ' || format_type(aggmtranstype, null)
        || case when aggmtransspace <> 0 then ', msspace = ' || aggmtransspace else '' end
        || case when aggmfinalfn <> 0 then ', mfinalfunc = ' || aggmfinalfn || case when aggmfinalextra then ', mfinalfunc_extra' else '' end
          || ', mfinalfunc_modify = ' || case aggmfinalmodify when 'r' then 'read_only' when 's' then 'shareable' else 'read_write' end else '' end
        || case when aggminitval is not null then ', minitcond = ' || quote_literal(aggminitval) else '' end else '' end,
      case when aggkind = 'h' then ', hypothetical' else '' end,
      case proparallel when 's' then 'safe' when 'r' then 'restricted' else 'unsafe' end)
  from pg_proc p join pg_aggregate a on a.aggfnoid = p.oid
  where ${OURS("p.oid")} and pronamespace not in ${PASSING}`;
export type AggregateRow = readonly [Text, Text, Text, Text, Text, Text];

/** Keys, unique, exclusion and foreign-key constraints of tables; those that the server clones to partitions by itself left out. */
export const CONSTRAINTS: string = `
  select con.oid, n.nspname, c.relname, ${OWNER("c.relowner")}, conname, contype, pg_get_constraintdef(con.oid), con.conrelid, con.confrelid, con.conindid,
    c.relkind, convalidated, (select inhparent from pg_inherits where inhrelid = con.conindid and contype <> 'f')
  from pg_constraint con join pg_class c on c.oid = con.conrelid join pg_namespace n on n.oid = c.relnamespace
  where ${OURS("con.oid")} and contype in ('p', 'u', 'x', 'f') and (contype <> 'f' or conparentid = 0) and c.relnamespace not in ${PASSING}`;
export type ConstraintRow = readonly [
  Text,
  Text,
  Text,
  Text,
  Text,
  "p" | "u" | "x" | "f",
  Text,
  Text,
  Text,
  Text,
  Text,
  Flag,
  Text | null,
];

/** Indexes that decide about results or run functions: unique ones, and those on expressions or with a condition. Plain ones change nobody's access. */
export const INDEXES: string = `
  select i.indexrelid, n.nspname, x.relname, ${OWNER("x.relowner")}, pg_get_indexdef(i.indexrelid), i.indrelid, (select inhparent from pg_inherits where inhrelid = i.indexrelid)
  from pg_index i join pg_class x on x.oid = i.indexrelid join pg_namespace n on n.oid = x.relnamespace
  where ${OURS("i.indexrelid")} and (indisunique or indexprs is not null or indpred is not null) and x.relnamespace not in ${PASSING}
    and not exists (select from pg_constraint con where con.conindid = i.indexrelid and con.contype in ('p', 'u', 'x'))`;
export type IndexRow = readonly [Text, Text, Text, Text, Text, Text, Text | null];

/** Rewrite rules of people; that of a view is its definition. */
export const RULES: string = `
  select r.oid, n.nspname, c.relname, ${OWNER("c.relowner")}, rulename, ev_enabled, ev_class
  from pg_rewrite r join pg_class c on c.oid = ev_class join pg_namespace n on n.oid = c.relnamespace
  where ${OURS("r.oid")} and rulename <> '_RETURN' and c.relnamespace not in ${PASSING}`;
export type RuleRow = readonly [Text, Text, Text, Text, Text, Text, Text];

/** Triggers of people; of those that the server cloned to partitions only such as are switched otherwise. */
export const TRIGGERS: string = `
  select t.oid, n.nspname, c.relname, ${OWNER("c.relowner")}, tgname, tgenabled, case when tgparentid = 0 then pg_get_triggerdef(t.oid) end, tgrelid, tgfoid
  from pg_trigger t join pg_class c on c.oid = tgrelid join pg_namespace n on n.oid = c.relnamespace
  where not tgisinternal and c.relnamespace not in ${PASSING}
    and (tgparentid = 0 or tgenabled is distinct from (select p.tgenabled from pg_trigger p where p.oid = t.tgparentid))`;
export type TriggerRow = readonly [Text, Text, Text, Text, Text, Text, Text | null, Text, Text];

/** Row policies, as the statement that makes them. */
export const POLICIES: string = `
  select p.oid, n.nspname, c.relname, polname, polrelid,
    format('create policy %I on %I.%I as %s for %s to %s%s%s', polname, n.nspname, c.relname, case when polpermissive then 'permissive' else 'restrictive' end,
      case polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
      (select string_agg(case when r = 0 then 'public' else quote_ident(pg_get_userbyid(r)) end, ', ') from unnest(polroles) r),
      ' using (' || pg_get_expr(polqual, polrelid) || ')', ' with check (' || pg_get_expr(polwithcheck, polrelid) || ')')
  from pg_policy p join pg_class c on c.oid = polrelid join pg_namespace n on n.oid = c.relnamespace`;
export type PolicyRow = readonly [Text, Text, Text, Text, Text, Text];

/** What depends on what, by catalog and oid. */
export const DEPENDENCIES: string = `
  select distinct classid::regclass::text, objid, refclassid::regclass::text, refobjid
  from pg_depend where ${OURS("objid")} and ${OURS("refobjid")} and deptype in ('n', 'a', 'i', 'P', 'S')
    and classid in ('pg_class'::regclass, 'pg_type'::regclass, 'pg_proc'::regclass, 'pg_attrdef'::regclass, 'pg_constraint'::regclass, 'pg_rewrite'::regclass,
      'pg_operator'::regclass, 'pg_cast'::regclass, 'pg_opclass'::regclass, 'pg_opfamily'::regclass, 'pg_policy'::regclass, 'pg_trigger'::regclass)`;
export type DependencyRow = readonly [Text, Text, Text, Text];

/** What stands for what in `DEPENDENCIES`: defaults and CHECK constraints for their table or domain, the rule of a view for the view. */
export const STANDS_FOR: string = `
  select 'pg_attrdef', oid, 'pg_class', adrelid from pg_attrdef where ${OURS()}
  union all select 'pg_constraint', oid, case when conrelid <> 0 then 'pg_class' else 'pg_type' end, case when conrelid <> 0 then conrelid else contypid end
    from pg_constraint where ${OURS()} and contype not in ('p', 'u', 'x', 'f')
  union all select 'pg_class', conindid, 'pg_constraint', oid from pg_constraint where ${OURS()} and contype in ('p', 'u', 'x')
  union all select 'pg_rewrite', oid, 'pg_class', ev_class from pg_rewrite where ${OURS()} and rulename = '_RETURN'
  union all select 'pg_class', typrelid, 'pg_type', oid from pg_type where ${OURS()} and typrelid in (select oid from pg_class where relkind = 'c')`;
export type StandsForRow = readonly [Text, Text, Text, Text];

/** Tables on which row policies apply. */
export const ROW_SECURITY: string = `
  select n.nspname, relname, relrowsecurity, relforcerowsecurity from pg_class c join pg_namespace n on n.oid = relnamespace
  where (relrowsecurity or relforcerowsecurity) and ${OURS("c.oid")}`;
export type RowSecurityRow = readonly [Text, Text, Flag, Flag];

/** Lists for future objects. */
export const DEFAULT_ACCESS: string = `
  select ${OWNER("defaclrole")}, (select nspname from pg_namespace n where n.oid = defaclnamespace), defaclobjtype, defaclacl::text from pg_default_acl`;
export type DefaultAccessRow = readonly [Text, Text | null, Text, Text];

/** Definitions are printed from the catalog of now, whatever the transaction began with, and lock what they name: so they are asked for outside of it, some hundred at a time. */
export const VIEW_TEXTS = "select oid, pg_get_viewdef(oid) from unnest($1::oid[]) oid";
export const RULE_TEXTS = "select oid, pg_get_ruledef(oid) from unnest($1::oid[]) oid";
export const ROUTINE_TEXTS = "select oid, pg_get_functiondef(oid) from unnest($1::oid[]) oid";
export type TextRow = readonly [Text, Text | null];

/** Which version of each definition stands in the catalog: texts that are read later change with it. */
export const VERSIONS = (major: number): string => `
  select 'pg_rewrite', oid, xmin from pg_rewrite where ${OURS()}
  ${major >= 14 ? `union all select 'pg_proc', oid, xmin from pg_proc where ${OURS()} and prosqlbody is not null` : ""} order by 1, 2`;
export type VersionRow = readonly [Text, Text, Text];
