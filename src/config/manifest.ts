import type { Purpose } from "../model/declared.ts";
import type { Facet } from "../model/scope.ts";
import type { Form } from "../model/catalog.ts";
import type { EngineName } from "../model/engine-name.ts";
import type { KindWord, UnnamedWord } from "./kind-words.ts";
import type {
  PolicyEntry,
  CelPolicyEntry,
  PackName,
  SensitiveEntry,
  DutyEntry,
  SeparationEntry,
  LimitsEntry,
  AcceptedEntry,
  ApprovalEntry,
  AccessTestEntry,
  ProbeEntry,
  RareEntry,
  RemovalsEntry,
} from "./manifest-judging.ts";

/**
 * The manifest as it is written: what the files say after they were joined, with nothing filled in and nothing expanded, so that "not said" and "said to be empty" stay apart.
 * The zod schema in schema.ts validates exactly this shape; the JSON Schema for editors is generated from it.
 */
export interface Manifest {
  readonly version: 1;
  readonly include?: readonly string[];
  readonly targets?: Readonly<Record<string, TargetEntry>>;
  readonly scope?: ScopeEntry;
  readonly profiles?: Readonly<Record<string, ProfileEntry>>;
  readonly roles?: Readonly<Record<string, RoleEntry>>;
  readonly public?: PublicEntry;
  readonly ownership?: readonly OwnershipEntry[];
  readonly row_policies?: readonly RowPoliciesEntry[];
  readonly people?: Readonly<Record<string, IdentityEntry>>;
  readonly services?: Readonly<Record<string, IdentityEntry>>;
  readonly agents?: Readonly<Record<string, IdentityEntry>>;
  readonly sensitive?: readonly SensitiveEntry[];
  readonly duties?: Readonly<Record<string, readonly DutyEntry[]>>;
  readonly separation?: readonly SeparationEntry[];
  readonly limits?: LimitsEntry;
  readonly packs?: readonly PackName[];
  readonly policies?: readonly (PolicyEntry | CelPolicyEntry)[];
  readonly accepted?: readonly AcceptedEntry[];
  readonly approvals?: readonly ApprovalEntry[];
  readonly allowed_signers?: string;
  readonly tests?: readonly AccessTestEntry[];
  readonly confirm_within?: string;
  readonly audit?: AuditEntry;
  readonly probes?: readonly ProbeEntry[];
  readonly removals?: RemovalsEntry;
  readonly rare?: readonly RareEntry[];
}

/** How the audit log is kept to. */
export interface AuditEntry {
  /** `committed`, `published` or `witnessed(2)`. */
  readonly level?: string;
  readonly environments?: readonly string[];
  readonly policy?: string;
  readonly timeout?: string;
  readonly on_timeout?: "refuse" | "degrade";
  readonly on_failure?: { readonly reduce?: "spool" | "refuse"; readonly break_glass?: "off" | "allow" };
}

/** Text with `${NAME}` in it, or a place to read from. */
export type Reference = string | { readonly env: string } | { readonly file: string };

export interface TargetEntry {
  readonly engine: EngineName;
  readonly environment?: string;
  readonly url: Reference;
  readonly databases?: "all" | readonly string[];
  readonly shadow?: { readonly url: Reference };
  readonly evidence?: readonly string[];
  readonly confirm_within?: string;
}

export interface ScopeEntry {
  readonly authoritative?: readonly AuthoritativeEntry[];
  readonly ignore?: { readonly roles?: readonly string[]; readonly schemas?: readonly string[] };
}

export interface AuthoritativeEntry {
  readonly facets: readonly Facet[];
  readonly roles?: readonly string[];
  readonly schemas?: readonly string[];
  readonly targets?: readonly string[];
}

export interface ProfileEntry {
  readonly because?: string;
  readonly parameters?: readonly string[];
  readonly grants?: readonly GrantEntry[];
  readonly revoke?: readonly RevokeEntry[];
  readonly member_of?: readonly MembershipEntry[];
}

export interface ProfileUse {
  readonly use: string;
  readonly with?: Readonly<Record<string, string | readonly string[]>>;
  readonly targets?: readonly string[];
}

/** What is claimed for a grantee: the part that roles and `public` share. */
export interface GranteeEntry {
  readonly because?: string;
  readonly profiles?: readonly (string | ProfileUse)[];
  readonly grants?: readonly GrantEntry[];
  readonly revoke?: readonly RevokeEntry[];
}

/** Everybody. Memberships only where the server knows those of everybody. */
export interface PublicEntry extends GranteeEntry {
  readonly member_of?: readonly MembershipEntry[];
  readonly not_member_of?: readonly string[];
}

