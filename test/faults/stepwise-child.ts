import { readFileSync } from "node:fs";
import { applyPlan } from "../../src/apply/apply.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { fileRunStore } from "../../src/store/files/run-store.ts";
import { mortal } from "../support/mortal.ts";
import { connectStepwise } from "../support/stepwise-engines.ts";
import { stepOptions, type StepwiseEngine } from "../support/stepwise-world.ts";

/** Applies a plan in a process of its own and kills it with SIGKILL at a deed: `node stepwise-child.ts ENGINE PLAN RUNS URL DATABASES DEED`. */
async function main(): Promise<void> {
  const [engine = "", planFile = "", folder = "", url = "", databases = "", deed = ""] = process.argv.slice(2);
  const plan = JSON.parse(readFileSync(planFile, "utf8")) as Plan;
  const names = databases.split(",").filter((name) => name !== "");
  const connection = await connectStepwise(engine as StepwiseEngine, url, names);
  const client = mortal(connection, fileRunStore({ folder }), (index) => {
    if (index === Number(deed)) process.kill(process.pid, "SIGKILL");
    return Promise.resolve();
  });
  await applyPlan(plan, stepOptions(client.connection, client.runs));
}

await main();
