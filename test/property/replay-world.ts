import { type Random, random } from "../support/random-state/random.ts";

/** Who asks; each can log in. */
export const ACTORS: readonly string[] = ["r0", "r1", "r2", "r3", "r4", "r5"];
const OWNERS: readonly string[] = ["o1", "o2"];

/** A statement of an application, with values that it really has. */
export interface Tried {
  readonly text: string;
  readonly values: readonly (string | null)[];
  readonly searchPath?: readonly string[];
  /** What was really sent, where putting placeholders for literals made something else of it. @default `text` */
  readonly sentAs?: string;
  /** What a COPY from the client sends. */
  readonly sent?: string;
}

export interface ReplayWorld {
  /** Once a server. */
  readonly roles: readonly string[];
  /** Once a database: objects and who may use them. */
  readonly structure: readonly string[];
  /** What a real database holds. */
  readonly rows: readonly string[];
  readonly statements: readonly Tried[];
}

/** Two schemas with everything that rights hide in: a pure value of its seed. */
export function replayWorld(seed: number, major: number): ReplayWorld {
  const source = random(seed);
  return {
    roles: [...ACTORS, ...OWNERS].map((role) => `create role ${role} login`),
    structure: [...objects(source, major), ...rights(source, major)],
    rows: ROWS,
    statements: statements(source, major),
  };
}

function objects(source: Random, major: number): readonly string[] {
  const owner = (): string => source.pick(OWNERS);
  const as = (sql: string): string => `set role ${owner()}; ${sql}; reset role`;
  const invoker = major >= 15 ? "with (security_invoker = true)" : "";
  return [
    "create schema a; create schema b; grant usage, create on schema a, b to o1, o2",
    "create type a.state as enum ('new', 'paid', 'sent')",
    "create function a.is_mail(text) returns boolean language plpgsql immutable as $$ begin return $1 like '%_@_%'; end $$",
    "create function a.is_positive(numeric) returns boolean language plpgsql immutable as $$ begin return $1 is null or $1 > 0; end $$",
    "create function a.twice(numeric) returns numeric language plpgsql immutable as $$ begin return $1 * 2; end $$",
    "create function a.norm(text) returns text language plpgsql immutable as $$ begin return lower($1); end $$",
    "create function a.region() returns text language plpgsql as $$ begin return 'north'; end $$",
    "create domain a.mail as text check (a.is_mail(value))",
    as(`create table a.customer (id serial primary key, name text not null, email a.mail, region text default a.region(),
      status a.state not null default 'new', amount numeric check (a.is_positive(amount)), doubled numeric generated always as (a.twice(amount)) stored)`),
    "create index on a.customer (a.norm(name))",
    as("create table b.customer (id int primary key, name text, amount numeric)"),
    as(
      "create table a.orders (id bigint generated always as identity primary key, customer_id int not null, qty int not null check (qty > 0), placed date not null default current_date)",
    ),
    as("create table a.log (msg text, at timestamptz default now())"),
    as("create table b.access (who name, item int)"),
    as("create table b.item (id int primary key, owner name not null, secret text)"),
    as("create table b.plain (id int primary key, v text, w int)"),
    as("create table a.events (at date not null, kind text, n int) partition by range (at)"),
    "create table a.events_1 partition of a.events for values from ('2026-01-01') to ('2026-07-01')",
    "create table a.events_2 partition of a.events for values from ('2026-07-01') to ('2027-01-01')",
    ...(source.chance(0.5) ? ["alter table a.events_2 add check (a.is_positive(n))"] : []),
    "create function a.audit() returns trigger language plpgsql as $$ begin insert into a.log (msg) values (tg_op); return coalesce(new, old); end $$",
    `create trigger audit ${source.pick(["before", "after"])} insert or update or delete on a.orders for each row execute function a.audit()`,
    as(
      "create function b.audit_as_owner() returns trigger language plpgsql security definer as $$ begin insert into a.log (msg) values (tg_op); return coalesce(new, old); end $$",
    ),
    "grant execute on function b.audit_as_owner() to public; create trigger audit before update on b.plain for each row execute function b.audit_as_owner()",
    "alter table b.item enable row level security",
    `create policy own on b.item using (owner = current_user)`,
    `create policy shared on b.item for select to ${source.pick(ACTORS)}, ${source.pick(ACTORS)} using (id in (select item from b.access where who = current_user))`,
    as("create view a.customers as select id, name, email, amount from a.customer"),
    as("create view b.nested as select id, a.norm(name) as name from a.customers"),
    as(`create view b.invoked ${invoker} as select id, v from b.plain`),
    "create materialized view a.totals as select customer_id, sum(qty) as qty from a.orders group by 1",
    as("create sequence a.numbers"),
    as("create function a.count_items() returns bigint language sql as 'select count(*) from b.item'"),
    as(
      "create function a.count_plain() returns bigint language sql security definer as 'select count(*) from b.plain'",
    ),
    as(
      "create function b.read_log(int) returns bigint language plpgsql stable as $$ begin return (select count(*) from a.log); end $$",
    ),
    as(
      "create function b.rows_of(int) returns setof b.plain language sql stable as 'select * from b.plain where id = $1'",
    ),
    as("create function b.same(anyelement) returns anyelement language sql as 'select $1 from b.access limit 1'"),
    as(
      "create function b.dynamic(text) returns bigint language plpgsql as $$ declare n bigint; begin execute 'select count(*) from ' || $1 into n; return n; end $$",
    ),
    as("create function a.equals(text, int) returns boolean language plpgsql as $$ begin return $1 = $2::text; end $$"),
    "create operator a.=== (leftarg = text, rightarg = int, function = a.equals)",
    as("create procedure a.note(msg text) language plpgsql as $$ begin insert into a.log (msg) values (msg); end $$"),
  ];
}

