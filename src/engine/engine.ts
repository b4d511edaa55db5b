import type { Secret } from "../base/secret.ts";
import type { AccessRules } from "../model/access-rules.ts";
import type { AccessState } from "../model/access-state.ts";
import type { Change } from "../model/change.ts";
import type { Finding } from "../model/finding.ts";
import type { Posture } from "../model/posture.ts";
import type { PolicyText, PolicyTextAnswer } from "../model/policy-text.ts";
import type { Grantee, RoleName } from "../model/role.ts";
import type { Resource } from "../model/resource.ts";
import type { Privilege } from "../model/access-list.ts";
import type { Snapshot, TargetIdentity } from "../model/snapshot.ts";
import type { StateRules } from "../model/state-rules.ts";
import type { Capabilities } from "./capabilities.ts";
import type { EngineSimulation } from "./simulation.ts";

/** A database product. The pure half knows its rules and its language; `connect` opens the half that does I/O. */
export interface Engine {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** The rules and the language of one server as it was read: its version, its catalog, and who we are there. */
  dialect(snapshot: Snapshot): Dialect;
  connect(options: ConnectOptions): Promise<Connection>;
  /** What it brings to simulation; loads parsers. */
  simulation(): Promise<EngineSimulation>;
}

export interface ConnectOptions {
  /** `postgresql://user@host:port/database?sslmode=verify-full`; a password in it is allowed here because the whole is a Secret. */
  readonly url: Secret;
  /** The databases to read. `"all"`: every one that we may connect to. @default the one in the URL */
  readonly databases?: readonly string[] | "all";
  /** How long to wait for the connection. @default 10 */
  readonly connectTimeoutSeconds?: number;
  /** Schemas to leave out entirely, by exact name; for tests and for what a provider hides. @default none */
  readonly signal?: AbortSignal;
}

/** Pure knowledge about one server: values in, values out. */
export interface Dialect {
  readonly capabilities: Capabilities;
  /** What the server does by itself, for `diff`, `predict` and `resolve`. */
  readonly rules: StateRules;
  /** How the server decides who may do what, for the analysis. */
  readonly accessRules: AccessRules;
  quoteIdentifier(name: string): string;
  /**
   * The statements for changes that run in one stage, in an order that the server accepts and that at no boundary leaves anybody below the intersection of before and
   * after. Whatever it needs to know of other stages stands in the states of the request.
   */
  render(request: RenderRequest): readonly RenderedStatement[];
  /** Sorts a change into the stage that it belongs to. */
  placement(change: Change): Placement;
  /** What the connection's role may not do of these changes, each with the exact statement that somebody else must run and who could. Empty: all of it may be done. */
  obstacles(request: RenderRequest): readonly Finding[];
  /** Findings about limits of the server that the state after would break: access lists that do not fit. */
  limits(after: AccessState, changed: readonly Change[]): readonly Finding[];
  /** How many entries of the shared lock table these statements take in one transaction. */
  lockDemand(statements: readonly RenderedStatement[]): number;
  /** What sessions that are open keep of what this change takes away, by what this server checks only once. */
  keptBySessions(change: Change): KeptBySessions;
}

/**
 * What open sessions keep of access that is taken away. `nothing`: it is checked at every statement. `login`: sessions of every login that has the privileges of this role keep it until they end. `role`: those that
 * activated it. `schema`: those whose current schema it is.
 */
export type KeptBySessions =
  | { readonly kind: "nothing" }
  | { readonly kind: "login"; readonly role: Grantee }
  | { readonly kind: "role"; readonly role: RoleName; readonly member: RoleName }
  | { readonly kind: "schema"; readonly role: Grantee; readonly schemas: readonly string[] }
  | { readonly kind: "database"; readonly role: Grantee; readonly databases: readonly string[] };

