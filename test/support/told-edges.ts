import type { EscalationEdge } from "../../src/analysis/escalation/escalation.ts";
import { type CheckWorld, worldContext } from "./check-world.ts";

/** The edges of a hand-made cluster as `from -> goal: by`; behind the goal `~` where it takes acting as the role, `!` where it needs a victim, `?` where it is not certain. */
export function toldEdges(world: CheckWorld): string[] {
  return worldContext(world).escalation.edges.map(text);
}

function text({ from, to, by, over, needsVictim, confidence }: EscalationEdge): string {
  const goal = to.kind === "role" ? to.role : to.kind;
  const marks = `${over === "reachable" ? "~" : ""}${needsVictim ? "!" : ""}${confidence === "certain" ? "" : "?"}`;
  return `${from === "" ? "everybody" : from} -> ${goal}${marks}: ${by}`;
}
