import type { Reach } from "../../model/check-finding.ts";
import type { Grantee, RoleName } from "../../model/role.ts";

/** Where an escalation leads: to being a role, or out of what roles limit. `superuser`: everything on the server. `system`: the account that the server runs as, which is that and more. */
export type Goal =
  | { readonly kind: "role"; readonly role: RoleName }
  | { readonly kind: "superuser" }
  | { readonly kind: "system" };

/** One step by which who has the privileges of `from` gets more than it holds. */
export interface EscalationEdge {
  /** The empty name: everybody can take it. */
  readonly from: Grantee;
  readonly to: Goal;
  /** One sentence: `holds CREATEROLE, which sets the password of any role`. */
  readonly by: string;
  /** `effective`: who has the privileges of `from` can take it. `reachable`: only who acts as it, by logging in as it or by SET ROLE. */
  readonly over: Exclude<Reach, "escalable">;
  /** Somebody else must act: write to a table, call a function, run DDL. */
  readonly needsVictim: boolean;
  readonly confidence: "certain" | "documented";
}

/** A way from a role to a goal: steps of membership and of escalation, each a sentence. */
export interface EscalationPath {
  readonly steps: readonly string[];
  readonly goal: Goal;
  readonly needsVictim: boolean;
  readonly confidence: "certain" | "documented";
}

/** Ways from a role to more than it holds: the fixpoint over what is held, what can be become, and the edges of the engine. */
export interface Escalation {
  readonly edges: readonly EscalationEdge[];
  /** The roles whose privileges `role` can come to have, itself and what it reaches by membership included, sorted; everything where it comes to be superuser. */
  rolesFrom(role: RoleName): readonly RoleName[];
  /** The shortest way, of those that need the fewest doings of others, to everything on the server that is not being a superuser already, nor by SET ROLE alone; null: there is none. */
  toSuperuser(role: RoleName): EscalationPath | null;
  /** The shortest way to the privileges of another role that takes at least one escalation; null: there is none, or membership alone gives it. */
  toRole(role: RoleName, other: RoleName): EscalationPath | null;
}