export interface RenderRequest {
  /**
   * Where grants take no part in transactions (`Capabilities.transactionalGrants`), what `render` is given has been cut: each change of grants is about one resource, or about columns of one table. Every change is
   * carried out wholly by one statement, or by several that follow each other, and no statement is about more than one object and one grantee. A grant on columns that is what stays of a grant on their table comes
   * together with the removal of that one, in the stage `remove`.
   */
  readonly all: readonly Change[];
  /** The changes of this stage, as indexes into `all`. */
  readonly indexes: readonly number[];
  /** The predicted state at the start of the stage. */
  readonly before: AccessState;
  /** The same under the new role names and after the changes of owners of this stage: what its grants start from. */
  readonly moved: AccessState;
  /** The predicted state at the end of the stage. */
  readonly after: AccessState;
  /** Removals of memberships that would close a circle with an addition, so that they must come first. */
  readonly circular: ReadonlySet<number>;
}

export interface RenderedStatement {
  readonly text: string;
  readonly changes: readonly number[];
  readonly as?: RoleName;
  readonly secret?: string;
  /** Set where the statement takes a lock that queues other users behind it: says which, on what. */
  readonly heavy?: string;
  /** Set where the statement takes something away that a following one gives back, because no other order is possible and nothing holds them together: who is without what until then. */
  readonly interrupts?: string;
  /** What it keeps in the shared lock table until its transaction ends: so many objects, and each of these roles once. @default one object */
  readonly locks?: { readonly objects: number; readonly roles: readonly RoleName[] };
}

export interface Placement {
  /** `prepare`: shared, additive. `add`, `remove`: in its database. `heavy`: alone in its transaction. `finish`: shared, reducing. */
  readonly stage: "prepare" | "add" | "heavy" | "remove" | "finish";
  /** Null: shared by the cluster, run in the first database. */
  readonly database: string | null;
}

/** What a reading is limited to. */
export interface About {
  readonly roles: ReadonlySet<Grantee>;
  readonly resources: readonly Resource[];
}

/** One node of a server that is several, as it is now. */
export interface NodeReading {
  /** `127.0.0.2:9042`. */
  readonly node: string;
  /** Null: it could not be asked. */
  readonly state: AccessState | null;
  /** Why it could not be asked; empty otherwise. */
  readonly reason: string;
}

