import type { Snapshot } from "../../../../model/snapshot.ts";
import { openSession, type SessionOptions } from "../../client.ts";
import { parseDsn } from "../../dsn.ts";
import { introspect } from "../../introspect.ts";
import type { ShadowServer } from "./server.ts";

const CONNECT_TIMEOUT_SECONDS = 10;

/** How we connect, to the target and to its shadow. */
export function sessionOptions(signal: AbortSignal | undefined): SessionOptions {
  return { applicationName: "rolewright shadow", connectTimeoutSeconds: CONNECT_TIMEOUT_SECONDS, signal };
}

/** What the shadow grants, read as a target is. */
export async function readShadow(server: ShadowServer, live: Snapshot, signal?: AbortSignal): Promise<Snapshot> {
  const [home = "postgres"] = live.identity.databases;
  return await introspect({
    home,
    databases: live.identity.databases,
    address: "shadow",
    open: (database) => openSession(parseDsn(server.url(database)), database, sessionOptions(signal)),
    ...(signal === undefined ? {} : { signal }),
  });
}
