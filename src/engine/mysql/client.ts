import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Connection as CoreConnection } from "mysql2";
import type { Connection, ConnectionOptions, FieldPacket, ResultSetHeader, SslOptions } from "mysql2/promise";
import { RolewrightError } from "../../base/error.ts";
import type { Dsn, TlsMode } from "./dsn.ts";
import { connectionError, isConnectionLoss, isTlsNotOffered } from "./errors.ts";
import type { Product } from "./product.ts";
import { productOf } from "./version.ts";

/** How what is sent travels. */
export interface Transport {
  /** The address that we are connected to; null: a Unix socket. */
  readonly address: string | null;
  /** The version of TLS; null: none. */
  readonly tls: string | null;
}

/** What a column holds: whole numbers up to 53 bits are numbers; larger ones, dates and JSON are text; bytes are buffers. */
export type Value = string | number | null;

/** A warning or note on a statement that succeeded. */
export interface Remark {
  readonly errno: number;
  readonly message: string;
}

/** One session. */
export interface Session extends AsyncDisposable {
  /** The server's id of this session. */
  readonly id: number;
  /** `version()`. */
  readonly banner: string;
  readonly transport: Transport;
  readonly lost: boolean;
  rows<Row extends readonly Value[]>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** The rows with the names of their columns, for tables whose columns differ between versions. */
  table(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ readonly columns: readonly string[]; readonly rows: readonly (readonly Value[])[] }>;
  /** Hands over one row after the other while the server still sends, and keeps none. */
  each(text: string, take: (row: readonly Value[]) => void): Promise<void>;
  /** Runs one statement without rows, and returns what the server remarked on it. */
  run(text: string): Promise<readonly Remark[]>;
  /** Drops the connection without a word, as a crash would. */
  destroy(): void;
}

