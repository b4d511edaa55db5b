import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Measurement } from "./measurement.ts";
import { benchPlan } from "./plan.ts";

const USAGE = `Measures, prints a table, and writes bench/results.md.

  npm run bench [-- NAME...] [-- --json] [-- --tables 1000,10000,50000]

Benchmarks: plan`;

const SIZES = [1_000, 10_000, 50_000];

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: "boolean", default: false }, tables: { type: "string" }, help: { type: "boolean" } },
  });
  const sizes = values.tables?.split(",").map(Number) ?? SIZES;
  if (values.help === true || positionals.some((name) => name !== "plan") || sizes.some((size) => !(size > 0))) {
    process.stderr.write(`${USAGE}\n`);
    return values.help === true ? 0 : 64;
  }
  const all: Measurement[] = [];
  const onProgress = (what: string): void => void process.stderr.write(`${what}\n`);
  for await (const line of benchPlan({ tables: sizes, onProgress })) {
    all.push(line);
    if (values.json) process.stdout.write(`${JSON.stringify(line)}\n`);
  }
  if (!values.json) process.stdout.write(`${table(all)}\n`);
  if (values.tables === undefined) await writeFile(join(import.meta.dirname, "results.md"), report(all, new Date()));
  return 0;
}

function report(all: readonly Measurement[], now: Date): string {
  const [first] = all;
  const { cpus, cpu, memory_gib: memory, node, postgresql, roles, schemas, baseline } = first?.conditions ?? {};
  const loads = [...new Set(all.map((line) => line.conditions["load_average"]))].join(", ");
  return `# Benchmarks

Written by \`npm run bench\` on ${now.toISOString().slice(0, 10)}: ${cpus} × ${cpu}, ${memory} GiB, Node ${node}, PostgreSQL ${postgresql} on the same machine. Targets are for 4 vCPU and 8 GiB.
Load of the machine after each size, as an average over a minute: ${loads}. Above the number of processors, times mean little and only ratios count.
${roles} roles hold something on every table; the tables lie in ${schemas} schemas, with one access list for each, which is what grouping is best at. Each figure is one run in a process of its own, after one that warmed the server.
The baseline is the least that a reader of the same catalog needs: ${baseline}.

${table(all)}
`;
}

function table(all: readonly Measurement[]): string {
  const rows = all.map((line) => [
    Number(line.conditions["tables"]).toLocaleString("en-US"),
    line.metric,
    amount(line.value, line.unit),
    line.baseline === null ? "" : amount(line.baseline, line.unit),
    line.ratio === null ? "" : `${line.ratio} ×`,
    line.target === null ? "" : amount(line.target, line.unit),
    line.met === null ? "" : line.met ? "yes" : "NO",
  ]);
  const cells = [["tables", "metric", "value", "baseline", "ratio", "target", "met"], ...rows];
  const [head = "", ...body] = cells.map((row) => `| ${row.join(" | ")} |`);
  return [head, "|---:|---|---:|---:|---:|---:|---|", ...body].join("\n");
}

function amount(value: number, unit: Measurement["unit"]): string {
  return unit === "ms" && value >= 1000 ? `${(value / 1000).toPrecision(3)} s` : `${value} ${unit}`;
}
