import type { OptionSpec } from "./command-spec.ts";

/** The options that say which server to read where no manifest does. */
export const URL_OPTIONS: readonly OptionSpec[] = [
  { flags: "--url URL", summary: "the connection URL, without a password: one with a password goes into a variable" },
  { flags: "--url-env NAME", summary: "the environment variable that holds the connection URL (default DATABASE_URL)" },
  {
    flags: "--engine NAME",
    summary: "the engine (default: the one that the URL's scheme names)",
    choices: ["cassandra", "mariadb", "mysql", "postgresql"],
  },
];
