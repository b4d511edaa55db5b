/**
 * The name of a role exactly as the catalog holds it. MySQL and MariaDB: an account is `user@host` (of several @ the last one divides; an anonymous account is `@host`), a MariaDB role its bare name, or, where that
 * holds an @ itself, the name with an @ behind it.
 */
export type RoleName = string;

/**
 * Whom a grant is made to: a role, or everybody. PUBLIC is the empty name, as in PostgreSQL's own access lists, which no role can bear; so it can never be
 * mistaken for a role that happens to be called "public".
 */
export type Grantee = RoleName;
export const PUBLIC: Grantee = "";

/** Where a role comes from: made by people, built into the server, the server's first superuser, or owned by a managed service. */
export type RoleOrigin = "user" | "predefined" | "bootstrap" | "provider";

/**
 * The attributes of a role by their engine's words. PostgreSQL: `login`, `superuser`, `createrole`, `createdb`, `inherit`, `replication`, `bypassrls` (boolean),
 * `connection_limit` (number, -1 none), `valid_until` (RFC 3339 in UTC with microseconds as stored; null for no end, however the catalog says that). `login` and `superuser` mean the same in every engine.
 *
 * MySQL and MariaDB accounts: `login` (false: locked), `connection_limit`, `connections_per_hour`, `queries_per_hour`, `updates_per_hour`, `statement_seconds` (0 none), `password_expired` (boolean), `password_days`
 * (null the server's default, 0 never expires), `tls` (`none`, `any`, `x509`, or the server's text: `SUBJECT '...'`), `plugin` (how it signs in), `stale_default_role` (a default role that it is no member of; null none).
 * MariaDB roles: `login` (always false). Cassandra: `login`, `superuser`, `datacenters` and `cidr_groups` (a sorted JSON array as text; null for all), `identities` (a sorted JSON array as text).
 */
export type RoleAttributes = Readonly<Record<string, AttributeValue>>;
export type AttributeValue = boolean | number | string | null;

/** A value that a role's sessions start with; `database` null means in all of them. Not a privilege, but `role` and `search_path` change what a login can do. */
export interface RoleSetting {
  readonly database: string | null;
  readonly name: string;
  /** The text as the catalog holds it. */
  readonly value: string;
}

/** A database-side role. A login is a role whose `login` attribute is true. Passwords are not state and never appear here. */
export interface Role {
  readonly name: RoleName;
  readonly origin: RoleOrigin;
  readonly attributes: RoleAttributes;
  /** Sorted by database (null first), then name. */
  readonly settings: readonly RoleSetting[];
}

/**
 * `member` is a member of `role`. Where an engine keeps one row per grantor, so do we.
 * On PostgreSQL 15 and older `inherit` and `set` are always true here, since there the member's own `inherit` attribute decides. MySQL and MariaDB: `inherit` says that the role is active when the member logs
 * in (a default role; always for members that are roles), `set` that it may be activated (members that are roles: false). Cassandra: `inherit` always, `set` never. Where the engine keeps no
 * grantor it is the empty name. MariaDB: the member may be PUBLIC.
 */
export interface Membership {
  readonly role: RoleName;
  readonly member: RoleName;
  readonly grantor: RoleName;
  readonly admin: boolean;
  readonly inherit: boolean;
  readonly set: boolean;
  /** The server made this row by itself for the creator of the role; it is shown, and never planned. */
  readonly implied: boolean;
}

export type MembershipKey = string & { readonly __brand: "MembershipKey" };

export function membershipKey(membership: Pick<Membership, "role" | "member" | "grantor">): MembershipKey {
  return `${membership.role}\0${membership.member}\0${membership.grantor}` as MembershipKey;
}
