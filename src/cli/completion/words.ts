import type { ArgumentSpec, Completes, OptionSpec } from "../command-spec.ts";
import { COMMANDS, GLOBAL_OPTIONS } from "../command-tree.ts";

/** What a shell needs to know about one command. */
export interface CompletionCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletionOption[];
  readonly argument: CompletionValue | null;
}

export interface CompletionOption {
  /** `--out`. */
  readonly flag: string;
  readonly summary: string;
  /** Null: a switch. */
  readonly value: CompletionValue | null;
}

/** Fixed words, or something that is looked up in files. */
export type CompletionValue =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "lookup"; readonly what: Exclude<Completes, "none"> }
  | { readonly kind: "free" };

/** The command tree as completions see it, without the commands that only exist for others. */
export function completionCommands(): readonly CompletionCommand[] {
  return COMMANDS.filter((command) => command.hidden !== true).map((command) => ({
    name: command.name,
    summary: command.summary,
    options: [...command.options, ...GLOBAL_OPTIONS].map(optionOf),
    argument: command.arguments[0] === undefined ? null : valueOf(command.arguments[0]),
  }));
}

function optionOf(option: OptionSpec): CompletionOption {
  const [flag = "", value] = option.flags.split(" ");
  return { flag, summary: option.summary, value: value === undefined ? null : valueOf(option) };
}

function valueOf(spec: Pick<ArgumentSpec, "choices"> & { readonly completes?: Completes }): CompletionValue {
  if (spec.choices !== undefined) return { kind: "words", words: spec.choices };
  if (spec.completes === undefined || spec.completes === "none") return { kind: "free" };
  return { kind: "lookup", what: spec.completes };
}
