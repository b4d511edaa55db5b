import { type Random, random } from "../support/random-state/random.ts";

/** A shop whose roles may do far more than they do: a pure value of its seed. */
export interface AdviseWorld {
  readonly structure: readonly string[];
  readonly grants: readonly string[];
  /** What each login does, as one role or another. */
  readonly work: readonly Work[];
}

export interface Work {
  readonly login: string;
  /** After SET ROLE. @default the login */
  readonly role?: string;
  readonly text: string;
}

export const LOGINS: readonly string[] = ["svc_orders", "svc_reports", "svc_mixed", "ana"];

const ROLES = [
  "create role shop_owner",
  "create role app_rw",
  "create role app_ro",
  "create role hr_all",
  ...LOGINS.map((login) => `create role ${login} login`),
];

const OBJECTS = [
  "create schema sales authorization shop_owner",
  "create schema hr authorization shop_owner",
  "revoke all on schema public from public",
  "set role shop_owner",
  "alter default privileges revoke execute on functions from public",
  "create table sales.people (id int primary key, name text, email text, phone text)",
  "create table sales.orders (id serial primary key, person int references sales.people, total numeric default 0, card text, note text)",
  "create function sales.ok(int) returns boolean language plpgsql immutable as $$ begin return $1 > 0; end $$",
  "create table sales.items (id serial primary key, orders int, sku text, qty int check (sales.ok(qty)))",
  "create table sales.log (message text)",
  "create table hr.salary (person int, amount numeric, since date)",
  "create view sales.totals as select person, sum(total) as total from sales.orders group by person",
  "create function sales.noted() returns trigger language plpgsql as $$ begin insert into sales.log values (new.sku); return new; end $$",
  "create trigger noted after insert on sales.items for each row execute function sales.noted()",
  "create function sales.refund(int) returns int language plpgsql security definer as $$ begin update sales.orders set total = 0 where id = $1; return 1; end $$",
  "create function sales.tax(numeric) returns numeric language sql as $$ select $1 * 0.08 $$",
  "insert into sales.people values (1, 'ann', 'a', '1')",
  "insert into sales.orders (person, total) values (1, 10)",
  "insert into sales.items (orders, sku, qty) values (1, 'x', 1)",
  "insert into hr.salary values (1, 1, now())",
  "reset role",
];

const STATEMENTS = [
  "select id, total from sales.orders where person = 1",
  "select * from sales.people",
  "select name from sales.people where id = 1",
  "select total from sales.totals",
  "insert into sales.orders (person, total) values (1, 5)",
  "insert into sales.items (orders, sku, qty) values (1, 'y', 2)",
  "update sales.orders set note = 'x' where id = 1",
  "update sales.people set email = 'b' where id = 1",
  "delete from sales.items where id = 1",
  "select sales.refund(1)",
  "select sales.tax(total) from sales.orders",
  "select o.id, i.sku from sales.orders o join sales.items i on i.orders = o.id",
  "select amount from hr.salary where person = 1",
  "select id from sales.orders for update",
  "truncate sales.log",
  "select nextval('sales.orders_id_seq')",
  "with moved as (delete from sales.items where qty > 5 returning sku) select count(*) from moved",
];

export function adviseWorld(seed: number): AdviseWorld {
  const source = random(seed);
  const some = (chance: number): boolean => source.chance(chance);
  const work = LOGINS.flatMap((login): Work[] => [
    { login, text: "select 1" },
    ...STATEMENTS.filter(() => some(0.35)).map((text) => ({ login, text })),
  ]);
  const asRole = STATEMENTS.filter(() => some(0.2)).map((text) => ({ login: "ana", role: "hr_all", text }));
  return { structure: [...ROLES, ...OBJECTS], grants: grantsOf(source), work: [...work, ...asRole] };
}

/** Whole schemas to everybody who asked, and this and that beside it. */
function grantsOf(source: Random): readonly string[] {
  const tables = ["sales.people", "sales.orders", "sales.items", "sales.log", "hr.salary"];
  const few = Array.from({ length: 6 }, () => {
    const table = source.pick(tables);
    const privilege = source.pick(["select", "insert", "update", "delete"]);
    return `grant ${privilege} on ${table} to ${source.pick([...LOGINS, "hr_all"])}`;
  });
  return [
    "grant usage on schema sales to app_rw, app_ro",
    "grant usage on schema sales, hr to hr_all",
    "grant all on all tables in schema sales to app_rw",
    "grant select on all tables in schema sales to app_ro",
    "grant usage, select, update on all sequences in schema sales to app_rw",
    "grant execute on all functions in schema sales to app_rw, app_ro",
    "grant select, update on hr.salary to hr_all",
    "grant select on sales.people to hr_all",
    "grant app_rw to svc_orders, svc_mixed",
    "grant app_ro to svc_reports, svc_mixed, ana",
    "grant hr_all to ana",
    "grant select (id, total), update (note) on sales.orders to svc_reports",
    ...few,
  ];
}
