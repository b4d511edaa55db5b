import { completionCommands, type CompletionCommand, type CompletionValue } from "./words.ts";

/** For bash 3.2 and later, without the bash-completion package. */
export function bashScript(): string {
  const commands = completionCommands();
  return `# rolewright completion for bash: source <(rolewright completion bash)
_rolewright_lookup() { COMPREPLY=($(IFS=$'\\n'; compgen -W "$(rolewright complete "$1" 2>/dev/null)" -- "$2")); }
_rolewright() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="" i
  if [ "$word" = "=" ]; then word=""; elif [ "$before" = "=" ]; then before="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      ${commands.map((command) => command.name).join("|")}) command="\${COMP_WORDS[i]}"; break ;;
    esac
  done
  case "$command" in
    "") COMPREPLY=($(compgen -W "${commands.map((command) => command.name).join(" ")} --help --version" -- "$word")) ;;
${commands.map(commandCase).join("\n")}
  esac
}
complete -F _rolewright rolewright
`;
}

function commandCase(command: CompletionCommand): string {
  const values = command.options.flatMap((option) =>
    option.value === null ? [] : [`        ${option.flag}) ${complete(option.value)}; return ;;`],
  );
  const flags = [...command.options.map((option) => option.flag), "--help"].join(" ");
  const argument =
    command.argument === null ? `COMPREPLY=($(compgen -W "${flags}" -- "$word"))` : complete(command.argument);
  return `    ${command.name})
      case "$before" in
${values.join("\n")}
      esac
      case "$word" in
        -*) COMPREPLY=($(compgen -W "${flags}" -- "$word")) ;;
        *) ${argument} ;;
      esac ;;`;
}

function complete(value: CompletionValue): string {
  if (value.kind === "words") return `COMPREPLY=($(compgen -W "${value.words.join(" ")}" -- "$word"))`;
  if (value.kind === "free") return "COMPREPLY=()";
  if (value.what === "file") return 'COMPREPLY=($(compgen -f -- "$word"))';
  if (value.what === "directory") return 'COMPREPLY=($(compgen -d -- "$word"))';
  if (value.what === "plan") return '_rolewright_lookup plan "$word"; COMPREPLY+=($(compgen -f -- "$word"))';
  return `_rolewright_lookup ${value.what} "$word"`;
}