const TABLES: readonly (readonly [name: string, columns: readonly string[]])[] = [
  ["a.customer", ["id", "name", "email", "status", "amount"]],
  ["b.customer", ["id", "name", "amount"]],
  ["a.orders", ["id", "customer_id", "qty"]],
  ["a.log", ["msg"]],
  ["b.access", ["who", "item"]],
  ["b.item", ["id", "owner", "secret"]],
  ["b.plain", ["id", "v", "w"]],
  ["a.events", ["at", "kind", "n"]],
  ["a.events_1", ["at", "kind", "n"]],
  ["a.customers", ["id", "name"]],
  ["b.nested", ["id", "name"]],
  ["b.invoked", ["id", "v"]],
  ["a.totals", ["customer_id"]],
];

const FUNCTIONS: readonly string[] = [
  "a.is_mail(text)",
  "a.is_positive(numeric)",
  "a.twice(numeric)",
  "a.norm(text)",
  "a.region()",
  "a.count_items()",
  "a.count_plain()",
  "b.read_log(int)",
  "b.rows_of(int)",
  "b.same(anyelement)",
  "b.dynamic(text)",
  "a.equals(text, int)",
];

/** Enough that most statements go through for somebody, and fail for somebody by one right. */
function rights(source: Random, major: number): readonly string[] {
  const all: string[] = [];
  const verbs = ["select", "insert", "update", "delete", "truncate", ...(major >= 17 ? ["maintain"] : [])];
  // The owners may what their views and functions do, mostly.
  for (const [table] of TABLES) if (source.chance(0.9)) all.push(`grant select, insert on ${table} to o1, o2`);
  for (const routine of FUNCTIONS)
    if (source.chance(0.5)) all.push(`revoke execute on function ${routine} from public`);
  if (source.chance(0.5)) all.push("revoke execute on procedure a.note(text) from public");
  for (const [index, role] of ACTORS.entries()) {
    // The first may nearly everything, the last little.
    const generous = 1 - index * 0.13;
    for (const schema of ["a", "b"]) {
      if (source.chance(0.55 + generous * 0.4))
        all.push(`grant usage${source.chance(0.2) ? ", create" : ""} on schema ${schema} to ${role}`);
    }
    for (const [table, columns] of TABLES) {
      for (const verb of verbs) {
        if (source.chance(generous)) all.push(`grant ${verb} on ${table} to ${role}`);
        else if (source.chance(0.3) && verb !== "delete" && verb !== "truncate" && verb !== "maintain") {
          all.push(`grant ${verb} (${source.some(columns, 1, columns.length).join(", ")}) on ${table} to ${role}`);
        }
      }
    }
    for (const sequence of ["a.numbers", "a.customer_id_seq"]) {
      for (const verb of ["usage", "select", "update"])
        if (source.chance(generous * 0.7)) all.push(`grant ${verb} on sequence ${sequence} to ${role}`);
    }
    for (const routine of FUNCTIONS)
      if (source.chance(generous)) all.push(`grant execute on function ${routine} to ${role}`);
    if (source.chance(generous)) all.push(`grant execute on procedure a.note(text) to ${role}`);
    if (source.chance(0.25)) all.push(`grant ${source.pick(OWNERS)} to ${role}`);
    if (source.chance(0.2))
      all.push(`alter role ${role} in database :database set search_path = ${source.pick(["a, b", "b, a", "b"])}`);
  }
  return all;
}

