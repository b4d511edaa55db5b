import type { Measurement } from "./measurement.ts";

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

/** The page of all results with those of these measurements in place of what it had of the same benchmarks. */
export function withResults(page: string, all: readonly Measurement[], now: Date): string {
  const { cpus, cpu, memory_gib: memory, node, postgresql } = all[0]?.conditions ?? {};
  const sections = new Map(
    page
      .split(/^(?=## )/mu)
      .slice(1)
      .map((text) => [/^## (.*)/u.exec(text)?.[1] ?? "", text.trim()]),
  );
  for (const [name, lines] of Map.groupBy(all, ({ bench }) => bench)) sections.set(name, section(lines, now));
  return `# Benchmarks

Written by \`npm run bench\`: ${cpus} × ${cpu}, ${memory} GiB, Node ${node}, PostgreSQL ${postgresql ?? "18"} on the same machine. Targets are for 4 vCPU and 8 GiB. A load is the machine's average over a minute after each size; above the number of processors, times mean little and only ratios count.
Figures of the access benchmark are one run; every other is the best of three runs in turn (memory: the most).

${[...sections.values()].join("\n\n")}
`;
}

function section(lines: readonly Measurement[], now: Date): string {
  const conditions = lines[0]?.conditions ?? {};
  const shape = Object.entries(conditions).flatMap(([key, value]) =>
    OF_THE_MACHINE.has(key) ? [] : [`${key.replaceAll("_", " ")} ${value}`],
  );
  const baselines = new Set(lines.filter((line) => line.baseline !== null).map((line) => line.conditions["baseline"]));
  const loads = [...new Set(lines.flatMap((line) => line.conditions["load_average"] ?? []))].join(", ");
  return `## ${lines[0]?.bench ?? ""}

Measured on ${now.toISOString().slice(0, 10)} at a load of ${loads}. Shape: ${shape.join(", ")}. Baseline: ${[...baselines].join("; ")}.

${table(lines)}`;
}

/** Measurements as a table in Markdown. */
export function table(all: readonly Measurement[]): string {
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
