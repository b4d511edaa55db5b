import { connect as connectSocket } from "node:net";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { Secret } from "../../src/base/secret.ts";
import { ADMINISTRATOR, prepareTemplate, type Fresh } from "../../src/engine/mysql/local/data-folder.ts";
import { findPrograms } from "../../src/engine/mysql/local/programs.ts";
import {
  type MariadbServer as LocalServer,
  type Settings,
  startMariadb as startLocal,
} from "../../src/engine/mysql/local/server.ts";

export interface MariadbTestOptions {
  /** Server options over ours, without dashes in front. @default none */
  readonly settings?: Settings;
  /** `as installed`: with anonymous accounts and PUBLIC's grants on `test`. @default "secured" */
  readonly fresh?: Fresh;
}

/** Who connects, and from where. */
export interface MariadbLogin {
  /** @default "root" */
  readonly user?: string;
  /** @default that of `root` for `root`, else none */
  readonly password?: string;
  /** @default none */
  readonly database?: string;
  /** Over TCP from this loopback address (`127.0.0.2`), which the server takes for the client's host. @default over the socket, as `localhost` */
  readonly from?: string;
}

type Row = Record<string, unknown>;

/** A private throw-away server for one test. Administrator `root`; nothing remains of it after `stop` or when the test process ends. */
export interface MariadbServer extends AsyncDisposable {
  /** `10.11.19`. */
  readonly version: string;
  readonly port: number;
  readonly socket: string;
  readonly dataFolder: string;
  /** Of the guard that keeps the server. */
  readonly pid: number;
  /** Of `root`. */
  readonly password: string;
  /** `mariadb://user[:password]@127.0.0.1:port/[database]`; `root` unless given. */
  url(login?: Omit<MariadbLogin, "from">): string;
  /** The rows of one statement (of the last one, where the text has several), in a session of its own. */
  query<R = Row>(sql: string, login?: MariadbLogin & { readonly values?: readonly unknown[] }): Promise<R[]>;
  /** An open session; `await using` closes it. */
  connect(login?: MariadbLogin): Promise<Connection>;
  log(): Promise<string>;
  stop(): Promise<void>;
  /** A crash: SIGKILL. `restart` brings it back with its data. */
  kill(): Promise<void>;
  restart(settings?: Settings): Promise<void>;
}

const PASSWORD = 'it\'s a "correct" \\ hörse: @battery/staple?';

/** Starts a server from a template data folder, in about a fifth of a second. */
export async function startMariadb(options: MariadbTestOptions = {}): Promise<MariadbServer> {
  const local = await startLocal({ password: new Secret(PASSWORD), ...options });
  const connect = (login: MariadbLogin = {}): Promise<Connection> => open(local, login);
  return {
    version: local.version,
    port: local.port,
    socket: local.socket,
    dataFolder: local.dataFolder,
    get pid() {
      return local.pid;
    },
    password: PASSWORD,
    url(login = {}) {
      const { user = ADMINISTRATOR, database = "" } = login;
      const password = passwordOf(login);
      return local.url({ user, password: password === undefined ? null : new Secret(password), database });
    },
    async query<R>(sql: string, login: MariadbLogin & { readonly values?: readonly unknown[] } = {}): Promise<R[]> {
      const connection = await connect(login);
      try {
        const [result] = await connection.query<RowDataPacket[] | RowDataPacket[][]>(sql, [...(login.values ?? [])]);
        return lastRows(result) as R[];
      } finally {
        await connection.end();
      }
    },
    connect,
    log: () => local.log(),
    stop: () => local.stop(),
    kill: () => local.kill(),
    restart: (settings) => local.restart(settings),
    [Symbol.asyncDispose]: () => local.stop(),
  };
}

/** Fetches what a test run will need, so that no test waits for the network. Throws where a server can be had in no way. */
export async function prepareMariadb(): Promise<void> {
  const programs = await findPrograms();
  for (const fresh of ["secured", "as installed"] as const) await prepareTemplate(programs, fresh);
}

async function open(server: LocalServer, login: MariadbLogin): Promise<Connection> {
  const { user = ADMINISTRATOR, database, from } = login;
  const password = passwordOf(login);
  const place =
    from === undefined
      ? { socketPath: server.socket }
      : { stream: () => connectSocket({ host: "127.0.0.1", port: server.port, localAddress: from, noDelay: true }) };
  const connection = await createConnection({
    ...place,
    user,
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
    multipleStatements: true,
    supportBigNumbers: true,
    dateStrings: true,
  });
  connection.on("error", () => {}); // A crash between queries is part of some tests.
  return connection;
}

function passwordOf(login: MariadbLogin): string | undefined {
  const isAdministrator = login.user === undefined || login.user === ADMINISTRATOR;
  return login.password ?? (isAdministrator ? PASSWORD : undefined);
}

/** One statement gives its rows, or a header where it has none; several give a list of these. */
function lastRows(result: RowDataPacket[] | RowDataPacket[][]): unknown[] {
  if (!Array.isArray(result)) return [];
  const last = result.at(-1);
  const isSeveral = result.some((each) => Array.isArray(each) || "affectedRows" in each);
  return isSeveral ? (Array.isArray(last) ? last : []) : result;
}
