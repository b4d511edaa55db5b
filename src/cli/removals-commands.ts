import type { CommandSpec } from "./command-spec.ts";

/** Removals step by step: announced, watched while nothing is taken, then taken. */
export const REMOVALS_COMMANDS: readonly CommandSpec[] = [
  {
    name: "removals announce",
    summary: "write down what a plan will take from whom: from now on, a use of it stops it",
    details:
      "Each grant and membership that goes is an item by its digest, whichever plan takes it. Where the manifest says `removals`, only what was announced, watched and not used can be removed in production.",
    arguments: [{ name: "PLAN", summary: "a plan file, as `plan --out` wrote it", required: true, completes: "plan" }],
    options: [],
    examples: [
      "rolewright removals announce plan.json",
      "rolewright removals announce plan.json --json",
      "rolewright removals announce 9c41e7d2",
    ],
    exits: { 0: "announced", 1: "the plan takes nothing, or could not be read" },
    load: async () => (await import("./commands/removals.ts")).announce,
  },
  {
    name: "removals canary",
    summary: "let pgAudit name every statement that still uses what is announced, with nothing taken away",
    details:
      "Writes a part of the manifest: a role that nobody is, which holds what is to be removed. It is planned, approved and applied like anything else, and pgaudit.role is set to it by a superuser; called again, it looks whether all of that is so, and notes that the canary is on, or that it ended. An audit role in use is never replaced. It does not see TRUNCATE, EXECUTE, USAGE, what was refused, superusers, and what runs inside functions.",
    arguments: [],
    options: [
      { flags: "--out FILE", summary: "where the part is written (default rolewright-canary.yaml)", completes: "file" },
    ],
    examples: [
      "rolewright removals canary",
      "rolewright removals canary --out roles/canary.yaml",
      "rolewright removals canary --json",
    ],
    exits: {
      0: "it is on, or written with what is left to do",
      1: "nothing is announced",
      3: "there is no pgAudit, or its role is in use",
    },
    load: async () => (await import("./commands/removals-canary.ts")).canary,
  },
  {
    name: "removals trial",
    summary: "make the plan that takes from one login what another plan takes from all",
    details:
      "Each group of the login that the plan takes something from is exchanged for a role of its own, which holds what is left of the group; nobody else loses anything. Applied in a confirm window with a `denials` probe it is taken back by itself when something is refused; `revert` ends it. Without `--login` it lists who loses, the riskiest first. It cannot be tried on one login what does not lie in grants: ownership, rights to pass on, row policies that name a group, memberships that take SET ROLE.",
    arguments: [{ name: "PLAN", summary: "a plan file that takes something", required: true, completes: "plan" }],
    options: [
      { flags: "--login LOGIN", summary: "the login to try it on", completes: "role" },
      { flags: "--out FILE", summary: "where the trial's plan is saved (default trial.json)", completes: "file" },
      { flags: "--as PERSON", summary: "who you are, by a key of the manifest" },
    ],
    examples: [
      "rolewright removals trial plan.json",
      "rolewright removals trial plan.json --login svc_reports",
      "rolewright removals trial plan.json --login svc_reports --out trial.json --json",
    ],
    exits: {
      0: "listed, or saved",
      1: "it cannot be tried on this login alone, or the target could not be read",
      5: "the database changed since the plan was made",
    },
    load: async () => (await import("./commands/removals-trial.ts")).trial,
  },
  {
    name: "removals watch",
    summary: "look through evidence for uses of what is announced; what is used is cancelled, with the statement",
    arguments: [],
    options: [
      {
        flags: "--evidence FILE",
        summary: "what `workload collect` wrote since; may be given several times",
        completes: "file",
        repeatable: true,
      },
      { flags: "--shadow", summary: "read what statements need on a shadow instead of on the target" },
    ],
    examples: [
      "rolewright removals watch --evidence today.json",
      "rolewright removals watch --evidence a.json --evidence b.json",
      "rolewright removals watch --evidence today.json --json",
    ],
    exits: { 0: "looked through", 1: "the evidence or the target could not be read" },
    load: async () => (await import("./commands/removals-watch.ts")).watchRemovals,
  },
  {
    name: "removals show",
    summary: "show where every removal stands: proposed, announced, canary, ready, revoked or cancelled",
    details:
      "Proposed is what the manifest takes now and nobody was told of. Revoked is what was announced and is gone, whether by a plan from here or not; given again, it must be announced anew.",
    arguments: [],
    options: [],
    examples: ["rolewright removals show", "rolewright removals show --json", "rolewright removals show --target shop"],
    exits: { 0: "shown", 1: "failed" },
    load: async () => (await import("./commands/removals.ts")).showRemovals,
  },
  {
    name: "removals cancel",
    summary: "stop an announced removal",
    arguments: [{ name: "ITEM", summary: "the first digits of its digest", required: true, completes: "none" }],
    options: [{ flags: "--because TEXT", summary: "why; whoever asks later is told" }],
    examples: [
      "rolewright removals cancel 3f9a81c2 --because 'the year end needs it'",
      "rolewright removals cancel 3f9a --because used",
      "rolewright removals cancel 3f9a81c2 --because used --json",
    ],
    exits: { 0: "cancelled", 1: "there is no such item" },
    load: async () => (await import("./commands/removals.ts")).cancelRemoval,
  },
];
