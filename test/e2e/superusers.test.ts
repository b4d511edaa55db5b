import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sortedText } from "../../src/base/order.ts";
import { writeEvidence } from "../../src/simulation/evidence/file.ts";
import { evidence, use } from "../support/evidence.ts";
import { expectExit } from "./cli.ts";
import { openShop, type Shop } from "./shop.ts";

let shop: Shop;

/** What superusers were seen to do, by login. */
const DID = {
  exporter: ["select pid, query from pg_stat_activity", "show data_directory", "select pg_database_size('shop')"],
  keeper: ["checkpoint", "vacuum sales.orders", "select pg_terminate_backend(0)"],
  app: ["select id from sales.mine"],
  dba: ["select pid, query from pg_stat_activity", "create role another"],
  reader: ["select id from sales.orders"],
  filtered: ["select id from sales.secrets"],
  changer: ["alter system set work_mem = '4MB'"],
} as const;
const LOGINS = Object.keys(DID) as readonly (keyof typeof DID)[];

beforeAll(async () => {
  shop = await openShop();
  await shop.reset();
  await shop.server.query(LOGINS.map((login) => `create role ${login} login superuser`).join("; "));
  await shop.server.query(
    `create table sales.mine (id int); alter table sales.mine owner to app; alter schema sales owner to postgres;
     create table sales.secrets (id int); alter table sales.secrets enable row level security;
     grant select on sales.secrets to filtered; grant usage on schema sales to app, filtered, keeper;
     insert into sales.secrets values (1)`,
    { database: "shop" },
  );
  await shop.folder.write(
    "rolewright.yaml",
    `version: 1\ntargets:\n  shop: { engine: postgresql, environment: test, url: "\${SHOP_URL}" }\n`,
  );
  const uses = LOGINS.flatMap((login) =>
    DID[login].map((text, at) => {
      const command = text.split(" ")[0]?.toUpperCase() ?? "";
      return use(login, `${login}${at}`, { statement: { fingerprint: `${login}${at}`, text, command } });
    }),
  );
  await shop.folder.write("evidence.json", writeEvidence(evidence(uses)));
});
afterAll(() => shop[Symbol.asyncDispose]());

async function does(login: keyof typeof DID): Promise<void> {
  const client = new Client({ connectionString: shop.server.url({ user: login, database: "shop" }) });
  await client.connect();
  try {
    for (const text of DID[login]) await client.query(text);
  } finally {
    await client.end();
  }
}

test("a superuser that built-in roles are enough for is told with them, and can do all the same without the attribute", async () => {
  const ran = await shop.folder.run(["check", "--only", "ADM-14", "--evidence", "evidence.json", "--json"]);
  expectExit(ran, 0);
  const [report] = ran.json()["targets"] as unknown as [
    {
      readonly findings: readonly { readonly message: string; readonly principals: readonly string[] }[];
      readonly not_evaluated: readonly { readonly reason: string }[];
    },
  ];
  const told = new Map(report.findings.map(({ message, principals }) => [principals[0], message]));
  expect(sortedText([...told.keys()].map(String))).toEqual(["app", "exporter", "keeper"]);
  expect(told.get("app")).toMatch(/did nothing in 110 days that needs one$/);
  expect(told.get("exporter")).toContain("that `pg_monitor` would not be enough for");
  expect(told.get("keeper")).toContain(
    "that `pg_checkpoint`, `pg_maintain`, `pg_signal_backend` would not be enough for",
  );
  expect(report.not_evaluated).toMatchObject([
    { reason: expect.stringContaining("1 of 1 statements of the superuser `changer`") },
    { reason: expect.stringContaining("1 of 2 statements of the superuser `dba`") },
  ]);

  // What was told is true: and each role that is named is needed.
  const given = { app: [], exporter: ["pg_monitor"], keeper: ["pg_checkpoint", "pg_maintain", "pg_signal_backend"] };
  for (const [login, roles] of Object.entries(given)) {
    await shop.server.query(`alter role ${login} nosuperuser`);
    for (const role of roles) await shop.server.query(`grant ${role} to ${login}`);
    await does(login as keyof typeof DID);
  }
  await shop.server.query("alter role reader nosuperuser");
  await expect(does("reader")).rejects.toThrow(/permission denied/);
});
