import type { CommandSpec, OptionSpec } from "./command-spec.ts";

/** What a simulation is made with: of `simulate` and of `plan --simulate`. */
export const SIMULATING: readonly OptionSpec[] = [
  {
    flags: "--evidence FILE",
    summary: "what is really run, by `rolewright workload collect` (default: `evidence` of the target)",
    completes: "file",
    repeatable: true,
  },
  { flags: "--rows FILE", summary: "INSERT statements for the shadow, where row policies matter", completes: "file" },
  { flags: "--text-only", summary: "read the statements alone, without a shadow: quick, and certain of nothing" },
  { flags: "--html FILE", summary: "write the effect as a page to look at", completes: "file" },
];

/** The command that tests a plan before production. */
export const SIMULATE_COMMAND: CommandSpec = {
  name: "simulate",
  summary: "test a plan on a shadow of the target with what is really run: what would break, and for whom",
  details:
    "The shadow is a throw-away copy of the structure and access of the target, without its data; the target itself is only read. Each distinct statement of each role is decided before and after the plan, by what it needs and by trying it. The result is kept beside the runs, bound to the plan's digest; approvals are bound to it too, and `apply` refuses a plan that breaks something unless exactly that number is accepted with `--accept-broken`. Without PLAN a plan is made from the files.",
  arguments: [{ name: "PLAN", summary: "a plan file", required: false, completes: "plan" }],
  options: [
    ...SIMULATING,
    { flags: "--tests-only", summary: "try the access tests about statements, without evidence" },
    { flags: "--detail", summary: "list every statement in full" },
    { flags: "--as PERSON", summary: "who you are, by a key of the manifest" },
  ],
  examples: [
    "rolewright simulate plan.json",
    "rolewright simulate plan.json --evidence evidence.json --html effect.html",
    "rolewright simulate plan.json --json | jq '.simulation.effects[] | select(.outcome == \"revoked\")'",
  ],
  exits: {
    0: "nothing that was observed and decided breaks",
    1: "failed: the target, the evidence or the shadow could not be used",
    3: "refused: something breaks, or an access test fails",
  },
  load: async () => (await import("./commands/simulate.ts")).simulate,
};
