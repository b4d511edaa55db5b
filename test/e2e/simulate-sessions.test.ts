import { afterAll, beforeAll, expect, test } from "vitest";
import type { Simulation } from "../../src/simulation/simulation.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import { expectExit, workspace, type Workspace } from "./cli.ts";

/* What a statement needs before it is sent: that its login may begin a session. A plan can take that and leave every grant. */

let server: PostgresServer;
let folder: Workspace;

const STATEMENTS = ["select a from app.t", "create temp table made_here (a int)", "select * from made_here"];

beforeAll(async () => {
  server = await startPostgres();
  await server.query("create role svc login; create role batch; grant batch to svc");
  await server.query("create database shop");
  await server.query(
    "create schema app; create table app.t (a int); grant usage on schema app to svc, batch; grant select on app.t to svc, batch",
    { database: "shop" },
  );
  folder = await workspace({ SHOP_URL: server.url({ database: "shop" }) });
  const use = { first_seen: "2026-11-01T00:00:00Z", last_seen: "2026-11-20T10:00:00Z", calls: 3, database: "shop" };
  const uses = [
    ...STATEMENTS.map((statement) => ({ ...use, login: "svc", role: "svc", statement })),
    // Only whom the server asked is known, as where counters were read.
    { ...use, role: "svc", statement: "select count(*) from app.t" },
    { ...use, role: "batch", statement: "select max(a) from app.t" },
  ];
  await folder.write("e.jsonl", uses.map((each) => `${JSON.stringify(each)}\n`).join(""));
  expectExit(await folder.run(["workload", "collect", "e.jsonl", "--engine", "postgresql", "--out", "e.json"]), 0);
});
afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
  await server?.stop();
});

const manifest = (attributes: string, everybody = ""): string => `version: 1
targets:
  shop: { engine: postgresql, environment: staging, url: "\${SHOP_URL}" }
${everybody}roles:
  svc: { because: x, ${attributes} }
`;

const ALL = [...STATEMENTS, "select count(*) from app.t"];

test.each([
  ["login: false", "", "revoked", "being allowed to log in"],
  ["login: true, connection_limit: 0", "", "revoked", "being allowed a connection"],
  [
    "login: true, valid_until: 2020-01-01T00:00:00Z",
    "",
    "maybe-revoked",
    "a password that is still valid, where it signs in by one",
  ],
  ["login: true", "public: { revoke: [connect on database shop] }\n", "revoked", "CONNECT on database shop"],
] as const)("%s %s", async (attributes, everybody, outcome, why) => {
  await folder.write("rolewright.yaml", manifest(attributes, everybody));
  expectExit(await folder.run(["plan", "--out", "p.json", "--allow-removals", "9"]), 0);
  const ran = await folder.run(["simulate", "p.json", "--evidence", "e.json", "--json"]);
  expectExit(ran, 3);
  const { simulation } = ran.json() as unknown as { simulation: Simulation };
  const found = new Map(simulation.effects.map((each) => [each.text, each]));
  expect(found.get(STATEMENTS[0] ?? "")).toMatchObject({ outcome, why: [expect.stringContaining(why)] });
  expect(found.get(STATEMENTS[1] ?? "")?.outcome).toBe(outcome);
  // The table is made by whoever uses it, so nobody else knows it; that no session begins is known all the same.
  expect(found.get(STATEMENTS[2] ?? "")?.outcome).toBe(outcome === "revoked" ? "revoked" : "unknown");
  expect(found.get(ALL[3] ?? "")?.outcome).toBe("maybe-revoked");
  // A group is reached by whoever has a session.
  expect(found.get("select max(a) from app.t")).toBeUndefined();
  expect(simulation.contradictions).toEqual([]);
});
