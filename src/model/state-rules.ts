import type { AccessList } from "./access-list.ts";
import type { DefaultPrivilege, Holding } from "./access-state.ts";
import type { Privilege } from "./access-list.ts";
import type { Resource, ResourceKind } from "./resource.ts";
import type { AttributeValue, Membership, RoleAttributes, RoleName } from "./role.ts";

/** What a server may not have, besides kinds of things. */
export const FEATURES = [
  "ownership",
  "default-privileges",
  "row-policies",
  "settings",
  "grantors",
  "public",
  "public-memberships",
  "membership-options",
] as const;

/**
 * `grantors`: it remembers who gave what. `public`: grants to everybody. `public-memberships`: everybody can be a member of a role. `membership-options`: admin, inherit and set are chosen for each membership.
 * `settings`: values that a role's sessions start with.
 */
export type Feature = (typeof FEATURES)[number];

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
  /** The attributes of a new role of this name about which nothing is said: all that such a role can have. */
  defaultAttributes(name: RoleName): RoleAttributes;
  /** What makes a name impossible for a new role, in one sentence; null: nothing. */
  refusesName(name: RoleName): string | null;
  /** What makes the value impossible for this attribute of a role of this name, in one sentence that says what to do instead; null: nothing. Asked only for attributes that `defaultAttributes` knows. */
  refusesAttribute(name: RoleName, attribute: string, value: AttributeValue): string | null;
  /** What makes it impossible to rename this role, in one sentence that says what to do instead; null: nothing. */
  refusesRename(from: RoleName, to: RoleName): string | null;
  /**
   * What to do instead, in one sentence, where the server does not have this at all; null: it has it, or nothing better can be said about a kind than which kinds there are. `database`: the server has none above its
   * schemas.
   */
  lacks(what: Feature | ResourceKind): string | null;
  /** The owner of a sequence that follows its table is changed with the table. Given the resource, the ones that move along. */
  ownedAlong(resource: Resource): readonly Resource[];
  /** Memberships that appear by themselves when the connection's role creates `role`. */
  impliedMemberships(role: RoleName): readonly Membership[];
  /** The grantor that the server records when the connection grants on something of this owner. */
  grantorFor(owner: RoleName | null): RoleName;
  /** The grantor that the server records when the connection adds a member. */
  membershipGrantor(role: RoleName): RoleName;
  /** Whether memberships carry options of their own (PostgreSQL 16 and later: inherit and set; MySQL: inherit, which is a default role). */
  readonly membershipOptions: boolean;
  /** A declared membership with the options that the server can keep for it: what it always gives and never gives. */
  normalMembership(membership: Membership): Membership;
  /** How many memberships of this role can be inherited at a time; null: any number. MariaDB: a login has one default role. */
  mostInherited(member: RoleName): number | null;
  /** Kinds of which the catalog records only those that something was granted on: the list of one that is not there, by its kind; undefined for all other kinds. */
  unrecordedList(kind: ResourceKind): AccessList | undefined;
  /** The resource that a role is itself, with the list that the server gives it when the connection's role creates it; null where a role is no resource. */
  resourceOfRole(role: RoleName): Holding | null;
  /** How the right to pass a privilege on is kept. `each`: with the privilege. `level`: as a privilege of its own, GRANT OPTION, for all that is held at that place and below. `none`: there is
   * another privilege for it. */
  readonly grantOption: "each" | "level" | "none";
}
