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
  readonly location?: SourceLocation;
}
