import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Client, ClientConfig, Query, QueryConfig } from "pg";
import { RolewrightError } from "../../base/error.ts";
import type { Dsn, SslMode } from "./dsn.ts";
import { connectionError, isTlsNotOffered } from "./errors.ts";
import { passwordFromFile } from "./pgpass.ts";

/** A message of the server beside its answer. */
export interface Notice {
  readonly severity: string;
  readonly code: string;
  readonly message: string;
}

/** How what is sent travels. */
export interface Transport {
  /** The address that we are connected to; null: a Unix socket. */
  readonly address: string | null;
  /** The version of TLS; null: none. */
  readonly tls: string | null;
}

/** One session in one database. What is asked before the last answer is there is sent in turn. All values arrive as text, exactly as the server prints them. */
export interface Session extends AsyncDisposable {
  readonly database: string;
  /** The server's process of this session. */
  readonly processId: number;
  readonly transport: Transport;
  readonly lost: boolean;
  rows<Row extends readonly (string | null)[]>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Hands over one row after the other while the server still sends, and keeps none. */
  each(text: string, take: (row: readonly (string | null)[]) => void): Promise<void>;
  /** Runs statements without rows and gives back what the server remarked. */
  run(text: string): Promise<readonly Notice[]>;
  /** Runs a statement that holds text which is not ours: more than one statement in it is an error. */
  runOne(text: string): Promise<void>;
  /** Drops the connection without a word, as a crash would. */
  destroy(): void;
}

export interface SessionOptions {
  readonly applicationName: string;
  readonly connectTimeoutSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

const AS_TEXT = { getTypeParser: () => (value: string) => value };

/** Opens a session and prepares it, so that nothing in the role's or the database's settings changes what we read. Errors are RW5xx. */
export async function openSession(dsn: Dsn, database: string, options: SessionOptions): Promise<Session> {
  const client = await connectClient(dsn, database, options);
  const { default: pg } = await import("pg");
  const session = wrap(client, database, pg.Query);
  try {
    await session.run("set statement_timeout = 0"); // First and alone: a short one would end the rest of the preparation.
    await session.rows(SESSION_SETUP);
  } catch (error) {
    session.destroy();
    throw connectionError(error, dsn, database);
  }
  return session;
}

/** Settings by name, wherever the server's version knows them: the same reading whatever the role, the database or the provider has set. */
const SESSION_SETUP = `
  select set_config(s.name, v.value, false)
  from (values
    ('search_path', ''), ('row_security', 'off'), ('standard_conforming_strings', 'on'), ('quote_all_identifiers', 'off'),
    ('client_min_messages', 'notice'), ('datestyle', 'ISO, YMD'), ('intervalstyle', 'postgres'), ('timezone', 'UTC'), ('bytea_output', 'hex'),
    ('statement_timeout', '0'), ('lock_timeout', '0'), ('idle_in_transaction_session_timeout', '0'), ('idle_session_timeout', '0'),
    ('transaction_timeout', '0'), ('default_transaction_isolation', 'read committed'), ('default_transaction_read_only', 'off'),
    ('default_transaction_deferrable', 'off'), ('createrole_self_grant', ''), ('work_mem', '64MB'), ('jit', 'off'),
    ('synchronous_commit', 'on')
  ) v (name, value)
  join pg_catalog.pg_settings s on pg_catalog.lower(s.name) = v.name
  where s.name <> 'synchronous_commit' or s.setting = 'off'`; // A commit that we report survives a crash; waiting for standbys is left as it is set.

/** Opens a bare connection of the driver, tried in the ways that `sslmode` allows. `pipeline`: what is sent before the last answer is there goes out at once. */
export async function connectClient(
  dsn: Dsn,
  database: string,
  options: SessionOptions & { readonly pipeline?: boolean },
): Promise<Client> {
  options.signal?.throwIfAborted();
  const { default: pg } = await import("pg");
  const attempts = dsn.host.startsWith("/") ? [false as const] : await tlsAttempts(dsn);
  const password = dsn.password?.reveal() ?? (await passwordFromFile(dsn, database)) ?? undefined;
  for (const [index, ssl] of attempts.entries()) {
    const client = new pg.Client({
      host: dsn.host,
      port: dsn.port,
      user: dsn.user,
      database,
      // An absent password would make the driver look for one by itself; a function that has none does not.
      password: password ?? (() => undefined as unknown as string),
      ssl,
      application_name: options.applicationName,
      connectionTimeoutMillis: options.connectTimeoutSeconds * 1000,
      keepAlive: true,
      pipeline: options.pipeline ?? false,
    });
    client.on("error", () => {}); // Every query in flight and every later one reports it; unheard it would end the process.
    const abort = (): void => destroy(client);
    options.signal?.addEventListener("abort", abort, { once: true });
    try {
      await client.connect();
      return client;
    } catch (error) {
      destroy(client);
      options.signal?.throwIfAborted();
      if (isTlsNotOffered(error) && index + 1 < attempts.length) continue;
      if (index + 1 < attempts.length && isEncryptionRefusal(error)) continue;
      throw connectionError(error, dsn, database);
    } finally {
      options.signal?.removeEventListener("abort", abort);
    }
  }
  throw new RolewrightError("RW500", "no way to connect was tried");
}

type Tls = NonNullable<ClientConfig["ssl"]> | false;

/** What libpq tries for each `sslmode`, in order. Only `verify-*` proves who the server is. */
async function tlsAttempts(dsn: Dsn): Promise<readonly Tls[]> {
  const own = {
    ...(dsn.sslCert === null ? {} : { cert: await readCertificate(dsn.sslCert) }),
    ...(dsn.sslKey === null ? {} : { key: await readCertificate(dsn.sslKey) }),
  };
  const root =
    dsn.sslRootCert === null || dsn.sslRootCert === "system" ? {} : { ca: await readCertificate(dsn.sslRootCert) };
  const unverified: Tls = { ...own, rejectUnauthorized: false };
  const chain: Tls = { ...own, ...root, checkServerIdentity: () => undefined };
  const attempts: Readonly<Record<SslMode, readonly Tls[]>> = {
    disable: [false],
    allow: [false, unverified],
    prefer: [unverified, false],
    // As libpq does: with an authority at hand, `require` checks the chain.
    require: [dsn.sslRootCert === null ? unverified : chain],
    "verify-ca": [chain],
    "verify-full": [{ ...own, ...root }],
  };
  return attempts[dsn.sslMode];
}

async function readCertificate(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new RolewrightError("RW506", `the certificate file \`${file}\` cannot be read`, {
      help: "check `sslrootcert`, `sslcert` and `sslkey` in the URL",
      cause: error,
    });
  }
}

