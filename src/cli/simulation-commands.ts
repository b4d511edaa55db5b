import { ADVISE_COMMANDS } from "./advise-commands.ts";
import type { CommandSpec } from "./command-spec.ts";
import { REMOVALS_COMMANDS } from "./removals-commands.ts";
import { REQUIRES_COMMAND } from "./requires-command.ts";
import { SIMULATE_COMMAND } from "./simulate-command.ts";
import { WORKLOAD_COMMANDS } from "./workload-commands.ts";

/** The commands that test a change before production, and those that learn from use. */
export const SIMULATION_COMMANDS: readonly CommandSpec[] = [
  SIMULATE_COMMAND,
  REQUIRES_COMMAND,
  ...WORKLOAD_COMMANDS,
  ...ADVISE_COMMANDS,
  ...REMOVALS_COMMANDS,
];
