import { RolewrightError } from "../../base/error.ts";
import type { Secret } from "../../base/secret.ts";
import type { Change } from "../../model/change.ts";
import type { PolicyTextAnswer } from "../../model/policy-text.ts";
import type { Posture } from "../../model/posture.ts";
import type { RoleName } from "../../model/role.ts";
import type { Snapshot, TargetIdentity } from "../../model/snapshot.ts";
import type {
  About,
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
import { openSession, type Session } from "./client.ts";
import { type Dsn, parseDsn } from "./dsn.ts";
import { readingError } from "./errors.ts";
import { examine } from "./health.ts";
import { readPosture } from "./posture.ts";
import { introspect, readServer } from "./introspect.ts";
import { type PartReader, partReader } from "./read-back.ts";
import { readEverywhere } from "./read-everywhere.ts";
import { listSessions } from "./sessions.ts";
import { beginTransaction } from "./transaction.ts";
import { passwordVerifier } from "./verifier.ts";
import { seriesOf, serverVersion } from "./version.ts";

const DEFAULT_CONNECT_TIMEOUT_SECONDS = 10;

/** Opens the way to a cluster, by the first node of the URL that answers. Errors are RW5xx with help; an old version and a node of another data center than the URL says are refused. */
export async function connect(engine: Engine, options: ConnectOptions): Promise<Connection> {
  const dsn = parseDsn(options.url);
  const open = (to: Dsn = dsn, signal?: AbortSignal): Promise<Session> =>
    openSession(to, {
      applicationName: "rolewright",
      connectTimeoutSeconds: options.connectTimeoutSeconds ?? DEFAULT_CONNECT_TIMEOUT_SECONDS,
      signal: signal ?? options.signal,
    });
  const session = await open();
  try {
    const { release, dataCenter } = await readServer(session);
    const series = seriesOf(serverVersion(release));
    refuseOtherDataCenter(session, dsn, dataCenter);
    return new CassandraConnection({ engine, dsn, open, session, series });
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw readingError(error, "the server's version");
  }
}

function refuseOtherDataCenter(session: Session, { dataCenter }: Dsn, found: string): void {
  if (dataCenter === null || dataCenter === found) return;
  throw new RolewrightError("RW526", `\`${session.node}\` is in data center \`${found}\`, expected \`${dataCenter}\``, {
    help: "correct `dc` in the URL, or name nodes that are in it",
  });
}

/** What a connection is made of. */
export interface Opened {
  readonly engine: Engine;
  readonly dsn: Dsn;
  /** Another session, with the first node that answers, or with those of this other address. */
  readonly open: (to?: Dsn, signal?: AbortSignal) => Promise<Session>;
  readonly session: Session;
  /** `500` is 5.0. */
  readonly series: number;
}

class CassandraConnection implements Connection {
  readonly engine: Engine;
  readonly #opened: Opened;
  readonly #sessions: Set<Session> = new Set();
  readonly #parts: PartReader;

  constructor(opened: Opened) {
    this.engine = opened.engine;
    this.#opened = opened;
    this.#sessions.add(opened.session);
    this.#parts = partReader(opened.series);
  }

  async introspect(options: IntrospectOptions = {}): Promise<Snapshot> {
    const actor = this.#opened.dsn.user;
    if (options.signal === undefined) return await introspect(this.#control, { ...options, actor });
    const session = await this.#open(options.signal);
    try {
      return await introspect(session, { ...options, actor });
    } finally {
      await this.#close(session);
    }
  }

  async identify(): Promise<TargetIdentity> {
    try {
      return (await readServer(this.#control)).identity;
    } catch (error) {
      throw readingError(error, "the server's identity");
    }
  }

  canonicalPolicies(): Promise<readonly PolicyTextAnswer[]> {
    return Promise.reject(new RolewrightError("RW525", "Cassandra has no row policies"));
  }

  /** When a grant came is known to the server only as the time of a cell that later grants write anew. */
  lastChanged(changes: readonly Change[]): Promise<readonly (string | null)[]> {
    return Promise.resolve(changes.map(() => null));
  }

  async examine(live: Snapshot): Promise<readonly HealthFact[]> {
    try {
      return await examine(live, { session: this.#control, dsn: this.#opened.dsn });
    } catch (error) {
      throw readingError(error, "the state of the server");
    }
  }

  async posture(live: Snapshot, options: { readonly signal?: AbortSignal } = {}): Promise<Posture> {
    const { dsn, open } = this.#opened;
    try {
      return await readPosture(live, {
        session: this.#control,
        at: (place) => open({ ...dsn, places: [place] }, options.signal),
      });
    } catch (error) {
      throw readingError(error, "the settings and the code of the server");
    }
  }

  /** The server has no lock that would hold: appliers are kept apart by the run store that they share. */
  lockApplier(): Promise<ApplierLock> {
    return Promise.resolve({ lost: false, [Symbol.asyncDispose]: () => Promise.resolve() });
  }

  /** Each node in turn forgets what it remembers and is read by itself. */
  async readEverywhere(about: About, options: { readonly signal?: AbortSignal } = {}): Promise<readonly NodeReading[]> {
    const { dsn, open } = this.#opened;
    try {
      return await readEverywhere(about, {
        session: this.#control,
        at: (place) => open({ ...dsn, places: [place] }, options.signal),
        read: (session, part) => this.#parts.read(session, part),
        ...options,
      });
    } catch (error) {
      throw readingError(error, "the nodes");
    }
  }

  async begin(_: string, options: TransactionOptions): Promise<Transaction> {
    const session = await this.#open(options.signal);
    const parts = partReader(this.#opened.series);
    return beginTransaction(session, {
      ...options,
      introspect: (own) => introspect(own, { actor: this.#opened.dsn.user }),
      readBack: (own, about) => parts.read(own, about),
    });
  }

  async sessions(
    roles: readonly RoleName[],
  ): Promise<{ readonly sessions: readonly LiveSession[]; readonly complete: boolean }> {
    try {
      return await listSessions(this.#control, roles);
    } catch (error) {
      throw readingError(error, "the sessions");
    }
  }

  endSession(id: string): Promise<boolean> {
    return Promise.reject(
      new RolewrightError("RW520", `the server cannot end the session \`${id}\``, {
        help: "have its client end it, or cut it off on the node's machine",
      }),
    );
  }

  /** Grants take no part in transactions. */
  transactionStatus(): Promise<"unknown"> {
    return Promise.resolve("unknown");
  }

  passwordVerifier(password: Secret): Secret {
    return passwordVerifier(password);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = [...this.#sessions];
    this.#sessions.clear();
    await Promise.allSettled(open.map((session) => session[Symbol.asyncDispose]()));
  }

  /** The session for short questions. The driver opens its connection anew when it was lost. */
  get #control(): Session {
    return this.#opened.session;
  }

  async #open(signal?: AbortSignal): Promise<Session> {
    const session = await this.#opened.open(this.#opened.dsn, signal);
    this.#sessions.add(session);
    return session;
  }

  async #close(session: Session): Promise<void> {
    this.#sessions.delete(session);
    await session[Symbol.asyncDispose]();
  }
}
