import { CAPABILITIES } from "../../src/engine/cassandra/capabilities.ts";
import { KINDS, type KindSpec } from "../../src/engine/cassandra/privileges.ts";
import { simulation } from "../../src/engine/cassandra/simulation/index.ts";
import { CASSANDRA_SIMULATION, evidenceTable } from "./simulation-parts.ts";
import { capabilityTable, limitList } from "./capability-table.ts";
import { code, generatedFrom, markdownTable, page } from "./markdown.ts";

/** The page about what Cassandra lets be granted, from the tables that reading, planning and rendering use. */
export function cassandraReference(): string {
  const rows = KINDS.map((spec) => [spec.kind, privileges(spec), code(spec.cql), code(spec.stored)]);
  return page(
    "# Apache Cassandra",
    generatedFrom("src/engine/cassandra/privileges.ts and src/engine/cassandra/capabilities.ts"),
    "Apache Cassandra 4.1 and later. What the server calls a keyspace is a `schema`. Every role that somebody is a member of is always active, and a superuser's members are superusers.",
    "## What it can do",
    capabilityTable(CAPABILITIES),
    "## What it cannot do",
    limitList(CAPABILITIES),
    "## Testing a change with what is really run",
    evidenceTable(simulation),
    ...CASSANDRA_SIMULATION,
    "## What can be held on what",
    markdownTable(["kind", "privileges", "as GRANT takes it", "kept in system_auth.role_permissions as"], rows),
    "What is held higher up counts below: on all tables of a keyspace, on the keyspace and on all keyspaces for a table; on the functions of a keyspace and on all functions for a function; on all roles for a role. A materialized view is read with SELECT on its table, and with nothing else.",
    "`table` covers tables and materialized views; `routine` covers functions and aggregates. Who makes a keyspace, table, function or role is granted everything on it.",
  );
}

function privileges({ privileges: always, later }: KindSpec): string {
  const shown = always.map((name) => code(name.toLowerCase()));
  const since = later === undefined ? "" : ` (${Math.floor(later.since / 100)}.${later.since % 100} and later)`;
  const masked = (later?.privileges ?? []).map((name) => code(name.toLowerCase()) + since);
  return [...shown, ...masked].join(", ");
}
