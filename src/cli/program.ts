import { Command, CommanderError } from "commander";
import type { ExitCode } from "../base/error.ts";
import { EXIT } from "../base/error.ts";
import type { CommandSpec, OptionSpec } from "./command-spec.ts";
import { COMMANDS, GLOBAL_OPTIONS } from "./command-tree.ts";
import type { CliContext, Globals } from "./context.ts";
import { DEFAULT_GLOBALS } from "./context.ts";
import { commandHelp, groupHelp, overviewHelp } from "./help.ts";
import { Input } from "./input.ts";
import type { ColorChoice } from "./output/look.ts";
import { usageError } from "./usage.ts";

/** What a command line asks for: a text to print, or a command to run. */
export type Request =
  | { readonly kind: "print"; readonly text: string }
  | { readonly kind: "run"; readonly command: CommandSpec; readonly input: Input; readonly globals: Globals };

/** Parses the words after the program's name. Mistakes throw with exit 64. Global options are understood before and after the command. */
export async function parseCommandLine(given: readonly string[]): Promise<Request> {
  const words = await joinGroup(given);
  if (words === null) return { kind: "print", text: groupHelp(firstWord(given)?.word ?? "") };
  let request: Request = { kind: "print", text: overviewHelp() };
  const program = newCommand("rolewright", GLOBAL_OPTIONS);
  program.option("--version").helpInformation = overviewHelp;
  program.action(() => {
    const version = COMMANDS.find((command) => command.name === "version");
    if (program.opts()["version"] === true && version !== undefined) {
      request = {
        kind: "run",
        command: version,
        input: new Input([], new Map()),
        globals: readGlobals(program.opts()),
      };
    }
  });
  for (const spec of COMMANDS) {
    const command = addCommand(program, spec);
    command.action(async (...values: unknown[]) => {
      const args = (values.slice(0, spec.arguments.length) as (string | readonly string[] | undefined)[]).flat();
      const given = { ...program.opts(), ...definedOnly(command.opts()) };
      await checkChoices(spec, args, given);
      const options = readOptions(spec.options, command.opts());
      const globals = readGlobals({ ...given, target: [program, command].flatMap(targetsOf) });
      request = { kind: "run", command: spec, input: new Input(args, options), globals };
    });
  }
  const first = firstWord(words)?.word ?? null;
  if (first !== null && !COMMANDS.some((spec) => spec.name === first)) throw await unknownCommand(first);
  try {
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return helpOrMistake(error, words);
    throw error;
  }
  return request;
}

/** The global options as far as they can be seen without parsing: how a mistake on the command line is printed. */
export function glimpseGlobals(words: readonly string[]): Globals {
  const color = words.find((word) => word.startsWith("--color="))?.slice("--color=".length);
  return {
    ...DEFAULT_GLOBALS,
    json: words.includes("--json"),
    accessible: words.includes("--accessible"),
    debug: words.includes("--debug"),
    color: color === "always" || color === "never" ? color : "auto",
  };
}

/** Runs what was asked for. */
export async function runCommand(command: CommandSpec, context: CliContext, input: Input): Promise<ExitCode> {
  const action = await command.load();
  return action(context, input);
}

function newCommand(name: string, options: readonly OptionSpec[]): Command {
  const command = new Command(name)
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .helpCommand(false)
    .allowExcessArguments(false)
    .showSuggestionAfterError(true);
  for (const option of options) addOption(command, option);
  return command;
}

function addCommand(program: Command, spec: CommandSpec): Command {
  const command = newCommand(spec.name, [...spec.options, ...GLOBAL_OPTIONS]);
  command.description(spec.summary).helpInformation = () => commandHelp(spec);
  for (const argument of spec.arguments) {
    const name = argument.variadic === true ? `${argument.name}...` : argument.name;
    command.argument(argument.required ? `<${name}>` : `[${name}]`);
  }
  program.addCommand(command);
  return command;
}

function addOption(command: Command, option: OptionSpec): void {
  const [flag, value] = option.flags.split(" ");
  const flags = value === undefined ? option.flags : `${flag} <${value}>`;
  if (option.repeatable === true) {
    command.option(
      flags,
      option.summary,
      (text: string, before: readonly string[]) => [...before, text],
      [] as readonly string[],
    );
    return;
  }
  command.option(flags, option.summary);
}

