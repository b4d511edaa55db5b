import { RolewrightError } from "../base/error.ts";
import type { EngineSimulation } from "./simulation.ts";

/** Of an engine that has nothing to simulate with yet: no logs are known, and every question says so. */
export function notSimulated(product: string): EngineSimulation {
  const refuse = (): never => {
    throw new RolewrightError("RW540", `changes on ${product} cannot be simulated yet`, {
      help: "use `rolewright plan` and `rolewright check`, which need no simulation",
    });
  };
  return {
    untried: () => null,
    loadsRows: false,
    logs: [],
    sources: [],
    grammar: { load: async () => {}, read: () => [] },
    loginOf: (logged, { access }) => (access.roles.has(logged) ? logged : null),
    openRequirements: refuse,
    fromText: null,
    shadow: "server",
    startShadow: refuse,
    openReplay: null,
  };
}
