import type { Change } from "../model/change.ts";
import type { Resource, ResourceKey } from "../model/resource.ts";
import { resourceKey, tableOf } from "../model/resource.ts";
import type { Grantee } from "../model/role.ts";
import { resourcesOf, rolesOf } from "../plan/subjects.ts";

/** What a set of changes is about: the roles whose access or attributes it changes, and the resources that it changes access on. */
export interface Named {
  readonly roles: ReadonlySet<Grantee>;
  readonly resources: ReadonlySet<ResourceKey>;
}

/**
 * The roles and resources that changes name. A grantor is not among them: it gives and is neither given nor taken anything. A column brings its table along, since a
 * statement on the one rewrites the other.
 */
export function namedBy(changes: Iterable<Change>): Named {
  const roles = new Set<Grantee>();
  const resources = new Set<ResourceKey>();
  const add = (resource: Resource): void => {
    resources.add(resourceKey(resource));
    if (resource.kind === "column") resources.add(resourceKey(tableOf(resource)));
  };
  for (const change of changes) {
    for (const role of rolesOf(change)) roles.add(role);
    for (const resource of resourcesOf(change)) add(resource);
  }
  return { roles, resources };
}

/** True when the resource, or the table that it is a column of, is named. */
export function namesResource(named: Named, resource: Resource): boolean {
  if (named.resources.has(resourceKey(resource))) return true;
  return resource.kind === "column" && named.resources.has(resourceKey(tableOf(resource)));
}
