import { RolewrightError } from "../../base/error.ts";
import type { PolicyTextAnswer } from "../../model/policy-text.ts";
import type { Change } from "../../model/change.ts";
import type { Posture } from "../../model/posture.ts";
import type { RoleName } from "../../model/role.ts";
import type { Snapshot, TargetIdentity } from "../../model/snapshot.ts";
import type { Secret } from "../../base/secret.ts";
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
import { HeldLock } from "./applier-lock.ts";
import { openSession, type Session } from "./client.ts";
import { type Dsn, parseDsn } from "./dsn.ts";
import { ER, isServerError, readingError } from "./errors.ts";
import { examine } from "./health.ts";
import { readPosture } from "./posture.ts";
import { identityOf, introspect, readSettings } from "./introspect.ts";
import type { Product } from "./product.ts";
import { OWN_GRANTS } from "./queries.ts";
import { endLiveSession, liveSessions } from "./sessions.ts";
import { beginTransaction } from "./transaction.ts";
import { VERIFIERS } from "./verifier.ts";
import { serverVersion } from "./version.ts";

const DEFAULT_CONNECT_TIMEOUT_SECONDS = 10;

/** Opens the way to a server. Errors are RW5xx with help; the other product, an old version and a server that runs without its grant tables are refused. */
export async function connect(engine: Engine, product: Product, options: ConnectOptions): Promise<Connection> {
  const dsn = parseDsn(options.url);
  const open = (applicationName = "rolewright", signal?: AbortSignal): Promise<Session> =>
    openSession(dsn, {
      applicationName,
      connectTimeoutSeconds: options.connectTimeoutSeconds ?? DEFAULT_CONNECT_TIMEOUT_SECONDS,
      signal: signal ?? options.signal,
    });
  const session = await open();
  try {
    serverVersion(session.banner, product);
    await refuseSkippedGrants(session);
    return new MysqlConnection({ engine, product, dsn, open, session });
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw readingError(error, "the server's version");
  }
}

/** With `skip-grant-tables` everybody may do everything, and nothing that is read is in force. */
async function refuseSkippedGrants(session: Session): Promise<void> {
  try {
    await session.rows(OWN_GRANTS);
  } catch (error) {
    if (!isServerError(error, ER.skipGrantTables)) throw error;
    throw new RolewrightError("RW522", "the server runs without its grant tables (`skip-grant-tables`)", {
      help: "everybody may do everything on it: restart it without that option, or run `flush privileges`",
      cause: error,
    });
  }
}

/** What a connection is made of; the writing half opens its own sessions with `open`. */
export interface Opened {
  readonly engine: Engine;
  readonly product: Product;
  readonly dsn: Dsn;
  readonly open: (applicationName?: string, signal?: AbortSignal) => Promise<Session>;
  readonly session: Session;
}

class MysqlConnection implements Connection {
  readonly engine: Engine;
  readonly #opened: Opened;
  readonly #sessions: Set<Session> = new Set();
  #control: Session;
  #lock: HeldLock | null = null;
  /** The server's numbers of all our sessions: it takes a moment to forget one that we closed. */
  readonly #own: Set<number> = new Set();

  constructor(opened: Opened) {
    this.engine = opened.engine;
    this.#opened = opened;
    this.#control = opened.session;
    this.#own.add(opened.session.id);
  }

  get #address(): string {
    const { host, port, socket } = this.#opened.dsn;
    return socket ?? `${host}:${port}`;
  }

  async introspect(options: IntrospectOptions = {}): Promise<Snapshot> {
    const { open, product } = this.#opened;
    await using session = this.#track(await open("rolewright", options.signal));
    return await introspect(session, { ...options, product, address: this.#address });
  }

  async identify(): Promise<TargetIdentity> {
    const control = await this.#session();
    try {
      return identityOf(await readSettings(control), this.#opened.product, this.#address);
    } catch (error) {
      throw readingError(error, "the server's identity");
    }
  }

  canonicalPolicies(): Promise<readonly PolicyTextAnswer[]> {
    return Promise.reject(new RolewrightError("RW525", `${this.#opened.product.title} has no row policies`));
  }

  /** The server keeps no times that tell when a privilege came or went. */
  lastChanged(changes: readonly Change[]): Promise<readonly (string | null)[]> {
    return Promise.resolve(changes.map(() => null));
  }

  async examine(live: Snapshot): Promise<readonly HealthFact[]> {
    const session = await this.#session();
    try {
      return await examine(live, { session, dsn: this.#opened.dsn, product: this.#opened.product });
    } catch (error) {
      throw readingError(error, "the state of the server");
    }
  }

  async posture(live: Snapshot): Promise<Posture> {
    try {
      const session = await this.#session();
      return await readPosture(live, { session, product: this.#opened.product, own: this.#own });
    } catch (error) {
      throw readingError(error, "the settings and the code of the server");
    }
  }

  async lockApplier(options: { readonly holder: string }): Promise<ApplierLock> {
    const open = async (): Promise<Session> =>
      this.#track(await this.#opened.open(`rolewright apply: ${options.holder}`));
    try {
      this.#lock = await HeldLock.take(open);
      return this.#lock;
    } catch (error) {
      throw readingError(error, "the lock of appliers");
    }
  }

  /** A server is one. */
  readEverywhere(): Promise<readonly NodeReading[]> {
    return Promise.resolve([]);
  }

  /** Statements run in the session that holds the lock of appliers, where we have it. */
  async begin(_database: string, options: TransactionOptions): Promise<Transaction> {
    const { product } = this.#opened;
    const lock = this.#lock;
    const borrowed = (await lock?.borrow()) ?? null;
    if (lock !== null && borrowed !== null) {
      const end = (): Promise<void> => lock.giveBack();
      return await beginTransaction(borrowed, { ...options, product, address: this.#address, end });
    }
    const session = this.#track(await this.#opened.open("rolewright apply", options.signal));
    const end = async (): Promise<void> => await session[Symbol.asyncDispose]();
    return await beginTransaction(session, { ...options, product, address: this.#address, end });
  }

  async sessions(
    roles: readonly RoleName[],
  ): Promise<{ readonly sessions: readonly LiveSession[]; readonly complete: boolean }> {
    const session = await this.#session();
    try {
      return await liveSessions(session, roles, { product: this.#opened.product, own: this.#own });
    } catch (error) {
      throw readingError(error, "the open sessions");
    }
  }

  async endSession(id: string): Promise<boolean> {
    return await endLiveSession(await this.#session(), id);
  }

  /** Grants take no part in transactions. */
  transactionStatus(): Promise<"unknown"> {
    return Promise.resolve("unknown");
  }

  passwordVerifier(password: Secret): Secret {
    return VERIFIERS[this.#opened.product.engine](password);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = [...this.#sessions, this.#control];
    this.#sessions.clear();
    await Promise.allSettled(open.map((session) => session[Symbol.asyncDispose]()));
  }

  /** The session for short questions; opened anew when the server has ended the last one. */
  async #session(): Promise<Session> {
    if (!this.#control.lost) return this.#control;
    this.#control = await this.#opened.open();
    this.#own.clear(); // A server that was restarted counts anew.
    for (const { id } of [...this.#sessions, this.#control]) this.#own.add(id);
    return this.#control;
  }

  #track(session: Session): Session {
    for (const known of this.#sessions) if (known.lost) this.#sessions.delete(known);
    this.#sessions.add(session);
    this.#own.add(session.id);
    return session;
  }
}
