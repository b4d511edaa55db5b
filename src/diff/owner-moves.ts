import type { AccessState } from "../model/access-state.ts";
import { resourceKey, tableOf, type ResourceKey } from "../model/resource.ts";
import type { RoleName } from "../model/role.ts";
import type { StateRules } from "../model/state-rules.ts";

export interface OwnerMove {
  readonly from: RoleName;
  readonly to: RoleName;
}

/**
 * Everything that changes hands when the named resources do: with a table its columns (whose lists name the owner as grantor) and the sequences that follow it.
 * The named ones come first.
 */
export function ownerMoves(
  state: AccessState,
  named: ReadonlyMap<ResourceKey, OwnerMove>,
  rules: StateRules,
): ReadonlyMap<ResourceKey, OwnerMove> {
  if (named.size === 0) return named;
  const all = new Map(named);
  for (const [key, move] of named) {
    const holding = state.holdings.get(key);
    if (holding === undefined) continue;
    for (const along of rules.ownedAlong(holding.resource)) all.set(resourceKey(along), move);
  }
  for (const [key, { resource }] of state.holdings) {
    if (resource.kind !== "column") continue;
    const move = named.get(resourceKey(tableOf(resource)));
    if (move !== undefined) all.set(key, move);
  }
  return all;
}
