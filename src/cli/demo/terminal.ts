import { spawn } from "node:child_process";
import { once } from "node:events";
import { stripVTControlCharacters } from "node:util";
import { RolewrightError } from "../../base/error.ts";
import type { ExitCode } from "../../base/error.ts";

/** The terminal that the story is told in: real commands in a folder, with what they print. */
export interface Terminal {
  /** Prints sentences of the narrator. */
  say(...lines: readonly string[]): void;
  /** Prints a prompt, runs `rolewright` as a process of its own, and gives what that printed on stdout. It must end as the story says, or the story stops. */
  rolewright(args: readonly string[], expected: ExitCode): Promise<string>;
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
      const { code, printed } = await run(args, options);
      if (expected !== 0 || code !== expected) write(`[exit code ${code}]\n`);
      if (code !== expected) throw unexpected(args, { expected, code });
      return printed;
    },
  };
}

async function run(
  args: readonly string[],
  { folder, env, signal, options, write }: TerminalOptions,
): Promise<{ code: number; printed: string }> {
  const child = spawn(process.execPath, [MAIN, ...args, ...options], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const stop = (): void => void child.kill("SIGINT");
  signal.addEventListener("abort", stop, { once: true });
  try {
    const chunks: string[] = [];
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      chunks.push(chunk);
      write(chunk);
    });
    const [code] = (await once(child, "close")) as [number | null];
    signal.throwIfAborted();
    return { code: code ?? 1, printed: stripVTControlCharacters(chunks.join("")) };
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

/** The option that the page of a plan asks for. */
export function accepting(page: string): string {
  return `--accept-access-loss=${numberIn(page, /--accept-access-loss=(\d+)/u)}`;
}

/** What a person would read off the page to type it next. */
export function numberIn(page: string, pattern: RegExp): string {
  const [, found] = pattern.exec(page) ?? [];
  if (found === undefined) throw new RolewrightError("RW020", `nothing like \`${pattern.source}\` was printed`);
  return found;
}
