import type { Dialect } from "../../engine/engine.ts";
import type { Danger, Fix, Principle, Reach } from "../../model/check-finding.ts";
import type { Declared } from "../../model/declared.ts";
import type { EngineName } from "../../model/engine-name.ts";
import type { Finding, SourceLocation } from "../../model/finding.ts";
import type { Identity } from "../../model/identity.ts";
import type { Posture } from "../../model/posture.ts";
import type { Resource } from "../../model/resource.ts";
import type { Grantee, Role, RoleName } from "../../model/role.ts";
import type { ServerVersion, Snapshot } from "../../model/snapshot.ts";
import type { Plan } from "../../plan/plan.ts";
import type { AccessDelta } from "../access-delta.ts";
import type { AccessIndex } from "../access-index.ts";
import type { Escalation } from "../escalation/escalation.ts";
import type { AppliedChange } from "./records.ts";
import type { Usage } from "./usage.ts";

/** The families of the catalogue. */
export const FAMILIES = [
  "ADM",
  "PGE",
  "MYE",
  "HID",
  "CSE",
  "LPV",
  "INH",
  "SOD",
  "DEF",
  "TRC",
  "ACC",
  "LCK",
  "AVL",
  "DRF",
] as const;
export type Family = (typeof FAMILIES)[number];

/** What a check cannot do without. `posture`: facts of the server besides access. `declared`: a manifest. `plan`: it judges a change. `usage`: what was really used. `previous`: an earlier state. `records`: what was applied, and by whose word. */
export type Need = "posture" | "declared" | "plan" | "usage" | "previous" | "records";

/** One check of the catalogue as a value. Its id is never reused. */
export interface Check {
  readonly id: `${Family}-${string}`;
  /** What it looks for: one sentence, lower-case first letter, no full stop. */
  readonly title: string;
  /** Why it matters: what the holder gets, or what breaks. */
  readonly why: string;
  /** How to mend it, in general. */
  readonly fix: string;
  /** A few lines that show the right way. */
  readonly example?: string;
  readonly danger: Danger;
  readonly principles: readonly [Principle, ...Principle[]];
  readonly engines: readonly EngineName[] | "all";
  /** The versions that it is about. @default all */
  readonly versions?: (version: ServerVersion) => boolean;
  /** Rules of CIS benchmarks, as `CIS PostgreSQL 4.3`. What else it supports follows from its principles: see controls.ts. @default none */
  readonly cis?: readonly string[];
  /** @default nothing: it judges any state */
  readonly needs?: readonly Need[];
  /** Everything that it finds, in any order, each once. Cost follows what is distinct: classes of resources and sets of roles, never roles × objects. */
  readonly find: (context: CheckContext) => Iterable<Hit | Gap>;
}

/** Something that a check found. */
export interface Hit {
  /** One sentence with names, lower-case first letter, no full stop, names in backticks. */
  readonly message: string;
  /** Whom it is about; the empty name is everybody. */
  readonly principals: readonly Grantee[];
  /** What it is about; of many alike all, sorted. @default nothing */
  readonly resources?: readonly Resource[];
  /** Identities besides those that log in as the principals, by their keys. @default none */
  readonly identities?: readonly string[];
  /** What tells two hits of one check from each other besides principals and resources; part of its key, so never a count or a time. @default nothing */
  readonly about?: string;
  /** The whole way, one edge a sentence. @default held directly */
  readonly path?: readonly string[];
  /** @default "effective" */
  readonly over?: Reach;
  /** @default the check's */
  readonly danger?: Danger;
  /** @default "certain" */
  readonly confidence?: "certain" | "documented";
  /** @default where the first declared principal stands */
  readonly location?: SourceLocation;
  readonly fix: Fix;
}

/** What kept a check from being evaluated, wholly or for a part: `unknown` in one sentence. */
export interface Gap {
  readonly unknown: string;
  readonly help?: string;
}

/** Everything that a check may look at. Lazy parts are worked out when first asked for, once for all checks. */
export interface CheckContext {
  readonly target: string;
  readonly environment: string;
  readonly production: boolean;
  /** RFC 3339 in UTC. */
  readonly now: string;
  /** The state that is judged: what is live, or what a plan leads to. `index.recorded` is what was granted, `index.state` what decides. */
  readonly index: AccessIndex;
  /** The reading that it comes from. Its `access` is the live state, also where a planned one is judged. */
  readonly live: Snapshot;
  readonly dialect: Dialect;
  /** Null: not read. */
  readonly posture: Posture | null;
  /** Null: there is no manifest. */
  readonly declared: Declared | null;
  /** Null: there is no evidence of use. */
  readonly usage: Usage | null;
  /** What was applied to this target, oldest first. Null: there are no records of it here. */
  readonly records: readonly AppliedChange[] | null;
  /** Ways from a role to more than it holds. */
  readonly escalation: Escalation;
  /** Set where a change is judged. */
  readonly change: ChangeContext | null;
  readonly people: People;
  /** The other targets of the same run, for what people can do over all of them; empty where one was read alone. */
  readonly others: readonly CheckContext[];
  /** Roles that people made: not built in, not a provider's, not the server's first superuser. */
  readonly inScope: (name: RoleName) => boolean;
  /** Roles in scope, sorted by name. */
  readonly roles: readonly Role[];
  /** Of those, the ones that can log in. */
  readonly logins: readonly Role[];
}

export interface ChangeContext {
  readonly plan: Plan;
  readonly delta: AccessDelta;
  /** The state before, in the same numbering of roles. */
  readonly before: AccessIndex;
  /** What the lock-out guard says of it, where that was worked out before. @default it is asked */
  readonly guarded?: readonly Finding[];
}

/** Who is behind the roles of this target. */
export interface People {
  /** The identity that logs in as this role. */
  readonly of: (login: RoleName) => Identity | null;
  /** Those that get to the role in any way, through their logins: sorted by key. */
  readonly reaching: (role: RoleName) => readonly Identity[];
  /** Whether the role, or whoever logs in as it, is declared to be an administrator or for emergencies. */
  readonly administers: (role: RoleName) => boolean;
}

/** Whether a check applies to this server. */
export function appliesTo(check: Check, { identity, version }: Pick<Snapshot, "identity" | "version">): boolean {
  if (check.engines !== "all" && !check.engines.some((engine) => engine === identity.engine)) return false;
  return check.versions?.(version) ?? true;
}
