import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";

/** What the clients of the shop met so far. */
export interface Met {
  readonly done: number;
  /** How many failed, by SQLSTATE. */
  readonly failed: ReadonlyMap<string, number>;
  /** `user: text`, each once, of what failed and of what was done. */
  readonly refused: ReadonlySet<string>;
  readonly worked: ReadonlySet<string>;
}

export interface Load extends AsyncDisposable {
  /** What has been met since the last time this was asked. */
  met(): Met;
}

/** Sessions that work as the shop's own services and people do, one statement after the other, until they are told to stop. A failed statement is counted, and they go on. */
export function startLoad(url: (user: string) => string): Load {
  const stop = new AbortController();
  let met = nothing();
  const count = (asked: string, code: string | null): void => {
    (code === null ? met.worked : met.refused).add(asked);
    if (code === null) met.done += 1;
    else met.failed.set(code, (met.failed.get(code) ?? 0) + 1);
  };
  const clients = CLIENTS.map(async ([user, work]) => {
    const client = new Client({ connectionString: url(user), application_name: user });
    client.on("error", () => {});
    await client.connect();
    const ask: Ask = async (text, values = []) => {
      try {
        const { rows } = await client.query<Record<string, unknown>>(text, [...values]);
        count(`${user}: ${text}`, null);
        return rows;
      } catch (error) {
        count(`${user}: ${text}`, (error as { code?: string }).code ?? "lost");
        return [];
      }
    };
    for (let round = 0; !stop.signal.aborted; round++) {
      await work(ask, round);
      await sleep(5);
    }
    await client.end();
  });
  return {
    met() {
      const until = met;
      met = nothing();
      return until;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(clients);
    },
  };
}

interface Counting extends Met {
  done: number;
  readonly failed: Map<string, number>;
  readonly refused: Set<string>;
  readonly worked: Set<string>;
}

function nothing(): Counting {
  return { done: 0, failed: new Map(), refused: new Set(), worked: new Set() };
}

type Ask = (text: string, values?: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>;

/** The order service: a basket is filled, ordered and paid. */
async function order(ask: Ask, round: number): Promise<void> {
  const customer = 1 + (round % 60);
  await ask("select id, name, email from sales.customers where id = $1", [customer]);
  await ask("select id, title, price from sales.products order by id limit $1", [10]);
  const [made] = await ask("insert into sales.orders (customer_id, status) values ($1, 'placed') returning id", [
    customer,
  ]);
  const id = made?.["id"] ?? 1;
  await ask(
    "insert into sales.order_items (order_id, product_id, quantity) values ($1, $2, $3) on conflict (order_id, product_id) do update set quantity = excluded.quantity",
    [id, 1 + (round % 25), 2],
  );
  await ask("update sales.orders set total = sales.order_total($1), status = 'paid' where id = $1", [id]);
  await ask("insert into sales.events (happened_at, kind) values ('2026-11-20', 'order paid')");
}

async function bill(ask: Ask, round: number): Promise<void> {
  await ask("select id, amount from billing.open_invoices where order_id = $1", [1 + (round % 200)]);
  await ask(
    "select o.id, o.total, c.name from sales.orders o join sales.customers c on c.id = o.customer_id where o.id = $1",
    [1 + (round % 200)],
  );
  await ask("insert into billing.ledger (account, debit) values ('cash', $1)", [1]);
}

async function report(ask: Ask): Promise<void> {
  await ask("select status, count(*), sum(total) from sales.orders group by status");
  await ask("select sum(revenue) from sales.daily_revenue");
}

const CLIENTS: readonly (readonly [user: string, work: (ask: Ask, round: number) => Promise<void>])[] = [
  ["svc_shop", order],
  ["svc_shop", order],
  ["svc_billing", bill],
  ["alice", report],
];
