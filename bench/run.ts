import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ACCESS_SIZES, benchAccess } from "./access.ts";
import { benchChecks, CHECK_SIZES } from "./checks.ts";
import { benchCassandra, benchMariadb, CASSANDRA_SIZES, MARIADB_SIZES } from "./engines.ts";
import type { Measurement } from "./measurement.ts";
import { benchPlan, PLAN_SIZES } from "./plan.ts";
import { benchReplay, REPLAY_SIZES } from "./replay.ts";
import { benchRequirements, REQUIREMENTS_SIZES } from "./requirements.ts";
import { benchShadow, SHADOW_SIZES } from "./shadow.ts";

const USAGE = `Measures, prints a table, and writes bench/results.md.

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

/** What does not describe the machine describes what was measured. */
const OF_THE_MACHINE = new Set([
  "cpus",
  "cpu",
  "memory_gib",
  "node",
  "postgresql",
  "load_average",
  "tables",
  "lists",
  "access_items",
  "baseline",
]);

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
  if (values.tables === undefined && positionals.length === 0)
    await writeFile(join(import.meta.dirname, "results.md"), report(all, new Date()));
  return 0;
}

function report(all: readonly Measurement[], now: Date): string {
  const { cpus, cpu, memory_gib: memory, node, postgresql } = all[0]?.conditions ?? {};
  const loads = [...new Set(all.flatMap((line) => line.conditions["load_average"] ?? []))].join(", ");
  const sections = [...new Set(all.map((line) => line.bench))].map((name) =>
    section(all.filter((line) => line.bench === name)),
  );
  return `# Benchmarks

Written by \`npm run bench\` on ${now.toISOString().slice(0, 10)}: ${cpus} × ${cpu}, ${memory} GiB, Node ${node}, PostgreSQL ${postgresql} on the same machine. Targets are for 4 vCPU and 8 GiB.
Load of the machine after each size, as an average over a minute: ${loads}. Above the number of processors, times mean little and only ratios count. Figures of the access benchmark are one run; every other is the best of three runs in turn (memory: the most).

${sections.join("\n\n")}
`;
}

function section(lines: readonly Measurement[]): string {
  const conditions = lines[0]?.conditions ?? {};
  const shape = Object.entries(conditions).flatMap(([key, value]) =>
    OF_THE_MACHINE.has(key) ? [] : [`${key.replaceAll("_", " ")} ${value}`],
  );
  const baselines = new Set(lines.filter((line) => line.baseline !== null).map((line) => line.conditions["baseline"]));
  return `## ${lines[0]?.bench ?? ""}

Shape: ${shape.join(", ")}. Baseline: ${[...baselines].join("; ")}.

${table(lines)}`;
}

function table(all: readonly Measurement[]): string {
  const rows = all.map((line) => [
    Number(line.conditions["tables"]).toLocaleString("en-US"),
    line.conditions["lists"] === undefined ? "" : Number(line.conditions["lists"]).toLocaleString("en-US"),
    line.metric,
    amount(line.value, line.unit),
    line.baseline === null ? "" : amount(line.baseline, line.unit),
    line.ratio === null ? "" : `${line.ratio} ×`,
    line.target === null ? "" : amount(line.target, line.unit),
    line.met === null ? "" : line.met ? "yes" : "NO",
  ]);
  const cells = [["tables", "lists", "metric", "value", "baseline", "ratio", "target", "met"], ...rows];
  const [head = "", ...body] = cells.map((row) => `| ${row.join(" | ")} |`);
  return [head, "|---:|---:|---|---:|---:|---:|---:|---|", ...body].join("\n");
}

function amount(value: number, unit: Measurement["unit"]): string {
  return unit === "ms" && value >= 1000
    ? `${(value / 1000).toPrecision(3)} s`
    : `${Number(value.toPrecision(3))} ${unit}`;
}
