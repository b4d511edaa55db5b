import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Secret } from "../src/base/secret.ts";
import { buildCassandra, buildMariadb, type EngineShape, grantRows } from "./engine-catalogs.ts";
import type { EngineResult } from "./engine-child.ts";
import { type Measurement, measurement } from "./measurement.ts";

export interface EngineBenchOptions {
  readonly tables: readonly number[];
  readonly onProgress: (what: string) => void;
}

interface World {
  /** Heads the section of the report. */
  readonly bench: string;
  readonly engine: string;
  readonly shape: (tables: number) => EngineShape;
  /** What was built, and how, for who reads the figures. */
  readonly built: (shape: EngineShape) => string;
  readonly baseline: string;
  readonly open: (shape: EngineShape) => Promise<{ readonly url: string; readonly version: string } & AsyncDisposable>;
}

const MARIADB = {
  engine: "mariadb",
  baseline:
    "the grant tables and the names of schemas, tables and columns, each fetched once with the plain driver and thrown away row by row",
  async open(shape: EngineShape) {
    const { startMariadb } = await import("../src/engine/mysql/local/server.ts");
    const password = new Secret(randomBytes(12).toString("hex"));
    const settings = { "aria-pagecache-buffer-size": "1G", "aria-sort-buffer-size": "512M" };
    const server = await startMariadb({ password, settings });
    await buildMariadb(server.url({ user: "root", password, database: "" }), shape);
    return {
      url: server.url({ user: "root", password, database: "" }),
      version: server.version,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};

/** As servers are run: a few accounts have grants on single tables, the others come by what they may do through a role. */
const MARIADB_MOSTLY_BY_ROLE: World = {
  ...MARIADB,
  bench: "mariadb",
  shape: (tables) => ({ tables, roles: 500, schemas: 20, byTable: 25, tablesOfEach: tables, teams: 25 }),
  built: ({ byTable, tablesOfEach, roles, teams, schemas }) =>
    `${byTable} accounts with a row in mysql.tables_priv for each of ${tablesOfEach} tables, written there directly; ${roles - byTable} accounts members of one of ${teams} roles, each with GRANTs on ${schemas} schemas`,
};

const MARIADB_ALL_BY_TABLE: World = {
  ...MARIADB,
  bench: "mariadb, worst case",
  shape: (tables) => ({ tables, roles: 500, schemas: 20, byTable: 500, tablesOfEach: tables, teams: 0 }),
  built: ({ byTable, tablesOfEach }) =>
    `${byTable} accounts with a row in mysql.tables_priv for each of ${tablesOfEach} tables, written there directly`,
};

const CASSANDRA: World = {
  bench: "cassandra",
  engine: "cassandra",
  shape: (tables) => {
    const tablesOfEach = Math.min(tables, 50);
    return { tables, roles: 1000, schemas: 20, byTable: 1000, tablesOfEach, teams: 0 };
  },
  built: ({ byTable, tablesOfEach }) =>
    `one node; ${byTable} roles with SELECT on ${tablesOfEach} tables each, written directly into system_auth.role_permissions and its index`,
  baseline:
    "the tables of system_auth and the names of keyspaces, tables and columns, each fetched once with the plain driver, one after the other and page by page, and thrown away",
  async open(shape) {
    const { startCassandra } = await import("../src/engine/cassandra/local/cluster.ts");
    const cluster = await startCassandra({ heapMegabytes: 3072, settings: CASSANDRA_SETTINGS });
    await buildCassandra(cluster, shape);
    return {
      url: cluster.url(),
      version: cluster.release,
      [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
    };
  },
};

/** For the building alone: a hundred thousand writes that need not survive anything, and no log of who did them. */
const CASSANDRA_SETTINGS = {
  commitlog_sync: "periodic",
  commitlog_sync_period: "10000ms",
  commitlog_total_space: "1024MiB",
  audit_logging_options: { enabled: false },
};

export const MARIADB_SIZES: readonly number[] = [10_000];
export const CASSANDRA_SIZES: readonly number[] = [2_000];

export async function* benchMariadb(options: EngineBenchOptions): AsyncGenerator<Measurement> {
  yield* benchEngine(MARIADB_MOSTLY_BY_ROLE, options);
  yield* benchEngine(MARIADB_ALL_BY_TABLE, options);
}

export function benchCassandra(options: EngineBenchOptions): AsyncGenerator<Measurement> {
  return benchEngine(CASSANDRA, options);
}

/** How long reading and planning take against reading the same tables with the plain driver. The best of three runs in turn. */
async function* benchEngine(world: World, { tables, onProgress }: EngineBenchOptions): AsyncGenerator<Measurement> {
  for (const count of tables) {
    const shape = world.shape(count);
    onProgress(`building ${count} tables and ${grantRows(shape)} rows of grants on ${world.engine}`);
    const began = performance.now();
    await using server = await world.open(shape);
    onProgress(`built in ${Math.round((performance.now() - began) / 1000)} s`);
    const folder = await mkdtemp(join(tmpdir(), "rolewright-bench-"));
    try {
      const run = (job: string): Promise<EngineResult> => {
        onProgress(`${job} on ${world.engine} with ${count} tables`);
        return runChild([world.engine, job, server.url, JSON.stringify(shape), folder]);
      };
      await run("baseline"); // Warms the server's caches, so that no measured run pays for it.
      const best = new Map<string, EngineResult>();
      for (let round = 0; round < ROUNDS; round++) {
        for (const job of JOBS) best.set(job, better(best.get(job), await run(job)));
      }
      yield* figures(world, shape, server.version, best);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

const ROUNDS = 3;
const JOBS = ["baseline", "no-op", "new-role"] as const;

function* figures(
  world: World,
  shape: EngineShape,
  version: string,
  best: ReadonlyMap<string, EngineResult>,
): Generator<Measurement> {
  const [baseline, noOp, newRole] = JOBS.map((job) => best.get(job));
  if (baseline === undefined || noOp === undefined || newRole === undefined) throw new Error("nothing was measured");
  const conditions = {
    load_average: Number((loadavg()[0] ?? 0).toFixed(1)),
    tables: shape.tables,
    roles: shape.roles,
    schemas: shape.schemas,
    access_items: grantRows(shape),
    built: world.built(shape),
    server: version,
    node: process.version,
    cpus: cpus().length,
    cpu: cpus()[0]?.model ?? "unknown",
    memory_gib: Math.round(totalmem() / 2 ** 30),
    baseline: world.baseline,
  };
  const line = (metric: string, value: number, unit: "ms" | "MiB"): Measurement =>
    measurement({
      bench: world.bench,
      metric,
      value,
      unit,
      baseline: unit === "ms" ? baseline.totalMs : baseline.peakMiB,
      target: null,
      conditions,
    });
  yield line("read", noOp.readMs, "ms");
  yield line("no-op plan", noOp.totalMs, "ms");
  yield line("plan with access delta for a new role on one schema", newRole.totalMs, "ms");
  yield line("peak memory of the no-op plan", noOp.peakMiB, "MiB");
}

function better(known: EngineResult | undefined, made: EngineResult): EngineResult {
  if (known === undefined) return made;
  return {
    readMs: Math.min(known.readMs, made.readMs),
    totalMs: Math.min(known.totalMs, made.totalMs),
    peakMiB: Math.max(known.peakMiB, made.peakMiB),
  };
}

async function runChild(args: readonly string[]): Promise<EngineResult> {
  const program = join(import.meta.dirname, "engine-child.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args]);
  return JSON.parse(stdout) as EngineResult;
}
