import { spawn } from "node:child_process";
import { once } from "node:events";
import { RolewrightError } from "../../base/error.ts";
import type { ExitCode } from "../../base/error.ts";

/** The terminal that the story is told in: real commands in a folder, with what they print. */
export interface Terminal {
  /** Prints sentences of the narrator. */
  say(...lines: readonly string[]): void;
  /** Prints a prompt and runs `rolewright` as a process of its own, which prints for itself. It must end as the story says, or the story stops. */
  rolewright(args: readonly string[], expected: ExitCode): Promise<void>;
  /** Runs `rolewright --json` unseen and gives its document. */
  ask(args: readonly string[]): Promise<unknown>;
  /** Prints text as it is. */
  print(text: string): void;
}

export interface TerminalOptions {
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
  readonly signal: AbortSignal;
  /** Options that every command is run with, such as `--color=always`. Not shown. */
  readonly options: readonly string[];
}

/** The program that this code is part of, as sources or as built. */
const MAIN = new URL(import.meta.url.endsWith(".ts") ? "../main.ts" : "../main.js", import.meta.url).pathname;

export function openTerminal(options: TerminalOptions): Terminal {
  const { write } = options;
  return {
    say: (...lines) => write(`\n${lines.map((line) => `# ${line}\n`).join("")}`),
    print: (text) => write(text),
    async rolewright(args, expected) {
      write(`\n$ rolewright ${args.join(" ")}\n`);
      const code = await run(args, options, "inherit");
      if (expected !== 0 || code !== expected) write(`[exit code ${code}]\n`);
      if (code !== expected) throw unexpected(args, { expected, code });
    },
    async ask(args) {
      const chunks: string[] = [];
      const code = await run([...args, "--json"], options, (chunk) => chunks.push(chunk));
      if (code !== 0 && code !== 3) throw unexpected(args, { expected: 0, code });
      return JSON.parse(chunks.join(""));
    },
  };
}

async function run(
  args: readonly string[],
  { folder, env, signal, options }: TerminalOptions,
  output: "inherit" | ((chunk: string) => void),
): Promise<number> {
  const child = spawn(process.execPath, [MAIN, ...args, ...options], {
    cwd: folder,
    env,
    stdio: ["ignore", output === "inherit" ? "inherit" : "pipe", "inherit"],
  });
  const stop = (): void => void child.kill("SIGINT");
  signal.addEventListener("abort", stop, { once: true });
  try {
    if (output !== "inherit") child.stdout?.setEncoding("utf8").on("data", output);
    const [code] = (await once(child, "close")) as [number | null];
    signal.throwIfAborted();
    return code ?? 1;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function unexpected(args: readonly string[], { expected, code }: { expected: number; code: number }): RolewrightError {
  return new RolewrightError(
    "RW020",
    `\`rolewright ${args[0] ?? ""}\` ended with exit code ${code}; the story goes on only after ${expected}`,
    {
      help: "this is a defect of rolewright: please report it with what was printed above",
    },
  );
}
