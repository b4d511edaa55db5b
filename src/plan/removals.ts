import type { AccessState } from "../model/access-state.ts";
import { isGrantChange, type Change } from "../model/change.ts";
import type { Finding } from "../model/finding.ts";

/** What a plan may take away without being asked about it: rule S3 of planning-and-applying.md. */
const FREE = 10;
const FREE_SHARE = 0.05;
const ALWAYS_ASK = 1_000;

/** How much the changes take away, as role × resource × privilege; a membership counts as one. */
export function countRemovals(changes: readonly Change[]): number {
  let count = 0;
  for (const change of changes) {
    if (change.kind === "remove-membership") count += 1;
    if (isGrantChange(change) && change.kind === "remove-grant") {
      count += change.resources.length * change.privileges.length;
    }
  }
  return count;
}

/** How much there is to take away: everything that somebody was granted, what owners hold by themselves left out. */
export function countHeld(state: AccessState): number {
  const known = new Map<string, number>();
  let count = state.memberships.size;
  for (const { list } of state.holdings.values()) {
    let size = known.get(list.id);
    if (size === undefined) {
      size = list.entries.reduce((sum, e) => sum + (e.grantee === e.grantor ? 0 : e.privileges.length), 0);
      known.set(list.id, size);
    }
    count += size;
  }
  return count;
}

/** The refusal of a plan that takes away more than its budget; undefined where it does not. */
export function removalFinding(removals: number, held: number, allowed: number): Finding | undefined {
  const over = removals > ALWAYS_ASK || (removals > FREE && removals > held * FREE_SHARE);
  if (!over || removals <= allowed) return undefined;
  const percent = held === 0 ? 100 : Math.floor((removals * 100) / held);
  return {
    code: "RW330",
    severity: "error",
    message: `the plan takes away ${removals} of ${held} grants and memberships (${percent} %), more than it may without being asked`,
    help: `if that is meant, plan again with \`--allow-removals=${removals}\``,
  };
}
