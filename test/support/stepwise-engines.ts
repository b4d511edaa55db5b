import { Secret } from "../../src/base/secret.ts";
import type { Connection, Engine } from "../../src/engine/engine.ts";
import { loadEngine } from "../../src/engine/registry.ts";
import { stepwisePostgres } from "./stepwise-postgres.ts";
import type { StepwiseEngine } from "./stepwise-world.ts";

export async function stepwiseEngine(name: StepwiseEngine): Promise<Engine> {
  return name === "stepwise-postgresql" ? stepwisePostgres : await loadEngine(name);
}

export async function connectStepwise(
  name: StepwiseEngine,
  url: string,
  databases: readonly string[],
): Promise<Connection> {
  const engine = await stepwiseEngine(name);
  return await engine.connect({ url: new Secret(url), ...(databases.length === 0 ? {} : { databases }) });
}