export interface SessionOptions {
  /** What the server shows as the name of the program. */
  readonly applicationName: string;
  readonly connectTimeoutSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

/** Opens a session and prepares it, so that nothing in the server's settings changes what we read. Errors are RW5xx. */
export async function openSession(dsn: Dsn, options: SessionOptions): Promise<Session> {
  const connection = await connect(dsn, options);
  try {
    const banner = await bannerOf(connection);
    for (const text of sessionSetup(productOf(banner))) await connection.query(text);
    return wrap(connection, banner);
  } catch (error) {
    connection.destroy();
    throw connectionError(error, dsn);
  }
}

/** The same reading whatever the server's settings: no statement is ended by a limit, times are in UTC, and `sql_mode` is ours. */
export function sessionSetup(product: Product): readonly string[] {
  return [
    "set names utf8mb4",
    `set session sql_mode = '${product.sqlMode}', ${product.statementTimeout.name} = 0, autocommit = 1, time_zone = '+00:00',
      sql_select_limit = default, group_concat_max_len = 16777216, net_write_timeout = 600, sql_safe_updates = 0`,
  ];
}

async function bannerOf(connection: Connection): Promise<string> {
  const [rows] = await connection.query({ sql: "select version()", rowsAsArray: true });
  return (rows as unknown as readonly (readonly [string])[])[0]?.[0] ?? "";
}

async function connect(dsn: Dsn, options: SessionOptions): Promise<Connection> {
  options.signal?.throwIfAborted();
  const { createConnection } = await import("mysql2/promise");
  const attempts = dsn.socket === null ? await tlsAttempts(dsn) : [null];
  for (const [index, ssl] of attempts.entries()) {
    try {
      return await abortable(options.signal, createConnection(driverOptions(dsn, options, ssl)));
    } catch (error) {
      options.signal?.throwIfAborted();
      if (isTlsNotOffered(error) && index + 1 < attempts.length) continue;
      throw connectionError(error, dsn);
    }
  }
  throw new RolewrightError("RW500", "no way to connect was tried");
}

function driverOptions(dsn: Dsn, options: SessionOptions, ssl: SslOptions | null): ConnectionOptions {
  return {
    ...(dsn.socket === null ? { host: dsn.host, port: dsn.port } : { socketPath: dsn.socket }),
    user: dsn.user,
    ...(dsn.password === null ? {} : { password: dsn.password.reveal() }),
    ...(ssl === null ? {} : { ssl }),
    connectTimeout: options.connectTimeoutSeconds * 1000,
    connectAttributes: { program_name: options.applicationName },
    charset: "UTF8MB4_BIN",
    multipleStatements: false,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    jsonStrings: true,
    enableKeepAlive: true,
  };
}

/** The driver cannot be told to stop; what it opens after the signal is closed again. */
async function abortable(signal: AbortSignal | undefined, opening: Promise<Connection>): Promise<Connection> {
  if (signal === undefined) return await opening;
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([opening, aborted.promise]);
  } catch (error) {
    opening.then(
      (late) => late.destroy(),
      () => {},
    );
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** What is tried for each `tls`, in order. Only `verify-*` proves who the server is. */
async function tlsAttempts(dsn: Dsn): Promise<readonly (SslOptions | null)[]> {
  const own: SslOptions = {
    ...(dsn.tlsCert === null ? {} : { cert: await readCertificate(dsn.tlsCert) }),
    ...(dsn.tlsKey === null ? {} : { key: await readCertificate(dsn.tlsKey) }),
    ...(dsn.tlsCa === null || dsn.tlsCa === "system" ? {} : { ca: await readCertificate(dsn.tlsCa) }),
    minVersion: "TLSv1.2",
  };
  const unverified: SslOptions = { ...own, rejectUnauthorized: false };
  const attempts: Readonly<Record<TlsMode, readonly (SslOptions | null)[]>> = {
    disable: [null],
    prefer: [unverified, null],
    require: [unverified],
    "verify-ca": [{ ...own, rejectUnauthorized: true }],
    "verify-full": [{ ...own, rejectUnauthorized: true, verifyIdentity: true }],
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

function wrap(connection: Connection, banner: string): Session {
  let lost = false;
  const { connection: core } = connection as unknown as { readonly connection: CoreConnection };
  connection.on("error", () => {
    lost = true; // Every query in flight and every later one reports it; unheard it would end the process.
  });
  const stream = (core as unknown as { stream: Socket }).stream;
  stream.once("close", () => {
    lost = true;
  });
  /** What is in flight hears of a loss before anybody else does. */
  const noticing = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (isConnectionLoss(error)) lost = true;
      throw error;
    }
  };
  const asArrays = async (text: string, values?: readonly unknown[]): Promise<[unknown, FieldPacket[]]> =>
    await noticing(
      connection.query({ sql: text, rowsAsArray: true, ...(values === undefined ? {} : { values: [...values] }) }),
    );
  return {
    id: connection.threadId,
    banner,
    transport: transportOf(stream),
    get lost() {
      return lost;
    },
    async rows<Row extends readonly Value[]>(text: string, values?: readonly unknown[]): Promise<Row[]> {
      const [rows] = await asArrays(text, values);
      return rows as Row[];
    },
    async table(text, values) {
      const [rows, fields] = await asArrays(text, values);
      return { columns: fields.map((field) => field.name), rows: rows as (readonly Value[])[] };
    },
    each(text, take) {
      return new Promise((resolve, reject) => {
        let failure: unknown;
        const query = core.query({ sql: text, rowsAsArray: true });
        query.on("result", (row: unknown) => {
          try {
            if (failure === undefined) take(row as readonly Value[]);
          } catch (error) {
            failure = error;
          }
        });
        query.on("error", reject);
        query.on("end", () => (failure === undefined ? resolve() : reject(failure)));
      });
    },
    async run(text) {
      const [header] = await noticing(connection.query<ResultSetHeader>(text));
      if (header.warningStatus === 0) return [];
      const [rows] = await asArrays("show warnings");
      return (rows as readonly (readonly [string, number, string])[]).map(([, errno, message]) => ({ errno, message }));
    },
    destroy() {
      lost = true;
      connection.destroy();
    },
    async [Symbol.asyncDispose]() {
      if (lost) return connection.destroy();
      lost = true;
      await connection.end().catch(() => connection.destroy());
    },
  };
}

function transportOf(stream: Socket): Transport {
  const tls = "getProtocol" in stream ? (stream as TLSSocket).getProtocol() : null;
  return { address: stream.remoteAddress ?? null, tls };
}
