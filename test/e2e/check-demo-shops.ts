import { randomBytes } from "node:crypto";
import { Secret } from "../../src/base/secret.ts";
import { PEOPLE } from "../../src/cli/demo/database/people.ts";
import { cassandraWorld } from "../../src/cli/demo/engines/cassandra.ts";
import { mariadbWorld } from "../../src/cli/demo/engines/mariadb.ts";
import type { DemoWorld } from "../../src/cli/demo/engines/world.ts";
import { loadShop, runSql } from "../../src/cli/demo/shop.ts";
import { SUPERUSER } from "../../src/engine/postgresql/embedded/data-folder.ts";
import { startEmbedded } from "../../src/engine/postgresql/embedded/server.ts";

/** The shop of the demo on one engine: what is wrong with it is mended, and then spoiled again in known ways. */
export interface DemoShop {
  start(): Promise<StartedShop>;
  /** The file that says who is behind the logins. */
  readonly people: string;
  /** What of the imported files is written otherwise: text that stands there, and what stands there then. */
  readonly edits: readonly (readonly [file: string, from: RegExp, to: string])[];
  /** What somebody answers for: of the demo's server itself, which is a throw-away one. */
  readonly accepted: readonly string[];
  /** The answers to everything that the checks find in the shop as the demo has it. */
  readonly clean: readonly string[];
  /** Faults: each is found by its check, in words that name it. */
  readonly faults: readonly Fault[];
}

export interface StartedShop {
  readonly url: string;
  run(statement: string): Promise<void>;
  stop(): Promise<void>;
}

export interface Fault {
  readonly code: string;
  readonly sql: string;
  /** In the message of the finding. */
  readonly says: string;
}

const STAFF = ["alice", "bruno", "carla", "dmitri", "emeka", "george", "hana", "ivan", "julia", "kenji", "lea"];

const POSTGRESQL: DemoShop = {
  async start() {
    const password = randomBytes(12).toString("base64url");
    const settings = { log_statement: "ddl", log_line_prefix: "'%m [%p] %u@%d '" };
    const server = await startEmbedded({ password: new Secret(password), settings });
    await loadShop(server);
    return {
      url: `postgresql://${SUPERUSER}:${password}@127.0.0.1:${server.port}/shop`,
      run: async (sql) => void (await runSql(server, { sql })),
      stop: () => server.stop(),
    };
  },
  people: PEOPLE,
  edits: [["logins.yaml", /^ {2}svc_migrations:\n/mu, "  svc_migrations:\n    purpose: migration\n"]],
  accepted: ["LCK-01", "PGE-34"],
  clean: [
    ...STAFF.map((name) => `alter role ${name} valid until '2027-06-30'`),
    "alter role dba nocreaterole",
    "revoke sales_owner, billing_owner, hr_owner from dba",
    "revoke admin option for sales_ro, sales_rw, billing_ro, billing_rw, hr_ro, reporting, support from dba",
    "grant sales_owner, billing_owner, hr_owner to svc_migrations with inherit false",
    "revoke truncate on sales.order_items from sales_rw",
    "revoke references (id) on sales.orders from billing_owner",
    "alter view billing.open_invoices set (security_invoker = true)",
    "alter table billing.invoices force row level security",
    "drop policy everything on billing.invoices",
    "create policy open on billing.invoices to billing_ro using (due is not null)",
    "drop policy hr_reads_all on hr.reviews",
    "create policy hr_reads on hr.reviews for select to hr_ro using (held_on is not null)",
    "revoke execute on function hr.my_salary(), sales.order_total(bigint) from public",
    "grant execute on function sales.order_total(bigint) to sales_ro",
    "revoke grant option for select on hr.employees from hana",
  ],
  faults: [
    { code: "ACC-01", sql: "alter role george valid until 'infinity'", says: "`george` never ends" },
    { code: "ADM-13", sql: "alter database shop owner to ivan", says: "`ivan` owns `database shop`" },
    { code: "ADM-15", sql: "grant pg_read_all_data to svc_billing", says: "`svc_billing` reads every table" },
    { code: "DRF-01", sql: "create role ops login superuser", says: "`ops` is on the server and not in the manifest" },
    { code: "INH-11", sql: "grant alice to bruno", says: "`alice` has members: `bruno`" },
    { code: "INH-14", sql: "grant sales_ro to support with admin option", says: "`support` is in `sales_ro`" },
    { code: "LPV-03", sql: "grant select on sales.payment_cards to public", says: "`table sales.payment_cards`" },
    { code: "LPV-04", sql: "grant create on schema public to public", says: "everybody may create" },
    { code: "PGE-03", sql: "grant pg_execute_server_program to svc_reports", says: "`svc_reports` runs programs" },
    {
      code: "PGE-07",
      sql: "create function sales.peek() returns int language sql security definer as 'select 1'",
      says: "`routine sales.peek()` runs as `postgres`",
    },
  ],
};

