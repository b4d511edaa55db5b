import { execFile } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DEFAULT_MAJOR } from "../src/engine/postgresql/embedded/binaries.ts";
import { startEmbedded } from "../src/engine/postgresql/embedded/server.ts";
import { type AccessShape, buildAccessCatalog, SUPERUSER } from "./access-catalog.ts";
import type { AccessResult } from "./access-child.ts";
import { type Measurement, measurement } from "./measurement.ts";

export interface AccessBenchOptions {
  /** @default [1_000, 10_000, 100_000] */
  readonly tables: readonly number[];
  readonly onProgress: (what: string) => void;
}

export const ACCESS_SIZES: readonly number[] = [1_000, 10_000, 100_000];

/** The roles stay the same, so that the curve shows what tables cost. */
const SHAPE = { roles: 10_000, depth: 8, lists: 1_000 } as const;

/** What is promised for 100,000 tables and 10,000 roles; smaller databases must not be slower. */
const TARGETS = { indexMs: 2_000, questionMs: 1, deltaMs: 1_000, peakMiB: 1_536 } as const;

/** How long the access index takes to build, to answer and to compare, and how much memory; against has_table_privilege over the same triples. */
export async function* benchAccess(options: AccessBenchOptions): AsyncGenerator<Measurement> {
  for (const tables of options.tables) yield* measure({ ...SHAPE, tables }, options.onProgress);
}

async function* measure(shape: AccessShape, onProgress: (what: string) => void): AsyncGenerator<Measurement> {
  onProgress(`building ${shape.tables} tables and ${shape.roles} roles`);
  await using server = await startEmbedded({ password: null, settings: { max_wal_size: "4GB" } });
  await buildAccessCatalog(server, shape);
  onProgress(`asking about ${shape.tables} tables`);
  const url = `postgresql://${SUPERUSER}@127.0.0.1:${server.port}/${SUPERUSER}`;
  const program = join(import.meta.dirname, "access-child.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [program, url]);
  const result = JSON.parse(stdout) as AccessResult;
  const conditions = {
    ...shape,
    classes: result.classes,
    triples: result.triples,
    losing: result.losing,
    lines: result.lines,
    postgresql: DEFAULT_MAJOR,
    node: process.version,
    cpus: cpus().length,
    cpu: cpus()[0]?.model ?? "unknown",
    memory_gib: Math.round(totalmem() / 2 ** 30),
    baseline: "has_table_privilege over the same triples",
  };
  const line = (metric: string, value: number, target: number | null, baseline: number | null = null) =>
    measurement({ bench: "access", metric, value, unit: "ms", baseline, target, conditions });
  yield line("read the catalog", result.readMs, null);
  yield line("build the index", result.indexMs, TARGETS.indexMs);
  yield line("one question", result.questionMs, TARGETS.questionMs, result.serverTriplesMs / result.triples);
  yield line("everybody who can, 99 of 100", result.whoCanMs, TARGETS.questionMs);
  yield line("delta of a role in the middle leaving its groups", result.membershipDeltaMs, TARGETS.deltaMs);
  yield line("delta of a role in the middle losing its grants", result.grantDeltaMs, TARGETS.deltaMs);
  yield line(
    "all privileges of many roles on all tables",
    result.triplesMs,
    result.serverTriplesMs / 100,
    result.serverTriplesMs,
  );
  yield measurement({
    bench: "access",
    metric: "peak memory",
    value: result.peakMiB,
    unit: "MiB",
    baseline: null,
    target: TARGETS.peakMiB,
    conditions,
  });
}
