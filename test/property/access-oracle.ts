import { Client } from "pg";
import type { AccessIndex } from "../../src/analysis/access-index.ts";
import { buildAccessIndex } from "../../src/analysis/access-index.ts";
import type { AccessRules } from "../../src/model/access-rules.ts";
import { postgresql } from "../../src/engine/postgresql/index.ts";
import { Secret } from "../../src/base/secret.ts";
import type { AccessState } from "../../src/model/access-state.ts";
import type { StateRules } from "../../src/model/state-rules.ts";
import type { Resource, ResourceKind } from "../../src/model/resource.ts";
import { describeResource } from "../../src/model/resource.ts";
import type { Grantee } from "../../src/model/role.ts";
import { PUBLIC } from "../../src/model/role.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { STATE_DATABASE } from "../support/random-state/run.ts";
import type { StateServer } from "../support/random-state/run.ts";

/** An answer of ours that is not the server's. */
export interface Mismatch {
  readonly role: Grantee;
  readonly question: string;
  readonly server: boolean;
  readonly ours: boolean | null;
}

export interface Comparison {
  readonly compared: number;
  readonly mismatches: readonly Mismatch[];
}

/** Reads the cluster as the product does. */
export async function readSnapshot(server: StateServer, database: string = STATE_DATABASE): Promise<Snapshot> {
  await using connection = await postgresql.connect({ url: new Secret(server.url({ database })) });
  return await connection.introspect();
}

/** Builds the index as the product does. `plant` makes it wrong, to see that a wrong one is caught. */
export function indexOf(snapshot: Snapshot, plant: Plant = {}): AccessIndex {
  const { rules, accessRules } = postgresql.dialect(snapshot);
  const access = plant.state?.(snapshot.access, rules) ?? snapshot.access;
  return buildAccessIndex(access, snapshot.catalog, plant.rules?.(accessRules) ?? accessRules);
}

export interface Plant {
  readonly rules?: (rules: AccessRules) => AccessRules;
  readonly state?: (state: AccessState, rules: StateRules) => AccessState;
}

/** Asks the server's own functions for every role, resource, privilege and grant option, and compares. */
export async function compareWithServer(
  server: StateServer,
  snapshot: Snapshot,
  index: AccessIndex,
): Promise<Comparison> {
  const client = new Client({ connectionString: server.url({ database: STATE_DATABASE }) });
  await client.connect();
  try {
    const roles = await readRoles(client, snapshot);
    let compared = 0;
    const mismatches: Mismatch[] = [];
    for (const kind of KINDS) {
      if (kind.since !== undefined && snapshot.version.major < kind.since) continue;
      const result = await compareKind(client, kind, { snapshot, index, roles });
      compared += result.compared;
      mismatches.push(...result.mismatches);
    }
    const membership = await compareRoles(client, { snapshot, index, roles });
    return {
      compared: compared + membership.compared,
      mismatches: [...mismatches, ...membership.mismatches],
    };
  } finally {
    await client.end();
  }
}

interface Asked {
  readonly snapshot: Snapshot;
  readonly index: AccessIndex;
  readonly roles: readonly { readonly oid: string; readonly name: Grantee }[];
}

async function readRoles(client: Client, snapshot: Snapshot): Promise<Asked["roles"]> {
  const { rows } = await client.query<{ oid: string; name: string }>("select oid::text, rolname as name from pg_roles");
  const known = rows.filter((row) => snapshot.access.roles.has(row.name));
  if (known.length !== rows.length) throw new Error("the snapshot does not have all roles");
  // The functions take id 0 for everybody.
  return [...known, { oid: "0", name: PUBLIC }];
}

/** One question for each object of a kind: `from` gives `path` (without the database) and `id`; `has` is the function with `r` for the role and `p` for the privilege. */
interface KindQuery {
  readonly kind: ResourceKind;
  readonly since?: number;
  readonly from: string;
  readonly has: string;
}

