import { APPROVE_COMMAND, POLICY_TEST_COMMAND, REVIEW_COMMAND } from "./approval-commands.ts";
import { AUDIT_COMMANDS } from "./audit-commands.ts";
import { CHECK_COMMAND } from "./check-command.ts";
import type { CommandSpec, OptionSpec } from "./command-spec.ts";
import { QUESTION_COMMANDS } from "./question-commands.ts";
import { ALL_TARGETS, APPLYING, AS, DETAILED_EXITCODE, PLANNING, PLAN_VIEW } from "./shared-options.ts";
import { SIMULATING } from "./simulate-command.ts";
import { SIMULATION_COMMANDS } from "./simulation-commands.ts";
import { URL_OPTIONS } from "./url-options.ts";
import { CONFIRMING, WINDOW_COMMANDS } from "./window-commands.ts";

/** The options that every command takes. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  {
    flags: "--manifest FILE",
    summary: "the manifest (default: rolewright.yaml here or in a folder above)",
    completes: "file",
  },
  {
    flags: "--target NAME",
    summary: "the target, where the manifest has several; `plan`, `apply`, `check` and `access` take several",
    completes: "target",
    repeatable: true,
  },
  { flags: "--json", summary: "print one JSON document instead of text" },
  { flags: "--color WHEN", summary: "colour the output (default auto)", choices: ["auto", "always", "never"] },
  { flags: "--accessible", summary: "no tables and no alignment: one labelled fact per line" },
  { flags: "--debug", summary: "print stack traces" },
];

const CONNECTING: readonly OptionSpec[] = [
  { flags: "--name TARGET", summary: "the name that the target gets in the manifest" },
  ...URL_OPTIONS,
  { flags: "--environment NAME", summary: "what the target is: production asks for more (default development)" },
  {
    flags: "--databases LIST",
    summary: "the databases to manage, separated by commas, or `all` (default: the one in the URL)",
  },
  { flags: "--out DIRECTORY", summary: "where the files are written (default: here)", completes: "directory" },
  { flags: "--force", summary: "overwrite files that are there already" },
];

/** All commands, in the order of a first week with the tool. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: "init",
    summary: "start a manifest from a live database, asking what it needs to know",
    details:
      "Every question has an option, and an option that is given is not asked. Without a terminal the options answer everything.",
    arguments: [],
    options: [...CONNECTING, { flags: "--yes", summary: "take the defaults for everything that is not given" }],
    examples: [
      "rolewright init",
      "rolewright init --name shop-prod --url-env SHOP_PROD_URL --environment production",
      "rolewright init --yes --out roles",
    ],
    exits: {
      0: "the files are written and plan to zero changes",
      1: "the database could not be read, or the files would not plan to zero changes",
    },
    load: async () => (await import("./commands/init.ts")).init,
  },
  {
    name: "import",
    summary: "write the live state of a database as a manifest that plans to zero changes",
    details:
      "Reads only. With a manifest, `--target` says which database to read; without one, `--url-env` or `--url` does. The engine follows from the URL's scheme: postgresql, mariadb, mysql or cassandra. What the manifest cannot express is listed in the file and on stderr.",
    arguments: [],
    options: CONNECTING,
    examples: [
      "rolewright import --url mariadb://admin@db.example/ --name shop",
      "rolewright import --target shop-prod --out imported",
      "rolewright import --name shop --json | jq -r '.files[].path'",
    ],
    exits: {
      0: "the files are written and plan to zero changes",
      1: "the database could not be read, or the files would not plan to zero changes",
    },
    load: async () => (await import("./commands/import.ts")).importTarget,
  },
  {
    name: "validate",
    summary: "check the manifest without connecting to anything",
    arguments: [],
    options: [{ flags: "--frames N", summary: "lines of the manifest to show above each finding (default 1)" }],
    examples: [
      "rolewright validate",
      "rolewright validate --manifest db/rolewright.yaml",
      "rolewright validate --json | jq '.findings'",
    ],
    exits: { 0: "no errors", 1: "errors in the manifest" },
    load: async () => (await import("./commands/validate.ts")).validate,
  },
  {
    name: "plan",
    summary: "show what would change and who gains and loses what, and change nothing",
    details:
      "Over several targets (`--target` several times, or `--all-targets`) each is planned in the order in which they would be applied, the order of the manifest, and the most dangerous comes first in the table at the end. `--out` then names a directory. A target that cannot be planned is shown as failed, and nothing is saved.",
    arguments: [],
    options: [
      {
        flags: "--out FILE",
        summary: "save the plan, to be shown and applied later; a directory with several targets",
        completes: "file",
      },
      { flags: "--simulate", summary: "test it on a shadow with what is really run, and say what would break" },
      ...SIMULATING,
      ALL_TARGETS,
      AS,
      DETAILED_EXITCODE,
      ...PLANNING,
      ...PLAN_VIEW,
    ],
    examples: [
      "rolewright plan",
      "rolewright plan --out plan.json --sql",
      "rolewright plan --json | jq '.access.losses'",
    ],
    exits: {
      0: "planned, with or without changes",
      1: "failed, or the manifest has errors",
      2: "changes are present (with --detailed-exitcode)",
      3: "refused by a check",
    },
    load: async () => (await import("./commands/plan.ts")).plan,
  },
  {
    name: "show",
    summary: "show a saved plan, also one that was used or is stale",
    arguments: [
      {
        name: "PLAN",
        summary: "a plan file, or the digest of a plan that was applied",
        required: true,
        completes: "plan",
      },
    ],
    options: [DETAILED_EXITCODE, ...PLAN_VIEW],
    examples: [
      "rolewright show plan.json",
      "rolewright show plan.json --sql --only sql",
      "rolewright show 9c41e7d2 --json",
    ],
    exits: {
      0: "shown",
      1: "the plan cannot be read",
      2: "the plan has changes (with --detailed-exitcode)",
      3: "the plan is refused by a check",
    },
    load: async () => (await import("./commands/show.ts")).show,
  },
  APPROVE_COMMAND,
  {
    name: "apply",
    summary: "make the change, verify it before it is committed, and record it",
    details:
      "With a plan file exactly that plan is applied, or nothing. Without one a plan is made and asked about first. Several targets go one after the other: in the order of the manifest, or of the plans as they are named; all of them are connected to, shown and checked before the first is changed. If one fails, those after it are not started and those before it stand; what stands, what does not and what to type is said, and the exit code is 1.",
    arguments: [
      {
        name: "PLAN",
        summary: "plan files, or a directory that `plan --out` wrote; without one, a plan is made now",
        required: false,
        completes: "plan",
        variadic: true,
      },
    ],
    options: [...APPLYING, ...CONFIRMING, ALL_TARGETS, ...PLANNING, ...PLAN_VIEW],
    examples: [
      "rolewright apply",
      "rolewright apply plan.json --accept-access-loss=5",
      "rolewright apply plan.json --yes --json",
    ],
    exits: {
      0: "applied, or nothing to do",
      1: "failed, or a person said no",
      3: "refused by a check",
      4: "an approval is needed",
      5: "stale: the database moved since the plan",
      6: "rolled back: what the database would have become was not what was planned; or taken back within its confirm window",
    },
    load: async () => (await import("./commands/apply.ts")).apply,
  },
  ...WINDOW_COMMANDS,
  {
    name: "status",
    summary: "show who approved a plan and who is missing, what was applied, and how a run that was cut off ended",
    arguments: [
      {
        name: "PLAN",
        summary: "a plan file or the digest of a plan; without it, all runs",
        required: false,
        completes: "plan",
      },
    ],
    options: [],
    examples: ["rolewright status", "rolewright status plan.json", "rolewright status 9c41e7d2 --json"],
    exits: {
      0: "shown",
      1: "failed, or a run is unfinished",
      4: "the plan was not applied, and lacks an approval or was refused by somebody",
    },
    load: async () => (await import("./commands/status.ts")).status,
  },
  POLICY_TEST_COMMAND,
  REVIEW_COMMAND,
  CHECK_COMMAND,
  ...SIMULATION_COMMANDS,
  {
    name: "drift",
    summary: "show what differs between the files and the database, and both ways out",
    arguments: [],
    options: [DETAILED_EXITCODE, { flags: "--unclaimed", summary: "let what no file claims count as drift too" }],
    examples: ["rolewright drift", "rolewright drift --detailed-exitcode", "rolewright drift --json | jq '.drift'"],
    exits: { 0: "read, with or without drift", 1: "failed", 2: "there is drift (with --detailed-exitcode)" },
    load: async () => (await import("./commands/drift.ts")).drift,
  },
  {
    name: "revert",
    summary: "take an applied plan back, as a plan of its own",
    arguments: [
      {
        name: "PLAN",
        summary: "a plan file, or the digest of a plan that was applied",
        required: true,
        completes: "plan",
      },
    ],
    options: [
      ...APPLYING,
      {
        flags: "--leave-changed",
        summary: "go on where somebody changed what the plan had made, and leave that as it is",
      },
      { flags: "--out FILE", summary: "save the plan that reverts, and apply nothing", completes: "file" },
      ...PLAN_VIEW,
    ],
    examples: [
      "rolewright revert plan.json",
      "rolewright revert 9c41e7d2 --accept-access-loss=2",
      "rolewright revert 9c41e7d2 --out revert.json",
    ],
    exits: {
      0: "taken back",
      1: "failed, or a person said no",
      3: "refused by a check",
      4: "an approval is needed",
      5: "stale: the database moved since the plan was applied",
      6: "rolled back: what the database would have become was not what was planned",
    },
    load: async () => (await import("./commands/revert.ts")).revert,
  },
  ...QUESTION_COMMANDS,
  ...AUDIT_COMMANDS,
  {
    name: "doctor",
    summary: "check the connection, our rights and the server, with a fix for each trouble",
    details:
      "Looks at a target of the manifest, or with `--url` or `--url-env` at any server, without a manifest. It ends with what the engine cannot do.",
    arguments: [],
    options: URL_OPTIONS,
    examples: [
      "rolewright doctor --target shop-prod",
      "rolewright doctor --url mariadb://admin@db.example/",
      "rolewright doctor --json | jq '.checks[] | select(.result != \"ok\")'",
    ],
    exits: { 0: "nothing failed", 1: "something failed" },
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
  {
    name: "explain",
    summary: "print the page of an error code or check",
    arguments: [{ name: "CODE", summary: "such as RW204 or LCK-01", required: true, completes: "code" }],
    options: [],
    examples: ["rolewright explain RW204", "rolewright explain LCK-01", "rolewright explain RW405 --json"],
    exits: { 0: "printed", 1: "there is no such code" },
    load: async () => (await import("./commands/explain.ts")).explain,
  },
  {
    name: "snapshot",
    summary: "print everything that was read from a target as JSON",
    arguments: [],
    options: [],
    examples: [
      "rolewright snapshot > before.json",
      "rolewright snapshot --target shop-prod | jq '.fingerprint'",
      "rolewright snapshot | jq '.unknowns'",
    ],
    exits: { 0: "printed", 1: "failed" },
    load: async () => (await import("./commands/snapshot.ts")).snapshot,
  },
  {
    name: "schema",
    summary: "print the JSON Schema of the manifest, for editors",
    arguments: [],
    options: [],
    examples: [
      "rolewright schema > manifest.schema.json",
      "rolewright schema | jq '.properties | keys'",
      "rolewright schema | jq '.required'",
    ],
    exits: { 0: "printed" },
    load: async () => (await import("./commands/schema.ts")).schema,
  },
  {
    name: "completion",
    summary: "print the completion script of a shell",
    arguments: [
      {
        name: "SHELL",
        summary: "which shell",
        required: true,
        completes: "none",
        choices: ["bash", "zsh", "fish", "powershell"],
      },
    ],
    options: [],
    examples: [
      "source <(rolewright completion bash)",
      "rolewright completion zsh > ~/.zsh/_rolewright",
      "rolewright completion fish > ~/.config/fish/completions/rolewright.fish",
    ],
    exits: { 0: "printed" },
    load: async () => (await import("./commands/completion.ts")).completion,
  },
  {
    name: "demo",
    summary: "play the whole story on a throw-away server in one command",
    arguments: [],
    options: [
      {
        flags: "--engine NAME",
        summary: "on which engine (default postgresql)",
        choices: ["cassandra", "mariadb", "postgresql"],
      },
      { flags: "--keep", summary: "leave the server up and print its URL" },
    ],
    examples: [
      "rolewright demo",
      "rolewright demo --engine mariadb",
      "rolewright demo --keep --color=always | less -R",
    ],
    exits: { 0: "told to the end", 1: "failed" },
    load: async () => (await import("./commands/demo.ts")).demo,
  },
  {
    name: "version",
    summary: "print the version",
    arguments: [],
    options: [],
    examples: ["rolewright version", "rolewright --version", "rolewright version --json"],
    exits: { 0: "printed" },
    load: async () => (await import("./commands/version.ts")).version,
  },
  {
    name: "complete",
    summary: "print the words that a completion script offers at a place",
    hidden: true,
    arguments: [
      {
        name: "WHAT",
        summary: "what is completed",
        required: true,
        completes: "none",
        choices: ["target", "role", "plan", "code"],
      },
    ],
    options: [],
    examples: ["rolewright complete target", "rolewright complete role", "rolewright complete plan"],
    exits: { 0: "printed" },
    load: async () => (await import("./commands/complete.ts")).complete,
  },
];
