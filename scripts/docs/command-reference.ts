import type { CommandSpec, OptionSpec } from "../../src/cli/command-spec.ts";
import { COMMANDS, GLOBAL_OPTIONS } from "../../src/cli/command-tree.ts";
import { code, generatedFrom, markdownTable, page } from "./markdown.ts";

/** The page about the command line, from the tree that the parser is made of too. */
export function commandReference(): string {
  const overview = COMMANDS.filter((command) => command.hidden !== true).map((command) => [
    `[${code(`rolewright ${command.name}`)}](#rolewright-${command.name.replaceAll(" ", "-")})`,
    command.summary,
  ]);
  return page(
    "# The command line",
    generatedFrom("src/cli/command-tree.ts"),
    markdownTable(["command", "what it does"], overview),
    "## Options of every command",
    optionTable(GLOBAL_OPTIONS),
    ...COMMANDS.flatMap(commandBlocks),
  );
}

function commandBlocks(command: CommandSpec): string[] {
  const sentence = `${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.`;
  return [
    `## rolewright ${command.name}`,
    command.hidden === true ? `${sentence} For scripts, not for people.` : sentence,
    command.details ?? "",
    `    rolewright ${[command.name, ...command.arguments.map(argumentText)].join(" ")}`,
    command.arguments.length === 0 ? "" : markdownTable(["argument", "meaning"], command.arguments.map(argumentRow)),
    command.options.length === 0 ? "" : optionTable(command.options),
    markdownTable(["exit code", "meaning"], [...Object.entries(command.exits), ["64", "the command line is wrong"]]),
    ["```sh", ...command.examples, "```"].join("\n"),
  ];
}

function argumentText(argument: CommandSpec["arguments"][number]): string {
  const name = argument.variadic === true ? `${argument.name}...` : argument.name;
  return argument.required ? name : `[${name}]`;
}

function argumentRow(argument: CommandSpec["arguments"][number]): string[] {
  return [code(argument.name), withChoices(argument.summary, argument.choices)];
}

function optionTable(options: readonly OptionSpec[]): string {
  const rows = options.map((option) => {
    const summary = withChoices(option.summary, option.choices);
    return [code(option.flags), option.repeatable === true ? `${summary}; may be given several times` : summary];
  });
  return markdownTable(["option", "meaning"], rows);
}

function withChoices(summary: string, choices: readonly string[] | undefined): string {
  return choices === undefined ? summary : `${summary}: ${choices.map(code).join(", ")}`;
}
