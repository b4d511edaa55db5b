import type { Privilege } from "./access-list.ts";
import type { Reach } from "./check-finding.ts";
import type { Severity, SourceLocation } from "./finding.ts";
import type { Identity } from "./identity.ts";
import type { Resource } from "./resource.ts";
import type { RoleName } from "./role.ts";

/** What a role is for, as the manifest says it. Checks judge by it: an administrator may hold what an application must not. */
export const PURPOSES = [
  "admin",
  "break-glass",
  "application",
  "migration",
  "maintenance",
  "backup",
  "replication",
  "monitoring",
  "scheduler",
  "audit",
  "read-only",
] as const;
export type Purpose = (typeof PURPOSES)[number];

/** What the manifest says for checks, policies and access tests about one target, with all names looked up. Nothing of it changes access. */
export interface Declared {
  readonly roles: ReadonlyMap<RoleName, DeclaredRole>;
  readonly identities: readonly Identity[];
  /** Things that only some may read or write. */
  readonly sensitive: readonly Sensitive[];
  readonly duties: ReadonlyMap<string, Duty>;
  readonly separation: readonly SeparationRule[];
  /** The people who may approve something here, by their keys, sorted. */
  readonly approvers: readonly string[];
  /** The targets of the manifest, sorted: rules about people are about all of them. */
  readonly targets: readonly string[];
  readonly tests: readonly DeclaredTest[];
  /** The access tests about statements, which only a simulation can try. @default none */
  readonly statementTests?: readonly DeclaredStatementTest[];
  readonly limits: Limits;
  readonly severities: readonly SeverityRule[];
  readonly acceptances: readonly Acceptance[];
  /** The manifest's own policies that count on this target, in its order. */
  readonly policies: readonly DeclaredPolicy[];
  /** The shipped sets that it asks for, sorted. */
  readonly packs: readonly string[];
}

/** An expression that says when something must not be. */
export interface DeclaredPolicy {
  readonly name: string;
  /** In CEL. */
  readonly when: string;
  readonly effect: PolicyEffect;
  readonly location?: SourceLocation;
}

/** What happens where the expression is true. */
export type PolicyEffect =
  | { readonly kind: "deny"; readonly message: string }
  | { readonly kind: "warn"; readonly message: string }
  | {
      readonly kind: "require-approvals";
      readonly count: number;
      /** People or teams; empty: those who may approve anyway. */
      readonly from: readonly string[];
      readonly message: string;
    }
  | { readonly kind: "require-simulation"; readonly wanted: WantedSimulation; readonly message: string };

/** What a simulation must be like to count. */
export interface WantedSimulation {
  /** Of the observed calls, in whole per cent, that it must have decided. */
  readonly coverage: number;
  /** Null: what is usual for the target's environment. */
  readonly maxAgeSeconds: number | null;
  /** How long ago the evidence may end. */
  readonly evidenceAgeSeconds: number;
  /** How many days the evidence must cover. */
  readonly evidenceDays: number;
}

export interface DeclaredRole {
  readonly name: RoleName;
  readonly purpose: Purpose | null;
  /** Who answers for it: a person or a team. */
  readonly owner: string | null;
  /** RFC 3339 date. */
  readonly reviewBy: string | null;
  readonly because: string | null;
  /** The settings that are said for its sessions, where any are. Null: in all databases. @default none */
  readonly settings?: readonly { readonly database: string | null; readonly name: string }[];
  readonly location?: SourceLocation;
}

export interface Sensitive {
  readonly name: string;
  readonly resources: readonly Resource[];
  readonly readers: ReadonlySet<RoleName>;
  readonly writers: ReadonlySet<RoleName>;
  readonly location?: SourceLocation;
}

/** Something that a person may do, such as entering payments: being any of these roles, or holding any of these rights. */
export interface Duty {
  readonly name: string;
  readonly parts: readonly DutyPart[];
  readonly location?: SourceLocation;
}

