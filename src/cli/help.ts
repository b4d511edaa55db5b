import { EXIT, type ExitCode } from "../base/error.ts";
import type { CommandSpec, OptionSpec } from "./command-spec.ts";
import { COMMANDS, GLOBAL_OPTIONS } from "./command-tree.ts";

const COLUMN = 32;

/** The overview: what the program is, and every command with its sentence. */
export function overviewHelp(): string {
  return [
    "rolewright: database roles, grants and people's access as code, planned, verified and reversible",
    "",
    "Usage: rolewright COMMAND [OPTIONS]",
    "",
    "Examples:",
    "  rolewright demo                        the whole story on a throw-away database",
    "  rolewright init                        a live database becomes files",
    "  rolewright plan                        who gains and loses what, before anything happens",
    "",
    "Commands:",
    ...COMMANDS.filter((command) => command.hidden !== true).map((command) => entry(command.name, command.summary)),
    "",
    "Options of every command:",
    ...GLOBAL_OPTIONS.map(optionEntry),
    entry("--help", "print help, also of a command"),
    entry("--version", "print the version"),
    "",
    "rolewright COMMAND --help      its options, examples and exit codes",
    "",
  ].join("\n");
}

/** The commands of a group: what `rolewright audit` prints. */
export function groupHelp(group: string): string {
  const members = COMMANDS.filter((command) => command.name.startsWith(`${group} `));
  return [
    `Usage: rolewright ${group} COMMAND [OPTIONS]`,
    "",
    "Commands:",
    ...members.map((command) => entry(command.name, command.summary)),
    "",
    `rolewright ${group} COMMAND --help      its options, examples and exit codes`,
    "",
  ].join("\n");
}

/** One sentence, three examples, the arguments and options, the exit codes. */
export function commandHelp(command: CommandSpec): string {
  return [
    `rolewright ${command.name}: ${command.summary}`,
    ...(command.details === undefined ? [] : ["", command.details]),
    "",
    `Usage: ${usageLine(command)}`,
    "",
    "Examples:",
    ...command.examples.map((example) => `  ${example}`),
    ...group(
      "Arguments:",
      command.arguments.map((argument) => entry(argument.name, argument.summary + choices(argument.choices))),
    ),
    ...group("Options:", command.options.map(optionEntry)),
    ...group("Options of every command:", GLOBAL_OPTIONS.map(optionEntry)),
    "",
    "Exit codes:",
    ...exitCodes(command).map(([code, meaning]) => entry(String(code), meaning)),
    "",
  ].join("\n");
}

/** `rolewright apply [PLAN] [OPTIONS]`. */
export function usageLine(command: CommandSpec): string {
  const words = command.arguments.map((argument) => {
    const name = argument.variadic === true ? `${argument.name}...` : argument.name;
    return argument.required ? name : `[${name}]`;
  });
  return ["rolewright", command.name, ...words, "[OPTIONS]"].join(" ");
}

/** The exit codes of a command with what they mean, in order. */
export function exitCodes(command: CommandSpec): readonly (readonly [ExitCode, string])[] {
  const all = { ...command.exits, [EXIT.usage]: "a mistake on the command line; nothing was read or changed" };
  return Object.entries(all).map(([code, meaning]) => [Number(code) as ExitCode, meaning] as const);
}

function optionEntry(option: OptionSpec): string {
  return entry(
    option.flags,
    option.summary + choices(option.choices) + (option.repeatable === true ? " (may be repeated)" : ""),
  );
}

function choices(words: readonly string[] | undefined): string {
  return words === undefined ? "" : `: ${words.join(", ")}`;
}

function entry(name: string, text: string): string {
  return `  ${name.padEnd(COLUMN - 2)}${name.length > COLUMN - 4 ? "  " : ""}${text}`.trimEnd();
}

function group(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines];
}
