import { EOL } from "node:os";
import { isatty } from "node:tty";
import type { Clock } from "../base/clock.ts";
import { systemClock } from "../base/clock.ts";
import { escapeJson } from "./output/escape.ts";
import { layoutPage } from "./output/layout.ts";
import { fitCharset, lookOf, type ColorChoice, type Look } from "./output/look.ts";
import type { Page } from "./output/page.ts";
import { silentProgress, terminalProgress, type Progress } from "./output/progress.ts";

/** The options that every command takes, parsed. */
export interface Globals {
  /** Null: found by walking up from the working directory. */
  readonly manifest: string | null;
  /** Empty: the only one in the manifest. */
  readonly targets: readonly string[];
  readonly json: boolean;
  readonly color: ColorChoice;
  readonly accessible: boolean;
  readonly debug: boolean;
}

export const DEFAULT_GLOBALS: Globals = {
  manifest: null,
  targets: [],
  json: false,
  color: "auto",
  accessible: false,
  debug: false,
};

/** Everything that a command may touch besides files and databases. stdout is data; stderr is progress, prompts and warnings. */
export interface CliContext {
  readonly globals: Globals;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  readonly out: Look;
  readonly err: Look;
  readonly progress: Progress;
  /** Prompts are allowed: stdin and stderr are terminals, CI is unset, and the output is for a person. */
  readonly canAsk: boolean;
  /** Prints data to stdout as it is: what a program reads is UTF-8, whatever the locale. */
  write(text: string): void;
  /** Prints a page to stdout, as this stream can show it. */
  print(page: Page): void;
  /** Prints the result: the page for a person, or the document with `--json`. */
  show(page: Page, document: () => JsonDocument): void;
  /** Prints a page to stderr: warnings and what a person should know beside the data. Silent with `--json`. */
  tell(page: Page): void;
}

/** A document for machines. `format_version` is added as its first field. */
export type JsonDocument = Readonly<Record<string, unknown>>;

/** The same context with this target chosen. */
export function onTarget(context: CliContext, name: string): CliContext {
  return { ...context, globals: { ...context.globals, targets: [name] } };
}

/** The process as a command sees it. */
export function processContext(globals: Globals, signal: AbortSignal): CliContext {
  const env = process.env;
  const out = lookOf({ isTTY: isatty(1), columns: process.stdout.columns }, env, globals);
  const err = lookOf({ isTTY: isatty(2), columns: process.stderr.columns }, env, globals);
  const write = (text: string): void => void process.stdout.write(text);
  const print = (page: Page): void => write(fitCharset(pageText(page, out), out));
  const animate = err.terminal && !isCi(env) && env["TERM"] !== "dumb" && !err.accessible;
  return {
    globals,
    cwd: process.cwd(),
    env,
    clock: systemClock,
    signal,
    out,
    err,
    progress: animate ? terminalProgress(process.stderr) : silentProgress,
    canAsk: isatty(0) && err.terminal && !isCi(env) && !globals.json,
    write,
    print,
    show: (page, document) => (globals.json ? write(jsonText(document())) : print(page)),
    tell: (page) => {
      if (!globals.json) process.stderr.write(fitCharset(pageText(page, err), err));
    },
  };
}

/** A document as printed: `format_version` first, two spaces of indentation, hostile characters as escapes that read back exactly. */
export function jsonText(document: JsonDocument): string {
  return `${escapeJson(JSON.stringify({ format_version: "1.0", ...document }, null, 2))}\n`;
}

/** A page as printed. */
export function pageText(page: Page, look: Look): string {
  return `${layoutPage(page, look).join(EOL)}${EOL}`;
}

/** CI systems set CI; nobody answers prompts there. */
function isCi(env: CliContext["env"]): boolean {
  const value = env["CI"];
  return value !== undefined && value !== "" && value !== "false" && value !== "0";
}
