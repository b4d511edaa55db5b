import { Client } from "pg";
import type { EmbeddedServer } from "../../engine/postgresql/embedded/server.ts";
import { SUPERUSER } from "../../engine/postgresql/embedded/data-folder.ts";
import { DATABASE, runSql } from "./shop.ts";

/** One thing that somebody does all day. */
interface Habit {
  readonly role: string;
  readonly times: number;
  readonly sql: string;
  readonly values?: (round: number) => readonly unknown[];
}

/** What the services and the people of the shop run, as a day of the shop in small. */
const HABITS: readonly Habit[] = [
  {
    role: "svc_shop",
    times: 40,
    sql: "select id, status, total from sales.orders where customer_id = $1 order by placed_at desc limit 20",
    values: (round) => [1 + (round % 60)],
  },
  {
    role: "svc_shop",
    times: 12,
    sql: "insert into sales.orders (customer_id, status, total) values ($1, 'placed', $2) returning id",
    values: (round) => [1 + round, 20 + round],
  },
  {
    role: "svc_shop",
    times: 24,
    sql: "insert into sales.order_items (order_id, product_id, quantity) values ($1, $2, 1) on conflict (order_id, product_id) do update set quantity = sales.order_items.quantity + 1",
    values: (round) => [1 + round, 1 + (round % 25)],
  },
  {
    role: "svc_shop",
    times: 12,
    sql: "update sales.orders set status = 'paid', total = sales.order_total(id) where id = $1",
    values: (round) => [1 + round],
  },
  {
    role: "svc_shop",
    times: 9,
    sql: "select number, holder, expires from sales.payment_cards where customer_id = $1",
    values: (round) => [1 + round],
  },
  { role: "svc_shop", times: 6, sql: "select count(*), sum(total) from sales.open_orders" },
  {
    role: "svc_shop",
    times: 20,
    sql: "insert into sales.events (happened_at, kind, payload) values ('2026-11-20', $1, $2)",
    values: (round) => ["page viewed", JSON.stringify({ round })],
  },
  { role: "svc_shop", times: 1, sql: "call sales.close_day('2026-11-20')" },
  { role: "svc_reports", times: 3, sql: "select day, revenue from sales.daily_revenue order by day" },
  {
    role: "svc_reports",
    times: 2,
    sql: "select c.region, count(*) from sales.customers c join sales.orders o on o.customer_id = c.id group by c.region",
  },
  { role: "svc_reports", times: 2, sql: "select count(*), sum(amount) from billing.open_invoices" },
  {
    role: "svc_billing",
    times: 8,
    sql: "insert into billing.payments (invoice_id, amount) values ($1, $2)",
    values: (round) => [150 + round, 10],
  },
  { role: "svc_billing", times: 5, sql: "select nextval('billing.invoice_numbers')" },
  {
    role: "svc_billing",
    times: 5,
    sql: "select o.id, o.total, c.number from sales.orders o join sales.payment_cards c using (customer_id) where o.id = $1",
    values: (round) => [1 + round],
  },
  { role: "alice", times: 2, sql: "select region, count(*) from sales.customers group by region" },
  { role: "alice", times: 1, sql: "select count(*) from sales.payment_cards" },
  { role: "emeka", times: 4, sql: "select id, amount, due from billing.invoices where disputed" },
  { role: "emeka", times: 1, sql: "select sales.refund($1)", values: () => [3] },
  { role: "fatima", times: 1, sql: "update billing.invoices set disputed = true where id = $1", values: () => [40] },
  { role: "hana", times: 2, sql: "select employee_id, held_on from hr.reviews" },
];

/** Settings of a server that remembers what is run. */
export const REMEMBERS: Readonly<Record<string, string>> = {
  shared_preload_libraries: "pg_stat_statements",
  "pg_stat_statements.track_utility": "on",
};

/** Lets whoever may see statistics see which statements were run. */
export async function remember(server: EmbeddedServer): Promise<void> {
  await runSql(server, { sql: "create extension pg_stat_statements" });
}

/** Lets the shop live for a moment: each service and person does what they do, on connections of their own. */
export async function liveOneDay(server: EmbeddedServer): Promise<void> {
  await runSql(server, { sql: "select pg_stat_statements_reset()" });
  const roles = [...new Set(HABITS.map(({ role }) => role))];
  for (const role of roles) {
    const client = new Client({ host: server.socketFolder, port: server.port, user: SUPERUSER, database: DATABASE });
    await client.connect();
    try {
      await client.query(`set session authorization ${client.escapeIdentifier(role)}`);
      for (const habit of HABITS.filter((each) => each.role === role)) {
        for (let round = 0; round < habit.times; round++) {
          await client.query(habit.sql, [...(habit.values?.(round) ?? [])]);
        }
      }
    } finally {
      await client.end();
    }
  }
}
