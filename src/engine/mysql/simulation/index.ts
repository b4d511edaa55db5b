import { notSimulated } from "../../not-simulated.ts";
import type { EngineSimulation } from "../../simulation.ts";

export const simulation: EngineSimulation = notSimulated("MariaDB and MySQL");
