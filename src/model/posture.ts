import type { CassandraPosture } from "./posture/cassandra.ts";
import type { MysqlPosture } from "./posture/mysql.ts";
import type { PostgresPosture } from "./posture/postgresql.ts";
import type { RoleName } from "./role.ts";
import type { Unknown } from "./snapshot.ts";

/**
 * What checks need to know of a server besides who holds what: its settings, its ways in, the code that runs with the rights of others, who is connected. Read only when checks run; never part of a fingerprint.
 * Exactly one of the engines' own parts is there. What could not be read is null there and named in `unknowns`: a check that needs it is not evaluated.
 */
export interface Posture {
  /** When it was read, RFC 3339 in UTC. */
  readonly takenAt: string;
  readonly logins: ReadonlyMap<RoleName, LoginFacts>;
  /** Open sessions; null: they could not be seen. */
  readonly sessions: readonly SessionFacts[] | null;
  readonly unknowns: readonly Unknown[];
  readonly postgresql?: PostgresPosture;
  /** MariaDB and MySQL. */
  readonly mysql?: MysqlPosture;
  readonly cassandra?: CassandraPosture;
}

/** How a login gets in. Never a password, never a hash. */
export interface LoginFacts {
  /** What is stored for it. `none`: nothing; `empty`: the empty password; `weak`: a form that is broken (MD5, SHA-1, cheap bcrypt); `strong`; null: could not be read. */
  readonly password: "none" | "empty" | "weak" | "strong" | null;
  /** The stored form by its name: `md5`, `scram-sha-256`, `mysql_native_password`, `bcrypt 10`. */
  readonly form: string | null;
  /** Whether some way in takes it without any proof (`trust`); null: unknown. */
  readonly letInWithoutProof: boolean | null;
  /** Whether it can get in over the network; null: unknown. */
  readonly remote: boolean | null;
  /** When it last logged in, RFC 3339 in UTC, where the server knows; null: unknown, which is not "never". */
  readonly lastLogin: string | null;
}

export interface SessionFacts {
  readonly login: RoleName;
  /** What it acts as now, where the server tells. */
  readonly current: RoleName | null;
  readonly since: string;
}
