import type { CodePage } from "./code-page.ts";

/** Diagnostics of simulation on MariaDB, MySQL and Cassandra: RW595 to RW599. */
export const RW59X: Readonly<Record<string, CodePage>> = {
  RW595: {
    title: "a log that is no evidence of access",
    why: "Cassandra's full query log holds the statements that were carried out, without who sent them, and nothing of what was refused: it cannot tell whether somebody uses a right.",
    fix: "Read the audit log of the nodes instead: switch it on with `audit_logging_options` in cassandra.yaml, or with `nodetool enableauditlog`.",
  },
};
