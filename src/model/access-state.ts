import type { AccessList } from "./access-list.ts";
import type { Grantee, Membership, MembershipKey, Role, RoleName } from "./role.ts";
import type { Resource, ResourceKey, ResourceKind } from "./resource.ts";

/**
 * Everything that decides who may do what on one Target, in normal form: equal meaning is equal value. Both sides of every comparison are an
 * AccessState: the live one that introspection reads, and the desired one that the manifest resolves to. So `diff` needs to know no engine.
 *
 * What makes it normal: built-in privileges are written out, `ALL` is expanded, names are exact, lists are sorted and shared, and what an engine
 * stores in two ways is stored here in one.
 */
export interface AccessState {
  readonly roles: ReadonlyMap<RoleName, Role>;
  readonly memberships: ReadonlyMap<MembershipKey, Membership>;
  /** Every resource in reach, also those that nobody holds anything on. Columns only where they have an access list of their own. */
  readonly holdings: ReadonlyMap<ResourceKey, Holding>;
  readonly defaultPrivileges: ReadonlyMap<DefaultPrivilegeKey, DefaultPrivilege>;
  readonly rowPolicies: ReadonlyMap<RowPolicyKey, RowPolicy>;
}

/** Who owns a resource and who holds what on it. */
export interface Holding {
  readonly resource: Resource;
  /** Null where the engine knows no owner: columns (their table's owner counts), parameters. */
  readonly owner: RoleName | null;
  readonly list: AccessList;
  /** Tables only, and only when set: row policies apply (`enabled`), to the owner too (`forced`). */
  readonly rowSecurity?: RowSecurity;
}

export interface RowSecurity {
  readonly enabled: boolean;
  readonly forced: boolean;
}

/** What objects made by `creator` from now on will carry. Never touches an existing object. */
export interface DefaultPrivilege {
  readonly creator: RoleName;
  readonly database: string;
  /** Null: in every schema. That entry replaces the built-in default; an entry for one schema only adds to it. */
  readonly schema: string | null;
  /** `table`, `sequence`, `routine`, `type`, `schema` or `large-object`. */
  readonly kind: ResourceKind;
  /** For `schema: null` the whole list, written out even where it adds to the built-in one; an entry equal to the built-in default does not exist. */
  readonly list: AccessList;
}

export type DefaultPrivilegeKey = string & { readonly __brand: "DefaultPrivilegeKey" };

export function defaultPrivilegeKey(entry: Omit<DefaultPrivilege, "list">): DefaultPrivilegeKey {
  return `${entry.database}\0${entry.creator}\0${entry.schema ?? ""}\0${entry.kind}` as DefaultPrivilegeKey;
}

export type PolicyCommand = "ALL" | "SELECT" | "INSERT" | "UPDATE" | "DELETE";

/** A row policy of a table, its expressions in the server's own text. */
export interface RowPolicy {
  readonly table: Resource;
  readonly name: string;
  readonly command: PolicyCommand;
  readonly permissive: boolean;
  /** Sorted; PUBLIC means everybody. */
  readonly roles: readonly Grantee[];
  readonly using: string | null;
  readonly check: string | null;
}

export type RowPolicyKey = string & { readonly __brand: "RowPolicyKey" };

export function rowPolicyKey(policy: Pick<RowPolicy, "table" | "name">): RowPolicyKey {
  return `${policy.table.path.join("\0")}\0${policy.name}` as RowPolicyKey;
}

export const EMPTY_STATE: AccessState = {
  roles: new Map(),
  memberships: new Map(),
  holdings: new Map(),
  defaultPrivileges: new Map(),
  rowPolicies: new Map(),
};
