import { describe, expect, test } from "vitest";
import { RolewrightError } from "../base/error.ts";
import { COMMANDS, GLOBAL_OPTIONS } from "./command-tree.ts";
import { completionScript } from "./completion/scripts.ts";
import { commandHelp, exitCodes, overviewHelp } from "./help.ts";
import { optionName, parseCommandLine } from "./program.ts";

async function mistake(words: readonly string[]): Promise<RolewrightError> {
  const error: unknown = await parseCommandLine(words).catch((thrown: unknown) => thrown);
  if (error instanceof RolewrightError) return error;
  throw new Error(`no mistake was found in: ${words.join(" ")}`);
}

describe("the command line", () => {
  test("takes global options before and after the command", async () => {
    for (const words of [
      ["--json", "explain", "RW204"],
      ["explain", "RW204", "--json"],
      ["explain", "--json", "RW204"],
    ]) {
      const request = await parseCommandLine(words);
      expect(request).toMatchObject({ kind: "run", command: { name: "explain" }, globals: { json: true } });
    }
  });

  test.each([
    [["explan"], "RW001", "did you mean `explain`?"],
    [["explan", "--unheard-of"], "RW001", "did you mean `explain`?"],
    [["--target", "explain", "explan"], "RW001", "did you mean `explain`?"],
    [["explain", "RW1", "--jsno"], "RW002", "did you mean `--json`?"],
    [["explain"], "RW003", "`--help` after a command lists what it takes"],
    [["explain", "RW1", "RW2"], "RW003", "`--help` after a command lists what it takes"],
    [["completion", "bahs"], "RW004", "did you mean `bash`?"],
    [["version", "--color", "sometimes"], "RW004", "it is one of auto, always, never"],
    [["version", "--target"], "RW004", "`--help` after a command lists what it takes"],
  ])("refuses %j with %s and exit 64", async (words, code, help) => {
    expect(await mistake(words)).toMatchObject({ code, help, exitCode: 64 });
  });

  test("prints help for no words, --help, and a command's --help", async () => {
    expect(await parseCommandLine([])).toEqual({ kind: "print", text: overviewHelp() });
    expect(await parseCommandLine(["--help"])).toEqual({ kind: "print", text: overviewHelp() });
    const [first] = COMMANDS;
    if (first === undefined) throw new Error("there are no commands");
    expect(await parseCommandLine([first.name, "--help"])).toEqual({ kind: "print", text: commandHelp(first) });
  });
});

describe("the command tree", () => {
  test.each(COMMANDS)(
    "$name says what it does in one sentence, with three examples of itself and its exit codes",
    (command) => {
      expect(command.summary).toMatch(/^[a-z].*[^.]$/);
      expect(command.examples).toHaveLength(3);
      for (const example of command.examples) expect(example).toContain("rolewright");
      expect(exitCodes(command).map(([code]) => code)).toContain(64);
      expect(exitCodes(command).map(([code]) => code)).toContain(0);
    },
  );

  test.each(COMMANDS)("$name has no option twice, and none that every command has", (command) => {
    const names = [...command.options, ...GLOBAL_OPTIONS].map(optionName);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each(["bash", "zsh", "fish", "powershell"] as const)("completes every command and option in %s", (shell) => {
    const script = completionScript(shell);
    for (const command of COMMANDS.filter((c) => c.hidden !== true)) {
      for (const word of command.name.split(" ")) expect(script).toContain(word);
      for (const option of command.options) expect(script).toContain(optionName(option));
    }
  });
});
