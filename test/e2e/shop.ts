import { startPostgres, type PostgresServer } from "../support/postgres.ts";
import { workspace, type Workspace } from "./cli.ts";

/** A small shop on a server of its own, and a folder for its manifest. */
export interface Shop extends AsyncDisposable {
  readonly server: PostgresServer;
  readonly folder: Workspace;
  /** Brings the schema back to how it began. */
  reset(): Promise<void>;
  /** Whether alice may read a table of schema sales. */
  aliceReads(table: string): Promise<boolean>;
}

/** Schema `sales` as every test finds it: `reporting_ro` reads `orders`, and alice reads by it. */
export const SALES = `
  drop schema if exists sales cascade; create schema sales;
  create table sales.orders (id int primary key, total int);
  create table sales.orders_masked (id int);
  grant usage on schema sales to reporting_ro;
  grant select on sales.orders to reporting_ro;
`;

export const ROLES = "create role reporting_ro; create role alice login; grant reporting_ro to alice";

export async function openShop(): Promise<Shop> {
  const server = await startPostgres();
  await server.query("create database shop");
  await server.query(ROLES);
  const folder = await workspace({ SHOP_URL: server.url({ database: "shop" }) });
  return {
    server,
    folder,
    async reset() {
      await server.query(SALES, { database: "shop" });
    },
    async aliceReads(table) {
      const sql = `select has_table_privilege('alice', 'sales.${table}', 'select') as can`;
      const [row] = await server.query<{ can: boolean }>(sql, { database: "shop" });
      return row?.can ?? false;
    },
    async [Symbol.asyncDispose]() {
      await folder[Symbol.asyncDispose]();
      await server.stop();
    },
  };
}

/** The manifest of the shop: what `reporting_ro` gets, and what it must not have. */
export function manifest(environment: string, grants: readonly string[], revoke: readonly string[] = []): string {
  const lines = (list: readonly string[]): string => list.map((line) => `      - ${line}\n`).join("");
  return `version: 1
targets:
  shop: { engine: postgresql, environment: ${environment}, url: "\${SHOP_URL}" }
roles:
  reporting_ro:
    because: analysts read
    grants:
${lines(["usage on schema sales", ...grants])}${revoke.length === 0 ? "" : `    revoke:\n${lines(revoke)}`}
people:
  alice: { logins: { shop: alice } }
`;
}

/** A change that gives the masked table and takes the other one. */
export const NARROWER = ["select on table sales.orders_masked"] as const;
export const TAKEN = ["select on table sales.orders"] as const;
