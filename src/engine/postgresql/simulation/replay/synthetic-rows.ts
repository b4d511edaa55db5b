import { quoteIdentifier, quoteLiteral } from "../../quote.ts";
import { candidatesOf, sampleOf, type SampleType } from "./sample-values.ts";
import type { Wire } from "./wire.ts";

/** The row of a table that stands for real ones, by column. */
export type SampleRow = ReadonlyMap<string, string | null>;

export interface SyntheticRows {
  /** Tables, as plans name them, that hold no row and take none that we can think of. Sorted. */
  readonly without: readonly string[];
}

interface Column {
  readonly name: string;
  readonly type: SampleType;
  readonly required: boolean;
}

interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  /** The texts of its checks and of its place among partitions. */
  readonly checks: readonly string[];
}

/** The types in a database by their number. */
export type SampleTypes = ReadonlyMap<string, SampleType>;

interface TypeRow {
  readonly oid: string;
  readonly name: string;
  readonly form: string;
  readonly category: string;
  readonly inner: string;
  readonly labels: readonly string[];
}

const TYPES = `
  select t.oid::text, t.typname, t.typtype, t.typcategory,
    (case when t.typtype = 'd' then t.typbasetype else t.typelem end)::text,
    (select pg_catalog.json_agg(e.enumlabel order by e.enumsortorder)::text from pg_catalog.pg_enum e where e.enumtypid = t.oid)
  from pg_catalog.pg_type t`;

export async function readSampleTypes(wire: Wire): Promise<SampleTypes> {
  const { rows } = await wire.ask(TYPES);
  const raw = new Map<string, TypeRow>();
  for (const [oid, name, form, category, inner, labels] of rows) {
    raw.set(oid ?? "", {
      oid: oid ?? "",
      name: name ?? "",
      form: form ?? "",
      category: category ?? "",
      inner: inner ?? "0",
      labels: labels == null ? [] : (JSON.parse(labels) as string[]),
    });
  }
  const made = new Map<string, SampleType>();
  const make = (oid: string, depth: number): SampleType | null => {
    const row = raw.get(oid);
    if (row === undefined || depth > 10) return null;
    const known = made.get(oid);
    if (known !== undefined) return known;
    const inner = row.inner === "0" ? null : make(row.inner, depth + 1);
    const type = { name: row.name, form: row.form, category: row.category, labels: row.labels, inner };
    made.set(oid, type);
    return type;
  };
  for (const oid of raw.keys()) make(oid, 0);
  return await withCheckedDomains(wire, made);
}

const DOMAINS = `
  select t.oid::text, pg_catalog.format_type(t.oid, null), pg_catalog.json_agg(pg_catalog.pg_get_constraintdef(c.oid))::text
  from pg_catalog.pg_type t join pg_catalog.pg_constraint c on c.contypid = t.oid
  where c.contype = 'c' group by t.oid`;

/** Finds for each domain with checks a value that they take. */
async function withCheckedDomains(wire: Wire, types: ReadonlyMap<string, SampleType>): Promise<SampleTypes> {
  const all = new Map(types);
  for (const [oid, name, checks] of (await wire.ask(DOMAINS)).rows) {
    const type = types.get(oid ?? "");
    if (type === undefined) continue;
    const plain = sampleOf(type);
    const values = [...(plain === null ? [] : [plain]), ...candidatesOf(type, JSON.parse(checks ?? "[]") as string[])];
    const tried = await Promise.all(values.map((value) => wire.ask(`select ${quoteLiteral(value)}::${name}`)));
    const place = tried.findIndex(({ failure }) => failure === null);
    if (place !== -1) all.set(oid ?? "", { ...type, checked: values[place] ?? "" });
  }
  return all;
}

/** Columns in order; generated ones are filled by the server. Only tables of our own that hold rows themselves. */
const TABLES = `
  select pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), a.attname, a.atttypid::text, a.attnotnull::text,
    (select pg_catalog.json_agg(d)::text from (
      select pg_catalog.pg_get_constraintdef(k.oid) from pg_catalog.pg_constraint k where k.conrelid = c.oid and k.contype = 'c'
      union all
      select pg_catalog.pg_get_partition_constraintdef(c.oid) where c.relispartition
    ) t (d) where d is not null)
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
  where c.relkind = 'r' and c.relpersistence <> 't' and c.oid >= 16384 and n.nspname not in ('pg_catalog', 'information_schema')
  order by c.oid, a.attnum`;

async function readTables(wire: Wire, types: SampleTypes): Promise<readonly Table[]> {
  const { rows } = await wire.ask(TABLES);
  const tables = new Map<string, { columns: Column[]; checks: readonly string[] }>();
  for (const [name, column, oid, required, checks] of rows) {
    const parsed = checks == null ? [] : (JSON.parse(checks) as string[]);
    const table = tables.get(name ?? "") ?? { columns: [], checks: parsed };
    tables.set(name ?? "", table);
    const type = types.get(oid ?? "");
    if (column != null && type !== undefined) table.columns.push({ name: column, type, required: required === "true" });
  }
  return [...tables].map(([name, { columns, checks }]) => ({ name, columns, checks }));
}

const CHUNK = 200;

/**
 * Puts one row into each table without rows. They are committed: a shadow is thrown away. Triggers, rules and foreign keys are off, checks are not: a value that
 * they refuse is replaced by the constants that they are written with, and by shapes that are often asked for.
 */