// pg_hba.conf may refuse one of the two; libpq then tries the other for `allow` and `prefer`.
function isEncryptionRefusal(error: unknown): boolean {
  return (error as { code?: string }).code === "28000" && (error as Error).message.includes("pg_hba.conf");
}

function wrap(client: Client, database: string, query: typeof Query): Session {
  let lost = false;
  let notices: Notice[] = [];
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(ask: () => Promise<T>): Promise<T> => {
    const answer = last.then(ask);
    last = answer.catch(() => {});
    return answer;
  };
  client.on("end", () => {
    lost = true;
  });
  client.on("notice", (notice) => {
    notices.push({ severity: notice.severity ?? "", code: notice.code ?? "", message: notice.message ?? "" });
  });
  return {
    database,
    processId: (client as unknown as { processID: number }).processID,
    transport: transportOf(client),
    get lost() {
      return lost;
    },
    async rows<Row extends readonly (string | null)[]>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
      const asked = { text, values: [...values], rowMode: "array", types: AS_TEXT } as const;
      const result = await inTurn(() => client.query<Row[]>(asked));
      return result.rows as unknown as Row[];
    },
    each(text, take) {
      const ask = (resolve: () => void, reject: (reason: unknown) => void): void => {
        // The types of the driver do not know rows as arrays here.
        const asked = new query({ text, rowMode: "array", types: AS_TEXT } as unknown as QueryConfig);
        let failure: unknown;
        asked.on("row", (row: unknown) => {
          try {
            if (failure === undefined) take(row as readonly (string | null)[]);
          } catch (error) {
            failure = error;
          }
        });
        asked.on("error", reject);
        asked.on("end", () => (failure === undefined ? resolve() : reject(failure)));
        client.query(asked);
      };
      return inTurn(() => new Promise(ask));
    },
    async run(text) {
      return inTurn(async () => {
        notices = [];
        await client.query(text);
        return notices;
      });
    },
    async runOne(text) {
      // The extended protocol takes one statement; the types of the driver do not know the option yet.
      const asked: QueryConfig & { readonly queryMode: "extended" } = { text, queryMode: "extended" };
      await inTurn(() => client.query(asked));
    },
    destroy() {
      lost = true;
      destroy(client);
    },
    async [Symbol.asyncDispose]() {
      if (lost) return destroy(client);
      lost = true;
      await client.end();
    },
  };
}

function transportOf(client: Client): Transport {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  const tls = "getProtocol" in stream ? (stream as TLSSocket).getProtocol() : null;
  return { address: stream.remoteAddress ?? null, tls };
}

function destroy(client: Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
