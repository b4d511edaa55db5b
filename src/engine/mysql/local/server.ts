import { createHash } from "node:crypto";
import { chmod, chown, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RolewrightError } from "../../../base/error.ts";
import type { Secret } from "../../../base/secret.ts";
import { type ServerAccount, serverAccount } from "../../local/account.ts";
import { type GuardedProcess, spawnGuarded } from "../../local/guarded.ts";
import { freePort } from "../../local/port.ts";
import { privateFolder } from "../../local/run.ts";
import { ADMINISTRATOR, copyTemplate, type Fresh, programOptions, SETTINGS } from "./data-folder.ts";
import { findPrograms, type Programs } from "./programs.ts";

/** Server options by their names without dashes in front: `read-only: "1"`. An empty text: an option without a value. */
export type Settings = Readonly<Record<string, string>>;

/** What a throw-away server should be like. */
export interface MariadbOptions {
  /** The password of `root`, who may do and grant everything. */
  readonly password: Secret;
  /** TCP port on 127.0.0.1. @default a free one */
  readonly port?: number;
  /** Over ours. @default none */
  readonly settings?: Settings;
  /** @default "secured" */
  readonly fresh?: Fresh;
  /** The server outlives this process; whoever stops it (`pid`) makes its folder disappear. @default false */
  readonly keep?: boolean;
}

/** A throw-away MariaDB server on this machine: loopback TCP and a Unix socket, a private folder, as an account that is not root. */
export interface MariadbServer extends AsyncDisposable {
  /** `10.11.19`. */
  readonly version: string;
  readonly port: number;
  /** Its Unix socket, which only we and the server's account can reach. */
  readonly socket: string;
  readonly dataFolder: string;
  /** The process that keeps the server; SIGTERM to it stops the server. */
  readonly pid: number;
  /** `mariadb://user:password@127.0.0.1:port/database`. From there the server sees a client as `localhost`; with the setting `skip-name-resolve`, as `127.0.0.1`. */
  url(login: { readonly user: string; readonly password: Secret | null; readonly database?: string }): string;
  /** What it wrote so far. */
  log(): Promise<string>;
  /** Sessions are cut off; nothing remains on disk. */
  stop(): Promise<void>;
  /** A crash: SIGKILL, without a word to anybody. `restart` brings it back. */
  kill(): Promise<void>;
  /** Stops in good order where it runs, and starts it on the same data and port; with these settings over those that it had, where given. */
  restart(settings?: Settings): Promise<void>;
}

const START_ATTEMPTS = 5;

