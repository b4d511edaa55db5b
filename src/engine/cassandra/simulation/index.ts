import { notSimulated } from "../../not-simulated.ts";
import type { EngineSimulation } from "../../simulation.ts";
import { GRAMMAR } from "./grammar/grammar.ts";
import { openRequirements } from "./requirements/source.ts";
import { AUDIT_LOG, FULL_QUERY_LOG } from "./workload/audit-log.ts";

export const simulation: EngineSimulation = {
  ...notSimulated("Cassandra"),
  logs: [AUDIT_LOG, FULL_QUERY_LOG],
  grammar: GRAMMAR,
  openRequirements,
  shadow: "none",
};
