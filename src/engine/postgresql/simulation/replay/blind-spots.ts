import type { Wire } from "./wire.ts";

/**
 * What EXPLAIN does not look at (the closed list of the design, 4.1), as it is found in one database. A statement whose text or plan shows one of these is executed.
 * Checked on PostgreSQL 14, 16 and 18 by test/engines/postgresql/replay-blind-spots.test.ts.
 */
export interface BlindSpots {
  /** Names, as the server prints them, of routines and aggregates whose bodies run beneath the statement, and of domains that call functions. */
  readonly words: ReadonlySet<string>;
  /** Symbols of operators that run such bodies. */
  readonly operators: readonly string[];
  /** Relations, as plans name them, where writing a row runs nothing else. */
  readonly plainTables: ReadonlySet<string>;
  /** The partitions of tables where writing a row to some of them runs something: each may run something else. The first 32 of each. */
  readonly busyPartitions: ReadonlyMap<string, readonly string[]>;
  /** Casts that call such functions stand in no plan. */
  readonly hiddenCasts: boolean;
}

/** Built-in functions that check more than EXECUTE when they run, or that run text. */
const CHECKING_BUILT_INS: readonly string[] = [
  "nextval",
  "currval",
  "setval",
  "lastval",
  "pg_sequence_last_value",
  "set_config",
  "ts_stat",
  "ts_rewrite",
  "query_to_xml",
  "query_to_xmlschema",
  "query_to_xml_and_xmlschema",
  "cursor_to_xml",
  "cursor_to_xmlschema",
  "table_to_xml",
  "table_to_xmlschema",
  "table_to_xml_and_xmlschema",
  "schema_to_xml",
  "schema_to_xmlschema",
  "schema_to_xml_and_xmlschema",
  "database_to_xml",
  "database_to_xmlschema",
  "database_to_xml_and_xmlschema",
  "brin_summarize_new_values",
  "brin_summarize_range",
  "brin_desummarize_range",
  "gin_clean_pending_list",
  "lo_open",
  "lo_creat",
  "lo_create",
  "lo_unlink",
  "lo_get",
  "lo_put",
  "lo_from_bytea",
  "lo_export",
  "lo_import",
  "loread",
  "lowrite",
  "lo_truncate",
  "lo_truncate64",
  "lo_lseek",
  "lo_tell",
];

/** Functions that reach other sessions, other servers, files or the whole server: they are not called in a trial, and what they check when called stays open. */
const NOT_CALLED: ReadonlySet<string> = new Set(
  [
    "pg_terminate_backend pg_cancel_backend pg_reload_conf pg_rotate_logfile pg_promote pg_switch_wal pg_create_restore_point",
    "pg_create_physical_replication_slot pg_create_logical_replication_slot pg_drop_replication_slot pg_copy_logical_replication_slot",
    "pg_logical_slot_get_changes pg_logical_emit_message pg_backup_start pg_backup_stop pg_start_backup pg_stop_backup",
    "pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file lo_import lo_export pg_wal_replay_pause pg_wal_replay_resume",
    "dblink dblink_connect dblink_connect_u dblink_exec dblink_open dblink_send_query pg_import_system_collations",
  ].flatMap((names) => names.split(" ")),
);

/** They do nothing that a right is asked for, and keep others waiting. */
const WAITING: ReadonlySet<string> = new Set(["pg_sleep", "pg_sleep_for", "pg_sleep_until", "pg_advisory_lock"]);

/** What is not to be executed, whatever its plan is: it stays open, or the dry run says all of it. */
export function notToRun(text: string): "stays-open" | "dry-run-suffices" | null {
  if (holdsWord(text, NOT_CALLED)) return "stays-open";
  return holdsWord(text, WAITING) ? "dry-run-suffices" : null;
}

const PLAN_WRITES = /(?:Insert|Update|Delete|Merge) on ((?:"(?:[^"]|"")*"|[^\s.])+(?:\.(?:"(?:[^"]|"")*"|[^\s.])+)?)/gu;
const PLAN_READS = / on ((?:"(?:[^"]|"")*"|[^\s."]+)\.(?:"(?:[^"]|"")*"|[^\s."]+))/gu;
const WORD = /"(?:[^"]|"")+"|[\p{L}_][\p{L}\d_$]*/gu;

/** Whether a dry run with this plan (VERBOSE, so that names are whole) leaves something unseen. */
export function leavesUnseen(plan: string, text: string, spots: BlindSpots): boolean {
  if (spots.hiddenCasts) return true;
  if (spots.operators.some((symbol) => plan.includes(symbol) || text.includes(symbol))) return true;
  for (const [, relation = ""] of plan.matchAll(PLAN_WRITES)) if (!spots.plainTables.has(relation)) return true;
  return holdsWord(plan, spots.words) || holdsWord(text, spots.words);
}

/** What a plan (VERBOSE) reads and writes. */
export interface PlanRelations {
  /** Once each, what is written to first. */
  readonly relations: readonly string[];
  /** Of a partitioned table, itself. Null: nothing. */
  readonly written: string | null;
  readonly inserts: boolean;
  /** Partitions of what is written to that run something of their own for a row. */
  readonly partitions: readonly string[];
}

export function writesOf(plan: string, spots: BlindSpots): PlanRelations {
  const all = [...plan.matchAll(PLAN_WRITES)].map(([, name = ""]) => name);
  const read = [...plan.matchAll(PLAN_READS)].map(([, name = ""]) => name);
  const [written = null] = all;
  return {
    relations: [...new Set([...all, ...read])],
    written,
    inserts: /^\s*(?:->\s*)?Insert on /mu.test(plan),
    partitions: written === null ? [] : (spots.busyPartitions.get(written) ?? []),
  };
}

