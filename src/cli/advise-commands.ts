import type { CommandSpec } from "./command-spec.ts";

/** The commands that learn from use. */
export const ADVISE_COMMANDS: readonly CommandSpec[] = [
  {
    name: "advise",
    summary: "least privilege from what was really used: what may go and why, as a patch of the manifest",
    details:
      "What nobody was seen to use may go, where it was watched for long enough, and everything else stays. The tightened manifest is simulated with the same evidence before it is shown: no observed statement loses anything, and nothing that was kept for use could go too. Nothing is changed on the target; what statements need is read there (or on a shadow of it), without running them.",
    arguments: [],
    options: [
      {
        flags: "--evidence FILE",
        summary: "what `workload collect` wrote; may be given several times",
        completes: "file",
        repeatable: true,
      },
      { flags: "--role NAME", summary: "only what this role is granted, and its memberships", completes: "role" },
      {
        flags: "--min-age DAYS",
        summary: "how long must have been watched (default 90d); twice that for what is used or run",
      },
      { flags: "--lists", summary: "turn patterns that lose anything into lists of what is left" },
      { flags: "--shadow", summary: "read what statements need on a shadow instead of on the target" },
      { flags: "--text-only", summary: "read it from their text alone: certain of nothing, so nothing is advised" },
      { flags: "--mine", summary: "propose roles that logins with the same grants could share; needs no evidence" },
      {
        flags: "--extra N",
        summary: "with --mine: how many grants a login may gain by that, never sensitive ones (default 0)",
      },
      { flags: "--out DIR", summary: "write the tightened files there", completes: "directory" },
      { flags: "--detail", summary: "list everything" },
    ],
    examples: [
      "rolewright advise --evidence evidence.json",
      "rolewright advise --evidence q3.json --evidence q4.json --role app_rw --out tightened",
      "rolewright advise --evidence evidence.json --min-age 180d --json | jq .patch",
    ],
    exits: {
      0: "advised, be it nothing",
      1: "the evidence or the target could not be read",
      3: "the advice did not pass its own simulation",
    },
    load: async () => (await import("./commands/advise.ts")).advise,
  },
];
