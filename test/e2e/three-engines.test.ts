import { expect, test } from "vitest";
import { startCassandra } from "../support/cassandra.ts";
import { describeOn } from "../support/describe-on.ts";
import { startMariadb } from "../support/mariadb.ts";
import { startPostgres } from "../support/postgres.ts";
import { expectExit, type Workspace, workspace } from "./cli.ts";

const MANIFEST = `version: 1
targets:
  books: { engine: postgresql, environment: development, url: "\${BOOKS_URL}" }
  shop: { engine: mariadb, environment: development, url: "\${SHOP_URL}" }
  events: { engine: cassandra, environment: development, url: "\${EVENTS_URL}" }
roles:
  reporting: { grants: [select on table shop.orders] }
people:
  alice:
    logins: { books: alice, shop: alice@localhost, events: alice }
    roles: [reporting]
`;

interface Entry {
  readonly fields: { readonly type: string; readonly outcome?: string; readonly target?: { readonly name: string } };
}

/** How the changes of each target ended, by the audit log: an outcome for each intent. */
async function recorded(place: Workspace): Promise<readonly string[]> {
  const ran = await place.run(["audit", "log", "--type", "change", "--json"]);
  expectExit(ran, 0);
  const fields = (ran.json() as unknown as { entries: readonly Entry[] }).entries.map((entry) => entry.fields);
  const of = (type: string): typeof fields => fields.filter((each) => each.type === type);
  expect(of("change.intent")).toHaveLength(of("change.outcome").length);
  return [...new Set(of("change.outcome").map(({ target, outcome }) => `${target?.name} ${outcome}`))].sort();
}

/** On Cassandra, where nothing is taken back by the server: a change that nobody confirms goes by itself. */
async function takenBackInTime(place: Workspace): Promise<void> {
  const more = "select on table shop.orders, { privileges: [modify], on: { table: shop.orders }, targets: [events] }";
  await place.write("rolewright.yaml", MANIFEST.replace("select on table shop.orders", more));
  const events = ["--target", "events"];
  expectExit(await place.run(["apply", ...events, "--yes", "--detach", "--confirm-within", "4s"]), 0);
  const changes = async (): Promise<number | null> =>
    (await place.run(["plan", ...events, "--detailed-exitcode"])).code;
  await expect.poll(changes, { timeout: 60_000, interval: 1000 }).toBe(2);
  expect((await place.run(["status", "--json"])).stdout).toContain("reverted");
}

describeOn("mariadb", "one manifest over PostgreSQL, MariaDB", () => {
  describeOn("cassandra", "and Cassandra", () => {
    test("gives one person the same on all of them, and says what she can do on each", async () => {
      const [postgres, mariadb, cassandra] = await Promise.all([startPostgres(), startMariadb(), startCassandra()]);
      await using place = await workspace({
        BOOKS_URL: postgres.url(),
        SHOP_URL: mariadb.url(),
        EVENTS_URL: cassandra.url(),
      });
      try {
        await place.write("rolewright.yaml", MANIFEST);
        await postgres.query(
          "create schema shop; create table shop.orders (id int); create role reporting; create role alice login; grant usage on schema shop to public",
        );
        await mariadb.query(
          "create database shop; create table shop.orders (id int); create role reporting; create user alice@localhost",
        );
        for (const cql of [
          "create keyspace shop with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
          "create table shop.orders (id int primary key)",
          "create role reporting",
          "create role alice with login = true and password = 'secret'",
        ])
          await cassandra.query(cql);
        const plan = await place.run(["plan", "--all-targets", "--json"]);
        expectExit(plan, 0);
        expect(plan.json()).toMatchObject({ order: ["books", "shop", "events"], result: "ready" });
        expectExit(await place.run(["apply", "--all-targets", "--yes"]), 0);
        const access = await place.run(["access", "alice", "--on", "shop.*", "--json"]);
        expectExit(access, 0);
        const said = JSON.stringify(access.json());
        for (const target of ["books", "shop", "events"]) expect(said).toContain(`"${target}"`);
        expect(said.match(/"SELECT"|"select"/g)?.length ?? 0).toBeGreaterThanOrEqual(3);
        const again = await place.run(["plan", "--all-targets", "--detailed-exitcode"]);
        expectExit(again, 0);
        expect(await recorded(place)).toEqual(["books success", "events success", "shop success"]);
        expectExit(await place.run(["audit", "verify", "--full"]), 0);
        await takenBackInTime(place);
      } finally {
        await Promise.all([postgres.stop(), mariadb.stop(), cassandra.stop()]);
      }
    });
  });
});
