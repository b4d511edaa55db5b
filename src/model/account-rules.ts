import type { AccessState } from "./access-state.ts";
import type { RoleName } from "./role.ts";

/** An account by its two halves. */
export interface AccountName {
  readonly user: string;
  readonly host: string;
}

/** From where a host of an account lets in: the server's own machine; one other; several; any. */
export type HostWidth = "local" | "one" | "many" | "any";

/** How a server that tells accounts of one user apart by their hosts, and schemas by patterns, matches these names: the pure facts that the analysis asks for. */
export interface AccountRules {
  /** Whether what is known of escalation here was seen on a live server, or stands on the manual alone. */
  readonly confidence: "certain" | "documented";
  /** How many of its roles a login can have active at a time. */
  readonly activeRoles: "one" | "many";
  /** The halves of an account's name; null for a role that has no host, and for everybody. */
  account(name: RoleName): AccountName | null;
  /** From where a host lets in. */
  hostWidth(host: string): HostWidth;
  /** Whether a pattern of the names of schemas, as the server keeps it, covers this schema. */
  covers(pattern: string, schema: string): boolean;
  /** Below zero where the first of two patterns is the more specific one, so that it counts and the other does not; zero: the server takes the one that it finds first. */
  compareSpecificity(a: string, b: string): number;
  /** The names of the same user whose grants on schemas and below, and whose roles, may also stand for an account, by that account; accounts that only their own name stands for are not in it. Each sorted. */
  alsoCounting(state: AccessState): ReadonlyMap<RoleName, readonly RoleName[]>;
}
