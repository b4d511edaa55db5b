import { readFileSync } from "node:fs";
import { applyPlan } from "../../src/apply/apply.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { fileRunStore } from "../../src/store/files/run-store.ts";
import { applyOptions, connectTo } from "../support/applying.ts";
import { at } from "../support/crash-site.ts";

/** Applies a plan in a process of its own and kills it with SIGKILL at a boundary: `node apply-child.ts PLAN RUNS URL DATABASES BOUNDARY`. */
async function main(): Promise<void> {
  const [planFile = "", folder = "", url = "", databases = "", boundary = ""] = process.argv.slice(2);
  const plan = JSON.parse(readFileSync(planFile, "utf8")) as Plan;
  await using connection = await connectTo({ url }, databases.split(","));
  const onProgress = at(Number(boundary), () => process.kill(process.pid, "SIGKILL"));
  await applyPlan(plan, applyOptions(connection, { runs: fileRunStore({ folder }), onProgress }));
}

await main();
