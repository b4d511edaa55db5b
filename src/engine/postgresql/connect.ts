import { RolewrightError } from "../../base/error.ts";
import type { Secret } from "../../base/secret.ts";
import type { Posture } from "../../model/posture.ts";
import type { PolicyText, PolicyTextAnswer } from "../../model/policy-text.ts";
import type { Change } from "../../model/change.ts";
import type { RoleName } from "../../model/role.ts";
import type { Snapshot, TargetIdentity } from "../../model/snapshot.ts";
import type {
  ApplierLock,
  Connection,
  ConnectOptions,
  Engine,
  HealthFact,
  IntrospectOptions,
  LiveSession,
  NodeReading,
  Transaction,
  TransactionOptions,
} from "../engine.ts";
import { agreedDatabase, LOCK_APPLICATION, takeApplierLock } from "./applier-lock.ts";
import { canonicalPolicies } from "./canonical-policies.ts";
import { openSession, type Session } from "./client.ts";
import { describeDsn, type Dsn, parseDsn } from "./dsn.ts";
import { readingError } from "./errors.ts";
import { examine } from "./health.ts";
import { chooseDatabases, identityOf, introspect } from "./introspect.ts";
import { readSystemIdentifier } from "./introspect-shared.ts";
import { lastChanged } from "./last-changed.ts";
import { refuseTransactionPooler } from "./pooler.ts";
import { readPosture } from "./posture.ts";
import { DATABASES, type DatabaseRow } from "./queries.ts";
import { endLiveSession, liveSessions } from "./sessions.ts";
import { beginTransaction } from "./transaction.ts";
import { scramVerifier } from "./verifier.ts";
import { serverVersion } from "./version.ts";

const DEFAULT_CONNECT_TIMEOUT_SECONDS = 10;

const VERSION = "select current_setting('server_version_num'), version()";

/** Opens the way to a cluster. Errors are RW5xx with help; a server older than PostgreSQL 13 is refused. */
export async function connect(engine: Engine, options: ConnectOptions): Promise<Connection> {
  const dsn = parseDsn(options.url);
  const open = (database: string, applicationName = "rolewright", signal?: AbortSignal): Promise<Session> =>
    openSession(dsn, database, {
      applicationName,
      connectTimeoutSeconds: options.connectTimeoutSeconds ?? DEFAULT_CONNECT_TIMEOUT_SECONDS,
      signal: signal ?? options.signal,
    });
  const session = await open(dsn.database);
  try {
    const [row] = await session.rows<readonly [string, string]>(VERSION);
    const version = serverVersion(row?.[0] ?? "", row?.[1] ?? "");
    await refuseTransactionPooler(session, () => open(dsn.database));
    return new PostgresConnection({ engine, dsn, options, open, session, major: version.major });
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw readingError(error, "the server's version");
  }
}

interface Opened {
  readonly engine: Engine;
  readonly dsn: Dsn;
  readonly options: ConnectOptions;
  readonly open: (database: string, applicationName?: string, signal?: AbortSignal) => Promise<Session>;
  readonly session: Session;
  readonly major: number;
}

class PostgresConnection implements Connection {
  readonly engine: Engine;
  readonly #opened: Opened;
  readonly #sessions: Set<Session> = new Set();
  #control: Session;

  constructor(opened: Opened) {
    this.engine = opened.engine;
    this.#opened = opened;
    this.#control = opened.session;
  }

