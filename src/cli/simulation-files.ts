import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { digestJson, type Digest, type Json } from "../base/digest.ts";
import type { SimulationRecord } from "../simulation/gate.ts";
import { writeFileDurably } from "../store/files/write-durably.ts";

/** Keeps the simulation of a plan beside the records of runs. A later one of the same plan takes its place. */
export async function saveSimulation(record: SimulationRecord, runsFolder: string): Promise<string> {
  const path = simulationFile(record.simulation.plan_digest, runsFolder);
  await mkdir(dirname(path), { recursive: true });
  await writeFileDurably(path, `${JSON.stringify(record)}\n`);
  return path;
}

/** The simulation that was kept for a plan; null where there is none, or where its content does not give its digest. */
export async function loadSimulation(plan: Digest, runsFolder: string): Promise<SimulationRecord | null> {
  try {
    const record = JSON.parse(await readFile(simulationFile(plan, runsFolder), "utf8")) as SimulationRecord;
    const { digest, ...rest } = record.simulation;
    const isWhole = digestJson(rest as unknown as Json) === digest && rest.plan_digest === plan;
    return isWhole ? record : null;
  } catch {
    return null;
  }
}

/** What approvals of a plan are bound to besides the plan: the digest of its simulation, null where there is none. */
export async function simulationDigest(plan: Digest, runsFolder: string): Promise<Digest | null> {
  return (await loadSimulation(plan, runsFolder))?.simulation.digest ?? null;
}

function simulationFile(digest: Digest, runsFolder: string): string {
  return join(dirname(runsFolder), "simulations", `${digest.slice("sha256:".length)}.json`);
}
