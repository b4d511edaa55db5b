import { readFileSync, writeFileSync } from "node:fs";
import type { Evidence } from "../../src/model/workload.ts";
import { parseEvidence, writeEvidence } from "../../src/simulation/evidence/file.ts";

/** Writes evidence of what was seen in a moment as if it had been seen on every day of 200. */
export function stretch(from: string, to: string): void {
  const evidence = parseEvidence(readFileSync(from, "utf8"));
  const last = Date.parse(evidence.windows[0]?.to ?? "");
  const first = new Date(last - 200 * 86_400_000).toISOString();
  const days = Array.from({ length: 200 }, (_, at) =>
    new Date(last - at * 86_400_000).toISOString().slice(0, 10),
  ).sort();
  const longer: Evidence = {
    ...evidence,
    windows: evidence.windows.map((window) => ({ ...window, from: first })),
    uses: evidence.uses.map((use) => ({ ...use, firstSeen: first, days })),
  };
  writeFileSync(to, writeEvidence(longer));
}