/** Starts a server and resolves when it answers, in about a second. It is stopped, and its folder removed, by `stop`, by `await using`, or when this process ends in whatever way. */
export async function startMariadb(options: MariadbOptions): Promise<MariadbServer> {
  const programs = await findPrograms();
  const account = serverAccount();
  const folder = await privateFolder("rolewright-my-", account);
  const data = join(folder, "data");
  try {
    for (let attempt = 1; ; attempt++) {
      await copyTemplate(data, { programs, fresh: options.fresh ?? "secured" });
      const port = options.port ?? (await freePort());
      const place = { programs, account, folder, data, port, keep: options.keep ?? false };
      const server = new Server(place, options.settings ?? {});
      try {
        await server.startWith(options.password, options.fresh ?? "secured");
        return server;
      } catch (error) {
        await server.kill();
        if (attempt === START_ATTEMPTS || !(await server.lostItsPort())) throw error;
        await rm(data, { recursive: true });
      }
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

interface Place {
  readonly programs: Programs;
  readonly account: ServerAccount | null;
  readonly folder: string;
  readonly data: string;
  readonly port: number;
  readonly keep: boolean;
}

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 20;
/** MariaDB's own word for a port that another process has. */
const PORT_TAKEN = /Can't start server: Bind on TCP\/IP port/u;

class Server implements MariadbServer {
  readonly #place: Place;
  #settings: Settings;
  #guard: GuardedProcess | null = null;

  constructor(place: Place, settings: Settings) {
    this.#place = place;
    this.#settings = settings;
  }

  get version(): string {
    return this.#place.programs.version;
  }

  get port(): number {
    return this.#place.port;
  }

  get socket(): string {
    return join(this.#place.folder, "socket");
  }

  get dataFolder(): string {
    return this.#place.data;
  }

  get pid(): number {
    return this.#guard?.pid ?? 0;
  }

  url(login: { readonly user: string; readonly password: Secret | null; readonly database?: string }): string {
    const { user, password } = login;
    const who = [user, ...(password === null ? [] : [password.reveal()])].map(encodeURIComponent).join(":");
    return `mariadb://${who}@127.0.0.1:${this.#place.port}/${encodeURIComponent(login.database ?? "")}`;
  }

  /** The first start: the password is set before anybody can connect. */
  async startWith(password: Secret, fresh: Fresh): Promise<void> {
    const { account, folder } = this.#place;
    const file = join(folder, "first.sql");
    await writeFile(file, firstSql(password, fresh));
    await chmod(file, 0o600);
    if (account !== null) await chown(file, account.uid, account.gid);
    await this.#start([`--init-file=${file}`]);
    await rm(file);
  }

  async #start(more: readonly string[]): Promise<void> {
    const { programs, account, folder, data, port, keep } = this.#place;
    const settings = Object.entries({ ...SETTINGS, ...this.#settings });
    this.#guard = spawnGuarded({
      command: [
        programs.mariadbd,
        ...programOptions(programs, data),
        `--port=${port}`,
        `--socket=${this.socket}`,
        `--pid-file=${join(folder, "pid")}`,
        `--tmpdir=${folder}`,
        "--bind-address=127.0.0.1",
        ...settings.map(([name, value]) => (value === "" ? `--${name}` : `--${name}=${value}`)),
        ...more,
      ],
      folder,
      account,
      environment: programs.environment,
      keep,
      signals: { stop: "TERM", orphaned: "KILL" },
    });
    await this.#answers();
  }

  /** Waits for the greeting that a server sends only when it is ready for a login. */
  async #answers(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (Date.now() < deadline && this.#guard?.ended === false) {
      if (await greets(this.socket)) return;
      await sleep(POLL_MS);
    }
    const log = await this.log();
    throw new RolewrightError("RW594", `MariaDB ${this.version} did not start: ${lastError(log)}`, {
      details: { log: log.slice(-4_000) },
    });
  }

  async lostItsPort(): Promise<boolean> {
    return PORT_TAKEN.test(await this.log());
  }

  async log(): Promise<string> {
    return readFile(join(this.#place.folder, "log"), "utf8").catch(() => "");
  }

  async stop(): Promise<void> {
    await this.#end("SIGKILL"); // Nobody wants its data.
    await rm(this.#place.folder, { recursive: true, force: true });
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async restart(settings: Settings = {}): Promise<void> {
    await this.#end("SIGTERM");
    this.#settings = { ...this.#settings, ...settings };
    try {
      await this.#start([]);
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const guard = this.#guard;
    this.#guard = null;
    await guard?.end(signal);
  }
}

async function greets(socket: string): Promise<boolean> {
  const greeting = await new Promise<Buffer | null>((resolve) => {
    const client = connect(socket);
    client.once("data", (data) => {
      resolve(data);
      client.destroy();
    });
    client.once("error", () => resolve(null));
    client.once("close", () => resolve(null));
  });
  return greeting?.[GREETING_PROTOCOL_AT] === GREETING_PROTOCOL;
}

/** Behind the packet's length (three bytes) and number: the version of the protocol, or 255 for an error. */
const GREETING_PROTOCOL_AT = 4;
const GREETING_PROTOCOL = 10;

function firstSql(password: Secret, fresh: Fresh): string {
  const native = `mysql_native_password using '${nativeVerifier(password)}'`;
  const lines =
    fresh === "secured"
      ? ["localhost", "127.0.0.1"].map((host) => `alter user '${ADMINISTRATOR}'@'${host}' identified via ${native};`)
      : [`alter user '${ADMINISTRATOR}'@'localhost' identified via ${native} or unix_socket;`];
  return `${lines.join("\n")}\n`;
}

/** What the server keeps of a password, so that the password itself is never in a file. */
function nativeVerifier(password: Secret): string {
  if (password.reveal() === "") return "";
  const once = createHash("sha1").update(password.reveal(), "utf8").digest();
  return `*${createHash("sha1").update(once).digest("hex").toUpperCase()}`;
}

function lastError(log: string): string {
  const lines = log.trim().split("\n");
  const errors = lines.filter((line) => line.includes("[ERROR]"));
  return (errors.find((line) => !line.includes("Aborting")) ?? lines.at(-1) ?? "").replace(/^.*\[ERROR\] /u, "");
}
