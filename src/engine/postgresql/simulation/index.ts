import { notSimulated } from "../../not-simulated.ts";
import type { EngineSimulation } from "../../simulation.ts";
import { openReplay } from "./replay/open-replay.ts";
import { startShadow } from "./shadow/start-shadow.ts";
import { GRAMMAR, LOGS } from "./workload/logs.ts";

export const simulation: EngineSimulation = {
  ...notSimulated("PostgreSQL"),
  grammar: GRAMMAR,
  logs: LOGS,
  startShadow,
  openReplay,
};
