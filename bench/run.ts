import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ACCESS_SIZES, benchAccess } from "./access.ts";
import { benchChecks, CHECK_SIZES } from "./checks.ts";
import { benchCassandra, benchMariadb, CASSANDRA_SIZES, MARIADB_SIZES } from "./engines.ts";
import type { Measurement } from "./measurement.ts";
import { benchPlan, PLAN_SIZES } from "./plan.ts";
import { benchReplay, REPLAY_SIZES } from "./replay.ts";
import { benchRequirements, REQUIREMENTS_SIZES } from "./requirements.ts";
import { table, withResults } from "./results.ts";
import { benchShadow, SHADOW_SIZES } from "./shadow.ts";

const USAGE = `Measures, prints a table, and writes the sections of bench/results.md that are about it.

  npm run bench [-- NAME...] [-- --json] [-- --tables 1000,10000]

Benchmarks: plan, access, checks, mariadb, cassandra, replay, shadow, requirements, audit (which writes bench/audit.md)`;

const AUDIT = "audit";

interface Bench {
  readonly sizes: readonly number[];
  readonly run: (options: {
    tables: readonly number[];
    onProgress: (what: string) => void;
  }) => AsyncGenerator<Measurement>;
}

const BENCHES: Readonly<Record<string, Bench>> = {
  plan: { sizes: PLAN_SIZES, run: benchPlan },
  access: { sizes: ACCESS_SIZES, run: benchAccess },
  checks: { sizes: CHECK_SIZES, run: benchChecks },
  mariadb: { sizes: MARIADB_SIZES, run: benchMariadb },
  cassandra: { sizes: CASSANDRA_SIZES, run: benchCassandra },
  replay: { sizes: REPLAY_SIZES, run: benchReplay },
  shadow: { sizes: SHADOW_SIZES, run: benchShadow },
  requirements: { sizes: REQUIREMENTS_SIZES, run: benchRequirements },
};

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: "boolean", default: false }, tables: { type: "string" }, help: { type: "boolean" } },
  });
  const sizes = values.tables?.split(",").map(Number);
  const names = (positionals.length === 0 ? Object.keys(BENCHES) : positionals).filter((name) => name !== AUDIT);
  const isAudit = positionals.length === 0 || positionals.includes(AUDIT);
  if (
    values.help === true ||
    names.some((name) => BENCHES[name] === undefined) ||
    sizes?.some((size) => !(size > 0)) === true
  ) {
    process.stderr.write(`${USAGE}\n`);
    return values.help === true ? 0 : 64;
  }
  // What it measures has another shape, and a process of its own.
  if (
    isAudit &&
    spawnSync(process.execPath, [join(import.meta.dirname, "audit.ts"), "--write"], { stdio: "inherit" }).status !== 0
  )
    return 1;
  if (names.length === 0) return 0;
  const all: Measurement[] = [];
  const onProgress = (what: string): void => void process.stderr.write(`${what}\n`);
  for (const name of names) {
    const bench = BENCHES[name];
    if (bench === undefined) continue;
    for await (const line of bench.run({ tables: sizes ?? bench.sizes, onProgress })) {
      all.push(line);
      if (values.json) process.stdout.write(`${JSON.stringify(line)}\n`);
    }
  }
  if (!values.json) process.stdout.write(`${table(all)}\n`);
  if (values.tables === undefined) {
    const file = join(import.meta.dirname, "results.md");
    await writeFile(file, withResults(await readFile(file, "utf8"), all, new Date()));
  }
  return 0;
}
