import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const MAIN = new URL("../../src/cli/main.ts", import.meta.url).pathname;

/** What the real program said and how it ended. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The document on stdout; throws where there is none. */
  json(): Record<string, never> & { readonly format_version: string };
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where stdout goes instead of to the test: a shell's redirection. */
  readonly stdout?: string;
  /** Called with the process once it runs. */
  readonly onStart?: (child: ChildProcess) => void;
}

/** A folder with a manifest in it, that goes away with the test. */
export interface Workspace extends AsyncDisposable {
  readonly folder: string;
  path(name: string): string;
  write(name: string, text: string): Promise<void>;
  read(name: string): Promise<string>;
  /** Runs `rolewright` in it, as the binary that users run. */
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
}

/** A folder of its own, where `env` is what every command in it sees beside the bare necessities. */
export async function workspace(env: Readonly<Record<string, string>> = {}): Promise<Workspace> {
  const folder = await mkdtemp(join(tmpdir(), "rolewright-e2e-"));
  const path = (name: string): string => join(folder, name);
  // What commands remember of audit logs stays away from the account that runs the tests.
  const state = `${folder}-state`;
  return {
    folder,
    path,
    async write(name, text) {
      await mkdir(dirname(path(name)), { recursive: true });
      await writeFile(path(name), text);
    },
    read: (name) => readFile(path(name), "utf8"),
    run: (args, options = {}) =>
      rolewright(args, {
        cwd: folder,
        ...options,
        env: { XDG_STATE_HOME: state, ROLEWRIGHT_AUDIT_RESERVE: "0", ...env, ...options.env },
      }),
    async [Symbol.asyncDispose]() {
      for (const made of [folder, state]) await rm(made, { recursive: true, force: true });
    },
  };
}

/** Runs the program as users do. No colours, no CI, no terminal. */
export async function rolewright(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const command =
    options.stdout === undefined
      ? { file: process.execPath, args: [MAIN, ...args] }
      : { file: "/bin/sh", args: ["-c", `exec "$0" "$@" > ${options.stdout}`, process.execPath, MAIN, ...args] };
  const child = spawn(command.file, command.args, {
    cwd: options.cwd,
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      TMPDIR: process.env["TMPDIR"],
      NODE_OPTIONS: process.env["NODE_OPTIONS"],
      NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
      ...options.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  options.onStart?.(child);
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr, json: () => JSON.parse(stdout) as ReturnType<Ran["json"]> };
}

/** Fails with everything that the program said where it did not end with this exit code. */
export function expectExit(ran: Ran, code: number): void {
  if (ran.code === code) return;
  throw new Error(`exit code ${ran.code} instead of ${code}\n--- stdout\n${ran.stdout}\n--- stderr\n${ran.stderr}`);
}
