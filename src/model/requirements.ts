import type { Privilege } from "./access-list.ts";
import type { Resource } from "./resource.ts";
import type { RoleName } from "./role.ts";

/** What a statement needs, as far as it can be known without running it. */
export interface StatementRequirements {
  /** Every one must hold. */
  readonly allOf: readonly Requirement[];
  /** What could not be decided, and why; never dropped. */
  readonly unknown: readonly UnknownPart[];
  /** What its names stand for, sorted, and the row policies in force: for silent changes. */
  readonly resolved: readonly ResolvedName[];
  /** Read from the text alone: names as written, nothing resolved. It can only ever lead to `maybe` and `unknown`. */
  readonly approximate: boolean;
  /** The server does not take the statement at all, for this role: its answer. Names out of reach end here (42P01, 42883, 3F000). */
  readonly refused: { readonly code: string; readonly message: string } | null;
  /** The types of placeholders had to be guessed for it to be read again. @default false */
  readonly repaired?: boolean;
}

export type Requirement = Need | AnyOf;

/** One of these must hold. */
export interface AnyOf {
  readonly kind: "any-of";
  readonly options: readonly Requirement[];
}

/** One right of one role. */
export interface Need {
  readonly kind: "need";
  readonly right: Right;
  /** Who must have it: the caller, or the role that the code runs as (a view's owner, a definer, a table's owner). `alone`: without what its memberships give, as of a login that has made another role active. */
  readonly of: "caller" | { readonly role: RoleName; readonly alone?: true };
  /** `conditional`: on a way that may not be taken: a branch, a trigger's WHEN, a row that may not exist, a strict function. */
  readonly certainty: "always" | "conditional";
  /** From the statement to where it is needed, for the explanation: `view shop.report`, `trigger audit of shop.orders`, `function shop.log():4`. Empty: the statement itself. */
  readonly origin: readonly string[];
}

export type Right =
  | {
      readonly kind: "privilege";
      readonly privilege: Privilege;
      readonly resource: Resource;
      /** Tables: the privilege on the table, or on these columns. @default the resource itself */
      readonly columns?: ColumnNeed;
    }
  /** Having the privileges of the resource's owner. */
  | { readonly kind: "owner"; readonly resource: Resource }
  /** Having the privileges of this role (`privileges`), or being allowed to become it (`set`). */
  | { readonly kind: "role"; readonly role: RoleName; readonly mode: "privileges" | "set" }
  /** An attribute of the role itself: `superuser`, `createdb`, `createrole`, `bypassrls`, `replication`. */
  | { readonly kind: "attribute"; readonly attribute: string };

/** `listed`: each of these. `any`: one, whichever. `all`: the whole row. */
export type ColumnNeed =
  | { readonly kind: "listed"; readonly names: readonly string[] }
  | { readonly kind: "any" }
  | { readonly kind: "all" };

/** Something that cannot be known. */
export interface UnknownPart {
  /** A short stable name: `blind` (our own role may not look there), `other-major`, `dynamic-sql`, `c-function`, `stub`, `depth`, `event-trigger`, `foreign-table`, `polymorphic`, `format`, `unparsed`. */
  readonly kind: string;
  /** One sentence. */
  readonly reason: string;
  readonly origin: readonly string[];
}

/** What a name of a statement stands for, and what filters its rows. */
export interface ResolvedName {
  /** A relation, routine, type or operator as `kind schema.name(signature)`: comparable between readings of one database. */
  readonly name: string;
  /** Relations with row security in force for this role: the expressions that filter or check, in the server's own text, sorted. @default none */
  readonly rowPolicies?: readonly string[];
}
