import type { CommandSpec, OptionSpec } from "./command-spec.ts";

const LOG: OptionSpec = {
  flags: "--log DIRECTORY",
  summary: "where the log lies (default: .rolewright/audit beside the manifest)",
  completes: "directory",
};
const KEY: OptionSpec = {
  flags: "--key KEY",
  summary: "the log's public key or a file with it (default: the one that was remembered)",
  completes: "file",
};
const POLICY: OptionSpec = {
  flags: "--policy FILE",
  summary: "whom to trust, with a quorum of witnesses",
  completes: "file",
};
const OUT: OptionSpec = { flags: "--out FILE", summary: "write it there instead of to stdout", completes: "file" };
const FILTERS: readonly OptionSpec[] = [
  {
    flags: "--type TYPES",
    summary: "only these kinds of events: `change.intent`, or `change` for all of them; separated by commas",
  },
  { flags: "--actor NAME", summary: "only what this person or account did" },
  { flags: "--about TARGET", summary: "only what was about this target" },
  { flags: "--since TIME", summary: "only from this time on (RFC 3339, or a date)" },
  { flags: "--until TIME", summary: "only before this time" },
  { flags: "--from N", summary: "only from this entry on" },
];
const INDEX = { name: "N", summary: "the number of an entry", required: true, completes: "none" } as const;
const FAILS = "the log is damaged, forged or rolled back, or could not be read";

