import { readFileSync } from "node:fs";
import { applyPlan } from "../../src/apply/apply.ts";
import { openSigningKey } from "../../src/audit/note/signer.ts";
import { Secret } from "../../src/base/secret.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { fileRunStore } from "../../src/store/files/run-store.ts";
import { applyOptions, connectTo } from "../support/applying.ts";
import { at } from "../support/crash-site.ts";
import { trailed } from "../support/trailing.ts";

/** Applies a plan with a trail and kills itself at a boundary: `node audit-trail-child.ts PLAN RUNS LOG KEY URL SERVER BOUNDARY`. */
async function main(): Promise<void> {
  const [planFile = "", folder = "", log = "", key = "", url = "", server = "", boundary = ""] = process.argv.slice(2);
  const plan = JSON.parse(readFileSync(planFile, "utf8")) as Plan;
  const signer = openSigningKey(new Secret(readFileSync(key, "utf8")));
  if (signer === null) throw new Error("no key");
  await using connection = await connectTo({ url }, ["shop"]);
  const onProgress = at(Number(boundary), () => process.kill(process.pid, "SIGKILL"));
  const runs = trailed(fileRunStore({ folder }), { folder: log, signer, server, stepwise: false });
  await applyPlan(plan, applyOptions(connection, { runs, onProgress }));
}

await main();
