import type { CodePage } from "./code-page.ts";

/** Diagnostics of simulation on MariaDB, MySQL and Cassandra: RW595 to RW599. */
export const RW59X: Readonly<Record<string, CodePage>> = {
  RW595: {
    title: "a log that is no evidence of access",
    why: "Cassandra's full query log holds the statements that were carried out, without who sent them, and nothing of what was refused: it cannot tell whether somebody uses a right.",
    fix: "Read the audit log of the nodes instead: switch it on with `audit_logging_options` in cassandra.yaml, or with `nodetool enableauditlog`.",
  },
  RW596: {
    title: "a product that changes are not tried on",
    why: "What is known of MySQL stands on its manual: no shadow of it was ever compared with a live server, so that nothing is claimed from one. The same code tries changes on MariaDB.",
    fix: "Use `rolewright plan` and `rolewright check`: who gains and loses what is computed without a shadow, and says what it stands on. A policy with `require_simulation` cannot be met on such a target: leave it out of the policy's `when`. `workload collect`, `show` and `merge` work, and so do `removals announce`, `show`, `cancel` and `trial`; `simulate`, `plan --simulate`, `requires`, `advise` and `removals watch` end here.",
  },
  RW597: {
    title: "a plan could not be rehearsed on its shadow",
    why: "Its statements are run on the shadow as the account that will apply them. One was refused there, or nobody can sign in as that account from here, since its host is a name.",
    fix: "Read the server's words in the message: give the account what it lacks, or connect to the target as an account of an address or a pattern.",
  },
  RW598: {
    title: "a staging server cannot be the shadow of this product",
    why: "The grants of the target are written into the server's own tables, which is done to throw-away servers alone.",
    fix: "Take `shadow` out of the target: a server is started on this machine.",
  },
  RW599: {
    title: "rows cannot be loaded into the shadow of this product",
    why: "`--rows` is for row policies: they decide which rows a statement sees, and that is compared before and after a change. MariaDB, MySQL and Cassandra have none.",
    fix: "Leave `--rows` out.",
  },
};
