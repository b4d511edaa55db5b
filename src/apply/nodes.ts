import type { NodeReading } from "../engine/engine.ts";
import type { AccessState } from "../model/access-state.ts";
import { overlay } from "../plan/overlay.ts";
import type { Attempt } from "./attempt.ts";
import { compareStates } from "./compare-states.ts";
import type { NodeResult } from "./outcome.ts";

/** Reads each node by itself after the last stage, where a server is several, and compares it with what the plan leads to. Nothing that could not be asked counts as confirmed. */
export async function readNodes({ whole, plan, basis, options }: Attempt): Promise<readonly NodeResult[]> {
  const after = basis.states.at(-1) ?? basis.live.access;
  const predicted = overlay(after, basis.dialect.rules);
  const about = predicted.about([...whole.changes, ...plan.changes].map(({ change }) => change));
  const expected = predicted.restricted(about);
  let readings: readonly NodeReading[];
  try {
    readings = await options.connection.readEverywhere(about);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [{ node: "every node", result: "unknown", reason }];
  }
  return readings.map((reading) => resultOf(reading, expected, plan.stages.at(-1)?.database ?? ""));
}

function resultOf({ node, state, reason }: NodeReading, expected: AccessState, database: string): NodeResult {
  if (state === null) return { node, result: "unknown", reason };
  const differences = compareStates(expected, state, database);
  const [first] = differences;
  if (first === undefined) return { node, result: "confirmed", reason: "" };
  const more = differences.length > 1 ? `, and ${differences.length - 1} more` : "";
  return { node, result: "differs", reason: `${first.text}${more}` };
}