export interface RoleEntry extends GranteeEntry {
  readonly targets?: readonly string[];
  readonly purpose?: Purpose;
  /** A person or a team. */
  readonly owner?: string;
  readonly review_by?: string;
  readonly login?: boolean;
  readonly superuser?: boolean;
  readonly createrole?: boolean;
  readonly createdb?: boolean;
  readonly inherit?: boolean;
  readonly replication?: boolean;
  readonly bypassrls?: boolean;
  readonly connection_limit?: number;
  readonly valid_until?: string | null;
  readonly connections_per_hour?: number;
  readonly queries_per_hour?: number;
  readonly updates_per_hour?: number;
  readonly statement_seconds?: number;
  readonly password_expired?: boolean;
  readonly password_days?: number | null;
  readonly tls?: string;
  readonly plugin?: string;
  readonly datacenters?: readonly string[] | null;
  readonly cidr_groups?: readonly string[] | null;
  readonly identities?: readonly string[];
  readonly settings?: Readonly<Record<string, SettingValue>>;
  readonly databases_settings?: Readonly<Record<string, Readonly<Record<string, SettingValue>>>>;
  readonly password?: Reference;
  readonly presets?: readonly PresetUse[];
  readonly member_of?: readonly MembershipEntry[];
  readonly members?: readonly MembershipEntry[];
  readonly not_member_of?: readonly string[];
  readonly retire?: { readonly successor?: string };
  readonly was?: string;
}

/** Null: the setting is to be absent. */
export type SettingValue = string | number | boolean | null;

export interface PresetUse {
  readonly preset: PresetWord;
  readonly schemas: readonly string[];
  readonly creators?: readonly string[] | "discovered";
  readonly database?: string;
  readonly targets?: readonly string[];
}

export type PresetName = "read-only" | "read-write" | "maintenance" | "admin";

/** A preset with its version means the same for ever; without, it means the newest version. */
export type PresetWord = PresetName | `${PresetName}@1`;

/** All of them, as the schema lists them. */
export const PRESET_WORDS: readonly PresetWord[] = [
  "read-only",
  "read-only@1",
  "read-write",
  "read-write@1",
  "maintenance",
  "maintenance@1",
  "admin",
  "admin@1",
];

export type MembershipEntry = string | MembershipMap;

export interface MembershipMap {
  readonly role: string;
  readonly admin?: boolean;
  readonly inherit?: boolean;
  readonly set?: boolean;
  readonly by?: string;
  readonly targets?: readonly string[];
  readonly because?: string;
}

export type GrantEntry = string | GrantMap;

export interface GrantMap {
  readonly privileges: readonly string[];
  readonly columns?: readonly string[];
  readonly on: OnEntry;
  readonly grantable?: boolean;
  readonly by?: string;
  readonly future?: FutureEntry;
  readonly may_be_empty?: boolean;
  readonly targets?: readonly string[];
  readonly because?: string;
}

export interface FutureEntry {
  readonly creators: readonly string[] | "discovered";
  /** For nothing that exists. */
  readonly only?: boolean;
}

export type RevokeEntry = string | RevokeMap;

export interface RevokeMap {
  readonly privileges: readonly string[];
  readonly columns?: readonly string[];
  readonly on: OnEntry;
  /** Only the right to pass them on is to go. */
  readonly grant_option_only?: boolean;
  readonly by?: string;
  readonly future?: FutureEntry;
  readonly may_be_empty?: boolean;
  readonly targets?: readonly string[];
  readonly because?: string;
}

/**
 * Exactly one kind (`table: sales.orders`, `tables: sales.*`), text for one or a list, `true` for a kind of which there is one (`server: true`); and what narrows it.
 */
export interface OnEntry
  extends Readonly<Partial<Record<KindWord, string | readonly string[]>>>,
    Readonly<Partial<Record<UnnamedWord, true>>> {
  readonly except?: readonly string[];
  readonly kinds?: readonly Form[];
  readonly partitions?: boolean;
  readonly extensions?: readonly string[];
  readonly database?: string;
}

export interface OwnershipEntry {
  readonly owner: string;
  readonly of: string | OnEntry;
  readonly may_be_empty?: boolean;
  readonly targets?: readonly string[];
  readonly because?: string;
}

export interface RowPoliciesEntry {
  readonly table: string;
  readonly database?: string;
  readonly enabled?: boolean;
  readonly forced?: boolean;
  readonly policies?: Readonly<Record<string, RowPolicyEntry>>;
  readonly absent?: readonly string[];
  readonly targets?: readonly string[];
  readonly because?: string;
}

export interface RowPolicyEntry {
  readonly command?: "all" | "select" | "insert" | "update" | "delete";
  readonly permissive?: boolean;
  readonly to?: readonly string[];
  readonly using?: string;
  readonly check?: string;
}

export interface IdentityEntry {
  readonly name?: string;
  readonly email?: string;
  readonly because?: string;
  readonly logins?: Readonly<Record<string, string | readonly string[]>>;
  readonly roles?: readonly MembershipEntry[];
  readonly eligible?: readonly EligibleEntry[];
  readonly owner?: string;
  readonly team?: string;
  readonly shared?: boolean;
  readonly break_glass?: boolean;
  readonly until?: string;
  readonly left?: string;
}

export interface EligibleEntry {
  readonly role: string;
  readonly target?: string;
  readonly max_minutes?: number;
  readonly because?: string;
}
