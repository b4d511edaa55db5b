import { Client } from "pg";
import type { EmbeddedServer } from "../src/engine/postgresql/embedded/server.ts";

/** How large the database of the access benchmark is. */
export interface AccessShape {
  readonly tables: number;
  readonly roles: number;
  /** Memberships lead this many steps up at most. */
  readonly depth: number;
  /** Distinct access lists; tables are dealt out to them. */
  readonly lists: number;
}

/** The user and the database of a throw-away server. */
export const SUPERUSER = "postgres";

/** A role in the middle of the graph: what hangs below it changes with it. */
export const MIDDLE_ROLE = "group_4_0000";

/**
 * Builds a role graph and tables with many distinct access lists. Four of five roles are logins; the others are groups on `depth - 1` levels, each member of two groups of the next level.
 * Lists and memberships are written straight into the catalog, since granting them one by one would take an hour; such a database must not be kept.
 */
export async function buildAccessCatalog(server: EmbeddedServer, shape: AccessShape): Promise<void> {
  const client = new Client({ host: server.socketFolder, port: server.port, user: SUPERUSER, database: SUPERUSER });
  await client.connect();
  const groups = Math.floor(shape.roles / 5);
  const values: Readonly<Record<string, number>> = {
    ...shape,
    levels: shape.depth - 1,
    each: Math.floor(groups / (shape.depth - 1)),
    logins: shape.roles - groups,
  };
  const run = (text: string) => client.query(text.replaceAll(/:(\w+):/gu, (_, name: string) => String(values[name])));
  try {
    await client.query("set allow_system_table_mods = on");
    await run(CREATE_ROLES);
    await run(WRITE_MEMBERSHIPS);
    await run(CREATE_TABLES);
    await run(WRITE_LISTS);
    await client.query("vacuum (full, analyze) pg_class");
  } finally {
    await client.end();
  }
}

const CREATE_ROLES = `
do $$
begin
  create role bench_owner;
  for level in 1 .. :levels: loop
    for n in 0 .. :each: - 1 loop execute format('create role %I', 'group_' || level || '_' || lpad(n::text, 4, '0')); end loop;
  end loop;
  for n in 0 .. :logins: - 1 loop execute format('create role %I login', 'login_' || lpad(n::text, 5, '0')); end loop;
end $$`;

/** Each login in two groups of the first level, each group in two of the next. */
const WRITE_MEMBERSHIPS = `
with numbered as (
  select oid, 0 as level, right(rolname, 5)::int as n from pg_roles where rolname like 'login\\_%'
  union all
  select oid, split_part(rolname, '_', 2)::int, right(rolname, 4)::int from pg_roles where rolname like 'group\\_%'
)
insert into pg_auth_members (oid, roleid, member, grantor, admin_option, inherit_option, set_option)
select 1000000 + row_number() over (), upper.oid, lower.oid, 10, false, true, true
from numbered lower
join numbered upper on upper.level = lower.level + 1 and upper.n in (lower.n % :each:, (lower.n * 7 + 3) % :each:)`;

/** Without columns, in portions: every new table takes an entry of the shared lock table until its transaction ends. */
const CREATE_TABLES = `
do $$
begin
  for n in 0 .. 99 loop execute format('create schema %I authorization bench_owner', 'area_' || lpad(n::text, 2, '0')); end loop;
  commit;
  for n in 0 .. :tables: - 1 loop
    execute format('create table %I.%I ()', 'area_' || lpad((n % 100)::text, 2, '0'), 'table_' || lpad(n::text, 6, '0'));
    if n % 500 = 499 then commit; end if;
  end loop;
end $$`;

/** Twelve groups of all levels hold something on each list. */
const WRITE_LISTS = `
with groups as (
  select oid, row_number() over (order by rolname) - 1 as n, count(*) over () as total from pg_roles where rolname like 'group\\_%'
), lists as (
  select list.n, array_agg(makeaclitem(groups.oid, (select oid from pg_roles where rolname = 'bench_owner'),
    case (list.n + pick) % 3 when 0 then 'select' when 1 then 'select,insert' else 'select,insert,update,delete' end, false)) as acl
  from generate_series(0, :lists: - 1) list (n)
  cross join generate_series(0, 11) pick
  join groups on groups.n = (list.n::bigint * 31 + pick * 167) % groups.total
  group by list.n
)
update pg_class set relacl = lists.acl, relowner = (select oid from pg_roles where rolname = 'bench_owner')
from lists where relkind = 'r' and relname like 'table\\_%' and lists.n = right(relname, 6)::int % :lists:`;
