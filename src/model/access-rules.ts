import type { AccessList, Privilege } from "./access-list.ts";
import type { AccessState, Holding } from "./access-state.ts";
import type { AccountRules } from "./account-rules.ts";
import type { Catalog, CatalogEntry } from "./catalog.ts";
import type { Resource, ResourceKind } from "./resource.ts";
import type { Grantee, Membership, Role, RoleName } from "./role.ts";

/**
 * How an engine's server decides who may do what: the pure facts that turn an AccessState into answers. Each engine's dialect provides them for one server
 * version; the analysis is given them as a value and so knows no engine.
 */
export interface AccessRules {
  /** The privileges that this kind of resource can carry on this server, sorted. */
  privilegesOf(kind: ResourceKind): readonly Privilege[];
  /** What a membership does for its member: the role's privileges without further statement; becoming the role by a statement of its own (SET ROLE). */
  edge(membership: Membership, member: Role): MembershipEffect;
  /** Memberships that are recorded nowhere and hold in sessions of this database only. The role of each is itself a member of nothing. */
  unrecordedMembers(database: string, state: AccessState): readonly UnrecordedMember[];
  /** Whether the role may do everything, whatever the access lists say. */
  superuser(role: Role): boolean;
  /** Whether who has a superuser's privileges is one too (Cassandra), or must become it (PostgreSQL). */
  readonly superuserIsInherited: boolean;
  /**
   * The state with everything written out that the server adds while it decides and that stands in no list of the resource itself: what is held on all schemas or on a pattern of names counts for each
   * table, a login also gets what was given to its name at other hosts, of several patterns one wins, and what is refused is taken out. Such an engine writes holdings for all resources of the catalog, columns
   * only where they have a list of their own. Pure; the cost follows distinct lists. Null: lists are meant as they stand.
   */
  readonly evaluated: ((state: AccessState, catalog: Catalog) => AccessState) | null;
  /** What is really recorded behind a grant that `evaluated` wrote out to this grantee: sorted, where several give the same all of them; empty: nothing does. Asked for single questions only. */
  sources(question: SourceQuestion, state: AccessState, catalog: Catalog): readonly GrantSource[];
  /** Holding all of these makes a login an administrator, besides superusers and those with `createrole`; empty: there is no such way. */
  readonly administration: readonly { readonly privilege: Privilege; readonly resource: Resource }[];
  /** Whose resource it is where the catalog names no owner: parameters. */
  ownerOf(holding: Holding): RoleName | null;
  /** What roles that are built into the server give to whoever has their privileges, besides what is granted to them. */
  readonly builtinRights: readonly BuiltinRight[];
  /** The privileges that nobody but a superuser has on this resource, whatever its access list says, sorted; grant options are not withheld. */
  withheld(resource: Resource, entry: CatalogEntry | undefined): readonly Privilege[];
  /** Kinds of which the catalog records only those that something was granted on: the others are the superusers'. */
  readonly recordedOnly: ReadonlySet<ResourceKind>;
  /** The attributes that let a role do what no access list shows, the most dangerous first. Never inherited. */
  readonly attributes: readonly AttributeRight[];
  /** Whether managing a role takes the admin option on it; false: CREATEROLE is enough for all roles. */
  readonly adminNeeded: boolean;
  /** What a login holds itself stays in force once it has made a role active (MariaDB, MySQL): the two add up. @default false: it acts as that role alone */
  readonly addsActiveRole?: boolean;
  /** The role that a session of this login in this database is asked to act as from its start; null: itself. It only takes effect where the login may become that role. */
  startsAs(login: Role, database: string | null): RoleName | null;
  /** What must be held besides the privilege to use a resource by its name. */
  gates(resource: Resource): readonly Gate[];
  /** Whether the privilege is of any use on this resource: it is not on languages that only superusers may use. */
  usable(resource: Resource, entry: CatalogEntry | undefined): boolean;
  /** Why a role that may log in by its attribute is not let in at this time: its way in has expired, or it is allowed no connections. Null: it is let in. */
  barred(role: Role, now: string): "expired" | "no connections" | null;
  /** What a privilege is for, by its danger; see PrivilegeClass. */
  privilegeClass(kind: ResourceKind, privilege: Privilege): PrivilegeClass;
  /** The list that a new object of `creator` gets, from the default privileges for every schema and for its own (null: there is no such entry). */
  futureList(kind: ResourceKind, creator: RoleName, everywhere: AccessList | null, here: AccessList | null): AccessList;
  /** How accounts with hosts and patterns of names are matched. @default names are exact, and there is nothing to match */
  readonly accounts?: AccountRules;
}

/**
 * What a privilege lets its holder do. `read`: see data. `write`: change or remove data. `define`: make, change or drop things, or attach code to them. `pass on`: give others what one holds at this place, where that
 * is a privilege of its own (GRANT OPTION, AUTHORIZE). `administer`: act on the server, its settings, accounts or other sessions. `use`: get at what lies behind it, or run it.
 */
export type PrivilegeClass = "read" | "write" | "define" | "pass on" | "administer" | "use";

export interface SourceQuestion {
  readonly grantee: Grantee;
  readonly privilege: Privilege;
  readonly resource: Resource;
}

/** A recorded grant: on this resource, to this grantee. */
export interface GrantSource {
  readonly grantee: Grantee;
  readonly resource: Resource;
}

export interface MembershipEffect {
  readonly privileges: boolean;
  readonly setRole: boolean;
}

export interface UnrecordedMember extends MembershipEffect {
  readonly role: RoleName;
  readonly member: RoleName;
}

export interface BuiltinRight {
  readonly role: RoleName;
  readonly kind: ResourceKind;
  /** Sorted. */
  readonly privileges: readonly Privilege[];
}

export interface AttributeRight {
  readonly name: string;
  /** True when a login gets it by becoming the role; false when it counts for the login itself only. */
  readonly bySetRole: boolean;
}

export interface Gate {
  readonly resource: Resource;
  readonly privilege: Privilege;
  /** `login`: asked once, of the role that logs in. `session`: asked of the role that the session acts as. */
  readonly of: "login" | "session";
}
