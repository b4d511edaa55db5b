import type { Resource, ResourceKey } from "./resource.ts";
import type { RoleName } from "./role.ts";

/** What a relation, routine or type exactly is; other kinds have none. */
export type Form =
  | "table"
  | "partitioned-table"
  | "view"
  | "materialized-view"
  | "foreign-table"
  | "function"
  | "procedure"
  | "aggregate"
  | "window"
  | "base"
  | "domain"
  | "enum"
  | "composite"
  | "range";

/** What is known of a resource besides who may use it. We read these facts and never change them. */
export interface CatalogEntry {
  readonly resource: Resource;
  readonly form?: Form;
  /** The table that this one is a partition of; patterns leave partitions out unless asked. */
  readonly partitionOf?: Resource;
  /** The extension that made this resource: outside every Scope unless named. */
  readonly extension?: string;
  /** Sequences: the table column that they serve; an `identity` one needs no right of its own, a `serial` one needs USAGE. */
  readonly serves?: { readonly column: Resource; readonly by: "serial" | "identity" };
  /** Tables: the columns in order. Read always, because column grants are planned against them. */
  readonly columns?: readonly string[];
  /** Routines that run with their owner's rights, and the settings they run under. */
  readonly securityDefiner?: boolean;
  readonly settings?: readonly string[];
  /** Views that check the caller's rights instead of the owner's. */
  readonly securityInvoker?: boolean;
  /** Views, and routines that run with the rights of an account by its name: that name. It may not exist (any more). */
  readonly definer?: RoleName;
  /** Cassandra's materialized views: the table that SELECT must be held on to read this one. */
  readonly readThrough?: Resource;
  /** It does not exist: grants on it wait for something of that name. */
  readonly missing?: boolean;
  /** Languages that let a user leave the database; they cannot be granted. */
  readonly untrusted?: boolean;
  /** Part of the server itself (system catalogs, information_schema). Only those whose access differs from the server's initial state are read. */
  readonly system?: boolean;
}

/** Code that runs with the rights of a role by its name, and that nothing is granted on: triggers and events. */
export interface DefinedCode {
  readonly form: "trigger" | "event";
  /** Database, schema, name. */
  readonly path: readonly string[];
  readonly definer: RoleName;
}

/** What exists on a Target. */
export interface Catalog {
  /** The databases that were read, sorted. */
  readonly databases: readonly string[];
  readonly entries: ReadonlyMap<ResourceKey, CatalogEntry>;
  /** Sorted by form and path. @default none */
  readonly definedCode?: readonly DefinedCode[];
}