export async function addSyntheticRows(wire: Wire, types: SampleTypes): Promise<SyntheticRows> {
  const tables = await readTables(wire, types);
  const empty: Table[] = [];
  for (let at = 0; at < tables.length; at += CHUNK) {
    const chunk = tables.slice(at, at + CHUNK);
    const questions = chunk.map(({ name }) => `(select count(*) from (select from only ${name} limit 1) r)`);
    const { rows, failure } = await wire.ask(`select ${questions.join(", ")}`);
    if (failure !== null) throw new Error(`the tables of the shadow cannot be read: ${failure.message}`);
    empty.push(...chunk.filter((_, place) => rows[0]?.[place] === "0"));
  }
  await wire.ask("set session_replication_role = replica");
  try {
    const first = await Promise.all(empty.map((table) => wire.ask(insertion(table, samples(table)))));
    const without: string[] = [];
    for (const [place, table] of empty.entries()) {
      if ((first[place]?.failure ?? null) === null) continue;
      const row = await search(wire, table);
      if (row === null || (await wire.ask(insertion(table, row))).failure !== null) without.push(table.name);
    }
    await populateViews(wire);
    return { without: without.sort() };
  } finally {
    await wire.ask("set session_replication_role = origin");
  }
}

function samples(table: Table): SampleRow {
  return new Map(table.columns.map(({ name, type }) => [name, sampleOf(type)]));
}

function insertion(table: Table, row: SampleRow): string {
  if (row.size === 0) return `insert into ${table.name} default values`;
  const names = [...row.keys()].map(quoteIdentifier).join(", ");
  const values = [...row.values()].map((value) => (value === null ? "null" : quoteLiteral(value))).join(", ");
  return `insert into ${table.name} (${names}) overriding system value values (${values})`;
}

const TRIES = 300;

/** A row that the checks take: as few values as must be, others where they fit. */
async function search(wire: Wire, table: Table): Promise<SampleRow | null> {
  const full = samples(table);
  const least = new Map([...full].map(([name, value]) => [name, isRequired(table, name) ? value : null]));
  let tries = 0;
  /** Why it does not fit; null: it does. */
  const fault = async (row: SampleRow): Promise<string | null> => {
    if (++tries > TRIES) return "too many tries";
    const [, inserted] = await Promise.all([wire.ask("begin"), wire.ask(insertion(table, row)), wire.ask("rollback")]);
    return inserted.failure?.message ?? null;
  };
  let row = await mend(table, least, fault);
  for (const { name, type } of row === null ? [] : table.columns) {
    if (row?.get(name) !== null) continue;
    const sample = sampleOf(type);
    const values = [...(sample === null ? [] : [sample]), ...candidatesOf(type, checksOf(table, name))].slice(0, 20);
    for (const value of values) {
      const richer = new Map(row).set(name, value);
      if ((await fault(richer)) !== null) continue;
      row = richer;
      break;
    }
  }
  return row;
}

/** Checks are asked in the order of their names, so a value that mends one leads to the fault of another, never back to one that was mended. */
async function mend(
  table: Table,
  start: SampleRow,
  fault: (row: SampleRow) => Promise<string | null>,
): Promise<SampleRow | null> {
  let row = start;
  let wrong = await fault(row);
  const seen = new Set<string>();
  while (wrong !== null) {
    seen.add(wrong);
    const next = await step(table, row, async (changed) => {
      const found = await fault(changed);
      return found === null || !seen.has(found) ? { found } : null;
    });
    if (next === null) return null;
    row = next.row;
    wrong = next.found;
  }
  return row;
}

/** One column changed, or two. */
async function step(
  table: Table,
  row: SampleRow,
  mended: (row: SampleRow) => Promise<{ readonly found: string | null } | null>,
): Promise<{ readonly row: SampleRow; readonly found: string | null } | null> {
  for (const changed of variants(table, row)) {
    const better = await mended(changed);
    if (better !== null) return { row: changed, found: better.found };
  }
  return null;
}

/** Columns that no check names are left as they are. */
function* variants(table: Table, row: SampleRow): Generator<SampleRow> {
  const checked = table.columns.filter(({ name }) => checksOf(table, name).length > 0);
  const options = checked.map(({ name, type }) => ({ name, values: candidatesOf(type, checksOf(table, name)) }));
  for (const { name, values } of options) for (const value of values) yield new Map(row).set(name, value);
  for (const [place, one] of options.entries()) {
    for (const other of options.slice(place + 1)) {
      for (const value of one.values.slice(0, 8)) {
        for (const second of other.values.slice(0, 8)) yield new Map(row).set(one.name, value).set(other.name, second);
      }
    }
  }
}

function checksOf(table: Table, column: string): readonly string[] {
  return table.checks.filter((check) => check.includes(column));
}

function isRequired(table: Table, name: string): boolean {
  return table.columns.some((column) => column.name === name && column.required);
}

const UNPOPULATED = `
  select pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'm' and not c.relispopulated order by c.oid`;

/** A materialized view without data cannot be read by anybody. Twice, for those on others. */
async function populateViews(wire: Wire): Promise<void> {
  for (let round = 0; round < 2; round++) {
    const { rows } = await wire.ask(UNPOPULATED);
    for (const [name] of rows) await wire.ask(`refresh materialized view ${name}`);
  }
}

/** The first row of a relation, as an administrator sees it. Null: there is none, or it cannot be read. */
export async function readSampleRow(wire: Wire, relation: string): Promise<SampleRow | null> {
  const { rows, columns } = await wire.ask(`select * from ${relation} limit 1`);
  const [row] = rows;
  return row === undefined ? null : new Map(columns.map((name, place) => [name, row[place] ?? null]));
}
