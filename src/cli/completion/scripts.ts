import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import { powershellScript } from "./powershell.ts";
import { zshScript } from "./zsh.ts";

export type Shell = "bash" | "zsh" | "fish" | "powershell";

/** The completion script of a shell, generated from the command tree. Names in it are ours; what comes from files is looked up when Tab is pressed, never by connecting. */
export function completionScript(shell: Shell): string {
  switch (shell) {
    case "bash":
      return bashScript();
    case "zsh":
      return zshScript();
    case "fish":
      return fishScript();
    case "powershell":
      return powershellScript();
  }
}