const NAMED = "n.nspname !~ '^pg_(toast|temp)'";

const KINDS: readonly KindQuery[] = [
  {
    kind: "table",
    from: `select array[n.nspname, c.relname]::text[] as path, c.oid as id from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'v', 'm', 'f', 'p') and ${NAMED}`,
    has: "has_table_privilege(r, id, p)",
  },
  {
    kind: "column",
    from: `select array[n.nspname, c.relname, a.attname]::text[] as path, c.oid as id, a.attnum as number
      from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
      where c.relkind in ('r', 'v', 'm', 'f', 'p') and ${NAMED} and a.attnum > 0 and not a.attisdropped`,
    has: "has_column_privilege(r, id, number, p)",
  },
  {
    kind: "sequence",
    from: `select array[n.nspname, c.relname]::text[] as path, c.oid as id from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'S' and ${NAMED}`,
    has: "has_sequence_privilege(r, id, p)",
  },
  {
    kind: "schema",
    from: `select array[n.nspname]::text[] as path, n.oid as id from pg_namespace n where ${NAMED}`,
    has: "has_schema_privilege(r, id, p)",
  },
  {
    kind: "routine",
    from: `select array[n.nspname, f.proname, oidvectortypes(f.proargtypes)]::text[] as path, f.oid as id
      from pg_proc f join pg_namespace n on n.oid = f.pronamespace where ${NAMED}`,
    has: "has_function_privilege(r, id, p)",
  },
  {
    kind: "type",
    from: `select array[n.nspname, t.typname]::text[] as path, t.oid as id from pg_type t join pg_namespace n on n.oid = t.typnamespace where ${NAMED}`,
    has: "has_type_privilege(r, id, p)",
  },
  {
    kind: "language",
    from: "select array[lanname]::text[] as path, oid as id from pg_language",
    has: "has_language_privilege(r, id, p)",
  },
  {
    kind: "foreign-data-wrapper",
    from: "select array[fdwname]::text[] as path, oid as id from pg_foreign_data_wrapper",
    has: "has_foreign_data_wrapper_privilege(r, id, p)",
  },
  {
    kind: "foreign-server",
    from: "select array[srvname]::text[] as path, oid as id from pg_foreign_server",
    has: "has_server_privilege(r, id, p)",
  },
  {
    kind: "large-object",
    since: 18,
    from: "select array[oid::text]::text[] as path, oid as id from pg_largeobject_metadata",
    has: "has_largeobject_privilege(r, id, p)",
  },
  {
    kind: "database",
    from: "select array[datname]::text[] as path, oid as id from pg_database where datname = current_database()",
    has: "has_database_privilege(r, id, p)",
  },
  {
    kind: "tablespace",
    from: "select array[spcname]::text[] as path, oid as id from pg_tablespace",
    has: "has_tablespace_privilege(r, id, p)",
  },
  {
    kind: "parameter",
    since: 15,
    from: `select array[name]::text[] as path, name as id from (select parname as name from pg_parameter_acl union select 'work_mem' union select 'fsync') p`,
    has: "has_parameter_privilege(r, id, p)",
  },
];

const SHARED: ReadonlySet<ResourceKind> = new Set(["database", "tablespace", "parameter"]);

