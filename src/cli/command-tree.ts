import type { ExitCode } from "../base/error.ts";
import type { CliContext } from "./context.ts";
import type { Input } from "./input.ts";

/** What a command does. It returns how it ended; what went wrong is thrown. */
export type Action = (context: CliContext, input: Input) => Promise<ExitCode>;

/** One command as data: the parser, `--help`, the reference page and the completions are all made from it. */
export interface CommandSpec {
  readonly name: string;
  /** One sentence, without a full stop. */
  readonly summary: string;
  /** What a reader of the reference page should know beyond the summary. */
  readonly details?: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  readonly examples: readonly [string, string, string];
  /** The exit codes that this command can end with, with what they mean here. `64` (usage) belongs to all and is added. */
  readonly exits: Readonly<Partial<Record<ExitCode, string>>>;
  /** Commands that only exist for others: shown in the reference, not in the overview. */
  readonly hidden?: boolean;
  /** Loads the code that runs it, so that `--help` stays fast. */
  readonly load: () => Promise<Action>;
}

/** What a shell offers in a place, read from files and never by connecting. */
export type Completes = "file" | "directory" | "target" | "role" | "plan" | "code" | "none";

export interface ArgumentSpec {
  readonly name: string;
  readonly summary: string;
  readonly required: boolean;
  readonly completes: Completes;
  readonly choices?: readonly string[];
}

export interface OptionSpec {
  /** As in help: `--out FILE`, `--yes`. The value's name is in capitals; an option without one is a switch. */
  readonly flags: `--${string}`;
  readonly summary: string;
  readonly completes?: Completes;
  readonly choices?: readonly string[];
  /** May be given several times. @default false */
  readonly repeatable?: boolean;
}

/** The options that every command takes. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  {
    flags: "--manifest FILE",
    summary: "the manifest (default: rolewright.yaml here or in a folder above)",
    completes: "file",
  },
  { flags: "--target NAME", summary: "the target, where the manifest has several", completes: "target" },
  { flags: "--json", summary: "print one JSON document instead of text" },
  { flags: "--color WHEN", summary: "colour the output (default auto)", choices: ["auto", "always", "never"] },
  { flags: "--accessible", summary: "no tables and no alignment: one labelled fact per line" },
  { flags: "--debug", summary: "print stack traces" },
];

/** All commands, in the order of a first week with the tool. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: "explain",
    summary: "print the page of an error code or check",
    arguments: [{ name: "CODE", summary: "such as RW204 or LCK-01", required: true, completes: "code" }],
    options: [],
    examples: ["rolewright explain RW204", "rolewright explain LCK-01", "rolewright explain RW405 --json"],
    exits: { 0: "printed", 1: "there is no such code" },
    load: async () => (await import("./commands/explain.ts")).explain,
  },
  {
    name: "schema",
    summary: "print the JSON Schema of the manifest, for editors",
    arguments: [],
    options: [],
    examples: [
      "rolewright schema > manifest.schema.json",
      "rolewright schema | jq '.properties | keys'",
      "rolewright schema | jq '.required'",
    ],
    exits: { 0: "printed" },
    load: async () => (await import("./commands/schema.ts")).schema,
  },
  {
    name: "completion",
    summary: "print the completion script of a shell",
    arguments: [
      {
        name: "SHELL",
        summary: "which shell",
        required: true,
        completes: "none",
        choices: ["bash", "zsh", "fish", "powershell"],
      },
    ],
    options: [],
    examples: [
      "source <(rolewright completion bash)",
      "rolewright completion zsh > ~/.zsh/_rolewright",
      "rolewright completion fish > ~/.config/fish/completions/rolewright.fish",
    ],
    exits: { 0: "printed" },
    load: async () => (await import("./commands/completion.ts")).completion,
  },
  {
    name: "version",
    summary: "print the version",
    arguments: [],
    options: [],
    examples: ["rolewright version", "rolewright --version", "rolewright version --json"],
    exits: { 0: "printed" },
    load: async () => (await import("./commands/version.ts")).version,
  },
  {
    name: "complete",
    summary: "print the words that a completion script offers at a place",
    hidden: true,
    arguments: [
      {
        name: "WHAT",
        summary: "what is completed",
        required: true,
        completes: "none",
        choices: ["target", "role", "plan", "code"],
      },
    ],
    options: [],
    examples: ["rolewright complete target", "rolewright complete role", "rolewright complete plan"],
    exits: { 0: "printed" },
    load: async () => (await import("./commands/complete.ts")).complete,
  },
];
