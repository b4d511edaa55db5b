import { Client } from "pg";
import type { EmbeddedServer } from "../src/engine/postgresql/embedded/server.ts";
import { SUPERUSER } from "../src/engine/postgresql/embedded/data-folder.ts";

/** How large a benchmark's database is. */
export interface Shape {
  readonly tables: number;
  readonly roles: number;
  /** Tables are spread evenly over them. */
  readonly schemas: number;
  /** How many access lists the tables of one schema have among them: 1, or up to 100, told apart by the last two digits of the table's name. */
  readonly variants: number;
}

const DATABASE = SUPERUSER;

/** The owner of every table. */
export const OWNER = "bench_owner";

/** Names are zero-padded, so that they sort as they count. */
export function roleName(n: number): string {
  return `role_${String(n).padStart(4, "0")}`;
}

export function schemaName(n: number): string {
  return `area_${String(n).padStart(3, "0")}`;
}

/** The role that may also truncate the tables of a variant; null where all tables of a schema share one list. */
export function truncates(role: number, { variants }: Shape): string | null {
  return variants > 1 && role < variants ? `table_????${String(role).padStart(2, "0")}` : null;
}

/** A role may also write in every schema whose number leaves the same remainder as its own. */
export function writesIn(role: number, schemas: number): number {
  return role % schemas;
}

/**
 * Builds a database in which every role reads every table and writes in one schema. The access lists are written straight into the catalog, because granting them one by one would take
 * twenty minutes; the server reads them as it reads any other. Dependencies of roles (`pg_shdepend`) are left out, so such a database must not be kept.
 */
export async function buildCatalog(server: EmbeddedServer, shape: Shape): Promise<void> {
  const client = new Client({ host: server.socketFolder, port: server.port, user: SUPERUSER, database: DATABASE });
  await client.connect();
  try {
    await client.query(`create role ${OWNER}`);
    await client.query(script(CREATE_ROLES, shape));
    await client.query(script(CREATE_SCHEMAS, shape));
    await client.query(script(CREATE_TABLES, shape));
    await client.query("set allow_system_table_mods = on");
    await client.query(script(WRITE_LISTS, shape));
    await client.query("vacuum (full, analyze) pg_class");
  } finally {
    await client.end();
  }
}

function script(text: string, shape: Shape): string {
  const values: Readonly<Record<string, number>> = { ...shape };
  return text.replaceAll(/:(\w+):/gu, (_, name: string) => String(values[name]));
}

const CREATE_ROLES = `
do $$
begin
  for n in 0 .. :roles: - 1 loop
    execute format('create role %I login', 'role_' || lpad(n::text, 4, '0'));
  end loop;
end $$`;

const CREATE_SCHEMAS = `
do $$
begin
  for n in 0 .. :schemas: - 1 loop
    execute format('create schema %I authorization ${OWNER}', 'area_' || lpad(n::text, 3, '0'));
  end loop;
end $$`;

/** In portions, because every new table takes an entry of the shared lock table until its transaction ends. */
const CREATE_TABLES = `
do $$
begin
  for n in 0 .. :tables: - 1 loop
    set local role ${OWNER};
    execute format('create table %I.%I (id bigint, amount numeric, placed_at timestamptz)',
      'area_' || lpad((n % :schemas:)::text, 3, '0'), 'table_' || lpad((n / :schemas:)::text, 6, '0'));
    if n % 500 = 499 then commit; end if;
  end loop;
end $$`;

const WRITE_LISTS = `
with lists as (
  select schemas.oid as schema, variant, array_agg(item order by position) as list
  from pg_namespace schemas
  cross join generate_series(0, :variants: - 1) variant
  cross join lateral (
    select -1 as position, makeaclitem(owner.oid, owner.oid, 'select,insert,update,delete,truncate,references,trigger,maintain', false) as item
    from pg_roles owner where owner.rolname = '${OWNER}'
    union all
    select right(reader.rolname, 4)::int, makeaclitem(reader.oid, owner.oid,
      case when right(reader.rolname, 4)::int % :schemas: = right(schemas.nspname, 3)::int then 'select,insert,update,delete' else 'select' end
        || case when :variants: > 1 and right(reader.rolname, 4)::int = variant then ',truncate' else '' end, false)
    from pg_roles reader, pg_roles owner
    where reader.rolname like 'role\\_%' and owner.rolname = '${OWNER}'
  ) items
  where schemas.nspname like 'area\\_%'
  group by schemas.oid, variant
)
update pg_class set relacl = lists.list from lists where relnamespace = lists.schema and relkind = 'r'
  and case when relname like 'table\\_%' then right(relname, 2)::int % :variants: = variant end`;

/** What every reader of a catalog has to fetch at least: the access lists, grouped by the server, and a name for every table. */
export const FETCH_GROUPED_LISTS = `
select relacl::text as list, relowner, array_agg(oid) as tables from pg_class
where relkind in ('r', 'p', 'v', 'm', 'f') group by relacl, relowner`;

export const FETCH_NAMES = `
select c.oid, n.nspname, c.relname, c.relowner, c.relkind from pg_class c join pg_namespace n on n.oid = c.relnamespace
where relkind in ('r', 'p', 'v', 'm', 'f', 'S')`;
