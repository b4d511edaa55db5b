import type { CommandSpec } from "./command-spec.ts";
import { AS, PLAN_VIEW } from "./shared-options.ts";

/** Somebody else agrees to a plan, or refuses it. */
export const APPROVE_COMMAND: CommandSpec = {
  name: "approve",
  summary: "sign that a plan may be applied, or that it must not, with an SSH key",
  details:
    "The plan is shown, and a document that names its digest, the target, the manifest and your decision is signed by `ssh-keygen`, which asks the agent or you for what it needs. Whoever made a plan cannot approve it. A key is yours when the allowed-signers file says so.",
  arguments: [{ name: "PLAN", summary: "a plan file", required: true, completes: "plan" }],
  options: [
    {
      flags: "--key FILE",
      summary:
        "the key to sign with; a public one where an agent holds it (default: Git's, or the usual ones in ~/.ssh)",
      completes: "file",
    },
    {
      flags: "--document FILE",
      summary: "write the document and sign nothing, to sign it elsewhere",
      completes: "file",
    },
    { flags: "--signature FILE", summary: "take the signature of that document: FILE.sig", completes: "file" },
    { flags: "--refuse", summary: "sign that it must not be applied; holds until you approve it" },
    { flags: "--reason TEXT", summary: "why; kept with the approval" },
    AS,
    ...PLAN_VIEW,
  ],
  examples: [
    'rolewright approve plan.json --reason "as agreed in OPS-12"',
    "rolewright approve plan.json --key ~/.ssh/id_ed25519_sk",
    'rolewright approve plan.json --refuse --reason "billing still reads it"',
  ],
  exits: {
    0: "signed and kept, or the document is written",
    1: "failed, or the signature does not count",
    3: "the plan is refused by a check",
    4: "you cannot approve this plan",
  },
  load: async () => (await import("./commands/approve.ts")).approve,
};

/** Policies tried on made-up plans. */
export const POLICY_TEST_COMMAND: CommandSpec = {
  name: "policy test",
  summary: "run tests of policies, which say what a policy sees and what it must answer",
  details:
    "No database is asked. A test names a policy of the manifest, or of a pack, gives it a part of what policies see, and says what it must answer: `deny`, `warn`, `require-approvals`, `require-simulation` or `pass`.",
  arguments: [{ name: "FILE", summary: "files of tests", required: true, completes: "file", variadic: true }],
  options: [],
  examples: [
    "rolewright policy test policies.test.yaml",
    "rolewright policy test policies/*.test.yaml",
    "rolewright policy test policies.test.yaml --json",
  ],
  exits: { 0: "all pass", 1: "a file or the manifest cannot be used", 3: "a test fails" },
  load: async () => (await import("./commands/policy-test.ts")).policyTest,
};

/** Somebody else looks at what was applied in an emergency. */
export const REVIEW_COMMAND: CommandSpec = {
  name: "review-break-glass",
  summary: "sign that you looked at a change which was applied without approvals, or list those that nobody did",
  details:
    "Whoever applied the change and whoever made the plan cannot review it. Without a plan, what is still to be reviewed is listed.",
  arguments: [{ name: "PLAN", summary: "the digest of the plan that was applied", required: false, completes: "plan" }],
  options: [
    { flags: "--reason TEXT", summary: "what you found; kept with the review" },
    {
      flags: "--key FILE",
      summary: "the key to sign with (default: Git's, or the usual ones in ~/.ssh)",
      completes: "file",
    },
  ],
  examples: [
    "rolewright review-break-glass",
    'rolewright review-break-glass 9c41e7d2 --reason "was needed, is gone again"',
    "rolewright review-break-glass --json | jq '.open'",
  ],
  exits: { 0: "reviewed, or nothing is to be reviewed", 1: "failed", 4: "something is to be reviewed" },
  load: async () => (await import("./commands/review-break-glass.ts")).reviewBreakGlass,
};