/** A part of a duty on this target: what is on another one is among the duties there. */
export type DutyPart =
  | { readonly kind: "role"; readonly role: RoleName }
  | {
      readonly kind: "privilege";
      readonly privileges: readonly Privilege[];
      readonly resources: readonly Resource[];
      /** As it was written. */
      readonly text: string;
    };

/** A rule about people and duties, over all their logins on all targets. */
export interface SeparationRule {
  readonly kind: "never-together" | "at-most" | "requires-approval";
  /** `never-together`: nobody has two of them; otherwise the one that it is about. */
  readonly duties: readonly string[];
  /** `at-most`: so many people. */
  readonly people?: number;
  /** `requires-approval`: by people who have this duty. */
  readonly by?: string;
  readonly over: Reach;
  readonly because: string | null;
  readonly location?: SourceLocation;
}

/** An access test about privileges. */
export interface DeclaredTest {
  /** An identity by its key, or a role. */
  readonly as: string;
  readonly logins: readonly RoleName[];
  readonly must: "allow" | "deny";
  readonly privilege: Privilege;
  /** All that the name or pattern stands for; never empty. */
  readonly resources: readonly Resource[];
  readonly over: Reach;
  readonly because: string | null;
  readonly location?: SourceLocation;
}

/** An access test about a statement: tried on a shadow. */
export interface DeclaredStatementTest {
  /** An identity by its key, or a role. */
  readonly as: string;
  readonly logins: readonly RoleName[];
  readonly must: "allow" | "deny";
  readonly statement: string;
  readonly database: string;
  readonly because: string | null;
  readonly location?: SourceLocation;
}

/** What checks count against. */
export interface Limits {
  /** How many people may be superuser-equivalent on a target, besides break-glass. @default 2 */
  readonly administrators: number;
  /** How long a chain of memberships may be. @default 4 */
  readonly depth: number;
  /** From which share of equal rights two roles overlap, 0 to 1. @default 0.8 */
  readonly overlap: number;
  /** How many identities a change of one role may reach. @default 25 */
  readonly reach: number;
  /** After how many days without a login a login sleeps. @default 60 */
  readonly dormantDays: number;
  /** After how many days without use a privilege is unused. @default 90 */
  readonly unusedDays: number;
  /** How many days before an end of access one is told. @default 14 */
  readonly expiryDays: number;
  /** How often break-glass is to be tried, in days. @default 90 */
  readonly drillDays: number;
  /** How old caches of rights may be, in seconds. @default 10 */
  readonly cacheSeconds: number;
}

export const DEFAULT_LIMITS: Limits = {
  administrators: 2,
  depth: 4,
  overlap: 0.8,
  reach: 25,
  dormantDays: 60,
  unusedDays: 90,
  expiryDays: 14,
  drillDays: 90,
  cacheSeconds: 10,
};

/** A manifest that says nothing for checks. */
export const NOTHING_DECLARED: Declared = {
  roles: new Map(),
  identities: [],
  sensitive: [],
  duties: new Map(),
  separation: [],
  approvers: [],
  targets: [],
  tests: [],
  limits: DEFAULT_LIMITS,
  severities: [],
  acceptances: [],
  policies: [],
  packs: [],
};

/** How severe a check is here. The last one that fits counts. */
export interface SeverityRule {
  readonly check: string;
  readonly severity: Severity | "off";
  /** Null: for all. */
  readonly roles: ((name: RoleName) => boolean) | null;
}

/** A finding that somebody answers for, until a day. */
export interface Acceptance {
  /** Its place in the list of the manifest. */
  readonly index: number;
  readonly check: string;
  /** The key of the finding; null: all of the check that `roles` and `resources` fit. */
  readonly key: string | null;
  readonly roles: (name: RoleName) => boolean;
  /** Asked with null where a finding is about nothing. */
  readonly resources: (resource: Resource | null) => boolean;
  readonly owner: string;
  readonly because: string;
  /** The last day on which it counts, `2027-01-31`. */
  readonly until: string;
  readonly location?: SourceLocation;
}
