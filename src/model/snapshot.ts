import type { Digest } from "../base/digest.ts";
import type { AccessState } from "./access-state.ts";
import type { Catalog } from "./catalog.ts";
import type { RoleName } from "./role.ts";

/** Which server this is, by what the server itself says. A plan for one server is refused by every other. */
export interface TargetIdentity {
  readonly engine: string;
  /** Chosen once by the server when it was set up (PostgreSQL: the system identifier). */
  readonly server: string;
  /** The databases in reach, sorted. */
  readonly databases: readonly string[];
}

export interface ServerVersion {
  readonly product: string;
  readonly major: number;
  readonly minor: number;
  /** As the server prints it: `18.4`. */
  readonly text: string;
}

/** Who we are on the server, and what that lets us do. */
export interface Actor {
  readonly role: RoleName;
  readonly superuser: boolean;
  /** The server's first superuser, under whose name a superuser's membership grants are recorded. */
  readonly bootstrap: RoleName;
  /** The managed service that restricts us, if one was recognised by probing: `amazon-rds`, `google-cloud-sql`, `azure`, `supabase`, `neon`. */
  readonly provider: string | null;
}

/** Something that could not be read. It is not empty: nothing may be planned or claimed about it. */
export interface Unknown {
  /** What it is: `database reports`, `passwords`. */
  readonly subject: string;
  readonly reason: string;
  /** The right that would let us read it, and who could give it; absent when nothing would. */
  readonly help?: string;
}

/** One consistent reading of a Target. */
export interface Snapshot {
  readonly identity: TargetIdentity;
  readonly version: ServerVersion;
  readonly actor: Actor;
  /** When the reading began, RFC 3339 in UTC. */
  readonly takenAt: string;
  readonly catalog: Catalog;
  readonly access: AccessState;
  readonly unknowns: readonly Unknown[];
  /** The digest of `access`: see model/fingerprint.ts. */
  readonly fingerprint: Digest;
  /** Server settings that a plan's budgets depend on: `max_locks`, the size of the shared lock table; others by name. */
  readonly limits: Readonly<Record<string, number>>;
}
