import type { Change } from "../model/change.ts";
import type { Resource, ResourceKey } from "../model/resource.ts";
import { resourceKey, tableOf } from "../model/resource.ts";
import type { Grantee } from "../model/role.ts";

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

function rolesOf(change: Change): readonly Grantee[] {
  switch (change.kind) {
    case "create-role":
    case "drop-role":
      return [change.role.name];
    case "rename-role":
      return [change.from, change.to];
    case "alter-role":
    case "set-role-setting":
    case "set-password":
      return [change.role];
    case "add-membership":
    case "remove-membership":
      return [change.membership.role, change.membership.member];
    case "alter-membership":
      return [change.after.role, change.after.member];
    case "add-grant":
    case "remove-grant":
    case "add-grant-option":
    case "remove-grant-option":
      return [change.grantee];
    case "add-default":
    case "remove-default":
    case "add-default-option":
    case "remove-default-option":
      return [change.grantee, change.target.creator];
    case "change-owner":
      return [change.from, change.to];
    case "create-policy":
    case "drop-policy":
      return change.policy.roles;
    case "alter-policy":
      return [...change.before.roles, ...change.after.roles];
    case "set-row-security":
      return [];
  }
}

function resourcesOf(change: Change): readonly Resource[] {
  switch (change.kind) {
    case "add-grant":
    case "remove-grant":
    case "add-grant-option":
    case "remove-grant-option":
    case "change-owner":
      return change.resources;
    case "create-policy":
    case "drop-policy":
      return [change.policy.table];
    case "alter-policy":
      return [change.after.table];
    case "set-row-security":
      return [change.table];
    case "create-role":
    case "drop-role":
    case "rename-role":
    case "alter-role":
    case "set-role-setting":
    case "set-password":
    case "add-membership":
    case "remove-membership":
    case "alter-membership":
    case "add-default":
    case "remove-default":
    case "add-default-option":
    case "remove-default-option":
      return [];
  }
}
