import type { OptionSpec } from "./command-spec.ts";

/** What of a plan is shown. */
export const PLAN_VIEW: readonly OptionSpec[] = [
  { flags: "--detail", summary: "list every object and every path instead of counting them" },
  { flags: "--summary", summary: "leave out the changes: print from who loses on" },
  {
    flags: "--only PART",
    summary: "print one part alone",
    choices: ["changes", "checks", "loses", "gains", "unknown", "sql"],
  },
  { flags: "--sql", summary: "add the statements in order, each under its change" },
  { flags: "--unchanged", summary: "list the managed roles that stay as they are" },
  { flags: "--unmanaged", summary: "list the roles that the manifest does not manage" },
  { flags: "--frames N", summary: "lines of the manifest to show above each finding (default 1)" },
];

/** For scripts that ask whether anything is to be done. */
export const DETAILED_EXITCODE: OptionSpec = {
  flags: "--detailed-exitcode",
  summary: "exit 2 when there are changes, 0 when there are none",
};

/** Instead of naming each. */
export const ALL_TARGETS: OptionSpec = { flags: "--all-targets", summary: "all targets, in the order of the manifest" };

/** What shapes a plan. */
export const PLANNING: readonly OptionSpec[] = [
  {
    flags: "--rotate-password ROLE",
    summary: "set the password of this login anew from its source",
    completes: "role",
    repeatable: true,
  },
  { flags: "--allow-removals N", summary: "let the plan take away N grants although that is more than its budget" },
];

/** Who is at the keyboard. */
export const AS: OptionSpec = {
  flags: "--as PERSON",
  summary: "who you are, by a key of the manifest; besides, the email of Git and the account's name tell",
};

/** How a plan is applied. */
export const APPLYING: readonly OptionSpec[] = [
  {
    flags: "--accept-access-loss N",
    summary:
      "accept that exactly N identities lose access; must equal the plan's number; TARGET=N with several targets",
    repeatable: true,
  },
  {
    flags: "--accept-broken N",
    summary: "accept that exactly N statements that are really run break; must equal the simulation's number",
  },
  { flags: "--yes", summary: "answer the prompt; never overrides a check, a policy or an approval" },
  { flags: "--end-sessions", summary: "end the sessions that keep access which the plan takes away" },
  {
    flags: "--lock-timeout SECONDS",
    summary: "how long one statement may wait for a lock before it is tried again (default 3)",
  },
  AS,
  {
    flags: "--break-glass",
    summary: "apply without the approvals that are asked for; somebody else must review it later",
  },
  {
    flags: "--spool",
    summary:
      "should the audit log be down: apply all the same what only takes access away; the log takes it over later",
  },
  { flags: "--reason TEXT", summary: "why the glass is broken, or why it cannot wait for the log" },
];
