import { completionCommands, type CompletionCommand, type CompletionValue } from "./words.ts";

/** For fish 3. */
export function fishScript(): string {
  const commands = completionCommands();
  return `# rolewright completion for fish
complete -c rolewright -f
${commands.map((command) => `complete -c rolewright -n __fish_use_subcommand -a ${command.name} -d ${quote(command.summary)}`).join("\n")}
${commands.flatMap(commandLines).join("\n")}
`;
}

function commandLines(command: CompletionCommand): string[] {
  const when = `-n ${quote(`__fish_seen_subcommand_from ${command.name}`)}`;
  const options = command.options.map((option) => {
    const value = option.value === null ? "" : ` -r ${complete(option.value)}`;
    return `complete -c rolewright ${when} -l ${option.flag.slice(2)}${value} -d ${quote(option.summary)}`;
  });
  const argument =
    command.argument === null ? [] : [`complete -c rolewright ${when} ${complete(command.argument)}`.trimEnd()];
  return [...options, ...argument];
}

function complete(value: CompletionValue): string {
  if (value.kind === "words") return `-a ${quote(value.words.join(" "))}`;
  if (value.kind === "free") return "";
  if (value.what === "file") return "-F";
  if (value.what === "directory") return "-a '(__fish_complete_directories)'";
  if (value.what === "plan") return "-F -a '(rolewright complete plan 2>/dev/null)'";
  return `-a '(rolewright complete ${value.what} 2>/dev/null)'`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
