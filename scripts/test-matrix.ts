import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import { EMBEDDED_MAJORS } from "../src/engine/postgresql/embedded/binaries.ts";

/** Runs every test that needs a server once for each PostgreSQL major, one after another, and prints what came of it. Arguments go to vitest. */
const LIVE_PROJECTS = ["support", "engines", "property", "scenarios", "faults", "e2e"];

interface Row {
  readonly major: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  readonly green: boolean;
}

const rows: Row[] = [];
for (const major of EMBEDDED_MAJORS) rows.push(await runOn(major, process.argv.slice(2)));
process.stdout.write(`${table(rows)}\n`);
process.exitCode = rows.every((row) => row.green) ? 0 : 1;

async function runOn(major: number, args: readonly string[]): Promise<Row> {
  const folder = await mkdtemp(join(tmpdir(), "rolewright-matrix-"));
  try {
    const report = join(folder, "report.json");
    const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
    const projects = LIVE_PROJECTS.flatMap((name) => ["--project", name]);
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const began = performance.now();
    const child = spawn(process.execPath, [vitest, "run", "--passWithNoTests", ...projects, ...reporters, ...args], {
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ROLEWRIGHT_TEST_PG_MAJOR: String(major) },
    });
    const code = await new Promise<number | null>((resolve) => child.on("exit", resolve));
    const counts = JSON.parse(await readFile(report, "utf8")) as Record<string, number>;
    return {
      major,
      passed: counts["numPassedTests"] ?? 0,
      failed: counts["numFailedTests"] ?? 0,
      skipped: counts["numPendingTests"] ?? 0,
      seconds: Math.round((performance.now() - began) / 1000),
      green: code === 0 && (counts["numPassedTests"] ?? 0) > 0,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function table(all: readonly Row[]): string {
  const lines = all.map((row) => [
    row.major,
    row.passed,
    row.failed,
    row.skipped,
    `${row.seconds} s`,
    row.green ? "green" : "RED",
  ]);
  const cells = [["major", "passed", "failed", "skipped", "time", "result"], ...lines];
  return cells.map((line) => line.map((cell) => String(cell).padStart(8)).join("")).join("\n");
}
