import { types } from "cassandra-driver";
import { Secret } from "../../src/base/secret.ts";
import { ensureArchive } from "../../src/engine/cassandra/local/archive.ts";
import { type CassandraCluster, startCassandra as startLocal } from "../../src/engine/cassandra/local/cluster.ts";
import type { CassandraOptions } from "../../src/engine/cassandra/local/cluster.ts";
import { findPrograms } from "../../src/engine/cassandra/local/programs.ts";
import { withClient } from "../../src/engine/cassandra/local/session.ts";

/** A row as the driver reads it, by column. A set is an array; what is not there is null. */
export type Row = Record<string, unknown>;

export interface QueryOptions {
  /** @default the superuser */
  readonly user?: string;
  /** @default the superuser's, or `PASSWORD` for another user */
  readonly password?: string;
  /** Which node to ask: 0 is the first. @default 0 */
  readonly node?: number;
  /** For each `?` of the text. @default none */
  readonly values?: readonly unknown[];
  /** @default what the cluster has of each datum: `one` */
  readonly consistency?: keyof typeof types.consistencies;
}

/** A throw-away cluster for tests. */
export interface CassandraServer extends CassandraCluster {
  /** The rows of one statement, in a session of its own. Fails with the driver's error, whose `code` is the server's. */
  query(cql: string, options?: QueryOptions): Promise<Row[]>;
}

/** The password of every login that tests make. */
export const PASSWORD = "correct horse battery staple";

/**
 * Starts a cluster of one node in about three seconds, of three nodes in about eight. Cassandra 5.0 takes a new PASSWORD of a role only every five seconds, also after its creation (a HASHED PASSWORD
 * at any time).
 */
export async function startCassandra(options: CassandraOptions = {}): Promise<CassandraServer> {
  return withQueries(await startLocal(options));
}

/** Fetches what a test run will need, so that no test waits for the network. */
export async function prepareCassandra(): Promise<void> {
  await ensureArchive(await findPrograms());
}

function withQueries(cluster: CassandraCluster): CassandraServer {
  return { ...cluster, query: (cql, options = {}) => query(cluster, { ...options, cql }) };
}

/** Runs one statement in a session of its own on a node of these. */
export async function query(
  on: {
    readonly nodes: readonly { readonly address: string; readonly port: number }[];
    readonly superuser: { readonly name: string; readonly password: Secret };
  },
  options: QueryOptions & { readonly cql: string },
): Promise<Row[]> {
  const { cql, user = on.superuser.name, values = [], consistency = "one" } = options;
  const at = on.nodes[options.node ?? 0];
  if (at === undefined) throw new Error(`there is no node ${options.node}`);
  const own = user === on.superuser.name ? on.superuser.password : new Secret(PASSWORD);
  const password = options.password === undefined ? own : new Secret(options.password);
  return withClient({ address: at.address, port: at.port, user, password }, async (client) => {
    const prepare = values.length > 0;
    const result = await client.execute(cql, values, { prepare, consistency: types.consistencies[consistency] });
    const columns = (result.columns ?? []).map((column) => column.name);
    const rows = result.rows ?? []; // There are none at all where the statement gives no result.
    return rows.map((row) => Object.fromEntries(columns.map((name) => [name, row.get(name) as unknown])));
  });
}
