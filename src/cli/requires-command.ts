import type { CommandSpec } from "./command-spec.ts";

/** The command that says what a statement needs. */
export const REQUIRES_COMMAND: CommandSpec = {
  name: "requires",
  summary:
    "what a statement needs, also beneath it in views, functions, triggers and policies, and what somebody lacks of it",
  details:
    "The server analyses the statement and runs nothing. With `--as`, names are looked for as this role would find them, and what it lacks is shown with the least that would give it. Without it they are looked for as the role of the connection. What cannot be known (text that is made while it runs, code in C) is said, and never counted as nothing.",
  arguments: [
    {
      name: "SQL",
      summary: "one statement; placeholders such as `$1` may stand in it",
      required: true,
      completes: "none",
    },
  ],
  options: [
    { flags: "--as ROLE", summary: "a person, service, agent or role: what it has and lacks of it", completes: "role" },
    { flags: "--database NAME", summary: "the database, where the target has several", completes: "none" },
    {
      flags: "--search-path LIST",
      summary: "the schemas that names are looked for in, by commas (default: what is set for the role)",
      completes: "none",
    },
    { flags: "--missing", summary: "show only what is missing; exit 3 where something is" },
    {
      flags: "--shadow",
      summary: "ask a shadow instead of the target: for a connection that may not keep its questions out of the log",
    },
    { flags: "--offline", summary: "read the text alone, without a server: approximate, and certain of nothing" },
  ],
  examples: [
    "rolewright requires 'select name from shop.customers'",
    "rolewright requires 'insert into shop.orders (customer) values ($1)' --as order_service",
    "rolewright requires 'call shop.close_day()' --as nightly --missing --json",
  ],
  exits: {
    0: "answered",
    1: "failed: the target could not be read, or its answers are in no known form",
    3: "with --missing: something is missing, or cannot be known",
  },
  load: async () => (await import("./commands/requires.ts")).requires,
};
