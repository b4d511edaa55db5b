import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Secret } from "../src/base/secret.ts";
import { buildCassandra, buildMariadb, type EngineShape } from "./engine-catalogs.ts";
import type { EngineResult } from "./engine-child.ts";
import { type Measurement, measurement } from "./measurement.ts";

export interface EngineBenchOptions {
  readonly tables: readonly number[];
  readonly onProgress: (what: string) => void;
}

interface World {
  readonly engine: string;
  readonly roles: number;
  readonly schemas: number;
  /** How many tables each role holds something on. */
  readonly tablesOf: (tables: number) => number;
  readonly baseline: string;
  readonly open: (shape: EngineShape) => Promise<{ readonly url: string; readonly version: string } & AsyncDisposable>;
}

const MARIADB: World = {
  engine: "mariadb",
  roles: 500,
  schemas: 20,
  tablesOf: (tables) => tables,
  baseline: "the same grant tables and names of tables, fetched with the plain driver",
  async open(shape) {
    const { startMariadb } = await import("../src/engine/mysql/local/server.ts");
    const password = new Secret(randomBytes(12).toString("hex"));
    const server = await startMariadb({ password, settings: { "aria-pagecache-buffer-size": "256M" } });
    await buildMariadb(server.url({ user: "root", password, database: "" }), shape);
    return {
      url: server.url({ user: "root", password, database: "" }),
      version: server.version,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};

const CASSANDRA: World = {
  engine: "cassandra",
  roles: 1000,
  schemas: 20,
  tablesOf: (tables) => Math.min(tables, 50),
  baseline: "the same tables of system_auth and system_schema, fetched with the plain driver, page by page",
  async open(shape) {
    const { startCassandra } = await import("../src/engine/cassandra/local/cluster.ts");
    const cluster = await startCassandra({ heapMegabytes: 3072 });
    await buildCassandra(cluster, shape);
    return {
      url: cluster.url(),
      version: cluster.release,
      [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
    };
  },
};

export const MARIADB_SIZES: readonly number[] = [10_000];
export const CASSANDRA_SIZES: readonly number[] = [2_000];

export function benchMariadb(options: EngineBenchOptions): AsyncGenerator<Measurement> {
  return benchEngine(MARIADB, options);
}

export function benchCassandra(options: EngineBenchOptions): AsyncGenerator<Measurement> {
  return benchEngine(CASSANDRA, options);
}

/** How long reading and planning take against reading the same tables with the plain driver. The best of three runs in turn. */
async function* benchEngine(world: World, { tables, onProgress }: EngineBenchOptions): AsyncGenerator<Measurement> {
  for (const count of tables) {
    const { roles, schemas } = world;
    const shape: EngineShape = { tables: count, roles, schemas, tablesOfEach: world.tablesOf(count) };
    onProgress(`building ${count} tables and ${roles} roles on ${world.engine}`);
    await using server = await world.open(shape);
    const folder = await mkdtemp(join(tmpdir(), "rolewright-bench-"));
    try {
      const run = (job: string): Promise<EngineResult> => {
        onProgress(`${job} on ${world.engine} with ${count} tables`);
        return runChild([world.engine, job, server.url, JSON.stringify(shape), folder]);
      };
      await run("baseline");
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
    access_items: shape.roles * shape.tablesOfEach,
    server: version,
    node: process.version,
    cpus: cpus().length,
    cpu: cpus()[0]?.model ?? "unknown",
    memory_gib: Math.round(totalmem() / 2 ** 30),
    baseline: world.baseline,
  };
  const line = (metric: string, value: number, unit: "ms" | "MiB"): Measurement =>
    measurement({
      bench: world.engine,
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
