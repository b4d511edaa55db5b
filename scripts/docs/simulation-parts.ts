import type { EngineSimulation } from "../../src/engine/simulation.ts";
import { code, markdownTable } from "./markdown.ts";

/** What logs and running servers tell, from the readers themselves. */
export function evidenceTable({ logs, sources }: Pick<EngineSimulation, "logs" | "sources">): string {
  const rows = [
    ...logs.map(({ kind, summary }) => ["log", code(kind), summary]),
    ...sources.map(({ kind, summary }) => ["`--live`", code(kind), summary]),
  ];
  return markdownTable(["from", "name", "what it tells"], rows);
}

/** What testing a change means on MariaDB. */
export const MARIADB_SIMULATION: readonly string[] = [
  "Logs have the name and the host of a client where grants have an account: with a target named, `workload collect` writes the account that the server would choose. `server_audit` tells who, in which schema, with which role (SET ROLE is followed from the beginning of a connection) and how each statement ended; what a procedure runs is the procedure's and is left out. Statements are cut at `server_audit_query_log_limit` (1024 bytes unless set): set it to a power of two, at least 65536. The general log is written before a statement runs and does not tell whether it was refused. The digests do not tell who; with the consumers `events_statements_current` and `events_statements_history` on, samples of open connections do.",
  "A shadow is a MariaDB on this machine: schemas, tables without rows, sequences, views, routines and triggers from `show create`, and the grant tables row by row. No credential of the target is read: all accounts get one of ours. Storage engines become InnoDB, and events are left out. It is compared by reading it back; what is not the same makes the statements that touch it `unknown`.",
  "What a statement needs is read from its text and the catalog, with what runs beneath it: views with the rights of their definers or callers, routines, triggers, sequences in defaults. Rules that the manual leaves open were measured on 10.11: `on duplicate key update` also needs UPDATE of what is inserted and SELECT of what is changed; `returning` needs INSERT and SELECT of all columns named; an INSERT into a view needs SELECT of the columns that it leaves out; columns of USING and NATURAL JOIN need nothing; what an UPDATE reads of a view needs SELECT on it, or that whoever the table behind is reached as may read all of that; of a table that a DELETE names before FROM one readable column is enough where DELETE is held on the table itself; EXECUTE on a routine opens its schema to USE. They are compared with the server by executing random statements as random accounts: of 95,950 decisions over 60 seeds, 76,455 of them refusals, none was told the other way round, 4 % were told as `maybe` and 1 % left open (test/property/requirements-mariadb.test.ts).",
  "Each statement is also prepared on the shadow as its account, from an address that its host lets in (by the PROXY protocol), with its role active; where that does not look far enough it is executed and rolled back. PREPARE looks into no procedure and no trigger. Not confirmed: accounts of named hosts, statements that touch no row of an empty shadow, TRUNCATE, LOCK TABLES and definitions.",
  "Not decided (`unknown`): dynamic SQL, grants and revokes, global variables, changes through a view that joins, EXPLAIN of views, what the parser does not know (`handler`, `load data` among it), and tables that are not in the catalog, which may be temporary ones. Code whose definer has a default role is left open too: the server does not count that role there.",
];

export const MYSQL_SIMULATION: readonly string[] = [
  "Logs are read as on MariaDB. Changes are not tried (RW596): the rules were measured on MariaDB and never on a live MySQL.",
];

export const CASSANDRA_SIMULATION: readonly string[] = [
  "The audit log of each node has what that node was asked, also as `auditlogviewer` prints it and with whatever the logging puts in front. Refused statements are in it, but for batches of the protocol that were refused. A statement with a line break in it is read on, unless a line of it looks like a record. The full query log is refused (RW595): it names nobody.",
  "There is no shadow: what a statement needs follows from its text and the catalog by fixed rules, compared with Cassandra 5.0 by executing random statements as random roles (test/property/requirements-cassandra.test.ts). Nothing is tried, so that the confirmed share is 0, and the plan's statements are not rehearsed.",
  "A right that is taken away goes on working until the caches of each node have expired (`roles_validity`, `permissions_validity`: two seconds unless set).",
  "Not decided (`unknown`): functions of one name with different arguments, LIST, GRANT ALL, what stands in a literal, statements of refused batches. A masked column that is read by its name or by `*` is shown in clear to who has UNMASK: where a plan changes that, the statement is `altered`.",
];
