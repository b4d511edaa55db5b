import { auth, Client, policies, types } from "cassandra-driver";
import type { Secret } from "../../../base/secret.ts";

/** Where one node listens, and who asks. */
export interface Login {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly password: Secret;
}

/** Runs `work` with a client that talks to this one node only, and reads nothing on the side. */
export async function withClient<T>(login: Login, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    contactPoints: [`${login.address}:${login.port}`],
    authProvider: new auth.PlainTextAuthProvider(login.user, login.password.reveal()),
    isMetadataSyncEnabled: false,
    policies: {
      loadBalancing: new policies.loadBalancing.AllowListPolicy(new policies.loadBalancing.RoundRobinPolicy(), [
        `${login.address}:${login.port}`,
      ]),
      retry: new policies.retry.FallthroughRetryPolicy(),
    },
    pooling: { coreConnectionsPerHost: { [types.distance.local]: 1 }, warmup: false },
    queryOptions: { prepare: false, consistency: types.consistencies.one },
    socketOptions: { connectTimeout: CONNECT_TIMEOUT_MS, readTimeout: READ_TIMEOUT_MS },
  });
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.shutdown().catch(() => {});
  }
}

const CONNECT_TIMEOUT_MS = 5_000;
const READ_TIMEOUT_MS = 30_000;

/** A name between double quotes, as CQL reads it exactly. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text between single quotes. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
