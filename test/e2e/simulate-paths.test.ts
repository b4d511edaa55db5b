import { afterAll, beforeAll, expect, test } from "vitest";
import type { Simulation } from "../../src/simulation/simulation.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import { expectExit, workspace, type Workspace } from "./cli.ts";

/* Which table a name without a schema stands for hangs on settings that no statement shows. A wrong answer would be silent: `t` is there twice, the login may read both, and a plan takes one of them away. */

let server: PostgresServer;
let staging: PostgresServer;
let folder: Workspace;

/** What each database says for everybody, and the table that `svc` reads there then. */
const DATABASES: readonly (readonly [string, string, "app.t" | "public.t"])[] = [
  ["plain", "", "app.t"],
  ["told", "alter database told set search_path = public, app", "public.t"],
];

beforeAll(async () => {
  [server, staging] = await Promise.all([
    startPostgres({ settings: { search_path: "app, public" } }),
    startPostgres({ ownIdentity: true }),
  ]);
  await server.query("create role svc login");
  await server.query("alter role postgres set search_path = public, other");
  for (const [database, sql] of DATABASES) {
    await server.query(`create database ${database}`);
    await server.query(
      "create schema app; create schema other; create table app.t (a int); create table public.t (a int); grant usage on schema app to svc; grant select on app.t, public.t to svc",
      { database },
    );
    if (sql !== "") await server.query(sql);
  }
  folder = await workspace({ SHADOW_URL: staging.url() });
});
afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
  await Promise.all([server?.stop(), staging?.stop()]);
});

const manifest = (keeps: string, shadow: string): string => `version: 1
targets:
  shop: { engine: postgresql, environment: staging, url: "\${SHOP_URL}"${shadow} }
roles:
  svc: { login: true, because: x, grants: [usage on schema app, select on table ${keeps}] }
scope:
  authoritative:
    - { facets: [grants], roles: [svc], schemas: [app, public] }
`;

test.each([
  ...DATABASES.map(([database, , reads]) => ({ database, reads, shadow: "", on: "on a server of its own" })),
  { database: "plain", reads: "app.t", shadow: ', shadow: { url: "${SHADOW_URL}" }', on: "on a staging server" },
  { database: "everywhere", reads: "app.t", shadow: "", on: "where all databases have a path" },
])("a name in database $database is $reads, $on", async ({ database, reads, shadow }) => {
  const there = database === "everywhere" ? "plain" : database;
  if (database === "everywhere") {
    await server.query("alter system set search_path = public");
    await server.query("select pg_reload_conf()");
    await server.query("alter role all set search_path = app");
  }
  const env = { SHOP_URL: server.url({ database: there }) };
  const [seen] = await server.query<{ who: string }>(
    "select 't'::regclass::oid::regclass::text as who, current_setting('search_path')",
    {
      database: there,
      user: "svc",
    },
  );
  expect(seen?.who).toBe("t");
  await folder.write("rolewright.yaml", manifest(reads === "app.t" ? "public.t" : "app.t", shadow));
  const use = { first_seen: "2026-11-01T00:00:00Z", last_seen: "2026-11-20T10:00:00Z", login: "svc", role: "svc" };
  await folder.write("e.jsonl", JSON.stringify({ ...use, calls: 12, database: there, statement: "select a from t" }));
  expectExit(await folder.run(["workload", "collect", "e.jsonl", "--engine", "postgresql", "--out", "e.json"]), 0);
  const needs = await folder.run(["requires", "select a from t", "--as", "svc"], { env });
  expect(needs.stdout).toContain(`SELECT (a) on table ${reads}`);
  expectExit(await folder.run(["plan", "--out", "p.json", "--allow-removals", "9"], { env }), 0);
  const ran = await folder.run(["simulate", "p.json", "--evidence", "e.json", "--json"], { env });
  expectExit(ran, 3);
  const { simulation } = ran.json() as unknown as { simulation: Simulation };
  expect(simulation.effects.map(({ outcome, why }) => [outcome, why.join()])).toEqual([
    ["revoked", expect.stringContaining(reads)],
  ]);
  expect([simulation.contradictions, simulation.coverage.confirmed]).toEqual([[], 1]);
});
