import { lookup } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import type { ConnectionOptions } from "node:tls";
import type { Client, types } from "cassandra-driver";
import { RolewrightError } from "../../base/error.ts";
import { type Dsn, describePlace, type Place, type TlsMode } from "./dsn.ts";
import { causeOf, connectionError, isTlsNotOffered } from "./errors.ts";

/** What a column holds: whole numbers above 53 bits, UUIDs and addresses are text; sets are arrays, in the server's order; what is not there is null. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** How many copies must answer. Roles and grants are read and written by a quorum; what a node knows by itself at `localOne`. */
export type Consistency = "localOne" | "localQuorum" | "quorum" | "eachQuorum" | "all";

export interface QueryOptions {
  /** For each `?` of the text, in order: text only, or arrays of it for sets. @default none */
  readonly values?: readonly unknown[];
  /** @default localQuorum */
  readonly consistency?: Consistency;
  /** How long to wait for the answer to one page. @default 30000 */
  readonly timeoutMs?: number;
}

/** How what is sent travels. */
export interface Transport {
  readonly address: string;
  /** Whether it travels in TLS. */
  readonly tls: boolean;
}

/** A way to one node: every statement goes to it, and none to its neighbors. The driver opens a lost connection again by itself; no statement is ever sent twice. */
export interface Session extends AsyncDisposable {
  /** Where the node is: `127.0.0.1:9042`. */
  readonly node: string;
  readonly transport: Transport;
  /** All rows, read page by page. */
  rows<Row extends readonly Value[]>(text: string, options?: QueryOptions): Promise<Row[]>;
  /** Runs one statement without rows. What the server warned of: `Role 'r' was already granted SELECT on <table ks.t>`. */
  run(text: string, options?: QueryOptions): Promise<readonly string[]>;
}

export interface SessionOptions {
  /** What the server shows as the name of the program. */
  readonly applicationName: string;
  readonly connectTimeoutSeconds: number;
  /** Ends the session, and what runs in it fails. */
  readonly signal?: AbortSignal | undefined;
}

const PAGE_ROWS = 5000;
const TIMEOUT_MS = 30_000;

/** Opens a session with the first node of the URL that answers. Errors are RW5xx, that of the first node where none does. */
export async function openSession(dsn: Dsn, options: SessionOptions): Promise<Session> {
  const failures: RolewrightError[] = [];
  for (const place of dsn.places) {
    try {
      return await openAt(place, dsn, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      failures.push(connectionError(error, { ...dsn, places: [place] }));
    }
  }
  throw failures[0] ?? new RolewrightError("RW500", "no way to connect was tried");
}

async function openAt(place: Place, dsn: Dsn, options: SessionOptions): Promise<Session> {
  options.signal?.throwIfAborted();
  const address = isIP(place.host) === 0 ? (await lookup(place.host)).address : place.host;
  const attempts = await tlsAttempts(dsn, place);
  for (const [index, tls] of attempts.entries()) {
    const client = await newClient({ host: address, port: place.port }, { dsn, options, tls });
    try {
      await connected(client, options);
      return wrap(client, { place, transport: { address, tls: tls !== null }, signal: options.signal });
    } catch (error) {
      void client.shutdown().catch(() => {}); // It may wait for a node that says nothing.
      if (isTlsNotOffered(error) && index + 1 < attempts.length) continue;
      throw error;
    }
  }
  throw new RolewrightError("RW500", "no way to connect was tried");
}

interface Opening {
  readonly dsn: Dsn;
  readonly options: SessionOptions;
  readonly tls: ConnectionOptions | null;
}

async function newClient(at: Place, { dsn, options, tls }: Opening): Promise<Client> {
  const driver = (await import("cassandra-driver")).default;
  const { loadBalancing, retry } = driver.policies;
  const only = describePlace(at);
  const settings: ConstructorParameters<typeof Client>[0] & { readonly applicationName: string } = {
    contactPoints: [only],
    authProvider: new driver.auth.PlainTextAuthProvider(dsn.user, dsn.password?.reveal() ?? ""),
    isMetadataSyncEnabled: false,
    policies: {
      loadBalancing: new loadBalancing.AllowListPolicy(new loadBalancing.RoundRobinPolicy(), [only]),
      retry: new retry.FallthroughRetryPolicy(),
    },
    pooling: { coreConnectionsPerHost: { [driver.types.distance.local]: 1 }, warmup: false },
    queryOptions: { prepare: false, captureStackTrace: true },
    socketOptions: {
      connectTimeout: options.connectTimeoutSeconds * 1000,
      readTimeout: options.connectTimeoutSeconds * 1000,
    },
    encoding: { useBigIntAsLong: true },
    applicationName: options.applicationName,
    ...(tls === null ? {} : { sslOptions: tls }),
  };
  return new driver.Client(settings);
}

/** The driver cannot be told to stop connecting, and gives a node that took the connection and says nothing more time than we do; what it opens after that is closed again. */
async function connected(client: Client, { signal, connectTimeoutSeconds }: SessionOptions): Promise<void> {
  const opening = client.connect();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal?.reason);
  const late = Object.assign(new Error("the node did not answer in time"), { code: "ETIMEDOUT" });
  const timer = setTimeout(() => aborted.reject(late), connectTimeoutSeconds * 1000);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    await Promise.race([opening, aborted.promise]);
  } catch (error) {
    opening.catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** What is tried for each `tls`, in order. Only `verify-*` proves who the node is. */
async function tlsAttempts(dsn: Dsn, { host }: Place): Promise<readonly (ConnectionOptions | null)[]> {
  if (dsn.tls === "disable") return [null];
  const own: ConnectionOptions = {
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(dsn.tlsCert === null ? {} : { cert: await readCertificate(dsn.tlsCert) }),
    ...(dsn.tlsKey === null ? {} : { key: await readCertificate(dsn.tlsKey) }),
    ...(dsn.tlsCa === null || dsn.tlsCa === "system" ? {} : { ca: await readCertificate(dsn.tlsCa) }),
    minVersion: "TLSv1.2",
  };
  const unverified: ConnectionOptions = { ...own, rejectUnauthorized: false };
  const attempts: Readonly<Record<Exclude<TlsMode, "disable">, readonly (ConnectionOptions | null)[]>> = {
    prefer: [unverified, null],
    require: [unverified],
    "verify-ca": [{ ...own, rejectUnauthorized: true, checkServerIdentity: () => undefined }],
    "verify-full": [{ ...own, rejectUnauthorized: true }],
  };
  return attempts[dsn.tls];
}

async function readCertificate(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new RolewrightError("RW506", `the certificate file \`${file}\` cannot be read`, {
      help: "check `tls-ca`, `tls-cert` and `tls-key` in the URL",
      cause: error,
    });
  }
}