/** An open way to a Target. Closing it ends every session it opened. */
export interface Connection extends AsyncDisposable {
  readonly engine: Engine;
  /** One consistent reading; a fixed number of queries, whatever the number of roles and objects. */
  introspect(options?: IntrospectOptions): Promise<Snapshot>;
  /** The identity alone, cheap. */
  identify(): Promise<TargetIdentity>;
  /**
   * The text that the server would keep of each expression of a row policy: one answer a question, in order. Nothing of the asking remains, and no table is locked against its
   * users. What the server does not take, or cannot be asked, is an answer too; throws only when the connection is lost.
   */
  canonicalPolicies(
    questions: readonly PolicyText[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<readonly PolicyTextAnswer[]>;
  /**
   * When the server's own entries behind these changes were last written: RFC 3339 in UTC, in the order of the changes, the latest where a change is about several. It is the time of
   * whatever came last to an entry, not of the difference. Null where the server keeps no such time, has forgotten it, has no entry, or may not be asked.
   */
  lastChanged(
    changes: readonly Change[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<readonly (string | null)[]>;
  /** Looks at the server, the way to it and our own account, for people who set it up. Changes nothing. */
  examine(live: Snapshot): Promise<readonly HealthFact[]>;
  /** What checks need to know besides who holds what. Changes nothing; a fixed number of queries. What may not be read is null and named, never an error. */
  posture(live: Snapshot, options?: { readonly signal?: AbortSignal }): Promise<Posture>;
  /** Takes the lock that keeps a second applier of the cluster away. Throws RW405 when another one holds it, naming it. Released by dispose. */
  lockApplier(options: { readonly holder: string }): Promise<ApplierLock>;
  /**
   * Where a server is several nodes: waits until none of them can answer from a cache that is older than this call, then reads each node that should be there by itself, limited as in `Transaction.readBack`. Sorted
   * by node; empty where a server is one. A node that cannot be asked is an entry, never an error.
   */
  readEverywhere(about: About, options?: { readonly signal?: AbortSignal }): Promise<readonly NodeReading[]>;
  /** Opens one transaction in one database; see Transaction. */
  begin(database: string, options: TransactionOptions): Promise<Transaction>;
  /** Sessions of these roles, and what they have become by SET ROLE. Incomplete without the right to see them: then `complete` is false. */
  sessions(
    roles: readonly RoleName[],
  ): Promise<{ readonly sessions: readonly LiveSession[]; readonly complete: boolean }>;
  /** Ends a session; false when it was gone already. Throws where we may not. */
  endSession(id: string): Promise<boolean>;
  /** How a transaction that was cut off ended, by its id: what the server itself remembers. */
  transactionStatus(id: string): Promise<"committed" | "aborted" | "in progress" | "unknown">;
  /** The verifier that is stored for a password, computed here: the password never travels. */
  passwordVerifier(password: Secret, role: RoleName): Secret;
}

/** One thing that was looked at, and how it is. */
export interface HealthFact {
  /** One word. */
  readonly name: string;
  readonly result: "ok" | "warn" | "fail";
  readonly text: string;
  /** One command or sentence that fixes or improves it. */
  readonly fix?: string;
}

/** Keeps every other applier of the cluster away, until it is disposed of or lost. */
export interface ApplierLock extends AsyncDisposable {
  /** True once its session is known to be gone: somebody else may hold the lock now, so nothing may be committed under it. */
  readonly lost: boolean;
}

export interface IntrospectOptions {
  readonly onProgress?: (done: string) => void;
  readonly signal?: AbortSignal;
}

export interface TransactionOptions {
  /** How long to wait for one lock before giving up with a retryable error. */
  readonly lockTimeoutMs: number;
  /** How long one statement may run. */
  readonly statementTimeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * One transaction. Reads see its own statements. Without a `commit` nothing of it remains, also when the client dies.
 *
 * Where grants take no part in transactions (`Capabilities.transactionalGrants`) it is a sequence of statements, each of which stands at once: `id` is an id of ours, `commit` and `rollback` only end it, and
 * `Connection.transactionStatus` answers `unknown`. RW412 then says that the statement did nothing; RW413 that it is not known whether it did; RW429 that it may have been done in part.
 * Errors carry a code: RW410 lock wait ended, RW411 somebody else changed the same row, RW412 the server refused, RW413 the connection was lost (whether a commit went through is then
 * answered by `transactionStatus`). RW410 and RW411 may be tried again from the start.
 */
export interface Transaction extends AsyncDisposable {
  /** The server's own id of this transaction; known before any statement runs. */
  readonly id: string;
  /** Runs a statement as `as` where given. A warning that means "not or only partly done" throws RW412 (success is not proof). */
  execute(statement: { readonly text: string; readonly as?: RoleName; readonly secret?: Secret }): Promise<void>;
  /** The state as this transaction sees it, of the whole cluster as far as this database shows it. */
  introspect(): Promise<Snapshot>;
  /**
   * What is there now of this alone: these roles (those that exist), all memberships in which one of them takes part, and of these resources the entries of these grantees; nothing else. A resource without such an
   * entry is not in it. Its cost follows what is asked, not the size of the server. Asked after each statement where grants take no part in transactions; elsewhere it throws.
   */
  readBack(about: About): Promise<AccessState>;
  /** Asks the server's own privilege functions; one answer a question, in order. Null: it has none that answers this. */
  ask(questions: readonly PrivilegeQuestion[]): Promise<readonly (boolean | null)[]>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

export interface PrivilegeQuestion {
  /** PUBLIC is allowed. */
  readonly role: RoleName;
  readonly privilege: Privilege;
  readonly grantable: boolean;
  readonly resource: Resource;
}

export interface LiveSession {
  readonly id: string;
  /** The role that logged in. */
  readonly login: RoleName;
  /** The role that it acts as now, where the server tells. */
  readonly current: RoleName | null;
  /** Its current schema, where sessions have one. @default none */
  readonly schema?: string;
  readonly application: string;
  readonly database: string;
  readonly since: string;
}
