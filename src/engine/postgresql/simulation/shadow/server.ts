import { Secret } from "../../../../base/secret.ts";
import { moveFolder, startEmbedded } from "../../embedded/server.ts";
import { programsFor } from "./programs.ts";
import { copyInitialData } from "./template.ts";

/** A server to build in. */
export interface ShadowServer extends AsyncDisposable {
  readonly major: number;
  /** The superuser that it was set up with, under whose name we connect. */
  readonly administrator: string;
  /** Where it is somebody's: the roles that were there before, and the databases that we make there. Null: it is ours alone. */
  readonly borrowed: { readonly roles: ReadonlySet<string>; readonly databases: readonly string[] } | null;
  /** Stops it in good order and moves its data there, where it is ours. */
  readonly handOver: ((to: string) => Promise<void>) | null;
  /** Of one of its databases. */
  url(database: string): Secret;
}

/** Nobody reaches it over the network, nothing of it is durable, and what statements it is sent is written nowhere. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: "",
  max_connections: "40",
  max_locks_per_transaction: "2048",
  shared_buffers: "128MB",
  max_wal_size: "8GB",
  checkpoint_timeout: "1d",
  log_min_messages: "fatal",
  log_min_error_statement: "panic",
  logging_collector: "off",
};

/**
 * Starts a server of a major, or of another one where that major cannot be had. Throws RW560 where none can be had.
 * `kept` is data of an earlier one, which is moved away; without it the server is empty. `administrator` is the name of the target's first superuser: what belongs to the server itself is then owned and granted by the same name here.
 */
export async function startServer(major: number, administrator: string, kept?: string): Promise<ShadowServer> {
  const binaries = await programsFor(major);
  // initdb takes no name that is reserved for roles of the server itself.
  const superuser = administrator.startsWith("pg_") ? "postgres" : administrator;
  const server = await startEmbedded({
    binaries,
    superuser,
    password: null,
    settings: SETTINGS,
    prepareData: kept === undefined ? copyInitialData : (data) => moveFolder(kept, data),
  });
  return {
    major: binaries.major,
    administrator: superuser,
    borrowed: null,
    handOver: (to) => server.handOver(to),
    url: (database) =>
      new Secret(
        `postgresql://${encodeURIComponent(superuser)}@${encodeURIComponent(server.socketFolder)}:${server.port}/${encodeURIComponent(database)}`,
      ),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
