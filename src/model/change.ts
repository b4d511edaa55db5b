import type { DefaultPrivilege, RowPolicy, RowSecurity } from "./access-state.ts";
import type { Privilege } from "./access-list.ts";
import type { SourceLocation } from "./finding.ts";
import type { Resource, ResourceKind } from "./resource.ts";
import type { AttributeValue, Grantee, Membership, Role, RoleName } from "./role.ts";

/** Why a Change is wanted: the manifest lines that ask for it, and the reason given there. */
export interface Origin {
  readonly locations: readonly SourceLocation[];
  readonly because?: string;
  /** `declared`: a line asks for it; `absent`: a line forbids it; `authoritative`: the scope claims the place and no line declares it; `revert`: it undoes a plan. */
  readonly by: "declared" | "absent" | "authoritative" | "revert";
}

/**
 * One semantic difference between two AccessStates: a tuple that appears, disappears or is altered. Each knows enough to be undone.
 * Grant changes carry the set of resources that they are the same for.
 */
export type Change =
  | CreateRole
  | DropRole
  | RenameRole
  | AlterRole
  | SetRoleSetting
  | SetPassword
  | AddMembership
  | RemoveMembership
  | AlterMembership
  | GrantChange
  | DefaultChange
  | ChangeOwner
  | CreatePolicy
  | DropPolicy
  | AlterPolicy
  | SetRowSecurity;

export interface CreateRole {
  readonly kind: "create-role";
  readonly role: Role;
}

/** What the server forgets with the role (its password, its id) does not come back when the drop is undone. */
export interface DropRole {
  readonly kind: "drop-role";
  readonly role: Role;
}

export interface RenameRole {
  readonly kind: "rename-role";
  readonly from: RoleName;
  readonly to: RoleName;
}

export interface AlterRole {
  readonly kind: "alter-role";
  readonly role: RoleName;
  /** Only the attributes that change, sorted by name. */
  readonly attributes: readonly {
    readonly name: string;
    readonly before: AttributeValue;
    readonly after: AttributeValue;
  }[];
}

export interface SetRoleSetting {
  readonly kind: "set-role-setting";
  readonly role: RoleName;
  readonly database: string | null;
  readonly name: string;
  /** Null: not set. */
  readonly before: string | null;
  readonly after: string | null;
}

/** The password itself is read from its source when the plan is applied, and sent as a verifier. It is never part of a plan. */
export interface SetPassword {
  readonly kind: "set-password";
  readonly role: RoleName;
  /** `env:NAME` or `file:PATH`. */
  readonly source: string;
}

export interface AddMembership {
  readonly kind: "add-membership";
  readonly membership: Membership;
}

export interface RemoveMembership {
  readonly kind: "remove-membership";
  readonly membership: Membership;
}

export interface AlterMembership {
  readonly kind: "alter-membership";
  readonly before: Membership;
  readonly after: Membership;
}

/**
 * The same privileges for one grantee on a set of resources of one kind in one database.
 * `add-grant`: they were not held from this grantor, and now are; with the grant option where `grantable`. `remove-grant` is its opposite.
 * `add-grant-option`: they were held without the grant option. `remove-grant-option` is its opposite: the privileges stay.
 */
export interface GrantChange {
  readonly kind: "add-grant" | "remove-grant" | "add-grant-option" | "remove-grant-option";
  readonly resourceKind: ResourceKind;
  /** Null for resources that the cluster shares. */
  readonly database: string | null;
  /** Sorted, not empty. */
  readonly resources: readonly Resource[];
  /** Sorted, not empty. */
  readonly privileges: readonly Privilege[];
  readonly grantee: Grantee;
  readonly grantor: RoleName;
  readonly grantable: boolean;
}

/** The same four for what future objects will carry. */
export interface DefaultChange {
  readonly kind: "add-default" | "remove-default" | "add-default-option" | "remove-default-option";
  readonly target: Omit<DefaultPrivilege, "list">;
  readonly privileges: readonly Privilege[];
  readonly grantee: Grantee;
  readonly grantable: boolean;
}

export interface ChangeOwner {
  readonly kind: "change-owner";
  readonly resourceKind: ResourceKind;
  readonly database: string | null;
  readonly resources: readonly Resource[];
  readonly from: RoleName;
  readonly to: RoleName;
}

export interface CreatePolicy {
  readonly kind: "create-policy";
  readonly policy: RowPolicy;
}

export interface DropPolicy {
  readonly kind: "drop-policy";
  readonly policy: RowPolicy;
}

/** Same table, name, command and kind; other roles or expressions. Any other difference is a drop and a creation. */
export interface AlterPolicy {
  readonly kind: "alter-policy";
  readonly before: RowPolicy;
  readonly after: RowPolicy;
}

export interface SetRowSecurity {
  readonly kind: "set-row-security";
  readonly table: Resource;
  readonly before: RowSecurity;
  readonly after: RowSecurity;
}

/** A change of grants on resources that exist. */
export function isGrantChange(change: Change): change is GrantChange {
  return (
    change.kind === "add-grant" ||
    change.kind === "remove-grant" ||
    change.kind === "add-grant-option" ||
    change.kind === "remove-grant-option"
  );
}

/** A change of what future objects will carry. */
export function isDefaultChange(change: Change): change is DefaultChange {
  return (
    change.kind === "add-default" ||
    change.kind === "remove-default" ||
    change.kind === "add-default-option" ||
    change.kind === "remove-default-option"
  );
}
