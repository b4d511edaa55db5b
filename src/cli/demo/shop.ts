import { Client } from "pg";
import type { EmbeddedServer } from "../../engine/postgresql/embedded/server.ts";
import { SUPERUSER } from "../../engine/postgresql/embedded/data-folder.ts";
import { ACCESS } from "./database/access.ts";
import { BILLING } from "./database/billing.ts";
import { HR } from "./database/hr.ts";
import { ROLES } from "./database/roles.ts";
import { SALES } from "./database/sales.ts";

/** The database of the demo. */
export const DATABASE = "shop";

/** Loads the shop into a server: roles, three schemas with a little data, and who may do what. */
export async function loadShop(server: EmbeddedServer): Promise<void> {
  await runSql(server, { database: SUPERUSER, sql: `create database ${DATABASE}` });
  await runSql(server, { database: DATABASE, sql: [ROLES, SALES, BILLING, HR, ACCESS].join("\n") });
}

/** Runs SQL as a role, as somebody at a terminal would; gives the first column of the first row of the last statement as text; null where there is none. */
export async function runSql(
  server: EmbeddedServer,
  { sql, database = DATABASE, role }: { readonly sql: string; readonly database?: string; readonly role?: string },
): Promise<string | null> {
  const client = new Client({ host: server.socketFolder, port: server.port, user: SUPERUSER, database });
  await client.connect();
  try {
    if (role !== undefined) await client.query(`set session authorization ${client.escapeIdentifier(role)}`);
    const answers: unknown = await client.query({ text: sql, rowMode: "array" });
    const last = (Array.isArray(answers) ? answers.at(-1) : answers) as { rows: unknown[][] };
    const [value] = last.rows[0] ?? [];
    return value === null || value === undefined ? null : JSON.stringify(value).replaceAll('"', "");
  } finally {
    await client.end();
  }
}
