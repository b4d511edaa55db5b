/** The fixed catalog on which requirements are compared: every kind of code that a statement can lead to, a handful of owners, and rows, so that what is done for each row is really done. */
export const FIXED_WORLD = `
create role keeper; create role viewer; create role definer; create role caller; create role tenants; create role other_tenants;
create schema shop; create schema hidden; create schema tools;
grant usage on schema shop, hidden, tools to keeper, viewer, definer;
grant create on schema shop, hidden, tools to keeper, viewer, definer;
alter default privileges revoke execute on functions from public;
set check_function_bodies = off;

set session authorization keeper;
alter default privileges revoke execute on functions from public;
create function tools.positive(x int) returns boolean language sql immutable as 'select $1 > 0';
create function tools.double(x int) returns int language sql immutable strict as 'select $1 * 2';
create function tools.quiet(x int) returns int language plpgsql as 'begin return x; end';
create domain tools.amount as int check (tools.positive(value));
create type tools.mood as enum ('good', 'bad');
create table shop.customers (id serial primary key, name text, mail text, note text default 'none');
create table shop.orders (id int generated always as identity primary key, customer int references shop.customers on delete cascade, amount int check (tools.positive(amount)), state text default 'new');
create table shop.lines (id int primary key, product text, price tools.amount);
create table shop.log (id int, what text);
create table shop.computed (id int primary key, a int, b int generated always as (tools.double(a)) stored);
create table shop.indexed (id int primary key, a int);
create index on shop.indexed (tools.double(a));
create table shop.moody (id int primary key, mood tools.mood);
create table shop.parted (id int, region text, amount int) partition by list (region);
create table shop.parted_north partition of shop.parted for values in ('north');
create table shop.parted_south partition of shop.parted for values in ('south');
create table shop.base (id int primary key, a int); create table shop.derived (c int) inherits (shop.base);
create table shop.watched (id int primary key, a int, b int);
create table shop.guarded (id int primary key, owner text, a int);
create table shop.allowed (name text);
create table shop.secret (id int, a int);
create table shop.defaulted (id int primary key, a int default tools.quiet(7));
create table hidden.orders (id int, amount int);
create sequence shop.numbers;
create function shop.audit() returns trigger language plpgsql as $$ begin insert into shop.log values (new.id, tg_op); return new; end $$;
create function shop.audit_definer() returns trigger language plpgsql security definer as $$ begin insert into shop.secret values (new.id, 1); return new; end $$;
create function shop.count_all() returns trigger language plpgsql as $$ begin perform count(*) from shop.allowed; return null; end $$;
create trigger audited after insert on shop.watched for each row execute function shop.audit();
create trigger kept after update of b on shop.watched for each row when (new.b > 1) execute function shop.audit_definer();
create trigger counted after delete on shop.watched for each statement execute function shop.count_all();
create trigger parted_audit after insert on shop.parted for each row execute function shop.audit();
create function shop.total(c int) returns bigint language sql stable as 'select sum(amount) from shop.orders where customer = $1';
create function shop.total_definer(c int) returns bigint language sql stable security definer as 'select sum(amount) from shop.orders where customer = $1';
create function shop.branch(x int) returns int language plpgsql as $$ declare r record; begin
  if x > 100 then delete from shop.secret; end if;
  for r in select id, what from shop.log loop perform tools.quiet(r.id); end loop;
  return x; end $$;
create function shop.straight(x int) returns int language plpgsql as $$ declare n int; begin select count(*) into n from shop.secret; insert into shop.log values (x, 'x'); return n; end $$;
create function shop.dynamic(t text) returns void language plpgsql as $$ begin execute 'delete from shop.secret where id = ' || t; end $$;
create function shop.caught() returns int language plpgsql as $$ begin perform 1 from shop.secret; return 1; exception when others then return 0; end $$;
create function shop.same(x anyelement) returns anyelement language sql as 'select $1 from shop.allowed limit 1';
create function shop.pathed() returns bigint language sql set search_path = shop as 'select count(*) from allowed';
create function shop.unpathed() returns bigint language plpgsql as 'begin return (select count(*) from allowed); end';
create procedure shop.fill(x int) language sql as 'insert into shop.log values (x, ''fill'')';
create procedure shop.fill_plpgsql(x int) language plpgsql as 'begin update shop.log set id = x; end';
create function shop.adder(a int, b int) returns int language sql as 'select $1 + $2';
create aggregate shop.summed(int) (sfunc = shop.adder, stype = int, initcond = '0');
create operator shop.@+ (function = shop.adder, leftarg = int, rightarg = int);
create view shop.order_names as select o.id, o.amount, c.name, tools.quiet(o.id) as quiet from shop.orders o join shop.customers c on c.id = o.customer;
create view shop.order_ids as select id from shop.order_names;
create view shop.plain_orders as select id, customer, amount from shop.orders;
create materialized view shop.summary as select count(*) from shop.orders;
create view shop.with_rule as select id, what from shop.log;
create rule through as on insert to shop.with_rule do instead insert into shop.log values (new.id, new.what);
create view shop.with_trigger as select id, a from shop.secret;
create function shop.instead() returns trigger language plpgsql as $$ begin insert into shop.log values (new.id, 'instead'); return new; end $$;
create trigger instead instead of insert on shop.with_trigger for each row execute function shop.instead();
alter table shop.guarded enable row level security;
create policy tenant on shop.guarded to tenants using (owner in (select name from shop.allowed)) with check (tools.quiet(a) > 0);
create policy others on shop.guarded to other_tenants using (id in (select id from shop.secret));
insert into shop.customers values (1, 'a', 'm'), (2, 'b', 'm');
insert into shop.orders (customer, amount) values (1, 5), (2, 6);
insert into shop.lines values (1, 'p', 5);
insert into shop.log values (1, 'x'); insert into shop.secret values (1, 1); insert into shop.allowed values ('caller');
insert into shop.computed values (1, 1); insert into shop.indexed values (1, 1); insert into shop.moody values (1, 'good');
insert into shop.parted values (1, 'north', 1), (2, 'south', 2);
insert into shop.base values (1, 1); insert into shop.derived values (2, 2, 2);
insert into shop.watched values (1, 1, 1); insert into shop.guarded values (1, 'caller', 1), (2, 'nobody', 1);
insert into shop.defaulted values (1, 1);
insert into hidden.orders values (1, 300);
reset session authorization;
select setval('shop.customers_id_seq', 1000); truncate shop.log; insert into shop.log values (1, 'x');
grant select on shop.customers to viewer;
set session authorization viewer;
create view shop.viewed_customers as select id, name from shop.customers;
reset session authorization;
grant insert on shop.log to definer;
set session authorization definer;
create function shop.noted(x int) returns void language sql security definer as 'insert into shop.log values (x, ''noted'')';
reset session authorization;
revoke execute on all functions in schema shop, tools from public;
revoke all on database postgres from public;
revoke usage on language plpgsql from public;
`;

/** What only later versions can make. */
export function laterWorld(major: number): string {
  return [
    ...(major >= 14
      ? [
          "create function shop.atomic(c int) returns bigint language sql begin atomic select sum(amount) from shop.orders where customer = c; end; alter function shop.atomic owner to keeper; revoke execute on function shop.atomic from public;",
        ]
      : []),
    ...(major >= 15
      ? [
          "create view shop.invoker with (security_invoker = true) as select id, amount from shop.orders; alter view shop.invoker owner to keeper;",
        ]
      : []),
  ].join("\n");
}
