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
  RW815: {
    title: "the command works on one target at a time",
    why: "Several targets were named, and only `plan`, `apply` and `access` answer for several at once.",
    fix: "Give `--target` once, and run the command for each target.",
  },
  RW816: {
    title: "the bundle of plans cannot be used",
    why: "`plan --out DIRECTORY` over several targets writes a file for each plan and `bundle.json`, which names them in their order. One of them is missing, was changed since, or is about a target that another one is about too.",
    fix: "Plan again into the directory, or name the plan files themselves.",
  },
  RW820: {
    title: "there is no person, service, agent or role of this name",
    why: "Questions are asked about an identity of the manifest or about a role of the server, by its exact name.",
    fix: "Check the spelling; the nearest name is suggested with the error. `role:NAME` means the role where an identity has the same name.",
  },
  RW821: {
    title: "there is no such privilege",
    why: "The server knows no privilege of this name.",
    fix: 'Write it as in SQL, in any case: `select`, `usage`, `"alter system"`.',
  },
  RW822: {
    title: "there is no such resource",
    why: "Nothing in reach that can carry this privilege has this name. Names are exact, and databases that could not be read are not searched.",
    fix: "Write the name as the database holds it, `schema.name`, with double quotes around odd parts; `rolewright doctor` says what could not be read.",
  },
  RW823: {
    title: "the name could mean several resources",
    why: "A table and a routine, two overloads of a routine, or objects in two databases have this name.",
    fix: "Say which with `--kind`, `--database`, or the routine's input types.",
  },
  RW824: {
    title: "the plan was made from another state",
    why: "What a plan leads to can only be computed from the state that it was made from.",
    fix: "Plan again, or give the snapshot that it was made from with `--snapshot`.",
  },
  RW814: {
    title: "the same change was applied from the same state before",
    why: "An earlier run made exactly this change, and the database is back to how it was: somebody took it back, or something keeps undoing it. Two writers that undo each other's work are a loop.",
    fix: "Find out what undid it, with `rolewright status` and the database's log, before it is applied again.",
  },
  RW899: {
    title: "a defect of Rolewright",
    why: "Something happened that the program does not provide for.",
    fix: "Please report it with the trace file that the message names; it holds no secrets and no names from your database unless the message does.",
  },
};
