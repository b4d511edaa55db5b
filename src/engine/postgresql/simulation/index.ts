import { notSimulated } from "../../not-simulated.ts";
import type { EngineSimulation } from "../../simulation.ts";
import { openReplay } from "./replay/open-replay.ts";
import { fromText } from "./requirements/from-text.ts";
import { openRequirements } from "./requirements/open-requirements.ts";
import { startShadow } from "./shadow/start-shadow.ts";
import { GRAMMAR, LOGS, SOURCES } from "./workload/readers.ts";

export const simulation: EngineSimulation = {
  ...notSimulated("PostgreSQL"),
  loadsRows: true,
  grammar: GRAMMAR,
  logs: LOGS,
  sources: SOURCES,
  openRequirements,
  fromText,
  startShadow,
  openReplay,
};
