import type { About } from "../engine/engine.ts";
import type { AccessState } from "../model/access-state.ts";
import type { Resource } from "../model/resource.ts";

/** A few subjects to read of: the first roles there are, with the first places that they hold something on, and one more place. */
export function subjectsOf(state: AccessState, also: Resource): About {
  const roles = new Set([...state.roles.keys()].slice(0, MOST));
  const resources = [...state.holdings.values()]
    .filter(({ list }) => list.entries.some((entry) => roles.has(entry.grantee)))
    .map(({ resource }) => resource)
    .slice(0, MOST);
  return { roles, resources: [...resources, also] };
}

const MOST = 20;
