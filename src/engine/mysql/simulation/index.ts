import { notSimulated } from "../../not-simulated.ts";
import type { EngineSimulation } from "../../simulation.ts";
import { GRAMMAR } from "./grammar/grammar.ts";
import { openReplay } from "./replay/open-replay.ts";
import { openRequirements } from "./requirements/source.ts";
import { startShadow } from "./shadow/start-shadow.ts";
import { loginOf } from "./workload/login-of.ts";
import { untried } from "./untried.ts";
import { DIGESTS_SOURCE } from "./workload/digests.ts";
import { GENERAL_LOG } from "./workload/general-log.ts";
import { GENERAL_LOG_TABLE } from "./workload/general-log-table.ts";
import { SERVER_AUDIT } from "./workload/server-audit.ts";

export const simulation: EngineSimulation = {
  ...notSimulated("MariaDB and MySQL"),
  untried,
  logs: [SERVER_AUDIT, GENERAL_LOG],
  sources: [DIGESTS_SOURCE, GENERAL_LOG_TABLE],
  grammar: GRAMMAR,
  loginOf,
  openRequirements,
  startShadow,
  openReplay,
};
