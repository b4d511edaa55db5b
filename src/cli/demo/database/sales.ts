/** Schema `sales`: what customers buy. Card numbers lie next to the orders, as they so often do. */
export const SALES = `
create schema sales authorization sales_owner;
set role sales_owner;

create type sales.order_status as enum ('cart', 'placed', 'paid', 'shipped', 'refunded');
create domain sales.email as text check (value like '%_@_%');

create table sales.customers (
  id bigint generated always as identity primary key,
  name text not null,
  email sales.email not null,
  phone text,
  region text not null,
  created_at timestamptz not null default now()
);
create table sales.products (
  id serial primary key,
  title text not null,
  price numeric(10, 2) not null
);
create table sales.orders (
  id bigint generated always as identity primary key,
  customer_id bigint not null references sales.customers,
  status sales.order_status not null default 'cart',
  total numeric(10, 2) not null default 0,
  placed_at timestamptz not null default now()
);
create table sales.order_items (
  order_id bigint not null references sales.orders,
  product_id integer not null references sales.products,
  quantity integer not null check (quantity > 0),
  primary key (order_id, product_id)
);
create table sales.payment_cards (
  customer_id bigint primary key references sales.customers,
  number text not null,
  holder text not null,
  expires date not null
);
create table sales.events (
  id bigint generated always as identity,
  happened_at timestamptz not null,
  kind text not null,
  payload jsonb not null default '{}'
) partition by range (happened_at);
create table sales.events_2026_10 partition of sales.events for values from ('2026-10-01') to ('2026-11-01');
create table sales.events_2026_11 partition of sales.events for values from ('2026-11-01') to ('2026-12-01');
create table sales.events_2026_12 partition of sales.events for values from ('2026-12-01') to ('2027-01-01');

create view sales.cards_masked as
  select customer_id, holder, expires, '**** ' || right(number, 4) as number from sales.payment_cards;
create view sales.open_orders with (security_invoker = true) as
  select id, customer_id, total, placed_at from sales.orders where status in ('placed', 'paid');

create function sales.refund(order_id bigint) returns void
  language sql security definer set search_path = pg_catalog, pg_temp
  begin atomic
    update sales.orders set status = 'refunded' where id = order_id;
  end;
create function sales.order_total(order_id bigint) returns numeric
  language sql stable
  begin atomic
    select sum(price * quantity) from sales.order_items join sales.products on product_id = id where order_items.order_id = $1;
  end;
create procedure sales.close_day(day date)
  language sql
  begin atomic
    insert into sales.events (happened_at, kind) values (day, 'day closed');
  end;

insert into sales.customers (name, email, region)
  select 'Customer ' || n, 'customer' || n || '@example.com', (array['north', 'south', 'east', 'west'])[1 + n % 4] from generate_series(1, 60) n;
insert into sales.products (title, price)
  select 'Product ' || n, 5 + n * 1.5 from generate_series(1, 25) n;
insert into sales.orders (customer_id, status, total, placed_at)
  select 1 + n % 60, (enum_range(null::sales.order_status))[1 + n % 5], 10 + n, timestamptz '2026-11-01' + n * interval '90 minutes' from generate_series(1, 240) n;
insert into sales.order_items
  select 1 + n % 240, 1 + n % 25, 1 + n % 3 from generate_series(1, 600) n on conflict do nothing;
insert into sales.payment_cards
  select n, '4000 0000 0000 ' || lpad(n::text, 4, '0'), 'Customer ' || n, date '2028-01-01' + n from generate_series(1, 60) n;
insert into sales.events (happened_at, kind)
  select timestamptz '2026-10-01' + n * interval '1 hour', 'page viewed' from generate_series(1, 1400) n;
create materialized view sales.daily_revenue as
  select date_trunc('day', placed_at) as day, sum(total) as revenue from sales.orders where status in ('paid', 'shipped') group by 1;

reset role;
`;