/** The commands of the audit log. */
export const AUDIT_COMMANDS: readonly CommandSpec[] = [
  {
    name: "audit absorb",
    summary: "take over into the log what waited for it in spools while it was down",
    details:
      "Every command that writes to the log does so first; this one does nothing else. A spool that was edited, cut or removed stops it, until somebody gives up what is lost and says why: that is written to the log, and the damaged file is kept.",
    arguments: [],
    options: [
      { flags: "--give-up", summary: "go on with what is left of spools that were changed" },
      { flags: "--reason TEXT", summary: "why that is given up; it is recorded" },
    ],
    examples: [
      "rolewright audit absorb",
      "rolewright audit absorb --json",
      'rolewright audit absorb --give-up --reason "OPS-12: the disk was lost"',
    ],
    exits: { 0: "taken over, or nothing waits", 1: "the log is still down, or a spool was changed" },
    load: async () => (await import("./commands/audit-absorb.ts")).auditAbsorb,
  },
  {
    name: "audit log",
    summary: "list what was recorded, each entry compared with the signed tree",
    details:
      "Everything that touches access is recorded before it happens and after it. The newest are shown last. Names of people are kept beside the log and can be erased; what was erased is shown as `erased`.",
    arguments: [],
    options: [
      ...FILTERS,
      { flags: "--last N", summary: "only so many, the newest (default 50; 0 for all)" },
      { flags: "--follow", summary: "go on and print what is recorded from now on, with --json one document a line" },
      LOG,
      KEY,
    ],
    examples: [
      "rolewright audit log",
      "rolewright audit log --type change --since 2026-11-01 --last 0",
      "rolewright audit log --follow --json | jq -c '.entry'",
    ],
    exits: { 0: "listed", 1: FAILS },
    load: async () => (await import("./commands/audit-log.ts")).auditLog,
  },
  {
    name: "audit show",
    summary: "show one entry whole, with what opens its personal fields",
    arguments: [INDEX],
    options: [LOG, KEY],
    examples: [
      "rolewright audit show 17",
      "rolewright audit show 17 --json | jq '.fields'",
      "rolewright audit show 0 --log copy",
    ],
    exits: { 0: "shown", 1: FAILS },
    load: async () => (await import("./commands/audit-show.ts")).auditShow,
  },
  {
    name: "audit verify",
    summary: "verify the log: its signature, every tile and entry, and every checkpoint that was kept elsewhere",
    details:
      "V1: what is there is what the key signed. V2: it also goes on from a checkpoint that was kept elsewhere: what this account remembered, or `--anchor`. V3: and a quorum of witnesses has seen it. Only V2 and V3 show that whoever holds the key did not rewrite or roll back the log. The first time everything is read, later only what is new, unless `--full` is given.",
    arguments: [],
    options: [
      { flags: "--anchor FILE", summary: "a checkpoint that was kept elsewhere", completes: "file", repeatable: true },
      { flags: "--full", summary: "read everything again, every file and entry" },
      {
        flags: "--restart",
        summary: "from the beginning, also where an interrupted verification could be gone on with",
      },
      LOG,
      KEY,
      POLICY,
    ],
    examples: [
      "rolewright audit verify",
      "rolewright audit verify --full --anchor anchors/2026-10.checkpoint",
      "rolewright audit verify --log copy --key 'log.example+9c41e7d2+AfB...' --json",
    ],
    exits: { 0: "verified", 1: FAILS },
    load: async () => (await import("./commands/audit-verify.ts")).auditVerify,
  },
  {
    name: "audit prove",
    summary: "write a proof that an entry is in the log, which anybody can check without the log",
    details:
      "The file is a C2SP tlog-proof. What goes with it is the entry and what opens it; `--closed` leaves the latter out.",
    arguments: [INDEX],
    options: [{ flags: "--closed", summary: "leave the personal fields closed" }, OUT, LOG, KEY],
    examples: [
      "rolewright audit prove 17 --out entry-17.tlog-proof",
      "rolewright audit prove 17 --closed",
      "rolewright audit prove 0 | head -3",
    ],
    exits: { 0: "written", 1: FAILS },
    load: async () => (await import("./commands/audit-prove.ts")).auditProve,
  },
  {
    name: "audit check-proof",
    summary: "check a proof without the log, and print the entry that it proves",
    arguments: [{ name: "FILE", summary: "a file that `audit prove` wrote", required: true, completes: "file" }],
    options: [KEY, POLICY, LOG],
    examples: [
      "rolewright audit check-proof entry-17.tlog-proof --key log.vkey",
      "rolewright audit check-proof entry-17.tlog-proof --key 'log.example+9c41e7d2+AfB...'",
      "rolewright audit check-proof entry-17.tlog-proof --json | jq '.fields'",
    ],
    exits: { 0: "it proves the entry", 1: "it proves nothing" },
    load: async () => (await import("./commands/audit-prove.ts")).auditCheckProof,
  },
  {
    name: "audit export",
    summary: "export entries for other systems, and record that it was done",
    arguments: [],
    options: [
      { flags: "--format FORMAT", summary: "how (default jsonl)", choices: ["jsonl", "csv", "ocsf", "ecs"] },
      ...FILTERS,
      { flags: "--recipient NAME", summary: "who gets it, for the record" },
      OUT,
      LOG,
      KEY,
    ],
    examples: [
      "rolewright audit export --out log.jsonl",
      "rolewright audit export --format csv --type change --since 2026-10-01 --until 2026-11-01 --out october.csv",
      "rolewright audit export --format ocsf --recipient siem | curl --data-binary @- https://siem.example/",
    ],
    exits: { 0: "exported", 1: FAILS },
    load: async () => (await import("./commands/audit-export.ts")).auditExport,
  },
  {
    name: "audit keys",
    summary: "print the log's public keys, replace the key, or end an old one",
    details:
      "A key is replaced in two steps: `--rotate` makes a new one and records it, and both sign from then on. When everybody has verified once, `--retire` ends the old one: a checkpoint that only it signed later is not believed.",
    arguments: [],
    options: [
      { flags: "--rotate", summary: "make a new key that signs beside the old one" },
      { flags: "--retire ID", summary: "end the key of this id, and destroy it" },
      LOG,
    ],
    examples: ["rolewright audit keys", "rolewright audit keys --rotate", "rolewright audit keys --retire 9c41e7d2"],
    exits: { 0: "printed or changed", 1: "failed" },
    load: async () => (await import("./commands/audit-keys.ts")).auditKeys,
  },
  {
    name: "audit anchor",
    summary: "keep the signed checkpoint elsewhere, in a file or a Git repository, and record that",
    details:
      "An anchor shows a later rollback or rewrite only if whoever holds the log's key cannot change it too. With `--witness`, or a policy that has addresses of witnesses, they sign the checkpoint if it goes on from what they saw before; `audit verify --policy` counts them.",
    arguments: [],
    options: [
      { flags: "--out FILE", summary: "write the checkpoint there", completes: "file" },
      {
        flags: "--git DIRECTORY",
        summary: "commit the checkpoint in this repository, under audit-checkpoints/",
        completes: "directory",
      },
      {
        flags: "--witness URL",
        summary: "have this witness sign it (default: those of the policy that have an address)",
        repeatable: true,
      },
      {
        flags: "--witness-key KEY",
        summary: "the public key of a witness whose signature counts, or a file with it",
        completes: "file",
        repeatable: true,
      },
      LOG,
      KEY,
      POLICY,
    ],
    examples: [
      "rolewright audit anchor --git .",
      "rolewright audit anchor --out /mnt/worm/2026-11-22.checkpoint",
      "rolewright audit anchor --witness https://witness.example --witness-key witness.vkey --json",
    ],
    exits: {
      0: "kept and recorded",
      1: "the log could not be read, or witnesses have seen more of it, another history, or are too few",
    },
    load: async () => (await import("./commands/audit-anchor.ts")).auditAnchor,
  },
  {
    name: "audit witness",
    summary: "run a witness over HTTP: it signs checkpoints of logs that it knows, and never two histories of one",
    details:
      "The protocol is C2SP tlog-witness, so other logs can use it and this log can use others. Run it where whoever writes the log has no rights: a witness beside its log shows nothing. It speaks plain HTTP and listens on this machine alone unless told otherwise; put what ends TLS in front of it.",
    arguments: [],
    options: [
      {
        flags: "--log-key KEY",
        summary: "the public key of a log to look at, or a file with one on each line",
        completes: "file",
        repeatable: true,
      },
      { flags: "--name NAME", summary: "the witness's name, to begin with: an address without `https://`" },
      { flags: "--listen ADDRESS", summary: "host and port (default 127.0.0.1:7380; port 0 for any)" },
      {
        flags: "--state DIRECTORY",
        summary: "where its key lies and what it saw (default .rolewright/witness)",
        completes: "directory",
      },
    ],
    examples: [
      "rolewright audit witness --name witness.example/w1 --log-key 'log.example+9c41e7d2+AfB...'",
      "rolewright audit witness --log-key logs.txt --listen 10.0.0.5:7380 --state /var/lib/witness",
      "rolewright audit witness --log-key log.vkey --listen 127.0.0.1:0 --json",
    ],
    exits: { 0: "it was interrupted", 1: "it could not be started" },
    load: async () => (await import("./commands/audit-witness.ts")).auditWitness,
  },
  {
    name: "audit erase",
    summary: "erase a person's name and everything that opens what is about them; the log still verifies",
    arguments: [{ name: "NAME", summary: "the name as the log shows it", required: true, completes: "none" }],
    options: [
      { flags: "--basis TEXT", summary: "why: recorded with the erasure" },
      { flags: "--yes", summary: "answer the prompt" },
      LOG,
    ],
    examples: [
      "rolewright audit erase 'alice@laptop' --basis 'GDPR art. 17, ticket 812'",
      "rolewright audit erase 'alice@laptop' --basis 'left in 2019' --yes",
      "rolewright audit erase 'alice@laptop' --basis 'ticket 812' --yes --json",
    ],
    exits: { 0: "erased", 1: "failed, or a person said no" },
    load: async () => (await import("./commands/audit-erase.ts")).auditErase,
  },
];
