import { afterAll, beforeAll, expect, test } from "vitest";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { quoteIdentifier as q } from "../../../src/engine/postgresql/quote.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres.ts";
import { randomStates, resetServer, runScript, STATE_DATABASE } from "../../support/random-state/run.ts";
import { failure, held, holding, open, read } from "./reading.ts";

let server: PostgresServer;
const HIDDEN = "hid.den";

beforeAll(async () => {
  server = await startPostgres();
  await server.query("create role plain login");
  await server.query(`create database ${q(HIDDEN)}`);
  await server.query(`revoke connect on database ${q(HIDDEN)} from public`);
  await server.query("create database closed");
  await server.query("alter database closed with allow_connections false");
});
afterAll(() => server.stop());

test("a role without any right reads everything that a superuser reads", async () => {
  await using server = await startPostgres();
  const states = randomStates(7, { major: server.major });
  await resetServer(server);
  await runScript(server, states.first);
  await server.query("create role plain login");
  await server.query(`grant connect on database ${q(STATE_DATABASE)} to plain`);
  const asSuperuser = await read(server, { database: STATE_DATABASE }, [STATE_DATABASE]);
  const asNobody = await read(server, { database: STATE_DATABASE, user: "plain" }, [STATE_DATABASE]);
  expect(asNobody.access).toEqual(asSuperuser.access);
  expect(asNobody.catalog).toEqual(asSuperuser.catalog);
  expect(asNobody.fingerprint).toBe(asSuperuser.fingerprint);
  expect(asNobody.identity).toEqual(asSuperuser.identity);
  expect(asNobody.actor).toMatchObject({ role: "plain", superuser: false, bootstrap: "postgres" });
});

test("a database that may not be read is unknown, not empty", async () => {
  const snapshot = await read(server, { user: "plain" });
  expect(snapshot.unknowns).toEqual([
    { subject: "database `closed`", reason: "it accepts no connections (`datallowconn` is false)" },
    {
      subject: `database \`${HIDDEN}\``,
      reason: "the connection's role lacks CONNECT on it",
      help: "its owner or an administrator can grant CONNECT on the database to the connection's role",
    },
  ]);
  expect(snapshot.identity.databases).not.toContain(HIDDEN);
  expect(held(holding(snapshot, "database", HIDDEN), "postgres")).toHaveLength(1);
});

test("a database that there is not is an error, by its exact name", async () => {
  const error = await failure(() => read(server, {}, ["postgres", "POSTGRES"]));
  expect(error.code).toBe("RW507");
  expect(error.message).toContain("`POSTGRES`");
});

test("managed services are recognised by their roles", async () => {
  await server.query("create role rds_superuser; create role rdsadmin; create role rds_iam; create role rdslike");
  const snapshot: Snapshot = await read(server, {}, ["postgres"]);
  expect(snapshot.actor.provider).toBe("amazon-rds");
  const origins = ["rds_superuser", "rdsadmin", "rds_iam", "rdslike"].map((r) => snapshot.access.roles.get(r)?.origin);
  expect(origins).toEqual(["provider", "provider", "provider", "user"]);
  await server.query("drop role rds_superuser, rdsadmin, rds_iam, rdslike");
});

test("a server that hides its identifier is known by its address", async () => {
  await server.query("revoke execute on function pg_control_system() from public");
  await using connection = await open(server, { user: "plain" });
  expect((await connection.identify()).server).toBe(`address:127.0.0.1:${server.port}`);
  expect((await connection.introspect()).identity.server).toBe(`address:127.0.0.1:${server.port}`);
  await using admin = await open(server);
  expect((await admin.identify()).server).toMatch(/^\d+$/);
  await server.query("grant execute on function pg_control_system() to public");
});

test("settings of the role do not change what is read", async () => {
  const before = await read(server, { user: "plain" }, ["postgres"]);
  const hostile = ["search_path = 'information_schema'", "quote_all_identifiers = on", "client_min_messages = error"];
  hostile.push("statement_timeout = 25", "timezone = 'Pacific/Apia'", "datestyle = 'German'", "row_security = on");
  for (const setting of hostile) await server.query(`alter role plain set ${setting}`);
  const after = await read(server, { user: "plain" }, ["postgres"]);
  await server.query("alter role plain reset all");
  expect(after.access.holdings).toEqual(before.access.holdings);
  expect(after.access.rowPolicies).toEqual(before.access.rowPolicies);
});

test("a reading that is called off ends at once and says why", async () => {
  await using connection = await open(server);
  const controller = new AbortController();
  const reason = new Error("Ctrl-C");
  const reading = connection.introspect({ signal: controller.signal, onProgress: () => controller.abort(reason) });
  await expect(reading).rejects.toBe(reason);
});

test("all databases of a cluster are read, more of them than at once", async () => {
  for (let n = 0; n < 9; n++) await server.query(`create database many_${n}`);
  for (let n = 0; n < 9; n++) await server.query(`create table marker_${n} ()`, { database: `many_${n}` });
  const snapshot = await read(server);
  const markers = [...snapshot.access.holdings.values()].filter((h) => h.resource.path[2]?.startsWith("marker_"));
  expect(markers.map((h) => h.resource.path.join("."))).toEqual(
    Array.from({ length: 9 }, (_, n) => `many_${n}.public.marker_${n}`),
  );
});
