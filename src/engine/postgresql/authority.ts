import type { Finding } from "../../model/finding.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { StateRules } from "../../model/state-rules.ts";
import type { RenderRequest } from "../engine.ts";

/** What the connection's role may not do of the changes. */
export function obstacles(_request: RenderRequest, _snapshot: Snapshot, _rules: StateRules): readonly Finding[] {
  return [];
}
