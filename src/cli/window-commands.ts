import type { CommandSpec, OptionSpec } from "./command-spec.ts";

/** The options of `apply` that are about its confirm window. */
export const CONFIRMING: readonly OptionSpec[] = [
  {
    flags: "--confirm-within TIME",
    summary: "take the change back unless it is confirmed in this time, as in 10m; `off` for no window",
  },
  { flags: "--detach", summary: "leave the confirm window open and do not ask" },
  { flags: "--wait", summary: "wait until the confirm window ends, without asking" },
];

/** The commands that are about changes which wait to be confirmed. */
export const WINDOW_COMMANDS: readonly CommandSpec[] = [
  {
    name: "confirm",
    summary: "keep a change that waits to be confirmed; otherwise it is taken back when its window ends",
    details:
      "The window is opened by `apply --confirm-within`, or by `confirm_within` in the manifest. No database is asked. What was not confirmed in time cannot be confirmed any more.",
    arguments: [
      {
        name: "PLAN",
        summary: "a plan file or the digest of a plan; without it, the only one that waits",
        required: false,
        completes: "plan",
      },
    ],
    options: [],
    examples: ["rolewright confirm", "rolewright confirm 9c41e7d2", "rolewright confirm plan.json --json"],
    exits: {
      0: "it stays",
      1: "nothing waits to be confirmed",
      6: "too late: it was taken back, or is being taken back",
    },
    load: async () => (await import("./commands/confirm.ts")).confirm,
  },
  {
    name: "watch",
    summary: "watch over changes that wait to be confirmed, and take back what is not",
    details:
      "`apply` starts this for every confirm window, as a process of its own that outlives the client and its terminal. Start it by hand where that one was ended. Two of them do not disturb each other.",
    arguments: [
      {
        name: "PLAN",
        summary: "a plan file or the digest of a plan; without it, all that wait",
        required: false,
        completes: "plan",
      },
    ],
    options: [],
    examples: ["rolewright watch", "rolewright watch 9c41e7d2", "nohup rolewright watch 9c41e7d2 &"],
    exits: { 0: "settled, and confirmed", 1: "failed, or a person has to look", 6: "taken back" },
    load: async () => (await import("./commands/watch.ts")).watch,
  },
];
