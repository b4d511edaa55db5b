import type { CommandSpec, OptionSpec } from "./command-spec.ts";
import { URL_OPTIONS } from "./url-options.ts";

const TIMES: readonly OptionSpec[] = [
  { flags: "--since TIME", summary: "only what was done from this time on (RFC 3339, or a date)" },
  { flags: "--until TIME", summary: "only what was done before this time" },
];

/** The commands of evidence: what was really done on a target. */
export const WORKLOAD_COMMANDS: readonly CommandSpec[] = [
  {
    name: "workload collect",
    summary: "read logs and counters of a server into evidence: who ran which statements, how often and when last",
    details:
      "Literals are taken out before anything is kept. Files of one form are one log, in the order of their times, also compressed ones (`.gz`). A target or a URL is connected to only where it is named here: then the evidence says of which server it is, names that the server does not know are told, and a search path that no log holds is taken from the settings and marked as assumed.",
    arguments: [{ name: "FILE", summary: "logs, in any order", required: false, completes: "file", variadic: true }],
    options: [
      {
        flags: "--out FILE",
        summary: "where the evidence is written; compressed where it ends in `.gz`",
        completes: "file",
      },
      { flags: "--format NAME", summary: "the form of the logs (default: told from how they begin)" },
      { flags: "--line-prefix PREFIX", summary: "how lines of a plain log begin: the server's `log_line_prefix`" },
      {
        flags: "--time-zone ZONE",
        summary: "the zone of times that do not say theirs, such as Europe/Zurich (default UTC)",
      },
      {
        flags: "--live SOURCES",
        summary:
          "what to ask the server, separated by commas, or `all`; PostgreSQL has pg_stat_statements, pg_stat_activity, pg_stat_user_tables and pg_stat_user_functions; MariaDB and MySQL have performance_schema and general_log_table",
      },
      {
        flags: "--for TIME",
        summary: "how long to ask: 30s, 10m, 24h; then only what was added meanwhile counts (default: totals, once)",
      },
      ...TIMES,
      ...URL_OPTIONS,
    ],
    examples: [
      "rolewright workload collect postgresql-*.csv --out evidence.json",
      "rolewright workload collect postgresql.log --line-prefix '%m [%p] %q%u@%d ' --out evidence.json.gz",
      "rolewright workload collect --live pg_stat_statements --for 10m --target shop-prod --out evidence.json",
    ],
    exits: { 0: "written", 1: "a log or the server could not be read, or the log is of another server" },
    load: async () => (await import("./commands/workload-collect.ts")).workloadCollect,
  },
  {
    name: "workload show",
    summary: "show evidence: who ran what, how often, when last; what was refused; and what it cannot show",
    arguments: [{ name: "FILE", summary: "evidence that `workload collect` wrote", required: true, completes: "file" }],
    options: [
      { flags: "--role NAME", summary: "only what this role or login did", completes: "role" },
      { flags: "--denied", summary: "only what was refused" },
      { flags: "--most N", summary: "how many statements to list (default 40; 0 for all)" },
    ],
    examples: [
      "rolewright workload show evidence.json",
      "rolewright workload show evidence.json --denied",
      "rolewright workload show evidence.json --role app_rw --json | jq '.uses[].statement.text'",
    ],
    exits: { 0: "shown", 1: "the file is not evidence, or was changed" },
    load: async () => (await import("./commands/workload-show.ts")).workloadShow,
  },
  {
    name: "workload merge",
    summary: "join evidence of one target, let go what is too old, and take out what somebody did",
    details:
      "Readings of one source that overlap saw the same calls: the larger count is taken, never the sum. Sources of different kinds stay apart in the file, and whoever uses it does not add them either.",
    arguments: [
      {
        name: "FILE",
        summary: "evidence that `workload collect` wrote",
        required: true,
        completes: "file",
        variadic: true,
      },
    ],
    options: [
      {
        flags: "--out FILE",
        summary: "where the evidence is written; compressed where it ends in `.gz`",
        completes: "file",
      },
      {
        flags: "--keep-days N",
        summary: "let go what was seen last more than N days ago (default 400: a year and a month end)",
      },
      {
        flags: "--forget NAME",
        summary: "take out everything that this login or role did",
        completes: "role",
        repeatable: true,
      },
    ],
    examples: [
      "rolewright workload merge monday.json tuesday.json --out week.json",
      "rolewright workload merge evidence.json --keep-days 90 --out evidence.json",
      "rolewright workload merge evidence.json --forget alice --out evidence.json",
    ],
    exits: { 0: "written", 1: "a file is not evidence, was changed, or is of another server" },
    load: async () => (await import("./commands/workload-merge.ts")).workloadMerge,
  },
];
