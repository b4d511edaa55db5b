import { execFile } from "node:child_process";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Client } from "pg";
import { RolewrightError } from "../../../base/error.ts";
import type { Secret } from "../../../base/secret.ts";
import { type ServerAccount, serverAccount } from "../../local/account.ts";
import { type GuardedProcess, spawnGuarded } from "../../local/guarded.ts";
import { freePort } from "../../local/port.ts";
import { privateFolder, serverEnvironment } from "../../local/run.ts";
import { type Binaries, type EmbeddedMajor, findBinaries } from "./binaries.ts";
import { configure, initData, SUPERUSER } from "./data-folder.ts";
import { scramVerifier } from "../verifier.ts";

/** What an embedded server should be like. */
export interface EmbeddedOptions {
  /** @default 18 */
  readonly major?: EmbeddedMajor;
  /** The programs to run. @default those that we have for the major */
  readonly binaries?: Binaries;
  /** The first superuser, as whom we connect over the socket. Only where no password is asked for. @default `postgres` */
  readonly superuser?: string;
  /** The password of the superuser `postgres` over TCP, checked by SCRAM. Null: whoever reaches the port is trusted, also other accounts of this machine. */
  readonly password: Secret | null;
  /** Lines for postgresql.conf, over ours. @default none */
  readonly settings?: Readonly<Record<string, string>>;
  /** A PEM certificate and key; TLS is offered when given. @default none */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** The server outlives this process; whoever stops it (`pid`) makes its folder disappear. @default false */
  readonly keep?: boolean;
  /** Fills the empty data folder, instead of `initdb`, as the server's account. */
  readonly prepareData?: (data: string, binaries: Binaries, superuser: string) => Promise<void>;
}

/** A throw-away PostgreSQL server on this machine: loopback TCP and a Unix socket, a private folder, durability switched off. */
export interface EmbeddedServer extends AsyncDisposable {
  readonly major: EmbeddedMajor;
  /** TCP port on 127.0.0.1. */
  readonly port: number;
  /** The folder of its Unix socket, where `postgres` needs no password: only we and the server's account can enter it. */
  readonly socketFolder: string;
  readonly dataFolder: string;
  /** The process that keeps the server; SIGTERM to it stops the server. */
  readonly pid: number;
  /** Sessions are cut off; nothing remains on disk. */
  stop(): Promise<void>;
  /** Stops in good order; its data is moved to a folder that does not exist yet, and nothing else remains. */
  handOver(to: string): Promise<void>;
  /** As if the machine lost power: SIGKILL, without a word to anybody. `start` brings it back. */
  kill(): Promise<void>;
  /** Stops in good order where it runs, and starts it on the same data and port. */
  restart(): Promise<void>;
}

const START_ATTEMPTS = 5;

/** Starts a server and resolves when it answers. It is stopped, and its folder removed, by `stop`, by `await using`, or when this process ends in whatever way. */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const binaries = options.binaries ?? (await findBinaries(options.major));
  const superuser = options.superuser ?? SUPERUSER;
  const account = serverAccount();
  const folder = await privateFolder("rolewright-pg-", account);
  const data = join(folder, "data");
  try {
    await (options.prepareData ?? initData)(data, binaries, superuser);
    await configure(data, {
      account,
      socketFolder: folder,
      password: options.password,
      settings: options.settings ?? {},
      tls: options.tls ?? null,
    });
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      const server = new Server({ binaries, account, folder, data, port, superuser, keep: options.keep ?? false });
      try {
        await server.start();
        if (options.password !== null) await setPassword(server, options.password);
        return server;
      } catch (error) {
        await server.kill();
        if (attempt === START_ATTEMPTS) throw error; // Another process may have taken the port between our asking and the server's binding.
      }
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function setPassword(server: EmbeddedServer, password: Secret): Promise<void> {
  const client = new Client({ host: server.socketFolder, port: server.port, user: SUPERUSER, database: SUPERUSER });
  await client.connect();
  try {
    await client.query(`alter role ${SUPERUSER} password ${client.escapeLiteral(scramVerifier(password).reveal())}`);
  } finally {
    await client.end();
  }
}

interface Place {
  readonly binaries: Binaries;
  readonly account: ServerAccount | null;
  readonly folder: string;
  readonly data: string;
  readonly port: number;
  readonly superuser: string;
  readonly keep: boolean;
}

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 20;
const RESTART_PAUSE_MS = 200;

class Server implements EmbeddedServer {
  readonly #place: Place;
  #guard: GuardedProcess | null = null;

  constructor(place: Place) {
    this.#place = place;
  }

  get major(): EmbeddedMajor {
    return this.#place.binaries.major;
  }

  get port(): number {
    return this.#place.port;
  }

  get socketFolder(): string {
    return this.#place.folder;
  }

  get dataFolder(): string {
    return this.#place.data;
  }

  get pid(): number {
    return this.#guard?.pid ?? 0;
  }

  async start(): Promise<void> {
    const { binaries, account, folder, data, port, keep } = this.#place;
    this.#guard = spawnGuarded({
      command: [binaries.postgres, "-D", data, "-p", String(port)],
      folder,
      account,
      environment: serverEnvironment(),
      keep,
      signals: { stop: "INT", orphaned: "QUIT" },
    });
    await this.#answers();
  }

  /** Asks until the server answers: what it logs is in no fixed language and no proof. */
  async #answers(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (Date.now() < deadline && this.#guard?.ended === false) {
      if (await accepts(this.#place)) return;
      await sleep(POLL_MS);
    }
    const log = (await this.#guard?.log()) ?? "";
    throw new RolewrightError("RW594", `PostgreSQL ${this.#place.binaries.version} did not start: ${lastLine(log)}`, {
      details: { log: log.slice(-4_000) },
    });
  }

  async stop(): Promise<void> {
    await this.#end("SIGQUIT");
    await rm(this.#place.folder, { recursive: true, force: true });
  }

  async handOver(to: string): Promise<void> {
    await this.#end("SIGINT");
    const { data, folder } = this.#place;
    await moveFolder(data, to);
    await rm(folder, { recursive: true, force: true });
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async restart(): Promise<void> {
    await this.#end("SIGINT");
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.start();
      } catch (error) {
        await this.kill();
        if (attempt === START_ATTEMPTS) throw error; // After a SIGKILL its children hold the shared memory for a moment.
        await sleep(RESTART_PAUSE_MS);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const guard = this.#guard;
    if (guard === null) return;
    this.#guard = null;
    await guard.end(signal);
  }
}

/** Moves a folder, to another file system too. */
export async function moveFolder(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    await copyFolder(from, to);
    await rm(from, { recursive: true, force: true });
  }
}

/** Copies a folder as whoever owns its files: a server takes its own alone. */
export async function copyFolder(from: string, to: string): Promise<void> {
  await promisify(execFile)("cp", ["-Rp", from, to]);
}

async function accepts(place: Place): Promise<boolean> {
  const client = new Client({ host: place.folder, port: place.port, user: place.superuser, database: SUPERUSER });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
