import type { AccessState } from "../../model/access-state.ts";
import type { Change } from "../../model/change.ts";
import type { Finding } from "../../model/finding.ts";
import type { Snapshot } from "../../model/snapshot.ts";

/** Findings about access lists that would not fit into their catalog row. */
export function listLimits(_after: AccessState, _changed: readonly Change[], _snapshot: Snapshot): readonly Finding[] {
  return [];
}