const ROWS: readonly string[] = [
  "insert into a.customer (name, email, amount) select 'Name ' || n, 'n' || n || '@example.com', n from generate_series(1, 9) n",
  "insert into b.customer select n, 'Name ' || n, n from generate_series(1, 9) n",
  "insert into a.orders (customer_id, qty) select n, n from generate_series(1, 9) n",
  "insert into b.access select r, n from generate_series(1, 9) n, unnest(array['r0', 'r1', 'r2', 'r3', 'r4', 'r5']) r",
  "insert into b.item select n, 'r' || n % 6, 's' from generate_series(1, 24) n",
  "insert into b.plain select n, 'v' || n, n from generate_series(1, 9) n",
  "insert into a.events select date '2026-01-05' + n * 20, 'k', n from generate_series(1, 15) n",
  "refresh materialized view a.totals",
];

/** One of every kind of the design's table (3.3, 4.1 and the statements of the PostgreSQL document, section 7), some with and some without placeholders. */
function statements(source: Random, major: number): readonly Tried[] {
  const say = (text: string, ...values: (string | null)[]): Tried => ({ text, values });
  const column = (table: string): string => source.pick(TABLES.find(([name]) => name === table)?.[1] ?? []);
  const table = (): string => source.pick(TABLES)[0];
  const base = source.pick(["a.customer", "b.customer", "b.plain", "a.orders"]);
  const inPath = (tried: Tried, ...searchPath: string[]): Tried => ({ ...tried, searchPath });
  const all: Tried[] = [
    ...["a.customer", "b.plain", "a.customers", "b.nested", "b.invoked", "a.totals", "b.item", "a.events"].flatMap(
      (name) => [
        say(`select * from ${name}`),
        say(`select ${column(name)} from ${name} where ${column(name)} is not null`),
      ],
    ),
    say(`select count(*) from ${table()}`),
    say(`select ${column(base)} from ${base} where id = $1`, "3"),
    say("select c.name, o.qty from a.customer c join a.orders o on o.customer_id = c.id where c.id = $1", "2"),
    say("select p.v from b.plain p left join b.access x on x.item = p.id"),
    say("select id from b.plain where id = $1 for update", "1"),
    say("select id from b.plain for share"),
    say("with x as (select item from b.access) select count(*) from x"),
    say("select v from b.plain where w > (select min(n) from a.events)"),
    say("table b.access"),
    say("values (1), (2)"),
    say("insert into b.plain (id, v) values ($1, $2)", "100", "x"),
    say("insert into b.plain (id, v, w) values (101, 'x', 1) returning id"),
    say("insert into b.plain (id) select max(id) + 1 from b.plain"),
    say("insert into b.plain (id, v) values ($1, $2) on conflict (id) do update set v = excluded.v", "1", "y"),
    say("insert into b.plain (id, v) values ($1, $2) on conflict do nothing", "1", "y"),
    say("insert into a.customer (name, email, amount) values ($1, $2, $3)", "N", "n@example.com", "3"),
    say("insert into a.customer (id, name) values ($1, $2)", "500", "N"),
    say("insert into a.orders (customer_id, qty) values ($1, $2) returning id", "1", "2"),
    say("insert into a.events (at, kind, n) values ($1, $2, $3)", "2026-08-01", "k", "1"),
    say("insert into a.events_1 (at, kind) values ('2026-02-02', 'k')"),
    say("insert into a.log default values"),
    say("update a.customer set amount = $1 where id = $2", "7", "3"),
    say("update a.customer set name = name where id < 4"),
    say("update a.customer set email = $1 where name = $2", "z@example.com", "Name 2"),
    say("update a.orders set qty = qty + 1 where id = $1", "2"),
    say("update b.plain set v = $1 where id = $2", "z", "4"),
    say("update b.plain set w = 1"),
    say("update b.customer set amount = amount from b.plain where b.plain.id = b.customer.id"),
    say("update b.item set secret = secret"),
    say("update a.events set n = 5 where at = $1", "2026-01-25"),
    say("delete from a.orders where id = $1", "3"),
    say("delete from b.plain"),
    say("delete from a.customer where id = $1 returning name", "3"),
    say("delete from b.item where id = $1", "3"),
    ...(major >= 15
      ? [
          say(
            "merge into b.plain p using b.customer c on c.id = p.id when matched then update set v = c.name when not matched then insert (id, v) values (c.id, c.name)",
          ),
          say("merge into a.orders o using b.plain p on p.id = o.customer_id when matched then delete"),
        ]
      : []),
    say("select nextval('a.numbers')"),
    say("select nextval('a.numbers'::regclass) from b.plain"),
    say("select setval('a.numbers', 5)"),
    say("select currval('a.numbers')"),
    say("select a.count_items()"),
    say("select a.count_plain()"),
    say("select b.read_log($1)", "1"),
    say("select b.read_log(id) from b.plain where id = 2"),
    say("select * from b.rows_of($1)", "1"),
    say("select b.same(1), b.same('x'::text)"),
    say("select b.dynamic('a.log')"),
    say("select a.norm(v) from b.plain"),
    say("select a.norm($1)", "X"),
    say("select v from b.plain where v operator(a.===) 1"),
    say("call a.note($1)", "hello"),
    say("call a.note('hello')"),
    say("do $$ begin perform count(*) from a.log; end $$"),
    say("do $$ begin insert into a.log (msg) values ('x'); end $$"),
    say("copy b.plain (id, v) to stdout"),
    say("copy a.customer to stdout"),
    say("copy (select id from b.plain) to stdout"),
    { ...say("copy b.plain (id, v) from stdin"), sent: "100\tx\n" },
    { ...say("copy a.orders (customer_id, qty) from stdin"), sent: "1\t2\n" },
    say("copy b.plain to '/nonexistent/file'"),
    say("truncate b.plain"),
    say("truncate a.orders, a.log"),
    say("truncate a.customer restart identity"),
    say("lock table b.plain in access exclusive mode"),
    say("lock table a.log in row exclusive mode"),
    say("lock table b.access in access share mode"),
    say("vacuum b.plain"),
    say("vacuum (analyze) a.orders"),
    say("analyze b.access"),
    say("reindex table b.plain"),
    say("cluster b.plain using plain_pkey"),
    say("refresh materialized view a.totals"),
    say("explain select * from b.plain"),
    say("explain analyze select a.norm(v) from b.plain"),
    say("prepare q as select v from b.plain"),
    say("declare c cursor for select * from b.access"),
    say("create table a.made (id int)"),
    say("create table b.made as select id from b.plain"),
    say("select id into b.made from b.plain"),
    say("create temporary table made (id int)"),
    say("create temporary table made as select v from b.plain"),
    say("create view b.made as select 1 as one"),
    say("create index on b.plain (v)"),
    say("create index concurrently on b.plain (v)"),
    say("create function a.made() returns int language sql as 'select 1'"),
    say("create trigger made before insert on b.plain for each row execute function a.audit()"),
    say("alter table b.plain add column more int"),
    say("alter table b.plain owner to o2"),
    say("drop table b.plain cascade"),
    say("drop view b.invoked"),
    say("comment on table b.plain is 'x'"),
    say("grant select on b.plain to r5"),
    say("revoke select on b.plain from r5"),
    say("create schema made"),
    say("create role made"),
    say("create database made"),
    say("alter role r0 connection limit 5"),
    say("set role o1"),
    say("set work_mem = '8MB'"),
    say("set log_statement = 'none'"),
    say("show data_directory"),
    say("show work_mem"),
    say("listen news"),
    say("notify news"),
    say("begin"),
    say("checkpoint"),
    say("select pg_advisory_lock(7)"),
    say("select pg_read_file('PG_VERSION')"),
    inPath(say("select name from customer where id = $1", "1"), "a"),
    inPath(say("select name from customer"), "a", "b"),
    inPath(say("select norm($1)", "X"), "a"),
    inPath(say("insert into log (msg) values ('x')"), "b", "a"),
    inPath(say("select $1::state", "new"), "a"),
    say("select name from customer"),
    say("select no_such_column from b.plain"),
    say("select * from no_such_table"),
  ];
  return all;
}
