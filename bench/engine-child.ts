import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { createConnection } from "mysql2";
import "mysql2/promise";
import { analyze } from "../src/analysis/analyze.ts";
import { Secret } from "../src/base/secret.ts";
import { loadManifest } from "../src/config/load.ts";
import { resolveManifest } from "../src/config/resolve.ts";
import { diff } from "../src/diff/diff.ts";
import { withClient } from "../src/engine/cassandra/local/session.ts";
import { loadEngine } from "../src/engine/registry.ts";
import { hasErrors } from "../src/model/finding.ts";
import { derivePlan } from "../src/plan/build-plan.ts";
import { type EngineShape, grantRows, roleName, tablesOf, teamName } from "./engine-catalogs.ts";

/**
 * One measurement in a process of its own, so that its peak of memory is its own too. Arguments: the engine; `baseline`, `no-op` or `new-role`; the URL; the shape as JSON; a folder for files. Prints
 * one JSON object.
 */
export interface EngineResult {
  readonly readMs: number;
  readonly totalMs: number;
  readonly peakMiB: number;
}

const [engineName = "", job = "", url = "", shapeText = "", folder = ""] = process.argv.slice(2);
const shape = JSON.parse(shapeText) as EngineShape;
const MARIADB_QUERIES = [
  "select User, Host from mysql.global_priv",
  "select User, Host, Db from mysql.db",
  "select User, Host, Db, Table_name, Table_priv from mysql.tables_priv",
  "select User, Host, Db, Table_name, Column_name, Column_priv from mysql.columns_priv",
  "select User, Host, Db, Routine_name, Proc_priv from mysql.procs_priv",
  "select User, Host, Role, Admin_option from mysql.roles_mapping",
  "select schema_name from information_schema.schemata",
  "select table_schema, table_name, table_type from information_schema.tables where table_schema not in ('information_schema', 'mysql', 'performance_schema', 'sys')",
  "select table_schema, table_name, column_name from information_schema.columns where table_schema not in ('information_schema', 'mysql', 'performance_schema', 'sys')",
];

const CASSANDRA_QUERIES = [
  "select role, can_login, is_superuser, member_of from system_auth.roles",
  "select role, resource, permissions from system_auth.role_permissions",
  "select role, dcs from system_auth.network_permissions",
  "select role, cidr_groups from system_auth.cidr_permissions",
  "select keyspace_name, table_name from system_schema.tables",
  "select keyspace_name, table_name, column_name, kind, position from system_schema.columns",
  "select keyspace_name from system_schema.keyspaces",
];

const BASELINES: Readonly<Record<string, () => Promise<number>>> = { mariadb: fetchMariadb, cassandra: fetchCassandra };

// What is measured begins when the programs are loaded: those who run the product load them as one file, and not from their source.
const engine = await loadEngine(engineName);
const began = performance.now();
process.stdout.write(
  `${JSON.stringify({ ...(job === "baseline" ? await baseline() : await plan()), peakMiB: process.resourceUsage().maxRSS / 1024 })}\n`,
);

async function baseline(): Promise<Omit<EngineResult, "peakMiB">> {
  const rows = await BASELINES[engineName]?.();
  if (rows === undefined || rows < grantRows(shape)) throw new Error("the baseline fetched too little");
  const totalMs = performance.now() - began;
  return { readMs: totalMs, totalMs };
}

/** What any reader needs at least: nothing is understood, only fetched, and no row is kept. */
async function fetchMariadb(): Promise<number> {
  const { hostname, port, username, password } = new URL(url);
  const connection = createConnection({
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    rowsAsArray: true,
  });
  let rows = 0;
  for (const text of MARIADB_QUERIES) {
    await new Promise<void>((resolve, reject) => {
      connection
        .query(text)
        .on("result", () => void rows++)
        .on("error", reject)
        .on("end", resolve);
    });
  }
  connection.end();
  return rows;
}

async function fetchCassandra(): Promise<number> {
  const { hostname, port, username, password } = new URL(url);
  const login = {
    address: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: new Secret(decodeURIComponent(password)),
  };
  return await withClient(login, async (client) => {
    let rows = 0;
    for (const query of CASSANDRA_QUERIES) {
      for await (const _ of await client.execute(query, [], { fetchSize: 5000, prepare: false })) rows++;
    }
    return rows;
  });
}

/** What `rolewright plan` does, stage by stage. */
async function plan(): Promise<Omit<EngineResult, "peakMiB">> {
  const file = join(folder, `${job}.yaml`);
  writeFileSync(file, manifest(job === "new-role"));
  process.env["BENCH_URL"] = url;
  const loaded = await loadManifest(file);
  const connecting = performance.now();
  await using connection = await engine.connect({ url: new Secret(url) });
  const live = await connection.introspect();
  const readMs = performance.now() - connecting;
  const dialect = engine.dialect(live);
  const resolution = resolveManifest(loaded, "bench", live, dialect.rules);
  const findings = [...loaded.findings, ...resolution.findings];
  if (hasErrors(findings)) throw new Error(findings.map((finding) => finding.message).join("\n"));
  const changes = diff(live.access, resolution.desired, { rules: dialect.rules, renames: resolution.renames });
  const { plan: made, states } = derivePlan({
    target: "bench",
    environment: "production",
    snapshot: live,
    dialect,
    changes: changes.map((change) => ({ change, origin: resolution.originOf(change) })),
    manifestDigest: loaded.digest,
    tool: "bench",
    findings: resolution.findings,
  });
  analyze({ plan: made, live, after: states.at(-1) ?? live.access, dialect, resolution, environment: "production" });
  const totalMs = performance.now() - began;
  if (made.changes.length > 0 !== (job === "new-role")) throw new Error(`the plan has ${made.changes.length} changes`);
  return { readMs, totalMs };
}

/** Says everything that the roles hold, and claims that there is nothing else; and, where asked for, a new role that reads one schema. */
function manifest(withNewRole: boolean): string {
  const { roles, teams } = shape;
  return [
    "version: 1",
    `targets: { bench: { engine: ${engineName}, environment: production, url: "\${BENCH_URL}" } }`,
    "scope: { authoritative: [{ facets: [grants], schemas: ['area_*'] }] }",
    "roles:",
    ...Array.from({ length: roles }, (_, n) => `  "${accountName(n)}": { ${held(n)} }`),
    ...Array.from({ length: teams }, (_, n) => `  ${teamName(n)}: { grants: [${everywhere("schemas", "", n)}] }`),
    ...(withNewRole ? ["  bench_new: { grants: [select on tables area_0.*] }"] : []),
    "",
  ].join("\n");
}

function accountName(role: number): string {
  return engineName === "mariadb" ? `${roleName(role)}@%` : roleName(role);
}

function held(role: number): string {
  if (role >= shape.byTable) return `member_of: [{ role: ${teamName(role % shape.teams)}, inherit: false }]`;
  if (shape.tablesOfEach === shape.tables) return `grants: [${everywhere("tables", ".*", role)}]`;
  return `grants: ["select on table ${tablesOf(role, shape).join(", ")}"]`;
}

function everywhere(kind: string, below: string, n: number): string {
  return `"select on ${kind} area_*${below}", "insert, update, delete on ${kind} area_${n % shape.schemas}${below}"`;
}
