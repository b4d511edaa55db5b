import type { Client } from "pg";

/** Who can use what at one moment, by the server's own functions: one line of text for each (role, resource, privilege), by the role itself or after SET ROLE. */
export type ReachMatrix = ReadonlySet<string>;

/** Asks the server inside the session's transaction. Knows nothing of our own rules. */
export async function reachMatrix(client: Client, major: number): Promise<ReachMatrix> {
  const held = await client.query<{ role: string; what: string }>(heldQuery(major));
  const becomes = await client.query<{ role: string; other: string }>(
    `select a.rolname as role, b.rolname as other from ${ROLES} a, ${ROLES} b where pg_has_role(a.oid, b.oid, '${major >= 16 ? "SET" : "MEMBER"}')`,
  );
  const byRole = new Map<string, string[]>();
  for (const { role, what } of held.rows) byRole.set(role, [...(byRole.get(role) ?? []), what]);
  const reach = new Set<string>();
  for (const { role, other } of becomes.rows) {
    for (const what of byRole.get(other) ?? []) reach.add(`${role}: ${what}`);
  }
  return reach;
}

// Roles that the server knows from the start are not what plans are about.
const ROLES = "(select oid, rolname from pg_roles where oid >= 16384)";
const OURS = "(select oid from pg_namespace where oid >= 16384 or nspname = 'public')";

function heldQuery(major: number): string {
  const table = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "TRUNCATE",
    "REFERENCES",
    "TRIGGER",
    ...(major >= 17 ? ["MAINTAIN"] : []),
  ];
  const parts = [
    part(
      "table",
      "has_table_privilege",
      table,
      `pg_class where relkind in ('r', 'p', 'v', 'm', 'f') and relnamespace in ${OURS}`,
      "oid::regclass::text",
    ),
    part(
      "sequence",
      "has_sequence_privilege",
      ["USAGE", "SELECT", "UPDATE"],
      `pg_class where relkind = 'S' and relnamespace in ${OURS}`,
      "oid::regclass::text",
    ),
    part(
      "routine",
      "has_function_privilege",
      ["EXECUTE"],
      `pg_proc where pronamespace in ${OURS}`,
      "oid::regprocedure::text",
    ),
    part("schema", "has_schema_privilege", ["USAGE", "CREATE"], `pg_namespace where oid in ${OURS}`, "nspname::text"),
    part(
      "type",
      "has_type_privilege",
      ["USAGE"],
      `pg_type where typnamespace in ${OURS} and typelem = 0 and typrelid = 0`,
      "oid::regtype::text",
    ),
    part(
      "database",
      "has_database_privilege",
      ["CONNECT", "CREATE", "TEMPORARY"],
      "pg_database where datname = current_database()",
      "datname::text",
    ),
    part(
      "foreign-data-wrapper",
      "has_foreign_data_wrapper_privilege",
      ["USAGE"],
      "pg_foreign_data_wrapper",
      "fdwname::text",
    ),
    part("foreign-server", "has_server_privilege", ["USAGE"], "pg_foreign_server", "srvname::text"),
    `select r.rolname as role, p || ' (' || a.attname || ') on ' || c.oid::regclass::text as what
     from ${ROLES} r, pg_class c, pg_attribute a, unnest(array['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) p
     where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relnamespace in ${OURS} and a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       and has_column_privilege(r.oid, c.oid, a.attnum, p)`,
  ];
  return parts.join(" union all ");
}

function part(kind: string, ask: string, privileges: readonly string[], from: string, name: string): string {
  const list = privileges.map((privilege) => `'${privilege}'`).join(", ");
  return `select r.rolname as role, p || ' on ${kind} ' || o.name as what
    from ${ROLES} r, (select oid, ${name} as name from ${from}) o, unnest(array[${list}]) p where ${ask}(r.oid, o.oid, p)`;
}
