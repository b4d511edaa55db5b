import type { PolicyEffect, WantedSimulation } from "../../../model/declared.ts";
import type { Control } from "../../checks/controls.ts";

/** One policy of a shipped set. */
export interface PackPolicy {
  readonly name: string;
  readonly when: string;
  readonly effect: PolicyEffect;
  /** The controls that it supports. */
  readonly controls: readonly Control[];
}

/** A shipped set of policies, by version: a change of what it asks for is a new version. */
export interface Pack {
  readonly name: string;
  readonly version: number;
  /** What it is for, in one sentence. */
  readonly title: string;
  readonly policies: readonly PackPolicy[];
}

export function deny(message: string): PolicyEffect {
  return { kind: "deny", message };
}

export function warn(message: string): PolicyEffect {
  return { kind: "warn", message };
}

/** A simulation of this age, of enough of the observed calls, with evidence that is not old. */
export function simulation(wanted: WantedSimulation, message: string): PolicyEffect {
  return { kind: "require-simulation", wanted, message };
}

export function approvals(count: number, message: string): PolicyEffect {
  return { kind: "require-approvals", count, from: [], message };
}
