import type { RoleName } from "./role.ts";
import type { SourceLocation } from "./finding.ts";

/** A person, a service or an AI agent: who has access, over all targets. Not a role. */
export interface Identity {
  readonly kind: "person" | "service" | "agent";
  /** The key in the manifest. */
  readonly name: string;
  /** How people call it; the key when nothing else is given. */
  readonly title: string;
  readonly email?: string;
  /** The roles that it logs in as, by target. */
  readonly logins: ReadonlyMap<string, readonly RoleName[]>;
  readonly team?: string;
  /** Several people use it. */
  readonly shared?: true;
  /** It is for emergencies. */
  readonly breakGlass?: true;
  /** The last day of its access, `2027-01-31`. */
  readonly until?: string;
  /** The day on which the person left. */
  readonly left?: string;
  /** Agents: the person who answers for it. */
  readonly owner?: string;
  /** Roles that it may ask for, for a time. @default none */
  readonly eligible?: readonly Eligibility[];
  readonly location?: SourceLocation;
}

/** A role that an identity may ask for, for a time. */
export interface Eligibility {
  readonly role: RoleName;
  /** Null: on every target where it has a login. */
  readonly target: string | null;
  readonly maxMinutes: number | null;
}
