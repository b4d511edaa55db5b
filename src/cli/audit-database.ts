import type { AuditStore } from "../audit/log/audit-store.ts";
import { RolewrightError } from "../base/error.ts";
import { Secret } from "../base/secret.ts";
import type { CliContext } from "./context.ts";

/** Names the PostgreSQL database or the bucket that holds the log, when it is not files beside the manifest. */
export const AUDIT_STORE = "ROLEWRIGHT_AUDIT_STORE";

const CONNECT_SECONDS = 15;

/** The store of the log in the database or bucket that the environment names; null where it names none. Throws RW649 where that is no URL. */
export async function auditDatabase({ env }: CliContext): Promise<AuditStore | null> {
  const url = env[AUDIT_STORE];
  if (url === undefined || url === "") return null;
  if (url.startsWith("s3:")) return (await import("./audit-bucket.ts")).auditBucket(url, env);
  const { parseDsn } = await import("../engine/postgresql/dsn.ts");
  const { openSession } = await import("../engine/postgresql/client.ts");
  const { postgresqlAuditStore } = await import("../store/postgresql/audit/audit-store.ts");
  let dsn: ReturnType<typeof parseDsn>;
  try {
    dsn = parseDsn(new Secret(url));
  } catch (error) {
    if (!(error instanceof RolewrightError)) throw error;
    throw new RolewrightError("RW649", `\`${AUDIT_STORE}\` is no place for an audit log: ${error.message}`, {
      cause: error,
      help: "give it the form `postgresql://user@host:port/database` or `s3://BUCKET/PREFIX`, or unset it to keep the log in files",
    });
  }
  // What was done is still written down after the first Ctrl-C, so nothing here is aborted by it.
  const options = { applicationName: "rolewright audit", connectTimeoutSeconds: CONNECT_SECONDS };
  return postgresqlAuditStore({ connect: () => openSession(dsn, dsn.database, options) });
}
