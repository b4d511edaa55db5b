import { completionCommands, type CompletionCommand, type CompletionValue } from "./words.ts";

/** For zsh with compinit. */
export function zshScript(): string {
  const commands = completionCommands();
  return `#compdef rolewright
# rolewright completion for zsh: put it as _rolewright into a folder of $fpath
_rolewright_lookup() { local -a found; found=(\${(f)"$(rolewright complete $1 2>/dev/null)"}); compadd -a found }
_rolewright_plan() { _rolewright_lookup plan; _files }
_rolewright() {
  local -a commands
  commands=(
${commands.map((command) => `    ${quote(`${command.name}:${command.summary}`)}`).join("\n")}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  case "\${words[2]}" in
${commands.map(commandCase).join("\n")}
  esac
}
compdef _rolewright rolewright
`;
}

function commandCase(command: CompletionCommand): string {
  const options = command.options.map((option) => {
    const summary = option.summary.replaceAll("[", "(").replaceAll("]", ")").replaceAll(":", ",");
    return option.value === null
      ? quote(`${option.flag}[${summary}]`)
      : quote(`${option.flag}=[${summary}]:value:${complete(option.value)}`);
  });
  const argument = command.argument === null ? [] : [quote(`1:argument:${complete(command.argument)}`)];
  return `    ${command.name}) shift words; (( CURRENT-- )); _arguments ${[...options, ...argument].join(" ")} ;;`;
}

function complete(value: CompletionValue): string {
  if (value.kind === "words") return `(${value.words.join(" ")})`;
  if (value.kind === "free") return "";
  if (value.what === "file") return "_files";
  if (value.what === "directory") return "_files -/";
  if (value.what === "plan") return "_rolewright_plan";
  return `_rolewright_lookup ${value.what}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
