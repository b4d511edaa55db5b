import { connect } from "node:net";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RolewrightError } from "../../../base/error.ts";
import { type GuardedProcess, spawnGuarded } from "../../local/guarded.ts";
import { serverEnvironment } from "../../local/run.ts";
import { AUDIT_LOG, configure, type NodeConfiguration } from "./configuration.ts";
import { javaArguments } from "./java-options.ts";
import type { Programs } from "./programs.ts";

/** One server of a throw-away cluster. */
export interface CassandraNode {
  readonly address: string;
  /** TCP port for clients. */
  readonly port: number;
  readonly dataCenter: string;
  readonly folder: string;
  /** The file of its audit log, an entry a line. */
  readonly auditLog: string;
  /** The process that keeps the node; SIGTERM to it stops the node. 0 where it does not run. */
  readonly pid: number;
  /** Stops in good order: the other nodes know at once. */
  stop(): Promise<void>;
  /** As if the machine lost power: SIGKILL. The other nodes find out after some twelve seconds. */
  kill(): Promise<void>;
  /** Starts it again on its data, and resolves when clients can connect. */
  start(options?: {
    /** Settings that change with this start, over those that it had. @default none */
    readonly settings?: Readonly<Record<string, unknown>>;
  }): Promise<void>;
}

/** What a node runs with, besides its configuration. */
export interface NodeRun {
  readonly programs: Programs;
  readonly heapMegabytes: number;
  readonly keep: boolean;
  /** Where to write the archive of the classes that were loaded, when the node stops. Null: one is read if it is there. */
  readonly writeArchive: string | null;
}

const START_TIMEOUT_MS = 120_000;
const POLL_MS = 20;

/** A node that is not started yet. */
export class LocalNode implements CassandraNode {
  readonly #run: NodeRun;
  #configuration: NodeConfiguration;
  #process: GuardedProcess | null = null;

  constructor(configuration: NodeConfiguration, run: NodeRun) {
    this.#configuration = configuration;
    this.#run = run;
  }

  get address(): string {
    return this.#configuration.address;
  }

  get port(): number {
    return this.#configuration.ports.native;
  }

  get dataCenter(): string {
    return this.#configuration.dataCenter;
  }

  get folder(): string {
    return this.#configuration.folder;
  }

  get auditLog(): string {
    return join(this.folder, AUDIT_LOG);
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  async start(options: { readonly settings?: Readonly<Record<string, unknown>> } = {}): Promise<void> {
    if (this.#process !== null && !this.#process.ended) return;
    const settings = { ...this.#configuration.settings, ...options.settings };
    this.#configuration = { ...this.#configuration, settings };
    await configure(this.#configuration);
    const { programs, heapMegabytes, keep, writeArchive } = this.#run;
    const { classPath, agent } = programs;
    const readable = programs.archive !== null && existsSync(programs.archive) ? { read: programs.archive } : null;
    const archive = writeArchive === null ? readable : { write: writeArchive };
    const { folder, account } = this.#configuration;
    this.#process = spawnGuarded({
      command: [programs.java.program, ...javaArguments({ folder, classPath, agent, heapMegabytes, archive })],
      folder,
      account,
      environment: serverEnvironment(),
      keep,
      signals: { stop: "TERM", orphaned: "KILL" },
    });
    await this.#listens();
  }

  async #listens(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (Date.now() < deadline && this.#process?.ended === false) {
      if (await listens(this.address, this.port)) return;
      await sleep(POLL_MS);
    }
    const log = (await this.#process?.log()) ?? "";
    await this.kill();
    throw new RolewrightError("RW594", `Cassandra ${this.#run.programs.release} did not start: ${reason(log)}`, {
      details: { log: log.slice(-4_000) },
    });
  }

  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** Ends it and removes its folder. */
  async remove(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const running = this.#process;
    this.#process = null;
    await running?.end(signal);
  }
}

function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** The line that says why: the last error that the server logged, else the last line. */
function reason(log: string): string {
  const lines = log.trim().split("\n");
  return lines.findLast((line) => line.includes(" ERROR ")) ?? lines.at(-1) ?? "";
}
