import { exec } from "node:child_process";
import { cpus, loadavg, totalmem } from "node:os";
import { promisify } from "node:util";
import { Secret } from "../src/base/secret.ts";
import type { EmbeddedServer } from "../src/engine/postgresql/embedded/server.ts";
import { SUPERUSER } from "../src/engine/postgresql/embedded/data-folder.ts";
import { startEmbedded } from "../src/engine/postgresql/embedded/server.ts";
import { postgresql } from "../src/engine/postgresql/index.ts";
import { programsOnThisMachine } from "../src/engine/postgresql/simulation/shadow/programs.ts";
import type { ShadowOptions } from "../src/engine/simulation.ts";
import { type Measurement, measurement } from "./measurement.ts";
import { DATABASE, fill, ROLES, tableName } from "./shadow-database.ts";

export interface ShadowBenchOptions {
  /** @default [1_000, 10_000] */
  readonly tables: readonly number[];
  readonly onProgress: (what: string) => void;
}

export const SHADOW_SIZES: readonly number[] = [1_000, 10_000];

/** Whose dump tools are compared with: those of Debian 12. */
const MAJOR = 15;
/** Of what it takes to dump and to load. */
const AT_MOST = { whole: 1 / 2, pruned: 1 / 5 };
const WARM_MS = 1_000;
/** One statement names one table in so many. */
const TOUCHED = 20;

/** How long a shadow takes, whole and of what a workload touches, against `pg_dump --schema-only | psql` into a server that runs already. */
export async function* benchShadow(options: ShadowBenchOptions): AsyncGenerator<Measurement> {
  const binaries = programsOnThisMachine(MAJOR);
  if (binaries === null) throw new Error(`PostgreSQL ${MAJOR} with its pg_dump and psql must be installed`);
  for (const tables of options.tables) {
    const settings = {
      max_locks_per_transaction: "2048",
      max_connections: "40",
      max_wal_size: "8GB",
      shared_buffers: "128MB",
    };
    await using target = await startEmbedded({ binaries, password: null, settings });
    await using empty = await startEmbedded({ binaries, password: null, settings });
    options.onProgress(`building ${tables} tables`);
    await fill(place(target), tables);
    await copyRoles(target, empty);
    options.onProgress("pg_dump | psql");
    const dumpedMs = await timed(() => dumpAndLoad(target, empty));
    const url = new Secret(
      `postgresql://${SUPERUSER}@${encodeURIComponent(target.socketFolder)}:${target.port}/${DATABASE}`,
    );
    await using connection = await postgresql.connect({ url });
    const live = await connection.introspect();
    const simulation = await postgresql.simulation();
    const build = async (about: Pick<ShadowOptions, "about">): Promise<number> => {
      const start = performance.now();
      await using shadow = await simulation.startShadow({ url, live, ...about });
      if (shadow.gaps.length > 0) throw new Error(`the shadow has gaps: ${shadow.gaps[0]?.name}`);
      return performance.now() - start;
    };
    options.onProgress("the whole shadow");
    const wholeMs = await build({});
    options.onProgress("the shadow of what is touched");
    const about = Array.from({ length: Math.ceil(tables / TOUCHED) }, (_, index) => ({
      text: `select name from ${tableName(index * TOUCHED)} where id = $1`,
      database: DATABASE,
      role: "role_1",
    }));
    const prunedMs = await build({ about });
    options.onProgress("the same again");
    const warmMs = await build({ about });
    const conditions = {
      tables,
      roles: ROLES,
      touched: about.length,
      load_average: Number((loadavg()[0] ?? 0).toFixed(1)),
      postgresql: MAJOR,
      node: process.version,
      cpus: cpus().length,
      cpu: cpus()[0]?.model ?? "unknown",
      memory_gib: Math.round(totalmem() / 2 ** 30),
      baseline: "pg_dump --schema-only | psql, into a server that runs already and has the roles",
    };
    const line = (metric: string, value: number, target: number): Measurement =>
      measurement({
        bench: "shadow",
        metric,
        value,
        unit: "ms",
        baseline: dumpedMs,
        target,
        conditions,
      });
    yield line("a whole shadow, its server started and its access compared", wholeMs, AT_MOST.whole * dumpedMs);
    yield line("a shadow of what one statement in twenty tables touches", prunedMs, AT_MOST.pruned * dumpedMs);
    yield line("the same again, kept from the first time", warmMs, WARM_MS);
  }
}

function place({ socketFolder, port }: EmbeddedServer): { host: string; port: number; user: string } {
  return { host: socketFolder, port, user: SUPERUSER };
}

const at = ({ socketFolder, port }: EmbeddedServer): string => `-h ${socketFolder} -p ${port} -U ${SUPERUSER}`;

/** A dump of a database has no roles: they are there before, and cost nothing here. */
async function copyRoles(from: EmbeddedServer, to: EmbeddedServer): Promise<void> {
  const roles = `pg_dumpall --roles-only ${at(from)} | grep -v "CREATE ROLE ${SUPERUSER};" | psql -q ${at(to)} -d ${SUPERUSER}`;
  await shell(`${roles}; createdb ${at(to)} ${DATABASE}`);
}

async function dumpAndLoad(from: EmbeddedServer, to: EmbeddedServer): Promise<void> {
  const load = `psql -q -v ON_ERROR_STOP=1 ${at(to)}`;
  const text = `pg_dump --schema-only ${at(from)} ${DATABASE} | ${load} -d ${DATABASE}`;
  await shell(`set -o pipefail; ${text}`);
}

async function shell(text: string): Promise<void> {
  await promisify(exec)(text, { shell: "/bin/bash", maxBuffer: 2 ** 26 });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
