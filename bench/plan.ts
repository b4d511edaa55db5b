import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DEFAULT_MAJOR } from "../src/engine/postgresql/embedded/binaries.ts";
import { SUPERUSER } from "../src/engine/postgresql/embedded/data-folder.ts";
import { startEmbedded } from "../src/engine/postgresql/embedded/server.ts";
import { buildCatalog, type Shape } from "./catalog.ts";
import { type Measurement, measurement } from "./measurement.ts";
import type { ChildResult } from "./plan-child.ts";

export interface PlanBenchOptions {
  /** @default [1_000, 10_000, 50_000] */
  readonly tables: readonly number[];
  readonly onProgress: (what: string) => void;
}

export const PLAN_SIZES: readonly number[] = [1_000, 10_000, 50_000];

/** From here on there are enough tables for 100 lists in each schema. */
const MANY = 50_000;
/** What is compared runs in turn, and the best of each counts: whatever else the machine does disturbs one run more than another. */
const ROUNDS = 3;
const ROLES = 500;
const SCHEMAS = 100;

/** What is promised for 50,000 tables and 500 roles on 4 vCPU and 8 GiB; smaller databases must not be slower. */
const TARGETS = { readMs: 10_000, noOpMs: 15_000, newGroupMs: 20_000, peakMiB: 512 };

/** From `MANY` tables on, on any machine: how many times what it takes to fetch the lists alone; where they are 10,000, with more memory. */
const TIMES_FETCHING = 2;
const PEAK_MIB_OF_MANY_LISTS = 1024;

/** How long reading and planning take, and how much memory, against merely fetching the grouped access lists and the names. */
export async function* benchPlan(options: PlanBenchOptions): AsyncGenerator<Measurement> {
  const shape = { roles: ROLES, schemas: SCHEMAS };
  for (const tables of options.tables) yield* measure({ ...shape, tables, variants: 1 }, options.onProgress);
  const most = Math.max(...options.tables);
  if (most >= MANY) yield* measure({ ...shape, tables: most, variants: 100 }, options.onProgress);
}

async function* measure(shape: Shape, onProgress: (what: string) => void): AsyncGenerator<Measurement> {
  const folder = await mkdtemp(join(tmpdir(), "rolewright-bench-"));
  try {
    onProgress(`building ${shape.tables} tables`);
    await using server = await startEmbedded({ password: null, settings: { max_wal_size: "4GB" } });
    await buildCatalog(server, shape);
    const url = `postgresql://${SUPERUSER}@127.0.0.1:${server.port}/${SUPERUSER}`;
    const run = (job: string) => {
      onProgress(`${job} with ${shape.tables} tables`);
      return runChild(job, { url, shape, folder });
    };
    await run("baseline"); // Warms the server's cache, so that no measured run pays for it.
    const best = new Map<string, ChildResult>();
    for (let round = 0; round < ROUNDS; round++) {
      for (const job of ["baseline", "no-op", "new-group"]) best.set(job, fastest(best.get(job), await run(job)));
    }
    const [baseline, noOp, newGroup] = ["baseline", "no-op", "new-group"].map((job) => best.get(job));
    if (baseline === undefined || noOp === undefined || newGroup === undefined) throw new Error("nothing was measured");
    const conditions = {
      load_average: Number((loadavg()[0] ?? 0).toFixed(1)),
      tables: shape.tables,
      roles: shape.roles,
      schemas: shape.schemas,
      lists: shape.schemas * shape.variants,
      access_items: shape.tables * (shape.roles + 1),
      postgresql: DEFAULT_MAJOR,
      node: process.version,
      cpus: cpus().length,
      cpu: cpus()[0]?.model ?? "unknown",
      memory_gib: Math.round(totalmem() / 2 ** 30),
      baseline: "grouped access lists and names of tables, fetched with the plain driver",
    };
    const line = (metric: string, value: number, unit: "ms" | "MiB", target: number) =>
      measurement({
        bench: "plan",
        metric,
        value,
        unit,
        baseline: unit === "ms" ? baseline.readMs : baseline.peakMiB,
        target: unit === "ms" && shape.tables >= MANY ? Math.min(target, TIMES_FETCHING * baseline.readMs) : target,
        conditions,
      });
    const peak = shape.variants > 1 ? PEAK_MIB_OF_MANY_LISTS : TARGETS.peakMiB;
    yield line("read", noOp.readMs, "ms", TARGETS.readMs);
    yield line("no-op plan", noOp.totalMs, "ms", TARGETS.noOpMs);
    yield line("plan with access delta for a new group everywhere", newGroup.totalMs, "ms", TARGETS.newGroupMs);
    yield line("peak memory of the no-op plan", noOp.peakMiB, "MiB", peak);
    yield line("peak memory of the plan for a new group", newGroup.peakMiB, "MiB", peak);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The times of the faster of two runs, and the larger of their memories. */
function fastest(known: ChildResult | undefined, made: ChildResult): ChildResult {
  if (known === undefined) return made;
  return {
    ...made,
    readMs: Math.min(known.readMs, made.readMs),
    totalMs: Math.min(known.totalMs, made.totalMs),
    peakMiB: Math.max(known.peakMiB, made.peakMiB),
  };
}

async function runChild(
  job: string,
  { url, shape, folder }: { readonly url: string; readonly shape: Shape; readonly folder: string },
): Promise<ChildResult> {
  const program = join(import.meta.dirname, "plan-child.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [program, job, url, JSON.stringify(shape), folder]);
  return JSON.parse(stdout) as ChildResult;
}
