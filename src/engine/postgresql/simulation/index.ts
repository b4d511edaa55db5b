import { notSimulated } from "../../not-simulated.ts";
import type { EngineSimulation } from "../../simulation.ts";
import { GRAMMAR, LOGS } from "./workload/logs.ts";

export const simulation: EngineSimulation = {
  ...notSimulated("PostgreSQL"),
  grammar: GRAMMAR,
  logs: LOGS,
};
