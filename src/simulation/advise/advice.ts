import type { Privilege } from "../../model/access-list.ts";
import type { Purpose } from "../../model/declared.ts";
import type { Resource } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { Watch } from "./observed.ts";

/** What is taken, or stays, as a whole: what one place of the manifest says with one privilege, or else a single grant or membership. */
export interface Unit {
  /** Equal for equal units on every machine; advice is sorted by it. */
  readonly id: string;
  readonly what: UnitOf;
  /** The recorded grants in it, by `grantKey`. */
  readonly grants: readonly string[];
  /** The memberships in it, by `memberKey`. */
  readonly members: readonly string[];
  /** Null: it may be taken; else why whoever made the unit says that it may not. */
  readonly fixed: Obstacle | null;
}

export type UnitOf =
  | {
      readonly kind: "grant";
      readonly grantees: readonly RoleName[];
      readonly privileges: readonly Privilege[];
      readonly resources: readonly Resource[];
    }
  | { readonly kind: "membership"; readonly members: readonly RoleName[]; readonly role: RoleName };

/** Why nothing is advised about a unit that nobody was seen to use. */
export type Obstacle =
  | { readonly kind: "purpose"; readonly role: RoleName; readonly purpose: Purpose }
  | { readonly kind: "break-glass"; readonly role: RoleName; readonly identity: string }
  | { readonly kind: "eligible"; readonly role: RoleName; readonly identity: string }
  | { readonly kind: "owner"; readonly role: RoleName }
  | { readonly kind: "attribute"; readonly role: RoleName; readonly attribute: string }
  /** These could use it, and nothing at all was seen of them: that is not "unused". */
  | { readonly kind: "no-evidence"; readonly roles: readonly RoleName[] }
  | { readonly kind: "coverage"; readonly role: RoleName; readonly decided: number; readonly observed: number }
  | { readonly kind: "unknown"; readonly role: RoleName; readonly reason: string; readonly statement: string }
  | { readonly kind: "young"; readonly role: RoleName; readonly since: string }
  | { readonly kind: "age"; readonly days: number; readonly needed: number; readonly why: string }
  | { readonly kind: "no-month-end" }
  | { readonly kind: "no-quarter-end" }
  | { readonly kind: "admin" }
  | { readonly kind: "row-policy"; readonly policies: readonly string[] }
  | { readonly kind: "built-in" }
  | { readonly kind: "test"; readonly as: string }
  | { readonly kind: "not-managed" }
  | { readonly kind: "written-so"; readonly text: string };

/** A unit that may go. */
export interface Removal {
  readonly unit: Unit;
  /** `unused`: nobody was seen to use it. `redundant`: what it was used for is held in another way too. */
  readonly kind: "unused" | "redundant";
  /** The logins that it reaches, all of which were watched. */
  readonly logins: number;
  /** What was observed of these: distinct statements, and calls. */
  readonly statements: number;
  readonly calls: number;
  /** Whole days that were watched. */
  readonly days: number;
  /** With 95 % confidence it is used on at most one day in so many. */
  readonly atMostOneDayIn: number;
  /** Days that had to be watched before it is advised. */
  readonly neededDays: number;
}

/** A grant on a whole table of which only these columns are used. */
export interface Narrowing {
  readonly unit: Unit;
  readonly grantee: RoleName;
  readonly privilege: Privilege;
  readonly table: Resource;
  readonly columns: readonly string[];
  /** How many columns the table has. */
  readonly of: number;
}

/** A unit that was not seen in use, and of which nothing is advised. */
export interface Withheld {
  readonly unit: Unit;
  readonly obstacle: Obstacle;
}

/** What was granted to a role itself against what was used of it. */
export interface RoleUse {
  readonly role: RoleName;
  readonly login: boolean;
  /** Privileges on resources that it is granted itself, without what it inherits; those of them that anybody was seen to use. */
  readonly granted: number;
  readonly used: number;
  /** Members, and those of them that were seen to use anything that it gives. */
  readonly members: number;
  readonly usedBy: number;
  /** Members of which there is evidence that they never used it. */
  readonly idle: readonly RoleName[];
  /** Members of which nothing was seen at all. */
  readonly unseen: readonly RoleName[];
  /** What was observed: statements run as it, or by those who inherit from it. */
  readonly statements: number;
  readonly calls: number;
  readonly lastSeen: string | null;
}

/** What an identity could do with all its logins, and did. */
export interface IdentityUse {
  readonly name: string;
  readonly kind: "person" | "service" | "agent";
  readonly held: number;
  readonly used: number;
  readonly calls: number;
  readonly lastSeen: string | null;
}

/** A role whose members use parts of it that have nothing in common. */
export interface Split {
  readonly role: RoleName;
  readonly parts: readonly { readonly members: readonly RoleName[]; readonly grants: number }[];
}

export interface Advice {
  readonly watch: Watch;
  /** Pairs of a role and a statement that were observed, and those of them whose needs are known. */
  readonly observed: number;
  readonly decided: number;
  readonly removals: readonly Removal[];
  readonly narrowings: readonly Narrowing[];
  readonly withheld: readonly Withheld[];
  /** Units that stay because they are needed, by id. */
  readonly needed: readonly Unit[];
  readonly roles: readonly RoleUse[];
  readonly identities: readonly IdentityUse[];
  readonly splits: readonly Split[];
  /** Roles that give something, and that nobody was seen to use: candidates to be retired by people. */
  readonly unusedRoles: readonly RoleName[];
}
