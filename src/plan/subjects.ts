import type { Change } from "../model/change.ts";
import type { Resource } from "../model/resource.ts";
import type { Grantee } from "../model/role.ts";

/** The roles whose access or attributes a change changes. A grantor is not among them: it gives and is neither given nor taken anything. */
export function rolesOf(change: Change): readonly Grantee[] {
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

/** The resources that a change changes access on. */
export function resourcesOf(change: Change): readonly Resource[] {
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
