import type { CommandSpec } from "./command-spec.ts";

/** The commands that test a change before production, and those that learn from use. */
export const SIMULATION_COMMANDS: readonly CommandSpec[] = [];
