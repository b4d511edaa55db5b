import type { Tried } from "./replay-world.ts";
import { ACCESS } from "../../src/cli/demo/database/access.ts";
import { BILLING } from "../../src/cli/demo/database/billing.ts";
import { HR } from "../../src/cli/demo/database/hr.ts";
import { ROLES } from "../../src/cli/demo/database/roles.ts";
import { SALES } from "../../src/cli/demo/database/sales.ts";

/** The demo's shop; on older majors without what these cannot say. */
export function shopScript(major: number): string {
  let script = [ROLES, SALES, BILLING, HR, ACCESS].join("\n");
  if (major < 16)
    script = script.replaceAll(" with inherit false", "").replaceAll(" with (security_invoker = true)", "");
  if (major < 14) script = script.replaceAll(/begin atomic\s(.*?)\send;/gsu, "as $body$ $1 $body$;");
  return script;
}

/** Everybody who logs in to the shop. */
export const SHOP_LOGINS: readonly string[] = [
  "svc_shop",
  "svc_billing",
  "svc_reports",
  "svc_migrations",
  "svc_metrics",
  "alice",
  "bruno",
  "carla",
  "dmitri",
  "emeka",
  "fatima",
  "george",
  "hana",
  "ivan",
  "julia",
  "kenji",
  "lea",
];

const say = (text: string, ...values: (string | null)[]): Tried => ({ text, values });

/** What the shop's services and people do all day, as a log shows it: without literals. */
export const SHOP_STATEMENTS: readonly Tried[] = [
  say("select * from sales.orders where id = $1", "5"),
  say("select id, name, email from sales.customers where region = $1 order by id limit $2", "north", "5"),
  say("select * from sales.customers where email = $1", "customer3@example.com"),
  say(
    "select o.id, c.name from sales.orders o join sales.customers c on c.id = o.customer_id where o.status = $1",
    "paid",
  ),
  say("select product_id, sum(quantity) from sales.order_items group by product_id order by $1", "1"),
  say("select * from sales.products where price between $1 and $2", "5", "20"),
  say("select number, holder from sales.payment_cards where customer_id = $1", "3"),
  say("select * from sales.cards_masked where customer_id = $1", "3"),
  say("select * from sales.open_orders where total > $1", "0"),
  {
    ...say("select * from sales.daily_revenue where day > now() - interval $1"),
    sentAs: "select * from sales.daily_revenue where day > now() - interval '400 days'",
  },
  say("select count(*) from sales.events where happened_at >= $1", "2026-10-02"),
  say("select * from sales.events_2026_11 where kind = $1", "page viewed"),
  say("select id from sales.orders where id = $1 for update", "5"),
  say(
    "insert into sales.customers (name, email, region) values ($1, $2, $3) returning id",
    "New",
    "new@example.com",
    "west",
  ),
  say("insert into sales.orders (customer_id, status, total) values ($1, $2, $3) returning id", "1", "cart", "3.50"),
  say(
    "insert into sales.order_items (order_id, product_id, quantity) values ($1, $2, $3) on conflict (order_id, product_id) do update set quantity = excluded.quantity",
    "5",
    "6",
    "2",
  ),
  say("insert into sales.products (title, price) values ($1, $2)", "New", "9"),
  say("insert into sales.events (happened_at, kind, payload) values ($1, $2, $3)", "2026-11-05", "click", "{}"),
  say("update sales.orders set status = $1 where id = $2", "paid", "5"),
  say(
    "update sales.orders set total = (select sum(price * quantity) from sales.order_items join sales.products on product_id = products.id where order_id = $1) where id = $1",
    "6",
  ),
  say("update sales.customers set phone = $1 where id = $2", "1", "2"),
  say("update sales.products set price = price * $1 where id = $2", "2", "3"),
  say("delete from sales.order_items where order_id = $1 and product_id = $2", "6", "6"),
  say("delete from sales.events where happened_at < $1", "2026-10-05"),
  say("select sales.order_total($1)", "5"),
  say("select sales.refund($1)", "5"),
  say("call sales.close_day('2026-11-20')"),
  say("select nextval('sales.products_id_seq')"),
  say("truncate sales.order_items"),
  say("refresh materialized view sales.daily_revenue"),
  say("copy sales.orders to stdout"),
  say("copy sales.customers (id, name, email) to stdout"),
  { ...say("copy sales.products (title, price) from stdin"), sent: "New\t3\n" },
  say("vacuum analyze sales.orders"),
  say("select id, amount, due from billing.invoices where order_id = $1", "40"),
  say("select * from billing.open_invoices where due < $1", "2030-01-01"),
  say("update billing.invoices set disputed = $1 where id = $2", "true", "40"),
  say("update billing.invoices set amount = $1 where id = $2", "7", "40"),
  say("insert into billing.invoices (order_id, amount, due) values ($1, $2, $3)", "5", "7", "2026-12-12"),
  say("insert into billing.payments (invoice_id, amount) values ($1, $2)", "160", "7"),
  say("insert into billing.ledger (account, debit) values ($1, $2)", "cash", "3"),
  say("select nextval('billing.invoice_numbers')"),
  say(
    "select i.id, p.amount from billing.invoices i left join billing.payments p on p.invoice_id = i.id where i.id = $1",
    "40",
  ),
  say("select name, department from hr.employees where login = $1", "alice"),
  say("select * from hr.employees"),
  say("select e.name, s.yearly from hr.employees e join hr.salaries s on s.employee_id = e.id"),
  say("select hr.my_salary()"),
  say("select held_on, notes from hr.reviews where employee_id = $1", "1"),
  say("insert into hr.reviews (employee_id, held_on, notes) values ($1, $2, $3)", "1", "2026-01-01", "good"),
  say("update hr.salaries set yearly = yearly * $1", "1.1"),
  say("select state, count(*) from pg_stat_activity group by state"),
  say("select pg_database_size(current_database())"),
  say("create temporary table basket as select id from sales.orders"),
  say("create table sales.archive (id bigint)"),
  say("alter table sales.orders add column note text"),
  say("create index concurrently on sales.orders (placed_at)"),
  say("drop view sales.cards_masked"),
  say("grant select on sales.orders to support"),
  say("create role somebody"),
  say("grant sales_ro to emeka"),
  say("set role sales_owner"),
  say("begin"),
];
