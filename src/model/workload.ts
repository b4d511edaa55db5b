import type { TargetIdentity } from "./snapshot.ts";
import type { RoleName } from "./role.ts";

/** A statement without its literals. Nothing else of a statement is ever kept. */
export interface ObservedStatement {
  /** Equal for statements that differ in literals only; made by the engine's own parser where there is one. */
  readonly fingerprint: string;
  /** Normalised text: every literal is a placeholder of the engine (`$1`, `?`). Empty when it could not be normalised: then only the fingerprint (of the whole text) stands for it. */
  readonly text: string;
  /** `SELECT`, `INSERT`, `CALL`: the first word of what it does, upper case. `UNKNOWN` when it could not be told. */
  readonly command: string;
}

/** How an observed statement ended. `denied`: the server refused it for want of a right, or because a name was out of reach (42501, 42P01, 1142 ...). `failed`: for another reason. */
export type UseResult =
  | { readonly kind: "ok" }
  | { readonly kind: "denied"; readonly code: string }
  | { readonly kind: "failed"; readonly code: string };

/** What a source says of one statement at one moment, or of many between two readings of a counter. */
export interface Observation {
  readonly statement: ObservedStatement;
  /** Null: the source does not tell. */
  readonly database: string | null;
  /** The role that logged in. Null: the source does not tell. */
  readonly login: RoleName | null;
  /** The role that it acted as: after SET ROLE. Null: the source does not tell, or its session's start was not seen. */
  readonly role: RoleName | null;
  /** Null: not known. */
  readonly searchPath: readonly string[] | null;
  readonly application: string | null;
  readonly calls: number;
  /** RFC 3339 in UTC. Of one moment both are equal. */
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly result: UseResult;
}

/** The fields of an Observation that a source may be unable to supply. */
export type ObservedField =
  | "database"
  | "login"
  | "role"
  | "searchPath"
  | "application"
  | "calls"
  | "times"
  | "failures"
  | "text";

/** Everything that one source observed of one (who, statement, result), summed up. What evidence is made of. */
export interface Use extends Observation {
  /** The days it was seen on, `YYYY-MM-DD` in UTC, sorted. */
  readonly days: readonly string[];
  /** The name of the window (`EvidenceWindow.source`) that it stands in. */
  readonly source: string;
  /** The search path was taken from the settings of the role and the database, not from the session. @default false */
  readonly searchPathAssumed?: boolean;
}

/** What one reading of one source covers. "Not seen" means something inside it only. */
export interface EvidenceWindow {
  /** Unique in its Evidence: the kind and what it read, `csvlog postgresql-2026-11-20.csv`. */
  readonly source: string;
  /** `csvlog`, `pg_stat_statements`, `server_audit` ... */
  readonly kind: string;
  readonly from: string;
  readonly to: string;
  /** When nothing could be read in between: rotated away, reset, reader down. Sorted. */
  readonly gaps: readonly { readonly from: string; readonly to: string; readonly reason: string }[];
  readonly lacks: readonly ObservedField[];
  /** Sentences about what this reading lost: evictions, lines that were cut, other servers. Sorted. */
  readonly losses: readonly string[];
  /** Records that were read, and those of them that could not be understood. */
  readonly records: number;
  readonly unread: number;
}

/** What was really done on a Target, as a small file. */
export interface Evidence {
  readonly format_version: "1.0";
  readonly engine: string;
  /** Null: the sources do not tell; then whoever uses it says which target it is of. */
  readonly target: TargetIdentity | null;
  /** Sorted by source. */
  readonly windows: readonly EvidenceWindow[];
  /** Sorted by a total order; one for each source, database, login, role, search path, application, result and fingerprint. */
  readonly uses: readonly Use[];
}
