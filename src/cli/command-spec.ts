import type { ExitCode } from "../base/error.ts";
import type { CliContext } from "./context.ts";
import type { Input } from "./input.ts";

/** What a command does. It returns how it ended; what went wrong is thrown. */
export type Action = (context: CliContext, input: Input) => Promise<ExitCode>;

/** One command as data: the parser, `--help`, the reference page and the completions are all made from it. */
export interface CommandSpec {
  /** One word, or two where several commands belong together: `audit verify`. */
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
  /** Takes all the words that are left; only the last one may. @default false */
  readonly variadic?: boolean;
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
