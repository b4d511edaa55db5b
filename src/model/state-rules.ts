import type { AccessList } from "./access-list.ts";
import type { DefaultPrivilege } from "./access-state.ts";
import type { Privilege } from "./access-list.ts";
import type { Resource, ResourceKind } from "./resource.ts";
import type { Membership, RoleAttributes, RoleName } from "./role.ts";

/**
 * What an engine's server does to an AccessState by itself when it is changed: the few pure facts that comparing and predicting states need.
 * Each engine's dialect provides them for one server version; `diff` and `resolve` are given them as a value and so know no engine.
 */
export interface StateRules {
  /** The privileges that this kind of resource can carry on this server, sorted; empty when the server does not know the kind. */
  privilegesOf(kind: ResourceKind): readonly Privilege[];
  /** The list that a resource has when its catalog entry is empty: what `ALTER DEFAULT PRIVILEGES` starts from too. */
  builtinList(kind: ResourceKind, owner: RoleName): AccessList;
  /** The list after the owner changed: what the old owner held and gave becomes the new owner's. */
  transferOwnership(list: AccessList, from: RoleName, to: RoleName): AccessList;
  /** The normal form of a default privilege; null when it equals what is there without it. */
  normalizeDefault(entry: DefaultPrivilege): DefaultPrivilege | null;
  /** The attributes of a role about which nothing is said. */
  readonly defaultAttributes: RoleAttributes;
  /** The owner of a sequence that follows its table is changed with the table. Given the resource, the ones that move along. */
  ownedAlong(resource: Resource): readonly Resource[];
  /** Memberships that appear by themselves when the connection's role creates `role`. */
  impliedMemberships(role: RoleName): readonly Membership[];
  /** The grantor that the server records when the connection grants on something of this owner. */
  grantorFor(owner: RoleName | null): RoleName;
  /** The grantor that the server records when the connection adds a member. */
  membershipGrantor(role: RoleName): RoleName;
  /** Whether memberships carry their own inherit and set options (PostgreSQL 16 and later). */
  readonly membershipOptions: boolean;
}