function holdsWord(text: string, words: ReadonlySet<string>): boolean {
  for (const [word] of text.matchAll(WORD)) if (words.has(asPrinted(word))) return true;
  return false;
}

/** As `quote_ident` prints the name: quotes only where they are needed. */
function asPrinted(word: string): string {
  if (!word.startsWith('"')) return word.toLowerCase();
  return /^"[a-z_][a-z\d_]*"$/u.test(word) ? word.slice(1, -1) : word;
}

/** Bodies in a language of the server's own, or of a library, check what they need themselves; EXPLAIN asks for EXECUTE on them. */
const WITH_BODY = `
  select p.oid from pg_catalog.pg_proc p
  join pg_catalog.pg_language l on l.oid = p.prolang
  where l.lanname not in ('internal', 'c') and p.oid >= 16384`;

const WORDS = `
  with body as (${WITH_BODY})
  select pg_catalog.quote_ident(p.proname) from pg_catalog.pg_proc p
  where p.oid in (select oid from body) or (p.prokind = 'a' and p.oid >= 16384)
  union
  select pg_catalog.quote_ident(t.typname) from pg_catalog.pg_type t
  join pg_catalog.pg_constraint c on c.contypid = t.oid
  join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_constraint'::regclass and d.objid = c.oid
    and d.refclassid = 'pg_catalog.pg_proc'::regclass`;

const OPERATORS = `select o.oprname from pg_catalog.pg_operator o where o.oprcode in (${WITH_BODY})`;

const CASTS = `select count(*) from pg_catalog.pg_cast c where c.castfunc in (${WITH_BODY})`;

const PARTITIONS = `
  select pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
    pg_catalog.quote_ident(m.nspname) || '.' || pg_catalog.quote_ident(l.relname)
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  cross join lateral pg_catalog.pg_partition_tree(c.oid) t
  join pg_catalog.pg_class l on l.oid = t.relid
  join pg_catalog.pg_namespace m on m.oid = l.relnamespace
  where c.relkind = 'p' and t.isleaf and l.relkind = 'r'
  order by l.oid`;

const MOST_PARTITIONS = 32;

/** Functions of catalogs that are pinned have no entry in pg_depend: what is found there is somebody's own. */
const PLAIN_TABLES = `
  with recursive domain_checks as (
    select c.contypid as oid from pg_catalog.pg_constraint c
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_constraint'::regclass and d.objid = c.oid
    where c.contypid <> 0 and d.refclassid = 'pg_catalog.pg_proc'::regclass
  ), checked_types as (
    select oid from domain_checks
    union
    select t.oid from pg_catalog.pg_type t join checked_types c on t.typbasetype = c.oid or t.typelem = c.oid
  ), busy as (
    select tgrelid as oid from pg_catalog.pg_trigger where tgenabled <> 'D'
    union
    select c.conrelid from pg_catalog.pg_constraint c
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_constraint'::regclass and d.objid = c.oid
    where c.conrelid <> 0 and d.refclassid = 'pg_catalog.pg_proc'::regclass
    union
    select d.objid from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_proc'::regclass
    union
    select i.indrelid from pg_catalog.pg_depend d join pg_catalog.pg_index i on i.indexrelid = d.objid
    where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_proc'::regclass
    union
    select a.adrelid from pg_catalog.pg_depend d join pg_catalog.pg_attrdef a on a.oid = d.objid
    where d.classid = 'pg_catalog.pg_attrdef'::regclass and d.refclassid = 'pg_catalog.pg_proc'::regclass
    union
    select attrelid from pg_catalog.pg_attribute where attnum > 0 and not attisdropped and atttypid in (select oid from checked_types)
    union
    select o.polrelid from pg_catalog.pg_policy o
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_policy'::regclass and d.objid = o.oid
    where d.refclassid = 'pg_catalog.pg_proc'::regclass
  ), above as (
    select oid from busy
    union
    select i.inhparent from pg_catalog.pg_inherits i join above a on a.oid = i.inhrelid
  )
  select pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and c.oid not in (select oid from above)`;

/** Reads them as a superuser: rights play no part here. */
export async function readBlindSpots(wire: Wire): Promise<BlindSpots> {
  const [words, operators, casts, plain, partitions] = await Promise.all([
    read(wire, WORDS),
    read(wire, OPERATORS),
    read(wire, CASTS),
    read(wire, PLAIN_TABLES),
    read(wire, PARTITIONS),
  ]);
  const plainTables = new Set(plain.map(([name = ""]) => name));
  const leaves = Map.groupBy(partitions, ([parent = ""]) => parent);
  const busy = [...leaves].filter(([, rows]) => rows.some(([, leaf = ""]) => !plainTables.has(leaf)));
  return {
    words: new Set([...words.map(([name = ""]) => name), ...CHECKING_BUILT_INS]),
    operators: operators.map(([symbol = ""]) => symbol),
    plainTables,
    busyPartitions: new Map(
      busy.map(([parent, rows]) => [parent, rows.slice(0, MOST_PARTITIONS).map(([, leaf = ""]) => leaf)]),
    ),
    hiddenCasts: casts[0]?.[0] !== "0",
  };
}

async function read(wire: Wire, text: string): Promise<readonly (readonly string[])[]> {
  const { rows, failure } = await wire.ask(text);
  if (failure !== null) throw new Error(`the catalog of the shadow cannot be read: ${failure.message}`);
  return rows.map((row) => row.map((value) => value ?? ""));
}
