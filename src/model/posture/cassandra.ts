import type { Resource } from "../resource.ts";
import type { RoleName } from "../role.ts";

/** What checks need to know of a Cassandra cluster besides who holds what. What could not be read is null, and named in `Posture.unknowns`. */
export interface CassandraPosture {
  /** All settings of the node that we are connected to by name, as it shows them; empty where they may not be read. */
  readonly settings: ReadonlyMap<string, string>;
  /** Every node that the cluster knows of, sorted by its place. */
  readonly nodes: readonly NodeFacts[];
  /** How many copies of roles and grants each data center keeps, sorted. */
  readonly copies: readonly CopyFacts[];
  /** Memberships that stand in only one of the two tables that should both have them, sorted. */
  readonly lopsided: readonly LopsidedMembership[] | null;
  /** Grants that stand in no index: they stay when what they are on is dropped. Sorted by role. */
  readonly unindexed: readonly UnindexedGrant[] | null;
  /** Rows that are about a role or a grant that is not there, sorted. */
  readonly leftovers: readonly LeftoverRow[] | null;
  /** The columns that have a mask, sorted; none before 5.0, which has no masks. */
  readonly masked: readonly Resource[] | null;
}

/** One node, as its neighbors know it and as it told us itself. */
export interface NodeFacts {
  /** `127.0.0.1:9042`. */
  readonly node: string;
  readonly dataCenter: string;
  /** `5.0.9`; empty: not known. */
  readonly release: string;
  /** The version of the schema that it has; nodes with different ones do not agree on what exists. Empty: not known. */
  readonly schema: string;
  /** Whether it could be connected to. That is no proof that it is down. */
  readonly reached: boolean;
  /** What its configuration says; null: it may not be read, or the node was not reached. */
  readonly settings: NodeSettings | null;
}

/** Classes are by their names without packages; empty where the version has no such thing. */
export interface NodeSettings {
  readonly authenticator: string;
  readonly authorizer: string;
  readonly roleManager: string;
  readonly networkAuthorizer: string;
  readonly cidrAuthorizer: string;
  /** It only writes down what it would refuse. */
  readonly cidrMonitors: boolean;
  /** How long it may believe what it read about roles, grants and passwords, in milliseconds. */
  readonly cacheMs: number;
  readonly userFunctions: boolean;
  /** Functions that people make run outside of the sandbox, or may reach what it keeps from them. */
  readonly looseFunctions: boolean;
}

export interface CopyFacts {
  readonly dataCenter: string;
  readonly nodes: number;
  readonly copies: number;
}

/** `member_of`: of `roles`, which decides; `role_members`: what DROP ROLE goes by. */
export interface LopsidedMembership {
  readonly role: RoleName;
  readonly member: RoleName;
  readonly only: "member_of" | "role_members";
}

export interface UnindexedGrant {
  readonly role: RoleName;
  readonly resource: Resource;
}

export interface LeftoverRow {
  readonly table:
    | "role_permissions"
    | "role_members"
    | "resource_role_permissons_index"
    | "network_permissions"
    | "cidr_permissions"
    | "identity_to_role";
  /** The role of the row. */
  readonly role: RoleName;
  /** What else stands in it: a stored resource, a member, an identity; empty: nothing. */
  readonly about: string;
  /** What is not there: the role; the member; the grant that the row is an index of. */
  readonly missing: "role" | "member" | "grant";
}
