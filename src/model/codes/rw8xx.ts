import type { CodePage } from "./code-page.ts";

/** What goes wrong around the commands: files, prompts, and defects of ours. */
export const RW8XX: Readonly<Record<string, CodePage>> = {
  RW801: {
    title: "no manifest was found",
    why: "The command works on a manifest, and there is no `rolewright.yaml` in this folder or any above it.",
    fix: "Name it with `--manifest FILE`, or make one from a live database with `rolewright init`.",
  },
  RW802: {
    title: "the manifest has several targets, and none was chosen",
    why: "Nothing is guessed where the wrong guess would change another database.",
    fix: "Name one with `--target NAME`.",
  },
  RW803: {
    title: "the manifest has no target of this name",
    why: "`--target` names a target under `targets:` in the manifest.",
    fix: "Check the spelling; the nearest name is suggested with the error.",
  },
  RW804: {
    title: "a file could not be written",
    why: "The disk is full, the folder does not exist, or we may not write there. Nothing was changed on the database.",
    fix: "Make room or choose another place, and run the command again.",
  },
  RW805: {
    title: "a file could not be read",
    why: "It does not exist, or we may not read it.",
    fix: "Check the name and the rights of the file.",
  },
  RW806: {
    title: "the answer was no",
    why: "A person was asked and did not agree. Nothing was changed.",
    fix: "Run the command again when the plan is right.",
  },
  RW807: {
    title: "losses of access must be accepted by their exact number",
    why: "On a production target a plan that takes access from people or services is applied only when somebody says how many: a number that was read is a plan that was read.",
    fix: "Read who loses what, then run `rolewright apply` with `--accept-access-loss` and the number that the plan prints.",
  },
  RW808: {
    title: "a check refuses the plan",
    why: "One or more findings of the plan are errors. They cannot be waived on the command line.",
    fix: "Change the manifest as the findings say and plan again.",
  },
  RW809: {
    title: "there is no such code",
    why: "Codes are `RW` and three digits, or the id of a check such as `LCK-01`.",
    fix: "Check the spelling; the nearest code is suggested with the error.",
  },
  RW810: {
    title: "there is no such plan or run",
    why: "It is neither a file nor the digest of a plan that was applied from this folder.",
    fix: "`rolewright status` lists what was applied.",
  },
  RW811: {
    title: "a file is there already",
    why: "Files that people wrote are not overwritten unasked.",
    fix: "Choose another folder with `--out`, or overwrite with `--force`.",
  },
  RW812: {
    title: "the files would not plan to zero changes",
    why: "What import writes must mean exactly what is live. It was checked before anything was kept, and it does not.",
    fix: "This is a defect of Rolewright: please report it with the differences that it prints. Nothing was written.",
  },
  RW813: {
    title: "interrupted",
    why: "Ctrl-C or a termination signal arrived.",
    fix: "If an apply was running, `rolewright status` says how it ended.",
  },
  RW899: {
    title: "a defect of Rolewright",
    why: "Something happened that the program does not provide for.",
    fix: "Please report it with the trace file that the message names; it holds no secrets and no names from your database unless the message does.",
  },
};