async function compareKind(client: Client, query: KindQuery, asked: Asked): Promise<Comparison> {
  const { index, snapshot, roles } = asked;
  const privileges = [...index.rules.privilegesOf(query.kind)];
  const questions = privileges.flatMap((name) => [name, `${name} WITH GRANT OPTION`]);
  const names = resourcesOf(query.kind, snapshot).map((resource) => pathText(resource));
  const { rows } = await client.query<{ path: string[]; bits: string }>(
    `select path, (
       select string_agg(case when ${query.has} then '1' else '0' end, '' order by r_at, p_at)
       from unnest($1::oid[]) with ordinality as roles (r, r_at), unnest($2::text[]) with ordinality as asked (p, p_at)
     ) as bits
     from (${query.from}) things where to_json(path)::text = any ($3)`,
    [roles.map((role) => role.oid), questions, names],
  );
  if (query.kind !== "column" && query.kind !== "parameter" && rows.length !== names.length) {
    throw new Error(`${rows.length} of ${names.length} resources of kind ${query.kind} were found on the server`);
  }
  const mismatches: Mismatch[] = [];
  let compared = 0;
  for (const { path, bits } of rows) {
    const resource: Resource = {
      kind: query.kind,
      path: SHARED.has(query.kind) ? path : [STATE_DATABASE, ...path],
    };
    let at = 0;
    for (const role of roles) {
      for (const privilege of privileges) {
        for (const grantable of [false, true]) {
          const server = bits.charCodeAt(at++) === 49;
          const ours = index.can(role.name, privilege, resource, { grantable, database: STATE_DATABASE });
          compared++;
          if (ours !== server) {
            const option = grantable ? " with grant option" : "";
            mismatches.push({
              role: role.name,
              question: `${privilege}${option} on ${query.kind} ${describeResource(resource)}`,
              server,
              ours,
            });
          }
        }
      }
    }
    if (at !== bits.length) throw new Error(`the server answered ${bits.length} questions of ${at}`);
  }
  return { compared, mismatches };
}

/** As the query's `path` prints. Columns: all of every table that was read; parameters: also some that nothing was granted on. */
function pathText(resource: Resource): string {
  return JSON.stringify(SHARED.has(resource.kind) ? resource.path : resource.path.slice(1));
}

function resourcesOf(kind: ResourceKind, snapshot: Snapshot): Resource[] {
  const entries = [...snapshot.catalog.entries.values()];
  if (kind === "parameter") {
    return ["work_mem", "fsync", "log_min_messages", "log_statement", "app.region"].map((name) => ({
      kind,
      path: [name],
    }));
  }
  if (kind === "column") {
    return entries.flatMap((entry) =>
      entry.resource.kind === "table"
        ? (entry.columns ?? []).map((name): Resource => ({ kind, path: [...entry.resource.path, name] }))
        : [],
    );
  }
  return [...snapshot.access.holdings.values()]
    .map((holding) => holding.resource)
    .filter((r) => r.kind === kind && (kind !== "database" || r.path[0] === STATE_DATABASE));
}

const MODES = [
  { text: "MEMBER", mode: "member" },
  { text: "USAGE", mode: "privileges" },
  { text: "MEMBER WITH ADMIN OPTION", mode: "admin" },
  { text: "USAGE WITH GRANT OPTION", mode: "admin" },
  { text: "SET", mode: "set", since: 16 },
  { text: "SET WITH ADMIN OPTION", mode: "admin", since: 16 },
] as const;

async function compareRoles(client: Client, asked: Asked): Promise<Comparison> {
  const roles = asked.roles.filter((role) => role.name !== PUBLIC);
  const mismatches: Mismatch[] = [];
  let compared = 0;
  for (const each of MODES) {
    if ("since" in each && asked.snapshot.version.major < each.since) continue;
    const { rows } = await client.query<{ bits: string }>(
      `select string_agg(case when pg_has_role(a, b, $2) then '1' else '0' end, '' order by a_at, b_at) as bits
       from unnest($1::oid[]) with ordinality as x (a, a_at), unnest($1::oid[]) with ordinality as y (b, b_at)`,
      [roles.map((role) => role.oid), each.text],
    );
    const bits = rows[0]?.bits ?? "";
    let at = 0;
    for (const a of roles) {
      for (const b of roles) {
        const server = bits.charCodeAt(at++) === 49;
        const ours = asked.index.hasRole(a.name, b.name, each.mode, { database: STATE_DATABASE });
        compared++;
        if (ours !== server) mismatches.push({ role: a.name, question: `${each.text} of ${b.name}`, server, ours });
      }
    }
  }
  return { compared, mismatches };
}
