import type { Privilege } from "../access-list.ts";
import type { Resource } from "../resource.ts";
import type { Grantee, RoleName } from "../role.ts";

/**
 * What checks need to know of a PostgreSQL server besides who holds what. Lists are over all databases that were read, sorted; null: could not be read, and named in `Posture.unknowns`. Owners of tables, routines,
 * schemas and servers stand in the AccessState, `securityInvoker`, settings of routines, forms, columns, partitions and extension members in the Catalog: they are not said again here.
 */
export interface PostgresPosture {
  /** What the server starts sessions with, by name: all settings. One that our own role or database overrides is left out and named in `unknowns`. */
  readonly settings: ReadonlyMap<string, string>;
  /** The databases whose code was read, sorted. */
  readonly databases: readonly string[];
  /** pg_hba.conf as the server last read the file, in order. */
  readonly hba: readonly HbaRule[] | null;
  /** ALTER DATABASE ... SET and ALTER ROLE ALL SET. Those of roles stand with the roles. */
  readonly databaseSettings: readonly DatabaseSetting[] | null;
  readonly subscriptions: readonly Subscription[] | null;
  /** Routines that run with their owner's rights, and those of people in languages that reach out of the database; no others. */
  readonly routines: readonly RoutineFacts[] | null;
  /** Views and materialized views with what they read, system catalogs that hold secrets included. */
  readonly views: readonly ViewFacts[] | null;
  /** Triggers that people made. */
  readonly triggers: readonly TriggerFacts[] | null;
  readonly eventTriggers: readonly EventTriggerFacts[] | null;
  /** Indexes with expressions or conditions: their code runs as whoever writes to or maintains the table. */
  readonly indexes: readonly IndexFacts[] | null;
  readonly foreignServers: readonly ForeignServerFacts[] | null;
  readonly userMappings: readonly UserMappingFacts[] | null;
  readonly extensions: readonly ExtensionFacts[] | null;
  /** Objects of the server or of an extension whose access list is no longer the initial one, with what it was. What it is stands in the AccessState. */
  readonly changedLists: readonly ChangedList[] | null;
  /** Tables that inherit from others, partitions left out: those stand in the Catalog. */
  readonly inherits: readonly { readonly child: Resource; readonly parent: Resource }[] | null;
  /** What stands in `template1` that initdb did not put there, as people read it: `schema x`, `default privileges of y`. New databases get it too. */
  readonly template: readonly string[] | null;
}

/** One line of pg_hba.conf. Secrets among its options are left out. */
export interface HbaRule {
  readonly line: number;
  /** `local`, `host`, `hostssl`, `hostnossl`, `hostgssenc`, `hostnogssenc`. */
  readonly type: string;
  /** Names, `all`, `sameuser`, `samerole`, `replication`, `/pattern`. */
  readonly databases: readonly string[];
  /** Names, `all`, `+group`, `/pattern`. */
  readonly users: readonly string[];
  /** Null for `local`; else an address, a name, `all`, `samehost` or `samenet`. */
  readonly address: string | null;
  readonly netmask: string | null;
  readonly method: string;
  readonly options: readonly string[];
  /** Set: the server cannot use the line. */
  readonly error: string | null;
}

export interface DatabaseSetting {
  /** Null: in every database. */
  readonly database: string | null;
  readonly name: string;
  readonly value: string;
}

export interface Subscription {
  readonly database: string;
  readonly name: string;
  readonly owner: RoleName;
  readonly enabled: boolean;
  /** What arrives is written with the rights of the owner of the subscription, not of the table; always so until 15. */
  readonly runAsOwner: boolean;
  /** Whether connecting out takes a password; null until 15. */
  readonly passwordRequired: boolean | null;
}

export interface RoutineFacts {
  readonly routine: Resource;
  readonly owner: RoleName;
  readonly language: string;
  /** The language reaches out of the database. */
  readonly untrusted: boolean;
  /** Runs with its owner's rights. */
  readonly definer: boolean;
  /** The search_path that it sets for itself, as the catalog holds it; null: it uses the caller's. */
  readonly searchPath: string | null;
  /** Its body puts SQL together as it runs. By the words in it: can be wrong. */
  readonly dynamic: boolean;
  /** Its names were looked up when it was made (BEGIN ATOMIC), so that no search_path matters. */
  readonly atomic: boolean;
  readonly extension: string | null;
}

export interface ViewFacts {
  readonly view: Resource;
  /** Tables, views and sequences that it reads itself. */
  readonly reads: readonly Resource[];
}

export interface TriggerFacts {
  readonly table: Resource;
  readonly name: string;
  readonly routine: Resource;
  readonly routineOwner: RoleName;
  readonly enabled: boolean;
}

export interface EventTriggerFacts {
  readonly database: string;
  readonly name: string;
  readonly owner: RoleName;
  readonly event: string;
  readonly routine: Resource;
  readonly routineOwner: RoleName;
  readonly enabled: boolean;
}

export interface IndexFacts {
  readonly table: Resource;
  readonly name: string;
  /** The routines that people made among those it calls. */
  readonly routines: readonly Resource[];
}

export interface ForeignServerFacts {
  readonly server: Resource;
  readonly wrapper: string;
  /** Without secrets. */
  readonly options: ReadonlyMap<string, string>;
}

export interface UserMappingFacts {
  readonly server: Resource;
  /** The empty name: everybody who has none of its own. */
  readonly role: Grantee;
  /** Null: its options may not be read, and the rest is null too. */
  readonly options: ReadonlyMap<string, string> | null;
  readonly hasPassword: boolean | null;
  /** `password_required` is not false: who uses it must bring a password. */
  readonly passwordRequired: boolean | null;
}

export interface ExtensionFacts {
  readonly database: string;
  readonly name: string;
  readonly version: string;
  readonly schema: string;
}

export interface ChangedList {
  readonly resource: Resource;
  /** Null: part of the server. */
  readonly extension: string | null;
  /** What initdb or CREATE EXTENSION gave, the built-in default written out. */
  readonly initial: readonly InitialPrivilege[];
}

export interface InitialPrivilege {
  readonly grantee: Grantee;
  readonly privilege: Privilege;
  readonly grantable: boolean;
}

/** A posture in which nothing was read: what tests start from. */
export const UNREAD_POSTGRES: PostgresPosture = {
  settings: new Map(),
  databases: [],
  hba: null,
  databaseSettings: null,
  subscriptions: null,
  routines: null,
  views: null,
  triggers: null,
  eventTriggers: null,
  indexes: null,
  foreignServers: null,
  userMappings: null,
  extensions: null,
  changedLists: null,
  inherits: null,
  template: null,
};