const MARIADB: DemoShop = {
  start: () => onDemo(mariadbWorld),
  people: withAdministrator(mariadbWorld.people, "root@127.0.0.1"),
  edits: [],
  accepted: ["ACC-05", "SOD-07", "SOD-18", "TRC-04"],
  clean: ["alice", "bruno", "svc_billing", "svc_reports", "svc_shop"].map(
    (login) => `alter user ${login}@localhost identified by '${randomBytes(9).toString("base64url")}'`,
  ),
  faults: [
    {
      code: "ADM-03",
      sql: "grant all privileges on *.* to svc_reports@localhost",
      says: "`svc_reports@localhost` holds",
    },
    {
      code: "HID-01",
      sql: "grant select on `sh%`.* to alice@localhost",
      says: '`schema-pattern "sh%"` covers now `shop`',
    },
    { code: "HID-05", sql: "create user ''@localhost", says: "is an account without a name" },
    { code: "MYE-01", sql: "grant create user on *.* to bruno@localhost", says: "`bruno@localhost` holds CREATE USER" },
    { code: "MYE-05", sql: "grant file on *.* to svc_billing@localhost", says: "`svc_billing@localhost` holds FILE" },
  ],
};

const CASSANDRA: DemoShop = {
  start: () => onDemo(cassandraWorld),
  people: withAdministrator(cassandraWorld.people, "dba"),
  edits: [],
  accepted: ["ACC-01", "ACC-05", "LCK-01", "SOD-07"],
  clean: [],
  faults: [
    { code: "CSE-02", sql: "grant authorize on all roles to svc_billing", says: "`svc_billing`" },
    { code: "CSE-14", sql: "grant authorize on keyspace shop to orders_rw", says: "`orders_rw`" },
    { code: "ADM-03", sql: "alter role svc_reports with superuser = true", says: "`svc_reports`" },
    { code: "INH-11", sql: "grant alice to bruno", says: "`alice` has members: `bruno`" },
    { code: "ADM-17", sql: "grant all permissions on all keyspaces to reporting", says: "`reporting`" },
    { code: "DRF-01", sql: "create role ops with login = true", says: "`ops`" },
  ],
};

/** The shops by engine. */
export const SHOPS: Readonly<Record<"postgresql" | "mariadb" | "cassandra", DemoShop>> = {
  postgresql: POSTGRESQL,
  mariadb: MARIADB,
  cassandra: CASSANDRA,
};

/** The server's own account is somebody's, for emergencies. */
function withAdministrator(people: string, login: string): string {
  return people.replace("people:\n", `people:\n  root: { break_glass: true, logins: { shop-prod: "${login}" } }\n`);
}

async function onDemo(world: DemoWorld): Promise<StartedShop> {
  const server = await world.start({ keep: false });
  return {
    url: server.url,
    async run(statement) {
      const answer = await server.run(world.administrator, statement);
      if (answer.startsWith("ERROR")) throw new Error(`${statement}: ${answer}`);
    },
    stop: () => server.stop(),
  };
}
