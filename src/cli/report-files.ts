import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Report } from "../analysis/report.ts";
import type { Digest } from "../base/digest.ts";
import { writeFileDurably } from "../store/files/write-durably.ts";

/** What a report adds to its plan. */
type StoredReport = Omit<Report, "plan">;

/**
 * Keeps reports beside the records of runs, so that who lost what can still be shown when the state that a plan was made from is gone. They decide nothing: apply and
 * approval judge the live database.
 */
export async function saveReport(report: Report, runsFolder: string): Promise<void> {
  const { plan, ...stored } = report;
  const path = reportFile(plan.digest, runsFolder);
  await mkdir(dirname(path), { recursive: true });
  await writeFileDurably(path, `${JSON.stringify(stored satisfies StoredReport)}\n`);
}

/** The report that was kept for a plan; null where there is none, or none that can be read. */
export async function loadReport(plan: Report["plan"], runsFolder: string): Promise<Report | null> {
  try {
    const stored = JSON.parse(await readFile(reportFile(plan.digest, runsFolder), "utf8")) as StoredReport;
    return { ...stored, plan };
  } catch {
    return null;
  }
}

function reportFile(digest: Digest, runsFolder: string): string {
  return join(dirname(runsFolder), "reports", `${digest.slice("sha256:".length)}.json`);
}
