import type { Privilege } from "../model/access-list.ts";
import type { Form } from "../model/catalog.ts";
import type { Grantee, RoleName } from "../model/role.ts";
import type { OnText } from "./grant-text.ts";
import type { IdentityEntry, PresetName, RoleEntry, RowPoliciesEntry } from "./manifest.ts";
import type { NamePattern } from "./names.ts";
import type { ManifestPath } from "./source-file.ts";

/** The lines that say something, and why: the line itself first, then the use of the profile that it stands in. */
export interface Source {
  readonly paths: readonly [ManifestPath, ...ManifestPath[]];
  readonly because?: string;
}

/** What a line is about, before it is looked up in a catalog. Equal selectors have equal keys. */
export interface Selector {
  readonly key: string;
  readonly on: OnText;
  readonly except: readonly NamePattern[];
  readonly kinds: readonly Form[] | null;
  readonly partitions: boolean;
  readonly extensions: readonly string[];
  readonly database: string | null;
  /** Sequences only: those that the table's users need, behind serial columns. */
  readonly serving?: boolean;
}

export interface Future {
  readonly creators: readonly RoleName[] | "discovered";
  readonly only: boolean;
}

/** A grant that must be there, or must not. */
export interface GrantClaim {
  readonly grantee: Grantee;
  readonly present: boolean;
  /** Upper case; may hold `ALL`. */
  readonly privileges: readonly Privilege[];
  readonly columns: readonly string[] | null;
  readonly selector: Selector;
  readonly grantable: boolean;
  /** Absent claims only: the privilege stays, the right to pass it on goes. */
  readonly optionOnly: boolean;
  /** The grantor whose copy is meant; null for any. */
  readonly by: RoleName | null;
  readonly future: Future | null;
  readonly mayBeEmpty: boolean;
  readonly source: Source;
  /** The preset that it is a part of. */
  readonly preset?: { readonly name: PresetName; readonly version: number };
}

/** A membership that must be there with exactly these options, or must not be there at all. */
export interface MembershipClaim {
  readonly role: RoleName;
  readonly member: RoleName;
  readonly present: boolean;
  readonly admin: boolean;
  readonly inherit: boolean;
  readonly set: boolean;
  /** The options that the line itself says; the others are the usual ones, in the form in which the server has them. */
  readonly said: readonly ("admin" | "inherit" | "set")[];
  readonly by: RoleName | null;
  readonly source: Source;
}

export interface OwnershipClaim {
  readonly owner: RoleName;
  readonly selector: Selector;
  readonly mayBeEmpty: boolean;
  readonly source: Source;
}

export interface RowPoliciesClaim {
  readonly entry: RowPoliciesEntry;
  readonly table: NamePattern;
  readonly source: Source;
}

export interface RoleClaim {
  readonly name: RoleName;
  readonly entry: RoleEntry;
  readonly path: ManifestPath;
}

export interface IdentityClaim {
  readonly kind: "person" | "service" | "agent";
  readonly name: string;
  readonly entry: IdentityEntry;
  readonly path: ManifestPath;
}

/** Everything that a manifest says about one target: profiles and presets expanded, text parsed, nothing looked up. */
export interface Claims {
  readonly roles: ReadonlyMap<RoleName, RoleClaim>;
  readonly grants: readonly GrantClaim[];
  readonly memberships: readonly MembershipClaim[];
  readonly ownership: readonly OwnershipClaim[];
  readonly rowPolicies: readonly RowPoliciesClaim[];
  readonly identities: readonly IdentityClaim[];
  /** Grantees about whose grants something is said, be it the empty list: PUBLIC is the empty name. */
  readonly saysGrants: ReadonlySet<Grantee>;
  /** Roles about whose memberships (what they are members of) something is said. */
  readonly saysMemberOf: ReadonlySet<RoleName>;
  /** Roles about whose members something is said. */
  readonly saysMembers: ReadonlySet<RoleName>;
}