interface Wrapping {
  readonly place: Place;
  readonly transport: Transport;
  readonly signal: AbortSignal | undefined;
}

function wrap(client: Client, { place, transport, signal }: Wrapping): Session {
  const end = (): void => void client.shutdown().catch(() => {});
  signal?.addEventListener("abort", end, { once: true });
  const page = async (text: string, options: QueryOptions, pageState?: string): Promise<types.ResultSet> => {
    try {
      return await client.execute(text, options.values === undefined ? undefined : [...options.values], {
        prepare: options.values !== undefined,
        consistency: CONSISTENCIES[options.consistency ?? "localQuorum"],
        readTimeout: options.timeoutMs ?? TIMEOUT_MS,
        fetchSize: PAGE_ROWS,
        ...(pageState === undefined ? {} : { pageState }),
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  };
  return {
    node: describePlace(place),
    transport,
    async rows<Row extends readonly Value[]>(text: string, options: QueryOptions = {}): Promise<Row[]> {
      const found: Row[] = [];
      let next: string | undefined;
      do {
        const result = await page(text, options, next);
        // There are no rows at all where the statement gives no result.
        for (const row of result.rows ?? []) found.push(row.values().map(plain) as unknown as Row);
        next = result.pageState ?? undefined; // The driver says null at the end, and its types do not.
      } while (next !== undefined);
      return found;
    },
    async run(text, options = {}) {
      const result = await page(text, options);
      return result.info.warnings ?? [];
    },
    async [Symbol.asyncDispose]() {
      signal?.removeEventListener("abort", end);
      await client.shutdown().catch(() => {}); // What is gone already is closed.
    },
  };
}

/** The protocol's numbers; the driver is not loaded for them. */
const CONSISTENCIES: Readonly<Record<Consistency, number>> = {
  quorum: 0x04,
  all: 0x05,
  localQuorum: 0x06,
  eachQuorum: 0x07,
  localOne: 0x0a,
};

function plain(value: unknown): Value {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "boolean" || typeof value === "number") return value;
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Date) return value.toISOString();
  // UUIDs and addresses are objects of the driver's.
  if (Object.getPrototypeOf(value) !== Object.prototype) return (value as { toString(): string }).toString();
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

/** The server's own words. */
export function wordsOf(error: unknown): string {
  return causeOf(error).message;
}
