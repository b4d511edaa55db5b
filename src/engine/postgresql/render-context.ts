import type { AccessState } from "../../model/access-state.ts";
import type { Catalog } from "../../model/catalog.ts";
import { schemaOf, type Resource } from "../../model/resource.ts";
import type { Actor, Snapshot } from "../../model/snapshot.ts";
import type { StateRules } from "../../model/state-rules.ts";
import type { GrantTextContext } from "./render-grants.ts";
import type { MembershipStyle } from "./render-memberships.ts";

/** What rendering needs to know of the server besides the states: who we are there, what exists, and what its version locks. */
export interface RenderContext {
  readonly major: number;
  readonly actor: Actor;
  readonly rules: StateRules;
  readonly catalog: Catalog;
  readonly access: AccessState;
  readonly texts: GrantTextContext;
  readonly memberships: MembershipStyle;
}

/** From this version on GRANT and REVOKE lock the objects that they name until the end of the transaction. */
const GRANT_LOCKS_SINCE = 18;

export function renderContext({ version, actor, catalog, access }: Snapshot, rules: StateRules): RenderContext {
  let counts: ReadonlyMap<string, number> | undefined;
  return {
    major: version.major,
    actor,
    rules,
    catalog,
    access,
    texts: {
      objectsIn: (kind, database, schema) => {
        counts ??= countObjects(catalog);
        return counts.get(countKey(kind, database, schema));
      },
      locks: () => version.major >= GRANT_LOCKS_SINCE,
    },
    memberships: {
      options: rules.membershipOptions,
      grantor: (role) => rules.membershipGrantor(role),
    },
  };
}

/** How many objects `all ... in schema` touches, by kind. Schemas of the server itself are not read whole, so they are left out. */
function countObjects(catalog: Catalog): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { resource, system } of catalog.entries.values()) {
    const schema = schemaOf(resource);
    if (schema === null || system === true) continue;
    const key = countKey(resource.kind, resource.path[0] ?? "", schema);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function countKey(kind: Resource["kind"], database: string, schema: string): string {
  return `${kind}\0${database}\0${schema}`;
}
