import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { asAccount, type ServerAccount } from "./account.ts";
import { GUARD } from "./guard.ts";

/** A server to start behind a guard. */
export interface GuardedCommand {
  /** The program by its path, and its arguments. */
  readonly command: readonly string[];
  /** The server's private folder: its working folder, and where `log` and `server.pid` appear. The guard removes it when the server is orphaned. */
  readonly folder: string;
  readonly account: ServerAccount | null;
  readonly environment: NodeJS.ProcessEnv;
  /** The server outlives this process; whoever sends SIGTERM to the guard makes its folder disappear. */
  readonly keep: boolean;
  readonly signals: {
    /** On which the server stops in good order: `INT`. */
    readonly stop: string;
    /** For a server whose owner is gone, and whose data nobody wants: `KILL`. */
    readonly orphaned: string;
  };
}

/** A server that runs behind a guard. */
export interface GuardedProcess {
  /** The guard's process: SIGTERM to it stops the server. */
  readonly pid: number;
  /** True when the server ended, by itself or not. */
  readonly ended: boolean;
  /** What the server wrote so far. */
  log(): Promise<string>;
  /** Signals the server and waits for its end; SIGKILL follows when it takes longer than twenty seconds. */
  end(signal: NodeJS.Signals): Promise<void>;
}

const STOP_TIMEOUT_MS = 20_000;

/** Starts a server that ends when this process does. It neither keeps this process alive nor waits for the server to answer. */
export function spawnGuarded(options: GuardedCommand): GuardedProcess {
  const { command, folder, account, environment, keep, signals } = options;
  rmSync(join(folder, "server.pid"), { force: true }); // Of an earlier run: the id may be another process's by now.
  const log = openSync(join(folder, "log"), "a");
  const settings = [keep ? "keep" : "watch", folder, signals.stop, signals.orphaned];
  const guard = spawn("/bin/sh", ["-c", GUARD, "rolewright-guard", ...settings, ...command], {
    ...asAccount(account),
    cwd: folder,
    env: environment,
    detached: true,
    stdio: [keep ? "ignore" : "pipe", log, log],
  });
  closeSync(log);
  guard.on("error", () => {}); // No shell at all: `ended` says so.
  guard.unref();
  (guard.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return {
    pid: guard.pid ?? 0,
    get ended() {
      return hasEnded(guard);
    },
    log: () => readFile(join(folder, "log"), "utf8").catch(() => ""),
    end: (signal) => end(guard, { folder, signal }),
  };
}

function hasEnded(guard: ChildProcess): boolean {
  return guard.pid === undefined || guard.exitCode !== null || guard.signalCode !== null;
}

async function end(
  guard: ChildProcess,
  to: { readonly folder: string; readonly signal: NodeJS.Signals },
): Promise<void> {
  if (hasEnded(guard)) return;
  const ended = once(guard, "exit");
  guard.ref();
  signalServer(guard, to);
  const timeout = setTimeout(() => signalServer(guard, { ...to, signal: "SIGKILL" }), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timeout);
}

function signalServer(guard: ChildProcess, to: { readonly folder: string; readonly signal: NodeJS.Signals }): void {
  try {
    const pid = Number(readFileSync(join(to.folder, "server.pid"), "utf8"));
    if (pid > 0) process.kill(pid, to.signal);
  } catch {
    guard.kill("SIGTERM"); // The guard has not come so far as to start it, or it is gone already.
  }
}
