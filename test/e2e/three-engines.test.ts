import { expect, test } from "vitest";
import { startCassandra } from "../support/cassandra.ts";
import { describeOn } from "../support/describe-on.ts";
import { startMariadb } from "../support/mariadb.ts";
import { startPostgres } from "../support/postgres.ts";
import { expectExit, workspace } from "./cli.ts";

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
      } finally {
        await Promise.all([postgres.stop(), mariadb.stop(), cassandra.stop()]);
      }
    });
  });
});
