import type { Snapshot } from "../../model/snapshot.ts";
import type { CliContext } from "../context.ts";
import type { OpenTarget } from "../target.ts";
import { canaryProblems, doomedBy } from "./canary.ts";
import { appendRemoval, type RemovalRecord, removalStore, stamp } from "./record.ts";

/** Notes that the canary does not tell any more of what it was to tell: gives why, or null where it tells, or none was on. Silence after that is no sign that nothing is used. */
export async function noteCanaryEnd(
  { key, standing, canaryOn }: RemovalRecord,
  { target, live, context }: { readonly target: OpenTarget; readonly live: Snapshot; readonly context: CliContext },
): Promise<string | null> {
  if (!canaryOn) return null;
  const posture = await target.connection.posture(live, { signal: context.signal });
  const inside = [...standing.values()].filter(({ canaryAt }) => canaryAt !== null);
  const items = inside.flatMap(({ item, state }) => (state === "canary" ? item : []));
  const [problem] = canaryProblems(doomedBy(items, live), live, posture);
  if (problem === undefined) return null;
  await appendRemoval(removalStore(target), key, { kind: "canary-ended", ...stamp(context) });
  await target.record({ type: "canary.ended", items: inside.length, because: problem.text });
  return problem.text;
}