  get #address(): string {
    const { host, port } = this.#opened.dsn;
    return `${host}:${port}`;
  }

  async introspect(options: IntrospectOptions = {}): Promise<Snapshot> {
    const { dsn, options: given, open } = this.#opened;
    return await introspect({
      ...options,
      home: dsn.database,
      databases: given.databases ?? [dsn.database],
      address: this.#address,
      open: async (database) => this.#track(await open(database, "rolewright", options.signal)),
    });
  }

  async identify(): Promise<TargetIdentity> {
    const control = await this.#session();
    try {
      const wanted = this.#opened.options.databases ?? [this.#opened.dsn.database];
      const rows = await control.rows<DatabaseRow>(DATABASES);
      const facts = rows.map(([, name, , accepts, template, mayConnect]) => ({
        name,
        acceptsConnections: accepts === "t",
        template: template === "t",
        mayConnect: mayConnect === "t",
      }));
      const databases = [...chooseDatabases(wanted, facts).wanted];
      return identityOf(await readSystemIdentifier(control), this.#address, databases);
    } catch (error) {
      throw readingError(error, "the server's identity");
    }
  }

  async canonicalPolicies(
    questions: readonly PolicyText[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<readonly PolicyTextAnswer[]> {
    const { open } = this.#opened;
    return await canonicalPolicies(questions, {
      ...options,
      open: async (database) => this.#track(await open(database, "rolewright", options.signal)),
    });
  }

  async lastChanged(
    changes: readonly Change[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<readonly (string | null)[]> {
    const { dsn, open } = this.#opened;
    return await lastChanged(changes, {
      ...options,
      home: dsn.database,
      open: async (database) => this.#track(await open(database, "rolewright", options.signal)),
    });
  }

  async examine(live: Snapshot): Promise<readonly HealthFact[]> {
    const session = await this.#session();
    try {
      return await examine(live, { session, dsn: this.#opened.dsn });
    } catch (error) {
      throw readingError(error, "the state of the server");
    }
  }

  async posture(live: Snapshot, options: { readonly signal?: AbortSignal } = {}): Promise<Posture> {
    const { open } = this.#opened;
    try {
      return await readPosture(live, {
        session: await this.#session(),
        open: async (database) => this.#track(await open(database, "rolewright", options.signal)),
      });
    } catch (error) {
      throw readingError(error, "the settings and the code of the server");
    }
  }

  async lockApplier(options: { readonly holder: string }): Promise<ApplierLock> {
    const database = await agreedDatabase(await this.#session());
    const session = await this.#opened.open(database, `${LOCK_APPLICATION}${options.holder}`);
    return await takeApplierLock(this.#track(session));
  }

  /** A server is one. */
  readEverywhere(): Promise<readonly NodeReading[]> {
    return Promise.resolve([]);
  }

  async begin(database: string, options: TransactionOptions): Promise<Transaction> {
    const session = this.#track(await this.#opened.open(database, "rolewright apply", options.signal));
    return await beginTransaction(session, {
      ...options,
      major: this.#opened.major,
      address: this.#address,
      cancel: (processId) => this.#cancel(processId),
    });
  }

  async sessions(
    roles: readonly RoleName[],
  ): Promise<{ readonly sessions: readonly LiveSession[]; readonly complete: boolean }> {
    const control = await this.#session();
    try {
      return await liveSessions(control, roles);
    } catch (error) {
      throw readingError(error, "the open sessions");
    }
  }

  async endSession(id: string): Promise<boolean> {
    return await endLiveSession(await this.#session(), id);
  }

  async transactionStatus(id: string): Promise<"committed" | "aborted" | "in progress" | "unknown"> {
    if (!/^\d{1,20}$/.test(id)) return "unknown";
    const control = await this.#session();
    try {
      const [row] = await control.rows<readonly [string | null]>("select pg_xact_status($1::xid8)", [id]);
      const status = row?.[0];
      return status === "committed" || status === "aborted" || status === "in progress" ? status : "unknown";
    } catch (error) {
      // 22023: an id of the future, so one of another server.
      if ((error as { code?: string }).code === "22023") return "unknown";
      throw readingError(error, "the status of a transaction");
    }
  }

  passwordVerifier(password: Secret): Secret {
    return scramVerifier(password);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = [...this.#sessions, this.#control];
    this.#sessions.clear();
    await Promise.allSettled(open.map((session) => session[Symbol.asyncDispose]()));
  }

  /** The session for short questions; opened anew when the server has ended the last one. */
  async #session(): Promise<Session> {
    if (this.#control.lost) this.#control = await this.#opened.open(this.#opened.dsn.database);
    return this.#control;
  }

  #track(session: Session): Session {
    for (const known of this.#sessions) if (known.lost) this.#sessions.delete(known);
    this.#sessions.add(session);
    return session;
  }

  async #cancel(processId: number): Promise<void> {
    try {
      const control = await this.#session();
      await control.rows("select pg_cancel_backend($1::int)", [processId]);
    } catch {
      // The statement then ends by its own timeout; the transaction is rolled back either way.
    }
  }
}

/** The address of a target as people read it, without the password. */
export function describeUrl(url: Secret): string {
  try {
    return describeDsn(parseDsn(url));
  } catch (error) {
    if (error instanceof RolewrightError) return "a URL that cannot be understood";
    throw error;
  }
}