/** What is chosen from a few words must be one of them. */
async function checkChoices(
  spec: CommandSpec,
  args: readonly (string | undefined)[],
  parsed: Readonly<Record<string, unknown>>,
): Promise<void> {
  const given = [
    ...spec.arguments.map((argument, index) => ({
      what: argument.name,
      value: args[index],
      choices: argument.choices,
    })),
    ...[...spec.options, ...GLOBAL_OPTIONS].map((option) => ({
      what: `--${optionName(option)}`,
      value: parsed[camelCase(optionName(option))],
      choices: option.choices,
    })),
  ];
  for (const { what, value, choices } of given) {
    if (typeof value !== "string" || choices === undefined || choices.includes(value)) continue;
    const { didYouMean } = await import("../config/did-you-mean.ts");
    throw usageError(
      "RW004",
      `${what} cannot be \`${value}\``,
      didYouMean(value, choices) ?? `it is one of ${choices.join(", ")}`,
    );
  }
}

/** Commander keeps `--accept-access-loss` as `acceptAccessLoss`; commands read options by the name that people type. */
function readOptions(
  options: readonly OptionSpec[],
  parsed: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, unknown> {
  return new Map(
    options.map((option) => {
      const name = optionName(option);
      // Commander keeps `--no-new-access` as `newAccess: false`, and true where it was not given.
      if (name.startsWith("no-")) return [name, parsed[camelCase(name.slice(3))] === false];
      return [name, parsed[camelCase(name)]];
    }),
  );
}

function readGlobals(parsed: Readonly<Record<string, unknown>>): Globals {
  const text = (name: string): string | null => (typeof parsed[name] === "string" ? parsed[name] : null);
  return {
    manifest: text("manifest"),
    targets: Array.isArray(parsed["target"]) ? parsed["target"].map(String) : [],
    json: parsed["json"] === true,
    color: (text("color") ?? "auto") as ColorChoice,
    accessible: parsed["accessible"] === true,
    debug: parsed["debug"] === true,
  };
}

/** Before and after the command, both count. */
function targetsOf(command: Command): readonly string[] {
  const { target } = command.opts<{ readonly target?: readonly string[] }>();
  return target ?? [];
}

function definedOnly(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** The name of an option without dashes and value: `accept-access-loss`. */
export function optionName(option: OptionSpec): string {
  return (option.flags.split(" ")[0] ?? "").slice(2);
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

/** Makes one word of the two that name a command of a group: `audit` and `verify`. Null where the group alone is named, which prints what is in it. */
async function joinGroup(words: readonly string[]): Promise<readonly string[] | null> {
  const first = firstWord(words);
  if (first === null) return words;
  const members = COMMANDS.flatMap(({ name }) => (name.startsWith(`${first.word} `) ? [name] : []));
  if (members.length === 0) return words;
  const second = firstWord(words.slice(first.at + 1));
  if (second === null) return null;
  const name = `${first.word} ${second.word}`;
  if (!members.includes(name)) throw await unknownCommand(name, members);
  const at = first.at + 1 + second.at;
  return [...words.slice(0, first.at), name, ...words.slice(first.at + 1, at), ...words.slice(at + 1)];
}

/** The first word that is neither an option nor the value of one: the command. It is looked at first, since its options mean nothing to another one. */
function firstWord(words: readonly string[]): { readonly word: string; readonly at: number } | null {
  const takesValue = new Set(
    GLOBAL_OPTIONS.filter((option) => option.flags.includes(" ")).map((option) => `--${optionName(option)}`),
  );
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const next = words[at + 1];
    if (word === "--") return next === undefined ? null : { word: next, at: at + 1 };
    if (!word.startsWith("-")) return { word, at };
    if (takesValue.has(word)) at += 1;
  }
  return null;
}

async function unknownCommand(name: string, group: readonly string[] | null = null): Promise<Error> {
  const { didYouMean } = await import("../config/did-you-mean.ts");
  const names = group ?? COMMANDS.filter((command) => command.hidden !== true).map((command) => command.name);
  return usageError(
    "RW001",
    `there is no command \`${name}\``,
    didYouMean(name, names) ?? "`rolewright --help` lists the commands",
  );
}

const CODES: Readonly<Record<string, string>> = {
  "commander.unknownOption": "RW002",
  "commander.missingArgument": "RW003",
  "commander.excessArguments": "RW003",
  "commander.unknownCommand": "RW001",
};

function helpOrMistake(error: CommanderError, words: readonly string[]): Request {
  if (error.exitCode === EXIT.done || error.code === "commander.help") {
    const spec = COMMANDS.find((command) => words.includes(command.name));
    return { kind: "print", text: spec === undefined ? overviewHelp() : commandHelp(spec) };
  }
  const [first = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const suggestion = /\(Did you mean (?:one of )?(.*)\?\)/.exec(rest.join(" "))?.[1];
  const message = first.replaceAll("'", "`").replace(/\.$/, "");
  const help =
    suggestion === undefined ? "`--help` after a command lists what it takes" : `did you mean \`${suggestion}\`?`;
  throw usageError(CODES[error.code] ?? "RW004", message, help);
}
