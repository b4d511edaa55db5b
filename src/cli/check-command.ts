import type { CommandSpec } from "./command-spec.ts";

/** The command that judges what is. */
export const CHECK_COMMAND: CommandSpec = {
  name: "check",
  summary: "look for excess, escalation, hidden ways and missing separation; run policies and access tests",
  details:
    "Looks at what is live, or with `--snapshot` at a file and at no database; what a snapshot does not hold is not evaluated then, which is never a pass. `--only` names checks (`LPV-01`) or families (`LPV,INH`), separated by commas. Findings are accepted under `accepted` in the manifest, with a reason, an owner and a last day. `--format` says what stdout prints; files of `--out` take their format from their names: .sarif, .xml (JUnit), .md, .json, .txt. `--no-new-access` compares what the files ask for with what they asked for at a Git ref, or with a manifest or a snapshot in a file, over the same state of the database.",
  arguments: [],
  options: [
    { flags: "--all-targets", summary: "all targets, in the order of the manifest" },
    { flags: "--only LIST", summary: "only these checks or families", completes: "code" },
    {
      flags: "--snapshot FILE",
      summary: "judge a file that `rolewright snapshot` made, without a database",
      completes: "file",
    },
    {
      flags: "--format FORMAT",
      summary: "what stdout prints (default text)",
      choices: ["text", "json", "sarif", "junit", "github", "markdown"],
    },
    {
      flags: "--evidence FILE",
      summary: "what `workload collect` wrote, for checks that are about use; of one target",
      completes: "file",
      repeatable: true,
    },
    { flags: "--out FILE", summary: "write a file too", completes: "file", repeatable: true },
    { flags: "--no-new-access", summary: "fail when the files give somebody what the base does not" },
    { flags: "--base REF", summary: "the base: a Git ref, a manifest or a snapshot", completes: "file" },
    { flags: "--detail", summary: "list every finding with all that it is about" },
    { flags: "--frames N", summary: "lines of the manifest to show above each finding (default 1)" },
  ],
  examples: [
    "rolewright check",
    "rolewright check --all-targets --format github --out check.sarif --out comment.md",
    "rolewright check --snapshot prod.json --no-new-access --base origin/main",
  ],
  exits: {
    0: "nothing refuses",
    1: "failed: a target could not be read, or the manifest has errors",
    3: "refused: an error stands that nobody answers for, or an access test fails",
  },
  load: async () => (await import("./commands/check.ts")).check,
};
