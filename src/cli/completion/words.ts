import type { ArgumentSpec, CommandSpec, Completes, OptionSpec } from "../command-spec.ts";
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
  const shown = COMMANDS.filter((command) => command.hidden !== true);
  return [...Map.groupBy(shown, ({ name }) => name.split(" ")[0] ?? name)].map(([name, members]) =>
    members.every((command) => command.name !== name) ? groupOf(name, members) : commandOf(members),
  );
}

function commandOf([command]: readonly CommandSpec[]): CompletionCommand {
  if (command === undefined) throw new Error("a group of no commands");
  return {
    name: command.name,
    summary: command.summary,
    options: [...command.options, ...GLOBAL_OPTIONS].map(optionOf),
    argument: command.arguments[0] === undefined ? null : valueOf(command.arguments[0]),
  };
}

/** Commands of two words: the second one is completed like an argument, and the options are those of all of them. */
function groupOf(name: string, members: readonly CommandSpec[]): CompletionCommand {
  const options = new Map(members.flatMap((command) => command.options).map((option) => [option.flags, option]));
  return {
    name,
    summary: members.map((command) => command.name.slice(name.length + 1)).join(", "),
    options: [...options.values(), ...GLOBAL_OPTIONS].map(optionOf),
    argument: { kind: "words", words: members.map((command) => command.name.slice(name.length + 1)) },
  };
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
