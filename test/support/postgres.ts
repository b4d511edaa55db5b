import { existsSync } from "node:fs";
import { chown, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Client, type QueryResult, type QueryResultRow } from "pg";
import { Secret } from "../../src/base/secret.ts";
import { serverAccount } from "../../src/engine/local/account.ts";
import {
  type Binaries,
  DEFAULT_MAJOR,
  EMBEDDED_MAJORS,
  type EmbeddedMajor,
} from "../../src/engine/postgresql/embedded/binaries.ts";
import { cacheFolder, withLock } from "../../src/engine/local/cache.ts";
import { initData, SUPERUSER } from "../../src/engine/postgresql/embedded/data-folder.ts";
import { runAsServer } from "../../src/engine/local/run.ts";
import { startEmbedded } from "../../src/engine/postgresql/embedded/server.ts";
import { selfSigned } from "./certificate.ts";

export interface PostgresOptions {
  /** The programs to run. @default those of the major */
  readonly binaries?: Binaries;
  /** @default ROLEWRIGHT_TEST_PG_MAJOR, or 18 */
  readonly major?: EmbeddedMajor;
  /** `scram`: logins over TCP need their password (`server.password` is that of `postgres`). @default "trust" */
  readonly auth?: "trust" | "scram";
  /** Offers TLS with a self-signed certificate, `server.certificate`. @default false: the server refuses TLS */
  readonly ssl?: boolean;
  /** Lines for postgresql.conf. @default none */
  readonly settings?: Readonly<Record<string, string>>;
  /** Runs initdb, so that the server has a system identifier of its own: copies of the template share one, as a clone of a machine would. @default false */
  readonly ownIdentity?: boolean;
  /** Fills the empty data folder. @default a copy of the template */
  readonly prepareData?: (data: string) => Promise<void>;
}

/** A private throw-away cluster for one test. Superuser `postgres`; nothing remains of it after `stop` or when the test process ends. */
export interface PostgresServer extends AsyncDisposable {
  readonly major: EmbeddedMajor;
  readonly port: number;
  /** The folder of its Unix socket. */
  readonly socket: string;
  readonly dataDir: string;
  /** Of `postgres`; null where everybody is trusted. */
  readonly password: string | null;
  /** PEM, where the server offers TLS. */
  readonly certificate: string | null;
  /** `postgresql://user[:password]@127.0.0.1:port/database`; user and database are `postgres` unless given. */
  url(options?: { user?: string; database?: string; password?: string }): string;
  /** The rows of one statement (of the last one, where the text has several), over the socket. */
  query<Row extends QueryResultRow = Record<string, unknown>>(
    sql: string,
    options?: { database?: string; user?: string; values?: readonly unknown[] },
  ): Promise<Row[]>;
  stop(): Promise<void>;
  /** A crash: SIGKILL. `restart` brings it back with its data. */
  kill(): Promise<void>;
  restart(): Promise<void>;
}

const PASSWORD = "correct horse battery staple";

/** The major that a test without a wish of its own runs on. */
export function testMajor(): EmbeddedMajor {
  const wanted = Number(process.env["ROLEWRIGHT_TEST_PG_MAJOR"] ?? DEFAULT_MAJOR);
  const known = EMBEDDED_MAJORS.find((major) => major === wanted);
  if (known === undefined) throw new Error(`ROLEWRIGHT_TEST_PG_MAJOR must be one of ${EMBEDDED_MAJORS.join(", ")}`);
  return known;
}

/** Starts a cluster from a template data folder, in about half a second. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const password = options.auth === "scram" ? PASSWORD : null;
  const tls = options.ssl === true ? selfSigned(new Date()) : null;
  const embedded = await startEmbedded({
    major: options.major ?? testMajor(),
    password: password === null ? null : new Secret(password),
    settings: options.settings ?? {},
    prepareData:
      options.prepareData ?? (options.ownIdentity === true || options.binaries !== undefined ? initData : copyTemplate),
    ...(options.binaries === undefined ? {} : { binaries: options.binaries }),
    ...(tls === null ? {} : { tls }),
  });
  const server: PostgresServer = {
    major: embedded.major,
    port: embedded.port,
    socket: embedded.socketFolder,
    dataDir: embedded.dataFolder,
    password,
    certificate: tls?.certificate ?? null,
    url(to = {}) {
      const user = to.user ?? SUPERUSER;
      const secret = to.password ?? (user === SUPERUSER ? password : null);
      const login = [user, ...(secret === null ? [] : [secret])].map(encodeURIComponent).join(":");
      return `postgresql://${login}@127.0.0.1:${embedded.port}/${encodeURIComponent(to.database ?? SUPERUSER)}`;
    },
    async query<Row extends QueryResultRow>(
      sql: string,
      at: { database?: string; user?: string; values?: readonly unknown[] } = {},
    ): Promise<Row[]> {
      const client = new Client({
        host: embedded.socketFolder,
        port: embedded.port,
        user: at.user ?? SUPERUSER,
        database: at.database ?? SUPERUSER,
      });
      client.on("error", () => {}); // A crash between queries is part of some tests.
      await client.connect();
      try {
        const result: unknown = await client.query<Row>(sql, at.values === undefined ? undefined : [...at.values]);
        const last = Array.isArray(result) ? (result.at(-1) as QueryResult<Row>) : (result as QueryResult<Row>);
        return last.rows;
      } finally {
        await client.end();
      }
    },
    stop: () => embedded.stop(),
    kill: () => embedded.kill(),
    restart: () => embedded.restart(),
    [Symbol.asyncDispose]: () => embedded.stop(),
  };
  return server;
}

/** A copy costs a third of what initdb costs. The template is made once per version and kept in the cache. */
async function copyTemplate(data: string, binaries: Binaries): Promise<void> {
  const template = join(await templateFolder(binaries), "data");
  await runAsServer("cp", ["-R", template, data]);
}

async function templateFolder(binaries: Binaries): Promise<string> {
  const cache = await cacheFolder();
  const template = join(cache, `template-${binaries.version}`);
  if (existsSync(template)) return template;
  await withLock(`${template}.lock`, async () => {
    if (existsSync(template)) return;
    const scratch = await mkdtemp(join(cache, "incoming-"));
    const account = serverAccount();
    if (account !== null) await chown(scratch, account.uid, account.gid);
    try {
      await initData(join(scratch, "data"), binaries);
      await rename(scratch, template);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
  return template;
}

/** Fetches what a test run will need, so that no test waits for the network. */
export async function prepareTemplates(majors: readonly EmbeddedMajor[]): Promise<void> {
  const { findBinaries } = await import("../../src/engine/postgresql/embedded/binaries.ts");
  await mkdir(await cacheFolder(), { recursive: true });
  for (const major of majors) await templateFolder(await findBinaries(major));
}
